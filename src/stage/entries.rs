//! Lists and checks directory entries without hiding errors: code that moves or removes files must not mistake "cannot
//! be read" for "does not exist".

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The names in a directory, sorted. pyvenv.cfg, which makes a directory an environment, comes last.
pub(super) fn names(directory: &Path) -> io::Result<Vec<OsString>> {
    let entries = fs::read_dir(directory)?;
    let mut names: Vec<OsString> = entries.map(|entry| entry.map(|e| e.file_name())).collect::<Result<_, _>>()?;
    names.sort_by_cached_key(|name| (name == "pyvenv.cfg", name.clone()));
    Ok(names)
}

/// Whether something of this name exists, even if it is a broken link.
pub(super) fn is_there(path: &Path) -> io::Result<bool> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Joins `below` to a directory. If `below` is empty, returns the directory itself, without a trailing separator.
pub(super) fn join(directory: &Path, below: &Path) -> PathBuf {
    if below.as_os_str().is_empty() { directory.to_owned() } else { directory.join(below) }
}
