//! Removes a directory tree despite the modes of its directories. Works on open directories: between a check of a path
//! and its use, another user could replace a directory by a link (CVE-2022-21658). Two are open at a time, however deep
//! the tree is.

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags};
use rustix::io::Errno;

use super::open_at_any_mode;

/// Removes a directory and everything in it. Fails if it is a link to one.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    empty(open_at_any_mode(CWD, path)?)?;
    std::fs::remove_dir(path)
}

/// Removes everything in a directory, and returns it.
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
