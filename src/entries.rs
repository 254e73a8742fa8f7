//! Lists and checks directory entries without hiding errors: code that moves or removes files must not mistake "cannot
//! be read" for "does not exist".

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{AtPath, Result};

/// The paths in a directory, sorted by name; none if it does not exist or is not one. Fails if it cannot be read.
pub(crate) fn paths(directory: &Path) -> Result<Vec<PathBuf>> {
    let read = fs::read_dir(directory).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut paths: Vec<PathBuf> = match read {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => vec![],
        read => read.at("read the directory", directory)?,
    };
    paths.sort();
    Ok(paths)
}

/// The names in a directory, sorted. pyvenv.cfg, which makes a directory an environment, comes last.
pub(crate) fn names(directory: &Path) -> io::Result<Vec<OsString>> {
    let entries = fs::read_dir(directory)?;
    let mut names: Vec<OsString> = entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>()?;
    names.sort_by_cached_key(|name| (name == "pyvenv.cfg", name.clone()));
    Ok(names)
}

/// Whether nothing is in a directory.
pub(crate) fn is_empty(directory: &Path) -> io::Result<bool> {
    Ok(fs::read_dir(directory)?.next().is_none())
}

/// Whether something of this name exists, even if it is a broken link.
pub(crate) fn entry_exists(path: &Path) -> io::Result<bool> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The name that a link leads to, if that is one in its own directory.
pub(crate) fn target_beside(path: &Path) -> Option<OsString> {
    let target = path.read_link().ok()?;
    (target.components().count() == 1).then(|| target.into_os_string())
}

/// Joins `below` to a directory. If `below` is empty, returns the directory itself, without a trailing separator.
pub(crate) fn join(directory: &Path, below: &Path) -> PathBuf {
    if below.as_os_str().is_empty() { directory.to_owned() } else { directory.join(below) }
}
