//! Windows: files here; what takes calls of the system's own in files of their own, each of which gives no more than safe
//! functions.

mod children;
mod codes;
mod console;
mod handles;
mod names;
mod registry;
mod rights;

use std::ffi::OsString;
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::{FileExt, MetadataExt, OpenOptionsExt, symlink_dir, symlink_file};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION};
use windows_sys::Win32::Storage::FileSystem::{FILE_FLAG_DELETE_ON_CLOSE, FILE_FLAG_OPEN_REPARSE_POINT};

use super::state::{FileState, Stamp};
pub(super) use children::*;
use codes::has_code;
pub(super) use console::*;
pub(super) use handles::{in_use, rename_new, with_patience};
pub(super) use names::*;
pub(super) use registry::RegistryKey;
pub(super) use rights::*;

pub(super) const IS_WINDOWS: bool = true;

/// Where CreateProcess looks besides PATH.
pub(super) const DEFAULT_SEARCH_PATH: &str = r"C:\Windows\System32;C:\Windows";

/// `os.fsencode` gives UTF-8 (PEP 529). A name that is not Unicode, which it can give too, is not read.
pub(super) fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    String::from_utf8(bytes).ok().map(OsString::from)
}

pub(super) fn read_at(file: &File, mut bytes: &mut [u8], mut start: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.seek_read(bytes, start)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            length => {
                bytes = &mut bytes[length..];
                start += length as u64;
            }
        }
    }
    Ok(())
}

pub(super) fn create_file(path: &Path, _mode: u32) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// A directory by its path: an open one could not be renamed, and neither could those above it.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn open(path: &Path) -> io::Result<Folder> {
        match path.symlink_metadata()?.is_dir() {
            true => Ok(Folder(path.to_owned())),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// All rights: there are no modes.
    pub(super) fn mode(&self) -> io::Result<u32> {
        Ok(0o777)
    }

    pub(super) fn state(&self, name: &str) -> io::Result<FileState> {
        let file = self.0.join(name).symlink_metadata()?;
        let modified = file.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(FileState {
            is_regular: file.is_file(),
            size: file.len(),
            modified: (modified.as_secs() as i64, modified.subsec_nanos()),
            permissions: None,
        })
    }

    pub(super) fn create_file(&self, name: &str, mode: u32) -> io::Result<File> {
        create_file(&self.0.join(name), mode)
    }

    pub(super) fn link_from(&self, other: &Folder, name: &str) -> io::Result<()> {
        std::fs::hard_link(other.0.join(name), self.0.join(name))
    }

    /// ReFS alone can do it.
    pub(super) fn clone_from(&self, _: &Folder, _: &str, _: u32, _: SystemTime) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Links to files and to directories are two kinds here, so the target is looked at. A system that says that it has made
/// one is not believed (Wine).
pub(super) fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    let target_from_here = link.parent().unwrap_or(Path::new("")).join(target);
    if target_from_here.is_dir() {
        symlink_dir(target, link)?
    } else {
        symlink_file(target, link)?
    }
    match std::fs::read_link(link) {
        Ok(_) => Ok(()),
        Err(_) => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// A directory that has an open file in it cannot be renamed.
pub(super) const LOCK_MOVES_WITH_DIRECTORY: bool = false;

/// The lock is a file beside the directory, not in it, since what has an open file in it cannot be removed or renamed. It
/// is open for one process at a time, and gone when that closes it or ends, however it ends: a file that many may open and
/// one may lock (LockFileEx) could not go with its lock.
pub(super) fn try_lock(directory: &Path, is_new: bool) -> io::Result<Option<File>> {
    match is_owned(directory) {
        _ if is_new => {}
        Ok(true) => {}
        Ok(false) => return Err(io::ErrorKind::PermissionDenied.into()),
        Err(_) if is_about_to_go(directory) => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut path = directory.as_os_str().to_owned();
    path.push(".lock");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.share_mode(0).custom_flags(FILE_FLAG_DELETE_ON_CLOSE | FILE_FLAG_OPEN_REPARSE_POINT);
    match options.open(&path) {
        // Whoever had it may have removed the directory before this process had the lock.
        Ok(lock) => Ok(directory.symlink_metadata().is_ok().then_some(lock)),
        Err(error) if has_code(&error, ERROR_SHARING_VIOLATION) => Ok(None),
        Err(error) if has_code(&error, ERROR_ACCESS_DENIED) && is_about_to_go(path.as_ref()) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether something has been removed, be it that somebody still has it open: then it has its name, and nobody may look at it.
fn is_about_to_go(path: &Path) -> bool {
    path.symlink_metadata().is_err()
}

/// Who may look into a directory is inherited from the one that it is in.
pub(super) fn private_dir() -> DirBuilder {
    DirBuilder::new()
}

#[allow(clippy::permissions_set_readonly_false, reason = "it is on Unix that anybody could write to it then")]
pub(super) fn unprotect(file: &Path) -> bool {
    let Ok(metadata) = file.symlink_metadata() else { return false };
    let mut permissions = metadata.permissions();
    let is_protected = metadata.is_file() && permissions.readonly();
    permissions.set_readonly(false);
    is_protected && std::fs::set_permissions(file, permissions).is_ok()
}

/// Nothing to do: there is no umask that could have taken the owner's rights.
pub(super) fn open_up(_: &Path) -> io::Result<()> {
    Ok(())
}

/// What there is to it is seen when it is to be copied.
pub(super) fn is_plain_folder(_: &Path) -> bool {
    true
}

/// What a directory has is inherited as a rule, and the same for one that is made beside it. What is not is not copied.
pub(super) fn copy_owner_and_mode(from: &Path, to: &Path) -> io::Result<()> {
    if has_same_rights(from, to)? { Ok(()) } else { Err(io::ErrorKind::Unsupported.into()) }
}

/// No call does it.
pub(super) fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A drive or a share. A volume that is mounted in a directory is a link to the standard library.
pub(super) fn is_mount_point(path: &Path) -> bool {
    path.parent().is_none()
}

/// A file's index and the time of its last change of any kind take a handle to it. When it was created tells it from one
/// that took its place.
pub(super) fn stamp(file: &Metadata) -> Stamp {
    let since_1601 = |hundred_nanoseconds: u64| {
        let seconds = hundred_nanoseconds / 10_000_000;
        (seconds as i64, (hundred_nanoseconds % 10_000_000 * 100) as i64)
    };
    let (modified, created) = (since_1601(file.last_write_time()), since_1601(file.creation_time()));
    Some([0, 0, file.file_size() as i64, modified.0, modified.1, created.0, created.1])
}
