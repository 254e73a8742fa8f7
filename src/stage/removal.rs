//! Removes directories and files, even where their modes do not let the owner. Links are removed, never their targets.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::entries::names;
use crate::error::{AtPath, Error, Quoted, Result};
use crate::os::{self, Directory, PinnedDir};
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
    let removed = Directory::open(path).and_then(|top| empty(top, workers)).and_then(|()| fs::remove_dir(path));
    removed.or_else(|_| os::with_patience(|| os::remove_tree(path)))
}

/// Removes everything in a directory, except the entry `spared`. Fails if the directory is a link that another user could
/// have placed.
pub(super) fn remove_entries(directory: &Path, spared: &OsStr, workers: &Workers) -> io::Result<()> {
    let pinned = PinnedDir::open(directory)?;
    let names = names(pinned.path())?;
    let mut removed = names.iter().filter(|name| *name != spared);
    removed.try_for_each(|name| remove_tree(&pinned.path().join(name), workers))
}

/// The depth from which on removal is left to one thread: directories are kept open until those in them are removed.
const DEEP: usize = 32;

/// The number of open directories from which on files are removed before further directories are opened.
const MANY: usize = 200;

/// A directory that is being removed.
struct Removal {
    open: Directory,
    /// The directory that it is in, and its name there. None for the outermost.
    above: Option<(Arc<Removal>, OsString)>,
    depth: usize,
    /// The number of directories in it that still exist, and one while it has files.
    left: AtomicUsize,
}

enum Work {
    /// Look at what is in the directory of this name.
    List(Arc<Removal>, OsString),
    /// Remove the files of these names.
    Remove(Arc<Removal>, Vec<OsString>),
}

/// Removes everything in a directory, the innermost directories first. Directories are listed before files are removed, so
/// that the largest directory does not come last.
fn empty(top: Directory, workers: &Workers) -> io::Result<()> {
    let open = AtomicUsize::new(0);
    let top = Arc::new(Removal { open: top, above: None, depth: 0, left: AtomicUsize::new(1) });
    workers.process(top.list()?, |work, queue| match work {
        Work::List(above, name) => {
            let weight = if open.fetch_add(1, Ordering::Relaxed) < MANY { usize::MAX } else { 0 };
            for work in above.enter(name)?.list()? {
                queue.add(if let Work::Remove(_, files) = &work { files.len() } else { weight }, work);
            }
            Ok(1)
        }
        Work::Remove(directory, files) => {
            files.iter().try_for_each(|file| directory.open.remove_file(file))?;
            open.fetch_sub(directory.finish()?, Ordering::Relaxed);
            Ok(files.len().max(1))
        }
    })
}

impl Removal {
    fn enter(self: &Arc<Removal>, name: OsString) -> io::Result<Arc<Removal>> {
        if self.depth == DEEP {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let (open, above, depth) = (self.open.enter(&name)?, Some((self.clone(), name)), self.depth + 1);
        Ok(Arc::new(Removal { open, above, depth, left: AtomicUsize::new(1) }))
    }

    /// What is to be done in the directory.
    fn list(self: Arc<Removal>) -> io::Result<Vec<Work>> {
        let (files, inner) = self.open.list()?;
        self.left.fetch_add(inner.len(), Ordering::Relaxed);
        let mut work: Vec<Work> = inner.into_iter().map(|name| Work::List(self.clone(), name)).collect();
        work.push(Work::Remove(self, files));
        Ok(work)
    }

    /// Removes the directory if nothing is left in it, and then perhaps the one that it is in. Returns how many it removed.
    fn finish(&self) -> io::Result<usize> {
        let (mut removal, mut removed) = (self, 0);
        while removal.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            let Some((above, name)) = &removal.above else { break };
            above.open.remove_directory(name)?;
            removal = above;
            removed += 1;
        }
        Ok(removed)
    }
}
