//! Removes directories and files, even where their modes do not let the owner. Links are removed, never their targets.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::entries;
use crate::error::{AtPath, Result};
use crate::os;

/// Removes files, and then the directories below `root` that are left empty. Skips what does not exist or is not a
/// file.
pub(super) fn remove_files(paths: &[&PathBuf], root: &Path) -> Result<()> {
    use io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
    for path in paths {
        match remove_file(path) {
            Err(error) if matches!(error.kind(), NotFound | NotADirectory | IsADirectory) => {}
            removed => removed.at("remove", path)?,
        }
        let directories = path.ancestors().skip(1).take_while(|directory| *directory != root);
        // Stops at the first that is not empty.
        let _ = directories.map(fs::remove_dir).take_while(io::Result::is_ok).count();
    }
    Ok(())
}

fn remove_file(path: &Path) -> io::Result<()> {
    fs::remove_file(path).or_else(|error| if os::unprotect(path) { fs::remove_file(path) } else { Err(error) })
}

/// Removes a file, or a directory with everything in it, even where the mode of a directory (an odd umask, a read-only
/// directory) does not let its owner.
pub(super) fn remove_tree(path: &Path) -> io::Result<()> {
    if !os::is_directory(path) {
        return remove_file(path);
    }
    fs::remove_dir_all(path).or_else(|_| os::with_patience(|| remove_by_hand(path)))
}

/// Like [`fs::remove_dir_all`], but despite the modes of directories, and without an open descriptor for each parent
/// directory.
fn remove_by_hand(directory: &Path) -> io::Result<()> {
    // If this fails, the calls below report why.
    let _ = os::open_up(directory);
    for name in entries::names(directory)? {
        let path = directory.join(name);
        if os::is_directory(&path) { remove_by_hand(&path)? } else { remove_file(&path)? }
    }
    fs::remove_dir(directory)
}
