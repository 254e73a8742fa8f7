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
use crate::native;

/// The names of the hidden folders begin with this.
pub(super) const PREFIX: &str = ".rvenv-";

/// How often a folder that another run has locked is tried again.
const POLL: Duration = Duration::from_millis(20);

/// The folder, locked. Dropped, it is gone, with all that is in it.
#[derive(Debug)]
pub(super) struct Hidden {
    path: PathBuf,
    /// The lock is the kernel's, which releases it when the process ends, however it ends.
    lock: Option<File>,
    /// Whether it holds what exists nowhere else.
    keep: bool,
}

impl Hidden {
    /// Makes and locks the folder in `place` for the ENV_DIR that is at `relative` below `place`. While another run has
    /// it, `waiting` is called again and again, and ends the waiting by an error. What a run that was killed has left in
    /// it is put right.
    pub(super) fn lock(place: &Path, relative: &Path, mut waiting: impl FnMut() -> Result<()>) -> Result<Hidden> {
        let name = cache::key(relative.as_os_str().as_encoded_bytes());
        let path = place.join(format!("{PREFIX}{}", &name[..12]));
        loop {
            match lock(&path) {
                Ok(Some((lock, is_new))) => {
                    let hidden = Hidden { path, lock: Some(lock), keep: false };
                    if !is_new {
                        hidden.clean(&place.join(relative))?;
                    }
                    return Ok(hidden);
                }
                Ok(None) => waiting()?,
                Err(error) => return Err(error).at("create the directory", &path),
            }
            thread::sleep(POLL);
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Has the folder stay, since it holds what exists nowhere else.
    pub(super) fn keep(&mut self) {
        self.keep = true;
    }

    /// Finishes or undoes the swap that a run which was killed had begun, and removes the rest of what it has left.
    fn clean(&self, env_dir: &Path) -> Result<()> {
        swap::recover(&self.path, env_dir)?;
        let entries = fs::read_dir(&self.path).at("read the directory", &self.path)?;
        for entry in entries.flatten() {
            removal::remove_tree(&entry.path()).at("remove", &entry.path())?;
        }
        Ok(())
    }

    /// Removes the folder, before the lock on it goes.
    pub(super) fn remove(&mut self) -> io::Result<()> {
        let Some(_lock) = self.lock.take() else { return Ok(()) };
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

/// Locks the folder `path`, made if it is not there, and says whether it was. None if another run has it.
fn lock(path: &Path) -> io::Result<Option<(File, bool)>> {
    let is_new = match native::create_own_folder(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
        made => made.map(|()| true)?,
    };
    let folder = match native::open_own_folder(path) {
        // Whoever had it has just removed it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        folder => folder?,
    };
    let is_ours = native::try_lock(&folder)? && native::is_at(&folder, path);
    Ok(is_ours.then_some((folder, is_new)))
}

/// Why the hidden folder cannot be made, in words.
pub(super) fn explain(error: Error, env_dir: &Path) -> Error {
    let Error::Io { path, source, .. } = error else { return error };
    let reason = match native::is_there(&path) {
        true => format!("{} is in the way ({source}); remove it", Quoted(&path)),
        false => format!("{} cannot be written to: {source}", Quoted(path.parent().unwrap_or(&path))),
    };
    Error::Directory { path: env_dir.to_owned(), reason }
}
