//! Windows, as far as the standard library goes without unsafe code.

use std::ffi::OsString;
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::{FileExt, MetadataExt, OpenOptionsExt, symlink_dir, symlink_file};
use std::os::windows::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{SystemTime, UNIX_EPOCH};

use super::state::{FileState, Stamp};

// Their values are in the Windows SDK's winbase.h and winerror.h.
const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
const ERROR_SHARING_VIOLATION: i32 = 32;

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

/// Links to files and to directories are two kinds here, so the target is looked at.
pub(super) fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    let target_from_here = link.parent().unwrap_or(Path::new("")).join(target);
    if target_from_here.is_dir() { symlink_dir(target, link) } else { symlink_file(target, link) }
}

/// The lock is a file beside the directory, not in it, since what has an open file in it cannot be removed or renamed. It
/// is open for one process at a time, and gone when that closes it or ends.
pub(super) fn try_lock(directory: &Path, _is_new: bool) -> io::Result<Option<File>> {
    let mut path = directory.as_os_str().to_owned();
    path.push(".lock");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.share_mode(0).custom_flags(FILE_FLAG_DELETE_ON_CLOSE | FILE_FLAG_OPEN_REPARSE_POINT);
    match options.open(path) {
        // Whoever had it may have removed the directory before this process had the lock.
        Ok(lock) => Ok(directory.symlink_metadata().is_ok().then_some(lock)),
        Err(error) if error.raw_os_error() == Some(ERROR_SHARING_VIOLATION) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Not read: who may write to a file is in its access control list. The profile, where the cache is unless another place is
/// named, is its user's own.
pub(super) fn is_own(_: &Metadata) -> bool {
    true
}

/// Not read, as in [`is_own`].
pub(super) fn is_anothers_to_remove(_: &Metadata, _: &Metadata) -> bool {
    false
}

/// Whoever makes something in a directory, its user can use it.
pub(super) fn is_roots_at_anothers(_: &Metadata) -> bool {
    false
}

/// Opens a file for reading; a link is opened itself.
pub(super) fn open_unfollowed(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(FILE_FLAG_OPEN_REPARSE_POINT).open(path)
}

/// Who may look into a directory is inherited from the one that it is in.
pub(super) fn private_dir() -> DirBuilder {
    DirBuilder::new()
}

/// Nothing to do: there is no umask that could have taken the owner's rights.
pub(super) fn open_up(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Each directory has an access control list.
pub(super) fn is_plain_folder(_: &Path) -> bool {
    false
}

pub(super) fn copy_owner_and_mode(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The standard library's rename replaces a file, so the name is looked at first. That leaves a moment in which another
/// process can take it; a directory that is not empty is not replaced in any case.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match to.symlink_metadata() {
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => std::fs::rename(from, to),
    }
}

/// No call does it.
pub(super) fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A drive or a share. A volume that is mounted in a directory is a link to the standard library.
pub(super) fn is_mount_point(path: &Path) -> bool {
    path.parent().is_none()
}

pub(super) fn in_own_group(command: &mut Command) -> &mut Command {
    command.creation_flags(CREATE_NEW_PROCESS_GROUP)
}

/// The process alone: what it has started would have to be in a job with it.
pub(super) fn kill_group(child: &mut Child) -> io::Result<()> {
    child.kill()
}

/// SIGINT, SIGTERM and SIGBREAK of the C runtime: Ctrl-C, `raise`, and Ctrl-Break or a console that is closed.
pub(super) fn stop_signals() -> Vec<i32> {
    vec![2, 15, 21]
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
