//! Windows. Files are here. Code that makes unsafe system calls is in the modules below, which export safe functions.

mod files;
mod process;

use std::ffi::OsString;
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::{FileExt, MetadataExt, OpenOptionsExt, symlink_dir, symlink_file};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use windows_registry::{CURRENT_USER, Key, LOCAL_MACHINE};
use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION, GENERIC_READ};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_DELETE_ON_CLOSE, FILE_FLAG_OPEN_REPARSE_POINT, FILE_WRITE_ATTRIBUTES,
};

use super::state::{FileState, Stamp};
use files::has_code;
pub(crate) use files::{in_use, may_be_in_use, rename_new, with_patience};
pub(crate) use process::*;

/// The flags that select the 64-bit or the 32-bit view of the registry (winnt.h).
const KEY_WOW64_64KEY: u32 = 0x0100;
const KEY_WOW64_32KEY: u32 = 0x0200;

/// A key of the registry. Keys and values that cannot be read are treated as missing.
pub(crate) struct RegistryKey(Key);

impl RegistryKey {
    pub(crate) fn all(path: &str) -> Vec<RegistryKey> {
        let places = [(CURRENT_USER, 0), (LOCAL_MACHINE, KEY_WOW64_64KEY), (LOCAL_MACHINE, KEY_WOW64_32KEY)];
        let opened = places.into_iter().map(|(place, view)| place.options().read().access(view).open(path));
        opened.filter_map(|key| key.ok().map(RegistryKey)).collect()
    }

    pub(crate) fn keys(&self) -> Vec<(String, RegistryKey)> {
        let Ok(names) = self.0.keys() else { return vec![] };
        names.filter_map(|name| self.0.open(&name).ok().map(|key| (name, RegistryKey(key)))).collect()
    }

    pub(crate) fn text(&self, key: &str, name: &str) -> Option<String> {
        let text = if key.is_empty() { self.0.get_string(name) } else { self.0.open(key).ok()?.get_string(name) };
        text.ok()
    }
}

/// The directories that CreateProcess searches in addition to PATH.
pub(crate) const DEFAULT_SEARCH_PATH: &str = r"C:\Windows\System32;C:\Windows";

/// `os.fsencode` returns UTF-8 (PEP 529). It can also return names that are not Unicode; those are not supported.
pub(crate) fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    String::from_utf8(bytes).ok().map(OsString::from)
}

pub(crate) fn read_at(file: &File, mut bytes: &mut [u8], mut start: u64) -> io::Result<()> {
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

pub(crate) fn create_file(path: &Path, _mode: u32) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// A directory, by its path. If it were kept open, neither it nor its parents could be renamed.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn open(path: &Path) -> io::Result<Directory> {
        let is_directory = path.symlink_metadata()?.is_dir();
        if is_directory { Ok(Directory(path.to_owned())) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    /// All permissions, since there are no modes.
    pub(crate) fn mode(&self) -> io::Result<u32> {
        Ok(0o777)
    }

    pub(crate) fn state(&self, name: &str) -> io::Result<FileState> {
        let file = self.0.join(name).symlink_metadata()?;
        let modified = file.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(FileState {
            is_regular: file.is_file(),
            size: file.len(),
            modified: (modified.as_secs() as i64, modified.subsec_nanos()),
            permissions: None,
        })
    }

    pub(crate) fn create_file(&self, name: &str, mode: u32) -> io::Result<File> {
        create_file(&self.0.join(name), mode)
    }

    pub(crate) fn link_from(&self, other: &Directory, name: &str) -> io::Result<()> {
        std::fs::hard_link(other.0.join(name), self.0.join(name))
    }

    /// Not implemented: only ReFS supports it.
    pub(crate) fn clone_from(&self, _: &Directory, _: &str, _: u32, _: SystemTime) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Links to files and links to directories are different kinds here, so the target is checked. The link is read back,
/// because Wine reports success without creating one.
pub(crate) fn symlink(target: &Path, link: &Path) -> io::Result<()> {
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
pub(crate) const LOCK_MOVES_WITH_DIRECTORY: bool = false;

/// The lock is a file beside the directory, not in it, because a directory with an open file in it cannot be removed or
/// renamed. Only one process at a time can open it, and it is deleted when that process closes it or ends for any
/// reason. With LockFileEx, many processes could open the file, and it could not be deleted together with the lock.
pub(crate) fn try_lock(directory: &Path, _is_new: bool) -> io::Result<Option<File>> {
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

/// Access rights are inherited from the parent directory, here and everywhere, and are not looked at.
pub(crate) fn private_dir() -> DirBuilder {
    DirBuilder::new()
}

pub(crate) fn is_own_directory(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

pub(crate) fn is_anothers_to_remove(_: &Path) -> bool {
    false
}

/// The cache records the last use in the file's modification time.
pub(crate) fn open_own(path: &Path) -> io::Result<File> {
    let access = GENERIC_READ | FILE_WRITE_ATTRIBUTES;
    let file = OpenOptions::new().access_mode(access).custom_flags(FILE_FLAG_OPEN_REPARSE_POINT).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::PermissionDenied.into()) }
}

pub(crate) fn make_private(_: &Path) -> io::Result<()> {
    Ok(())
}

#[allow(clippy::permissions_set_readonly_false, reason = "makes files world-writable only on Unix")]
pub(crate) fn unprotect(file: &Path) -> bool {
    let Ok(metadata) = file.symlink_metadata() else { return false };
    let mut permissions = metadata.permissions();
    let is_protected = metadata.is_file() && permissions.readonly();
    permissions.set_readonly(false);
    is_protected && std::fs::set_permissions(file, permissions).is_ok()
}

/// There is no root.
pub(crate) fn pin(_: &Path, _: Option<&File>) -> io::Result<Option<(PathBuf, File)>> {
    Ok(None)
}

pub(crate) fn is_replaceable(_: &Path) -> bool {
    false
}

/// A directory may have access rights of its own, so it is kept.
pub(crate) fn is_plain_directory(_: &Path) -> bool {
    false
}

/// A new file or directory has the access rights that it inherited.
pub(crate) fn copy_owner_and_mode(_: &Path, _: &Path) -> io::Result<()> {
    Ok(())
}

/// Windows has no such call.
pub(crate) fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Drives and shares. The standard library treats a volume that is mounted in a directory as a link.
pub(crate) fn is_mount_point(path: &Path) -> bool {
    path.parent().is_none()
}

/// The file index and the change time would require a handle. The creation time distinguishes a file from one that
/// replaced it.
pub(crate) fn stamp(file: &Metadata) -> Stamp {
    let since_1601 = |hundred_nanoseconds: u64| {
        let seconds = hundred_nanoseconds / 10_000_000;
        (seconds as i64, (hundred_nanoseconds % 10_000_000 * 100) as i64)
    };
    let (modified, created) = (since_1601(file.last_write_time()), since_1601(file.creation_time()));
    Some([0, 0, file.file_size() as i64, modified.0, modified.1, created.0, created.1])
}
