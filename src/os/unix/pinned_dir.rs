//! Directories that stay the same while root works in them. Another user who can write to a directory above them could
//! replace them by links, and make root create, replace or remove files elsewhere.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fd::{AsRawFd, OwnedFd};

use super::{is_replaceable, system};

/// A directory, with a path that keeps leading to it.
#[derive(Debug)]
pub(crate) struct PinnedDir {
    path: PathBuf,
    /// Open if another user could replace the directory. Then `path` leads through the descriptor, where the system has
    /// such paths.
    _open: Option<OwnedFd>,
}

impl PinnedDir {
    /// Pins a directory. Fails if it is a link that another user could have placed.
    pub(crate) fn open(path: &Path) -> io::Result<PinnedDir> {
        if is_replaceable(path) {
            return Ok(PinnedDir::of(system::Directory::open(path)?.0, path));
        }
        Ok(PinnedDir { path: path.to_owned(), _open: None })
    }

    /// Pins the directory at `path`, for which [`try_lock`](crate::os::try_lock) returned `directory`.
    pub(crate) fn locked(path: &Path, directory: &File) -> io::Result<PinnedDir> {
        if is_replaceable(path) {
            return Ok(PinnedDir::of(directory.try_clone()?.into(), path));
        }
        Ok(PinnedDir { path: path.to_owned(), _open: None })
    }

    fn of(open: OwnedFd, path: &Path) -> PinnedDir {
        let path = system::path_through(open.as_raw_fd()).unwrap_or_else(|| path.to_owned());
        PinnedDir { path, _open: Some(open) }
    }

    /// Pins a directory in this one. Fails like [`open`](Self::open).
    pub(crate) fn enter(&self, name: &OsStr) -> io::Result<PinnedDir> {
        PinnedDir::open(&self.path.join(name))
    }

    /// Follows a rename of a directory above it: it is now at `path`.
    pub(crate) fn moved_to(&mut self, path: &Path) {
        if self._open.is_none() {
            self.path = path.to_owned();
        }
    }

    /// A path that keeps leading to it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}
