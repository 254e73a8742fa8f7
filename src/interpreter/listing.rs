//! What is in a directory.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::os;

/// Paths in the order in which they were found, with an error in the place of a directory that could not be read: that is
/// no reason to give up the search, and is told if it finds nothing.
pub(super) type Found = Vec<Result<PathBuf>>;

/// The directories in a directory, and links to such, in no order. See [`os::entries`].
pub(super) fn directories(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = os::entries(directory)?;
    paths.retain(|path| path.is_dir());
    Ok(paths)
}

/// One directory's listing as a part of what is found.
pub(super) fn spread(listed: Result<Vec<PathBuf>>) -> Found {
    match listed {
        Ok(paths) => paths.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error)],
    }
}
