//! Removes directories and files, even where their modes do not let the owner. Links are removed, never their targets.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::error::{AtPath, Error, Quoted, Result};
use crate::os::{self, PinnedDir};

/// Fails, naming the file, if a program has something at or below `path` open in a way that prevents its removal (Windows).
pub(super) fn check_not_in_use(path: &Path) -> Result<()> {
    let Some(file) = os::in_use(path) else { return Ok(()) };
    let what = if file == path { "it".to_owned() } else { Quoted(&file).to_string() };
    let reason = format!("{what} is in use; close the program that has it open, and run again");
    Err(Error::Directory { path: path.to_owned(), reason })
}

/// Removes files below `root`, and then the directories below `root` that are left empty. Skips what does not exist or
/// is not a file.
pub(super) fn remove_files(paths: &[&PathBuf], root: &Path) -> Result<()> {
    use io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
    let pinned = PinnedDir::open(root).at("open the directory", root)?;
    for path in paths {
        let below: Vec<Component> = path.strip_prefix(root).unwrap_or(path).components().collect();
        match remove_below(&pinned, &below) {
            Err(error) if matches!(error.kind(), NotFound | NotADirectory | IsADirectory) => {}
            removed => removed.at("remove", path)?,
        }
    }
    Ok(())
}

/// Removes the file at `below` in `directory`, and its parent directories there that are left empty.
fn remove_below(directory: &PinnedDir, below: &[Component<'_>]) -> io::Result<()> {
    let Some((first, rest)) = below.split_first() else { return Ok(()) };
    if rest.is_empty() {
        return remove_file(&directory.path().join(first));
    }
    let removed = remove_below(&directory.enter(first.as_os_str())?, rest);
    // Fails unless it is empty.
    let _ = fs::remove_dir(directory.path().join(first));
    removed
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
    fs::remove_dir_all(path).or_else(|_| os::with_patience(|| os::remove_tree(path)))
}
