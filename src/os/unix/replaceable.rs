//! Directories that another user could replace by links while root works in them, and so make root create, replace or
//! remove files elsewhere: they are kept open. Also their removal (CVE-2022-21658).

use std::ffi::{CStr, CString, OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
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
    Ok(rustix::fs::chmodat(parent, path, Mode::RWXU, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// A directory whose entries are being removed.
pub(crate) struct OldDir(OwnedFd);

impl OldDir {
    pub(crate) fn open(path: &Path) -> io::Result<OldDir> {
        Ok(OldDir(open(CWD, path)?))
    }

    /// Opens a directory in it.
    pub(crate) fn enter(&self, name: &OsStr) -> io::Result<OldDir> {
        Ok(OldDir(open(self.0.as_fd(), name.as_ref())?))
    }

    /// The names of the files and of the directories in it.
    pub(crate) fn list(&self) -> io::Result<(Vec<OsString>, Vec<OsString>)> {
        let (mut files, mut directories) = (vec![], vec![]);
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes()).to_owned();
            match entry.file_type() {
                FileType::Directory if name == "." || name == ".." => {}
                FileType::Directory => directories.push(name),
                _ => files.push(name),
            }
        }
        Ok((files, directories))
    }

    /// Removes a file in it.
    pub(crate) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Removes an empty directory in it.
    pub(crate) fn remove_directory(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }
}

/// Removes a directory and everything in it. Fails if it is a link to one.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    empty(open_at_any_mode(CWD, path)?)?;
    std::fs::remove_dir(path)
}

/// Removes everything in a directory, and returns it. Two directories are open at a time, however deep the tree is.
fn empty(mut directory: OwnedFd) -> io::Result<OwnedFd> {
    // If this fails, the calls below report why.
    let _ = rustix::fs::fchmod(&directory, Mode::RWXU);
    for name in names(&directory)? {
        match remove(&directory, &name) {
            // Not empty: see rmdir(2).
            Err(Errno::NOTEMPTY | Errno::EXIST) => {
                let below = open_at_any_mode(directory.as_fd(), Path::new(OsStr::from_bytes(name.to_bytes())))?;
                let own = id(&directory)?;
                drop(directory);
                directory = parent(&empty(below)?, own)?;
                remove(&directory, &name)?;
            }
            removed => removed?,
        }
    }
    Ok(directory)
}

/// The names in a directory, but `.` and `..`.
fn names(directory: &OwnedFd) -> io::Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        if ![c".", c".."].contains(&entry.file_name()) {
            names.push(entry.file_name().to_owned());
        }
    }
    Ok(names)
}

/// Removes a file or an empty directory.
fn remove(directory: &OwnedFd, name: &CStr) -> rustix::io::Result<()> {
    match rustix::fs::unlinkat(directory, name, AtFlags::empty()) {
        // What unlink(2) answers for a directory depends on the system. It may also be the reason itself.
        Err(error @ (Errno::ISDIR | Errno::PERM)) => match rustix::fs::unlinkat(directory, name, AtFlags::REMOVEDIR) {
            Err(Errno::NOTDIR) => Err(error),
            removed => removed,
        },
        removed => removed,
    }
}

/// Opens the directory above `directory`. Fails if that is no longer `expected`, because somebody has moved
/// `directory`.
fn parent(directory: &OwnedFd, expected: (u64, u64)) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let parent = rustix::fs::openat(directory, c"..", flags, Mode::empty())?;
    if id(&parent)? == expected { Ok(parent) } else { Err(io::Error::other("it was moved while it was removed")) }
}

/// Device and inode.
#[allow(clippy::unnecessary_cast, reason = "their types depend on the system")]
fn id(directory: &OwnedFd) -> io::Result<(u64, u64)> {
    let state = rustix::fs::fstat(directory)?;
    Ok((state.st_dev as u64, state.st_ino as u64))
}
