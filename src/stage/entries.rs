//! What stands in a directory and what does not, with no error left out: for who moves or removes what he finds, "cannot be
//! read" must not look like "is not there".

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The names in a directory, in their order; pyvenv.cfg, which makes a directory an environment, comes last.
pub(super) fn names(directory: &Path) -> io::Result<Vec<OsString>> {
    let entries = fs::read_dir(directory)?;
    let mut names: Vec<OsString> = entries.map(|entry| entry.map(|e| e.file_name())).collect::<Result<_, _>>()?;
    names.sort_by_cached_key(|name| (name == "pyvenv.cfg", name.clone()));
    Ok(names)
}

/// Whether something has this name, be it a link to nothing.
pub(super) fn is_there(path: &Path) -> io::Result<bool> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The path `below` a directory; the directory itself, without a separator at its end, if that is empty.
pub(super) fn join(directory: &Path, below: &Path) -> PathBuf {
    if below.as_os_str().is_empty() { directory.to_owned() } else { directory.join(below) }
}
