//! The hidden folder beside ENV_DIR. An environment is built in it, and it is the lock on ENV_DIR: who has it locked works
//! on that ENV_DIR, others wait. Its name depends on ENV_DIR's alone, so that the next run finds what one that was killed
//! has left there.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::{removal, swap};
use crate::cache;
use crate::error::{AtPath, Error, Quoted, Result};
use crate::os;

/// The names of the hidden folders begin with this.
pub(super) const PREFIX: &str = ".rvenv-";

/// How often a folder that another run has locked is tried again.
const POLL: Duration = Duration::from_millis(20);

/// The folder, locked. Dropped, it is gone, with all that is in it.
#[derive(Debug)]
pub(super) struct Hidden {
    path: PathBuf,
    /// The lock is the kernel's, which releases it when the process ends, however it ends. None where the file system has
    /// no locks.
    _lock: Option<File>,
    /// Whether it may hold what exists nowhere else.
    keep: bool,
    removed: bool,
}

impl Hidden {
    /// Makes and locks the folder in `place` for the ENV_DIR that is at `relative` below `place`. While another run has
    /// it, `waiting` is called again and again, and ends the waiting by an error. What a run that was killed has left in
    /// it is put right.
    ///
    /// Errors with [`Error::Io`] if there can be no such folder, and with another error if what was left there cannot be put
    /// right: it stays then.
    pub(super) fn lock(place: &Path, relative: &Path, mut waiting: impl FnMut() -> Result<()>) -> Result<Hidden> {
        let name = cache::key(relative.as_os_str().as_encoded_bytes());
        let path = place.join(format!("{PREFIX}{}", &name[..12]));
        loop {
            match lock(&path).at("create the directory", &path)? {
                Attempt::Locked { lock, is_new } => {
                    let mut hidden = Hidden { path, _lock: Some(lock), keep: !is_new, removed: false };
                    if !is_new {
                        hidden.clean(&place.join(relative))?;
                    }
                    hidden.keep = false;
                    return Ok(hidden);
                }
                Attempt::Busy => waiting()?,
                Attempt::Unsupported => return Hidden::without_lock(place),
            }
            thread::sleep(POLL);
        }
    }

    /// A folder that no other run has or looks into, where there are no locks.
    fn without_lock(place: &Path) -> Result<Hidden> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(place).at("create the directory", place)?;
        Ok(Hidden { path: folder.keep(), _lock: None, keep: false, removed: false })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Has the folder stay, since it holds what exists nowhere else.
    pub(super) fn keep(&mut self) {
        self.keep = true;
    }

    /// Says that the folder, which was renamed with the one that it is in, is in `place` now.
    pub(super) fn moved_to(&mut self, place: &Path) {
        self.path = place.join(self.path.file_name().unwrap_or_default());
    }

    /// Finishes or undoes the swap that a run which was killed had begun, and removes the rest of what it has left.
    fn clean(&self, env_dir: &Path) -> Result<()> {
        swap::recover(&self.path, env_dir).map_err(|error| {
            let left = Quoted(&self.path);
            let reason = format!("{error}; what a run that did not end has left of it is in {left}, and stays there");
            Error::Directory { path: env_dir.to_owned(), reason }
        })?;
        let entries = fs::read_dir(&self.path).at("read the directory", &self.path)?;
        for entry in entries.flatten() {
            removal::remove_tree(&entry.path()).at("remove", &entry.path())?;
        }
        Ok(())
    }

    /// Removes the folder, before the lock on it goes.
    pub(super) fn remove(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.removed, true) {
            return Ok(());
        }
        match fs::remove_dir(&self.path) {
            Err(_) if !self.keep => removal::remove_tree(&self.path),
            removed => removed,
        }
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = self.remove();
    }
}

/// What has come of trying to lock a folder.
enum Attempt {
    Locked {
        lock: File,
        /// Whether the folder was not there before.
        is_new: bool,
    },
    /// Another run has it.
    Busy,
    /// The file system has no locks.
    Unsupported,
}

/// Locks the folder `path`, made if it is not there.
fn lock(path: &Path) -> io::Result<Attempt> {
    let is_new = match os::create_own_folder(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
        made => made.map(|()| true)?,
    };
    let locked = os::try_lock(path, is_new);
    if is_new && locked.is_err() {
        let _ = fs::remove_dir(path);
    }
    match locked {
        Ok(Some(lock)) => Ok(Attempt::Locked { lock, is_new }),
        Ok(None) => Ok(Attempt::Busy),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(Attempt::Unsupported),
        Err(error) => Err(error),
    }
}

/// Why the hidden folder cannot be made, in words.
pub(super) fn explain(error: Error, env_dir: &Path) -> Error {
    let Error::Io { path, source, .. } = error else { return error };
    let reason = match os::is_there(&path) {
        true => format!("{} is in the way ({source}); remove it", Quoted(&path)),
        false => format!("{} cannot be written to: {source}", Quoted(path.parent().unwrap_or(&path))),
    };
    Error::Directory { path: env_dir.to_owned(), reason }
}
