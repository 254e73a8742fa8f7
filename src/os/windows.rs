//! Windows. Files are here. Code that makes unsafe system calls is in the modules below, which export safe functions.

mod children;
mod codes;
mod console;
mod handles;
mod names;
mod registry;
mod rights;

use std::ffi::{OsStr, OsString};
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

/// The directories that CreateProcess searches in addition to PATH.
pub(super) const DEFAULT_SEARCH_PATH: &str = r"C:\Windows\System32;C:\Windows";

/// `os.fsencode` returns UTF-8 (PEP 529). It can also return names that are not Unicode; those are not supported.
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

/// A directory, by its path. If it were kept open, neither it nor its parents could be renamed.
pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn open(path: &Path) -> io::Result<Directory> {
        match path.symlink_metadata()?.is_dir() {
            true => Ok(Directory(path.to_owned())),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// All permissions, since there are no modes.
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

    pub(super) fn link_from(&self, other: &Directory, name: &str) -> io::Result<()> {
        std::fs::hard_link(other.0.join(name), self.0.join(name))
    }

    /// Not implemented: only ReFS supports it.
    pub(super) fn clone_from(&self, _: &Directory, _: &str, _: u32, _: SystemTime) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Links to files and links to directories are different kinds here, so the target is checked. The link is read back,
/// because Wine reports success without creating one.
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

/// A directory that contains an open file cannot be renamed.
pub(super) const LOCK_MOVES_WITH_DIRECTORY: bool = false;

/// The lock is a file beside the directory, not in it, because a directory with an open file in it cannot be removed or
/// renamed. Only one process at a time can open it, and it is deleted when that process closes it or ends for any
/// reason. With LockFileEx, many processes could open the file, and it could not be deleted together with the lock.
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
        // The previous holder may have removed the directory before this process got the lock.
        Ok(lock) => Ok(directory.symlink_metadata().is_ok().then_some(lock)),
        Err(error) if has_code(&error, ERROR_SHARING_VIOLATION) => Ok(None),
        Err(error) if has_code(&error, ERROR_ACCESS_DENIED) && is_about_to_go(path.as_ref()) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a file or directory is gone or is being deleted. One that is still open elsewhere keeps its name until it is
/// closed, but nobody can access it.
fn is_about_to_go(path: &Path) -> bool {
    path.symlink_metadata().is_err()
}

/// Access rights are inherited from the parent directory.
pub(super) fn private_dir() -> DirBuilder {
    DirBuilder::new()
}

#[allow(clippy::permissions_set_readonly_false, reason = "makes files world-writable only on Unix")]
pub(super) fn unprotect(file: &Path) -> bool {
    let Ok(metadata) = file.symlink_metadata() else { return false };
    let mut permissions = metadata.permissions();
    let is_protected = metadata.is_file() && permissions.readonly();
    permissions.set_readonly(false);
    is_protected && std::fs::set_permissions(file, permissions).is_ok()
}

/// Like [`std::fs::remove_dir_all`], but removes read-only files too, where that cannot.
pub(super) fn remove_tree(directory: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        match entry.file_type()?.is_dir() {
            true => remove_tree(&path)?,
            false => std::fs::remove_file(&path).or_else(|error| match unprotect(&path) {
                true => std::fs::remove_file(&path),
                false => Err(error),
            })?,
        }
    }
    std::fs::remove_dir(directory)
}

/// A directory, by its path: no user has root's rights over the files of others.
#[derive(Debug)]
pub(super) struct PinnedDir(PathBuf);

impl PinnedDir {
    pub(super) fn open(path: &Path) -> io::Result<PinnedDir> {
        Ok(PinnedDir(path.to_owned()))
    }

    pub(super) fn from_open(path: &Path, _: &File) -> io::Result<PinnedDir> {
        PinnedDir::open(path)
    }

    pub(super) fn enter(&self, name: &OsStr) -> io::Result<PinnedDir> {
        PinnedDir::open(&self.0.join(name))
    }

    pub(super) fn moved_to(&mut self, path: &Path) {
        self.0 = path.to_owned();
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

pub(super) fn is_replaceable(_: &Path) -> bool {
    false
}

/// The rights are compared when they are to be copied, by [`copy_owner_and_mode`].
pub(super) fn is_plain_directory(_: &Path) -> bool {
    true
}

/// Rights are usually inherited, and so the same for a directory created beside this one. Other rights are not copied:
/// that is an error.
pub(super) fn copy_owner_and_mode(from: &Path, to: &Path) -> io::Result<()> {
    if has_same_rights(from, to)? { Ok(()) } else { Err(io::ErrorKind::Unsupported.into()) }
}

/// Windows has no such call.
pub(super) fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Drives and shares. The standard library treats a volume that is mounted in a directory as a link.
pub(super) fn is_mount_point(path: &Path) -> bool {
    path.parent().is_none()
}

/// The file index and the change time would require a handle. The creation time distinguishes a file from one that
/// replaced it.
pub(super) fn stamp(file: &Metadata) -> Stamp {
    let since_1601 = |hundred_nanoseconds: u64| {
        let seconds = hundred_nanoseconds / 10_000_000;
        (seconds as i64, (hundred_nanoseconds % 10_000_000 * 100) as i64)
    };
    let (modified, created) = (since_1601(file.last_write_time()), since_1601(file.creation_time()));
    Some([0, 0, file.file_size() as i64, modified.0, modified.1, created.0, created.1])
}
