//! Removing folders and files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::error::{AtPath, Result};
use crate::os;

/// Removes files, and the folders below `root` that are empty then. What is none any more is passed over.
pub(super) fn remove_files(paths: &[&PathBuf], root: &Path) -> Result<()> {
    use io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
    for path in paths {
        match fs::remove_file(path) {
            Err(error) if matches!(error.kind(), NotFound | NotADirectory | IsADirectory) => {}
            removed => removed.at("remove", path)?,
        }
        let folders = path.ancestors().skip(1).take_while(|folder| *folder != root);
        // Up to the first that is not empty.
        let _ = folders.map(fs::remove_dir).take_while(io::Result::is_ok).count();
    }
    Ok(())
}

/// Removes a file, or a folder with all that is in it, links and not what they lead to, also where modes of folders (an
/// odd umask, a read-only folder) do not let their owner.
pub(super) fn remove_tree(path: &Path) -> io::Result<()> {
    if !os::is_folder(path) {
        return fs::remove_file(path);
    }
    fs::remove_dir_all(path).or_else(|_| {
        open_up(path);
        remove_one_by_one(path)
    })
}

/// As [`fs::remove_dir_all`], which has a descriptor open for each folder above; here one does.
fn remove_one_by_one(path: &Path) -> io::Result<()> {
    for entry in WalkDir::new(path).contents_first(true).max_open(1) {
        let entry = entry?;
        if entry.file_type().is_dir() { fs::remove_dir(entry.path())? } else { fs::remove_file(entry.path())? }
    }
    Ok(())
}

fn open_up(folder: &Path) {
    // What this cannot do, the removal that follows will name.
    let _ = os::open_up(folder);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}
