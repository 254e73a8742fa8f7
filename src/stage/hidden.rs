//! The hidden directory. An environment is built in it, and it is the lock on ENV_DIR: who has it locked works on that
//! ENV_DIR, others wait. Its name depends on ENV_DIR's alone, so that the next run finds what one that was killed has left
//! there.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::{entries, removal};
use crate::cache;
use crate::error::{AtPath, Result};
use crate::os;

/// The names of the hidden directories begin with this.
pub(super) const PREFIX: &str = ".rvenv-";

/// In the hidden directory: what is built for ENV_DIR.
pub(super) const NEW: &str = "new";

/// How often a directory that another run has locked is tried again.
const POLL: Duration = Duration::from_millis(20);

/// The directory, locked. Dropped, it is gone, with all in it that exists elsewhere too or is of no use.
#[derive(Debug)]
pub(super) struct Hidden {
    path: PathBuf,
    contents: Contents,
    /// The lock is the kernel's, which releases it when the process ends, however it ends. None where the file system has
    /// no locks.
    _lock: Option<File>,
}

/// What becomes of what is in the directory.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Contents {
    /// It goes with the directory.
    Disposable,
    /// It may exist nowhere else, so it stays, and the directory with it.
    Kept,
    /// It is gone, and so is the directory.
    Removed,
}

impl Hidden {
    /// Makes and locks the directory in `place` for the ENV_DIR that is at `relative` below `place`. While another run has
    /// it, `waiting` is called again and again, and ends the waiting by an error.
    ///
    /// Errors with [`Error::Io`](crate::error::Error::Io) if there can be no such directory.
    pub(super) fn lock(place: &Path, relative: &Path, waiting: &mut dyn FnMut() -> Result<()>) -> Result<Hidden> {
        let name = cache::key(os::folded(relative.as_os_str()).as_encoded_bytes());
        let path = place.join(format!("{PREFIX}{}", &name[..12]));
        loop {
            match lock(&path).at("create the directory", &path)? {
                Attempt::Locked { lock, is_new } => {
                    let contents = if is_new { Contents::Disposable } else { Contents::Kept };
                    return Ok(Hidden { path, contents, _lock: Some(lock) });
                }
                Attempt::Busy => waiting()?,
                Attempt::Unlockable => return Hidden::without_lock(place),
            }
            thread::sleep(POLL);
        }
    }

    /// A directory that no other run has or looks into, where none can be locked under the name that all look for.
    fn without_lock(place: &Path) -> Result<Hidden> {
        let made = tempfile::Builder::new().prefix(PREFIX).tempdir_in(place).at("create the directory", place)?;
        Ok(Hidden { path: made.keep(), contents: Contents::Disposable, _lock: None })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the files of the environment are built.
    pub(super) fn new_files(&self) -> PathBuf {
        self.path.join(NEW)
    }

    /// Whether the directory was there already: it holds what a run has left that was killed.
    pub(super) fn has_leavings(&self) -> bool {
        self.contents == Contents::Kept
    }

    /// Removes what a run has left, of which nothing is needed.
    pub(super) fn empty(&mut self) -> Result<()> {
        for name in entries::names(&self.path).at("read the directory", &self.path)? {
            let path = self.path.join(name);
            removal::remove_tree(&path).at("remove", &path)?;
        }
        self.contents = Contents::Disposable;
        Ok(())
    }

    /// The same directory, which was renamed with the one that it is in, and is in `place` now.
    pub(super) fn moved_to(mut self, place: &Path) -> Hidden {
        self.path = place.join(self.path.file_name().unwrap_or_default());
        self
    }

    /// Gives up the lock and leaves the directory, which holds what exists nowhere else. Returns where it is.
    pub(super) fn keep(mut self) -> PathBuf {
        self.contents = Contents::Kept;
        self.path.clone()
    }

    /// Removes the directory, before the lock on it goes.
    pub(super) fn remove(mut self) -> io::Result<()> {
        let removed = self.take_away();
        self.contents = Contents::Removed;
        removed
    }

    fn take_away(&self) -> io::Result<()> {
        match self.contents {
            Contents::Disposable => fs::remove_dir(&self.path).or_else(|_| removal::remove_tree(&self.path)),
            // It goes if it is empty.
            Contents::Kept => fs::remove_dir(&self.path),
            Contents::Removed => Ok(()),
        }
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = self.take_away();
    }
}

/// What has come of trying to lock a directory.
enum Attempt {
    Locked {
        lock: File,
        /// Whether the directory was not there before.
        is_new: bool,
    },
    /// Another run has it.
    Busy,
    /// The file system has no locks, or another user has taken the name for good.
    Unlockable,
}

/// Locks the directory `path`, made if it is not there.
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
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(Attempt::Unlockable),
        Err(_) if os::is_anothers_to_remove(path) => Ok(Attempt::Unlockable),
        Err(error) => Err(error),
    }
}
