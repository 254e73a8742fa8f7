//! Directories that another user could replace by links while root works in them, and so make root create, replace or
//! remove files elsewhere: they are kept open.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

/// The sticky bit: in a directory that has it, only the owner of a file can remove it.
pub(super) const STICKY: u32 = 0o1000;

/// A directory that others can write to counts too, unless it is sticky, as /tmp is.
pub(crate) fn is_replaceable(path: &Path) -> bool {
    let is_anothers =
        |directory: Metadata| directory.uid() != 0 || (directory.mode() & 0o022 != 0 && directory.mode() & STICKY == 0);
    rustix::process::geteuid().is_root()
        && path.ancestors().skip(1).filter_map(|above| above.metadata().ok()).any(is_anothers)
}

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
            return Ok(PinnedDir::of(open(CWD, path)?, path));
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
        let path = path_through(open.as_raw_fd()).unwrap_or_else(|| path.to_owned());
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

/// Opens a directory for reading. Fails if it is a link to one.
pub(super) fn open(parent: BorrowedFd<'_>, path: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, path, flags, Mode::empty())
}

/// Like [`open`], even if an unusual umask or its owner has removed the owner's permissions.
pub(super) fn open_at_any_mode(parent: BorrowedFd<'_>, path: &Path) -> io::Result<OwnedFd> {
    match open(parent, path) {
        Err(Errno::ACCESS) => {
            make_owner_writable(parent, path)?;
            Ok(open(parent, path)?)
        }
        opened => Ok(opened?),
    }
}

/// The path that leads to an open file through its descriptor, in child processes too. None where /proc is not
/// mounted, or does not exist as on macOS.
fn path_through(descriptor: RawFd) -> Option<PathBuf> {
    let path = PathBuf::from(format!("/proc/{}/fd/{descriptor}", std::process::id()));
    path.exists().then_some(path)
}

/// Gives a directory's owner, and nobody else, full access to it (mode 0700). Fails if it is a link to one. The path
/// through the descriptor is used since fchmod(2) wants one that was opened for reading.
#[cfg(not(target_os = "macos"))]
fn make_owner_writable(parent: BorrowedFd<'_>, path: &Path) -> io::Result<()> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = rustix::fs::openat(parent, path, flags, Mode::empty())?;
    let path = path_through(directory.as_raw_fd()).ok_or(io::ErrorKind::PermissionDenied)?;
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700))
}

/// Gives a directory's owner, and nobody else, full access to it (mode 0700). Changes a link itself, not its target.
#[cfg(target_os = "macos")]
fn make_owner_writable(parent: BorrowedFd<'_>, path: &Path) -> io::Result<()> {
    Ok(rustix::fs::chmodat(parent, path, Mode::RWXU, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)?)
}
