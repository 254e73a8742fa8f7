//! Open files. A file or directory that a process has open cannot be removed. A directory that is open, or contains
//! something open, cannot be renamed.

use std::fs::OpenOptions;
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use walkdir::WalkDir;
use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, FILE_WRITE_DATA, MoveFileExW,
};

/// Whether an error has this system error code.
pub(super) fn has_code(error: &io::Error, code: u32) -> bool {
    error.raw_os_error() == i32::try_from(code).ok()
}

/// Encodes a path as null-terminated UTF-16. Its directory becomes a canonical path, which may be long.
fn wide(path: &Path) -> io::Result<Vec<u16>> {
    let (directory, name) = (path.parent().unwrap_or(path), path.file_name().unwrap_or_default());
    // Where the system has no canonical path, as on some RAM disks, this one may be short enough.
    let path = directory.canonicalize().unwrap_or_else(|_| directory.to_owned()).join(name);
    let mut units: Vec<u16> = path.as_os_str().encode_wide().collect();
    if units.contains(&0) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    units.push(0);
    Ok(units)
}

/// How many times a call is tried: virus scanners and indexers open new files, but soon close them again.
const TRIES: u32 = 9;

pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    let (wide_from, wide_to) = (wide(from)?, wide(to)?);
    with_patience(|| {
        // Wine renames a directory with something open in it, which Windows refuses. So does a debug build.
        if cfg!(debug_assertions) {
            held(from)?;
        }
        // SAFETY: both strings are null-terminated. (Without flags, nothing is replaced or copied.)
        if unsafe { MoveFileExW(wide_from.as_ptr(), wide_to.as_ptr(), 0) } == 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(())
        }
    })
}

pub(crate) fn with_patience<T>(call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    patiently(may_be_in_use, call)
}

/// Retries a call for half a second while it fails for a reason that may be temporary.
fn patiently<T>(may_pass: fn(&io::Error) -> bool, mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let mut pause = Duration::from_millis(2);
    for _ in 1..TRIES {
        match call() {
            Err(error) if may_pass(&error) => thread::sleep(pause),
            done => return done,
        }
        pause *= 2;
    }
    call()
}

fn is_in_use(error: &io::Error) -> bool {
    has_code(error, ERROR_SHARING_VIOLATION)
}

/// For a directory that contains an open file, the system reports that access is denied.
pub(crate) fn may_be_in_use(error: &io::Error) -> bool {
    is_in_use(error) || has_code(error, ERROR_ACCESS_DENIED)
}

/// The first file at or below `path` that cannot be removed because a process has it open or is running it.
pub(crate) fn in_use(path: &Path) -> Option<PathBuf> {
    let walk = WalkDir::new(path).sort_by_file_name().into_iter();
    // Entries that cannot be read are skipped: the operation that follows will report them.
    let files = walk.filter_map(walkdir::Result::ok).filter(|entry| entry.file_type().is_file());
    files.map(walkdir::DirEntry::into_path).find(|path| {
        let opened = patiently(is_in_use, || open_alone(path));
        opened.is_err_and(|error| is_in_use(&error))
    })
}

/// Fails if this process or another one has `path`, or something in it, open.
fn held(path: &Path) -> io::Result<()> {
    // Collect the entries first, because the walk itself keeps directories open.
    let entries = WalkDir::new(path).into_iter().collect::<walkdir::Result<Vec<_>>>()?;
    let violation = entries.iter().find_map(|entry| open_alone(entry.path()).err().filter(is_in_use));
    violation.map_or(Ok(()), Err)
}

/// Fails if any process has this file or directory open. A running program can be opened with DELETE access, although
/// deleting it would fail, but not for writing. So both are requested.
fn open_alone(path: &Path) -> io::Result<()> {
    let flags = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT;
    OpenOptions::new().access_mode(DELETE | FILE_WRITE_DATA).share_mode(0).custom_flags(flags).open(path).map(drop)
}
