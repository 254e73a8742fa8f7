//! What is in a directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{AtPath, Result};

/// Paths in the order in which they were found, with an error in the place of a directory that could not be read: that is
/// no reason to give up the search, and is told if it finds nothing.
pub(super) type Found = Vec<Result<PathBuf>>;

/// The paths in a directory, in no order. One that does not exist is empty.
///
/// Errors if it exists and cannot be read.
pub(super) fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(vec![]);
        }
        entries => entries.at("read the directory", directory)?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.at("read the directory", directory)?.path());
    }
    Ok(paths)
}

/// The directories in a directory, and links to such, in no order. See [`entries`].
pub(super) fn directories(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = entries(directory)?;
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
