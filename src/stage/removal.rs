//! Removes directories and files, even where their modes do not let the owner. Links are removed, never their targets.

use std::cmp::Reverse;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::{AtPath, Error, Quoted, Result};
use crate::os::{self, OldTree, PinnedDir};
use crate::workers::Workers;

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
pub(super) fn remove_tree(path: &Path, workers: &Workers) -> io::Result<()> {
    if !os::is_directory(path) {
        return remove_file(path);
    }
    let removed = OldTree::open(path).and_then(|tree| {
        remove_directories(&tree, empty_directories(&tree, workers)?, workers)?;
        fs::remove_dir(path)
    });
    removed.or_else(|_| os::with_patience(|| os::remove_tree(path)))
}

/// Removes the files of a tree. Returns its directories.
fn empty_directories(tree: &OldTree, workers: &Workers) -> io::Result<Vec<PathBuf>> {
    let found = Mutex::new(Vec::new());
    workers.process([PathBuf::new()], |directory, queue| {
        let (removed, inner) = tree.remove_files(&directory)?;
        queue.add(inner.into_iter().map(|name| directory.join(name)));
        found.lock().unwrap_or_else(PoisonError::into_inner).push(directory);
        Ok::<_, io::Error>(removed + 1)
    })?;
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Removes empty directories, the innermost first, but for the tree's own.
fn remove_directories(tree: &OldTree, mut directories: Vec<PathBuf>, workers: &Workers) -> io::Result<()> {
    let depth = |directory: &PathBuf| directory.components().count();
    directories.retain(|directory| depth(directory) > 0);
    directories.sort_by_cached_key(|directory| Reverse(depth(directory)));
    directories
        .chunk_by(|one, other| depth(one) == depth(other))
        .try_for_each(|level| workers.process(level, |directory, _| tree.remove_directory(directory).map(|()| 1)))
}
