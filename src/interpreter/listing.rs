//! Lists directories.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::os;

/// Paths in the order in which they were found, with an error in place of each directory that could not be read. The
/// search goes on after such an error, which is reported only if nothing is found.
pub(super) type Found = Vec<Result<PathBuf>>;

/// The directories in a directory, including links to directories. See [`os::entries`].
pub(super) fn directories(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = os::entries(directory)?;
    paths.retain(|path| path.is_dir());
    Ok(paths)
}

/// Turns one directory's listing into a part of a [`Found`].
pub(super) fn spread(listed: Result<Vec<PathBuf>>) -> Found {
    match listed {
        Ok(paths) => paths.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error)],
    }
}
