//! Removing directories and files, also what modes do not let their owner remove. Links are removed, and never what they lead
//! to.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::entries;
use crate::error::{AtPath, Result};
use crate::os;

/// Removes files, and the directories below `root` that are empty then. What is not there or is no file is left alone.
pub(super) fn remove_files(paths: &[&PathBuf], root: &Path) -> Result<()> {
    use io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
    for path in paths {
        match remove_file(path) {
            Err(error) if matches!(error.kind(), NotFound | NotADirectory | IsADirectory) => {}
            removed => removed.at("remove", path)?,
        }
        let directories = path.ancestors().skip(1).take_while(|directory| *directory != root);
        // Up to the first that is not empty.
        let _ = directories.map(fs::remove_dir).take_while(io::Result::is_ok).count();
    }
    Ok(())
}

fn remove_file(path: &Path) -> io::Result<()> {
    fs::remove_file(path).or_else(|error| if os::unprotect(path) { fs::remove_file(path) } else { Err(error) })
}

/// Removes a file, or a directory with all that is in it, also where the mode of a directory (an odd umask, a read-only
/// one) does not let its owner.
pub(super) fn remove_tree(path: &Path) -> io::Result<()> {
    if !os::is_folder(path) {
        return remove_file(path);
    }
    fs::remove_dir_all(path).or_else(|_| os::with_patience(|| remove_by_hand(path)))
}

/// As [`fs::remove_dir_all`], but for the modes of directories, and without a descriptor open for each directory above.
fn remove_by_hand(directory: &Path) -> io::Result<()> {
    // What this cannot do, the calls that follow will say.
    let _ = os::open_up(directory);
    for name in entries::names(directory)? {
        let path = directory.join(name);
        if os::is_folder(&path) { remove_by_hand(&path)? } else { remove_file(&path)? }
    }
    fs::remove_dir(directory)
}
