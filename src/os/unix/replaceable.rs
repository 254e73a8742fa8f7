//! Directories that another user could replace by links while root works in them, and so make root create, replace or
//! remove files elsewhere: they are kept open.

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
    let is_root = rustix::process::geteuid().is_root();
    is_root && path.ancestors().skip(1).filter_map(|above| above.metadata().ok()).any(is_anothers)
}

/// Opens a directory that another user could replace, unless it is `locked` and so open already. Returns a path that leads
/// through the descriptor too, where the system has such paths.
pub(crate) fn pin(path: &Path, locked: Option<&File>) -> io::Result<Option<(PathBuf, File)>> {
    if !is_replaceable(path) {
        return Ok(None);
    }
    let directory = locked.map_or_else(|| Ok(open(CWD, path)?.into()), File::try_clone)?;
    Ok(path_through(directory.as_raw_fd()).map(|path| (path, directory)))
}

/// Opens a directory for reading. Fails if it is a link to one.
fn open(parent: BorrowedFd<'_>, path: &Path) -> rustix::io::Result<OwnedFd> {
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
