//! Removes directories and files, even where their modes do not let the owner. Links are removed, never their targets.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::mem;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::entries::names;
use crate::error::{AtPath, Error, Quoted, Result};
use crate::os::{self, PinnedDir};
use crate::workers::Workers;

/// Fails, naming the file, if a program has something at or below `path` open in a way that prevents its removal (Windows).
pub(super) fn check_not_in_use(path: &Path) -> Result<()> {
    let Some(file) = os::in_use(path) else { return Ok(()) };
    let what = if file == path { "it".to_owned() } else { Quoted(&file).to_string() };
    let reason = format!("{what} is in use; close the program that has it open, and run again");
    Err(Error::Directory { path: path.to_owned(), reason })
}

/// The reason why `path` cannot be moved. If it is a program that has something in it open, as virus scanners have new
/// files, that is said.
pub(super) fn explain_unmoved(error: io::Error, path: &Path) -> io::Error {
    if !os::may_be_in_use(&error) {
        return error;
    }
    let file = os::in_use(path).unwrap_or_else(|| path.to_owned());
    let held = format!("a program has {} open, such as a virus scanner; close it, and run again", Quoted(&file));
    io::Error::new(error.kind(), format!("{error}: {held}"))
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
        return os::remove_file(&directory.path().join(first));
    }
    let removed = remove_below(&directory.enter(first.as_os_str())?, rest);
    // Fails unless it is empty.
    let _ = fs::remove_dir(directory.path().join(first));
    removed
}

/// Removes a file, or a directory with everything in it, even where the mode of a directory (an odd umask, a read-only
/// directory) does not let its owner.
pub(super) fn remove_tree(path: &Path, workers: &Workers) -> io::Result<()> {
    if !os::is_directory(path) {
        return os::remove_file(path);
    }
    let removed = os::with_patience(|| remove_directory(path, workers));
    // The standard library follows no links either, but obeys modes, and does one thing at a time.
    removed.or_else(|_| fs::remove_dir_all(path))
}

/// Removes everything in a directory, except the entry `spared`. Fails if the directory is a link that another user could
/// have placed.
pub(super) fn remove_entries(directory: &Path, spared: &OsStr, workers: &Workers) -> io::Result<()> {
    let pinned = PinnedDir::open(directory)?;
    let names = names(pinned.path())?;
    let mut removed = names.iter().filter(|name| *name != spared);
    removed.try_for_each(|name| remove_tree(&pinned.path().join(name), workers))
}

/// How many files a thread removes before it takes others.
const PORTION: usize = 64;

/// Removes a directory: first the files in it, and then the directories, the innermost ones first. Fails, before anything
/// is removed, if another user could replace one of the directories by a link.
fn remove_directory(path: &Path, workers: &Workers) -> io::Result<()> {
    if os::is_replaceable(&path.canonicalize()?) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let (mut level, mut levels, files) = (vec![path.to_owned()], Vec::new(), Mutex::new(Vec::new()));
    while !level.is_empty() {
        let below = Mutex::new(Vec::new());
        let list = |directory: &PathBuf| -> io::Result<()> {
            os::make_private(directory)?;
            for entry in fs::read_dir(directory)? {
                let entry = entry?;
                let kind = if entry.file_type()?.is_dir() { &below } else { &files };
                kind.lock().unwrap_or_else(PoisonError::into_inner).push(entry.path());
            }
            Ok(())
        };
        in_portions(workers, &level, workers.directories_at_once(), list)?;
        let below = below.into_inner().unwrap_or_else(PoisonError::into_inner);
        levels.push(mem::replace(&mut level, below));
    }
    let files = files.into_inner().unwrap_or_else(PoisonError::into_inner);
    in_portions(workers, &files, PORTION, |file| os::remove_file(file))?;
    let mut inner_first = levels.iter().rev();
    inner_first
        .try_for_each(|level| in_portions(workers, level, workers.directories_at_once(), |path| fs::remove_dir(path)))
}

/// Calls `work` with each path. A thread takes so many at a time.
fn in_portions(
    workers: &Workers,
    paths: &[PathBuf],
    size: usize,
    work: impl Fn(&PathBuf) -> io::Result<()> + Sync,
) -> io::Result<()> {
    workers.process(paths.chunks(size).collect(), |portion: &[PathBuf]| {
        portion.iter().try_for_each(&work).map(|()| portion.len())
    })
}
