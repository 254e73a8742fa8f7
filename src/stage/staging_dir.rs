//! The staging directory. An environment is built in it, and it is also the lock on ENV_DIR: the run that has locked it
//! works on that ENV_DIR, and other runs wait. Its name depends only on that of ENV_DIR, so that the next run finds
//! what a killed run left there.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::removal;
use crate::cache;
use crate::entries;
use crate::error::{AtPath, Result};
use crate::os::{self, PinnedDir};
use crate::workers::Workers;

/// The prefix of the names of staging directories.
pub(super) const PREFIX: &str = ".rvenv-";

/// In the staging directory: what is built for ENV_DIR.
pub(super) const NEW: &str = "new";

/// The length in bytes up to which the name of ENV_DIR is part of that of the staging directory.
const LONGEST: usize = 100;

/// How long to wait before trying again to lock a directory that another run has locked.
const POLL: Duration = Duration::from_millis(20);

/// Is called repeatedly during a wait. An error from it ends the wait.
pub(super) type Waiting<'a> = &'a mut dyn FnMut() -> Result<()>;

/// The staging directory, locked. Dropping it removes it, unless it holds something that may exist nowhere else.
#[derive(Debug)]
pub(super) struct StagingDir {
    /// Its path, for messages.
    pub(super) path: PathBuf,
    pinned: PinnedDir,
    contents: Contents,
    /// Those for the file system that it is on.
    pub(super) workers: Workers,
    /// The kernel's lock, which is released when the process ends, however it ends. None on a file system without
    /// locks.
    _lock: Option<File>,
}

/// What happens to the contents of the directory.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Contents {
    /// They are removed with the directory.
    Disposable,
    /// They may exist nowhere else, so they are kept, and so is the directory.
    Kept,
    /// They have been removed, and so has the directory.
    Removed,
}

impl StagingDir {
    /// Creates and locks the directory in `place` for the ENV_DIR that is at `relative` below `place`, once no other run
    /// has it locked.
    ///
    /// Fails with [`Error::Io`](crate::error::Error::Io) if there can be no such directory.
    pub(super) fn lock(place: &Path, relative: &Path, waiting: Waiting) -> Result<StagingDir> {
        let path = place.join(name_for(relative));
        loop {
            let is_new = match os::create_own_directory(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
                made => made.map(|()| true).at("create the directory", &path)?,
            };
            let locked = os::try_lock(&path, is_new);
            if is_new && locked.is_err() {
                let _ = fs::remove_dir(&path);
            }
            match locked {
                Ok(Some(lock)) => {
                    let contents = if is_new { Contents::Disposable } else { Contents::Kept };
                    let pinned = PinnedDir::locked(&path, &lock).at("open the directory", &path)?;
                    return Ok(StagingDir { path, pinned, contents, workers: Workers::default(), _lock: Some(lock) });
                }
                Ok(None) => waiting()?,
                // There are no locks, or the directory is another user's and only that user can remove it.
                Err(error) if error.kind() == io::ErrorKind::Unsupported || os::is_anothers_to_remove(&path) => {
                    return StagingDir::without_lock(place);
                }
                Err(error) => return Err(error).at("create the directory", &path),
            }
            thread::sleep(POLL);
        }
    }

    /// Creates a directory that no other run uses or looks into, for when the one that all runs look for cannot be
    /// locked.
    fn without_lock(place: &Path) -> Result<StagingDir> {
        let made = tempfile::Builder::new().prefix(PREFIX).tempdir_in(place).at("create the directory", place)?;
        let pinned = PinnedDir::open(made.path()).at("open the directory", made.path())?;
        let (path, contents, workers) = (made.keep(), Contents::Disposable, Workers::default());
        Ok(StagingDir { path, pinned, contents, workers, _lock: None })
    }

    pub(super) fn name(&self) -> &OsStr {
        self.path.file_name().unwrap_or_default()
    }

    /// The path to work in it.
    pub(super) fn pinned(&self) -> &Path {
        self.pinned.path()
    }

    /// Where the files of the environment are built.
    pub(super) fn new_files(&self) -> PathBuf {
        self.pinned().join(NEW)
    }

    /// Whether the directory already existed, which means that it holds what a killed run left.
    pub(super) fn has_leftovers(&self) -> bool {
        self.contents == Contents::Kept
    }

    /// Removes what a killed run left, once none of it is needed.
    pub(super) fn empty(&mut self) -> Result<()> {
        for name in entries::names(self.pinned()).at("read the directory", &self.path)? {
            removal::remove_tree(&self.pinned().join(&name), &self.workers).at("remove", &self.path.join(name))?;
        }
        self.contents = Contents::Disposable;
        Ok(())
    }

    /// The same directory, after it was renamed along with its parent, which is now `place`.
    pub(super) fn moved_to(mut self, place: &Path) -> StagingDir {
        self.path = place.join(self.name());
        self.pinned.moved_to(&self.path);
        self
    }

    /// Releases the lock but keeps the directory, which holds files that exist nowhere else. Returns its path.
    pub(super) fn keep(mut self) -> PathBuf {
        self.contents = Contents::Kept;
        self.path.clone()
    }

    /// Removes the directory before its lock is released.
    pub(super) fn remove(mut self) -> io::Result<()> {
        let removed = self.try_remove();
        self.contents = Contents::Removed;
        removed
    }

    fn try_remove(&self) -> io::Result<()> {
        match self.contents {
            Contents::Disposable => {
                fs::remove_dir(&self.path).or_else(|_| removal::remove_tree(&self.path, &self.workers))
            }
            // Removed only if it is empty.
            Contents::Kept => fs::remove_dir(&self.path),
            Contents::Removed => Ok(()),
        }
    }
}

impl Drop for StagingDir {
    fn drop(&mut self) {
        let _ = self.try_remove();
    }
}

/// The name of the staging directory for the ENV_DIR at `relative`. It contains the name of that, so that a file system
/// that ignores letter case takes two of them for one if it takes their ENV_DIRs for one. The end tells it from the name
/// of an environment. A name that would be too long has a hash instead, and so has a path, which is that of a new ENV_DIR.
fn name_for(relative: &Path) -> OsString {
    let name = relative.as_os_str();
    let mut own = OsString::from(PREFIX);
    if relative.file_name() == Some(name) && name.len() <= LONGEST {
        own.push(name);
    } else {
        own.push(&cache::key(name.as_encoded_bytes())[..12]);
    }
    own.push(".tmp");
    own
}
