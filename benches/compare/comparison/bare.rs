//! A Python without an installed pip, and so without .pyc files to reuse, as in most CI images.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use walkdir::WalkDir;

/// Parts of the library that a copy leaves out.
const LEFT_OUT: [&str; 2] = ["site-packages", "test"];

/// Copies the installation of the Python at `executable`, by hard links where possible, and returns the copy's
/// executable. Python's own .pyc files are copied, except those in its site-packages.
pub fn copy(executable: &Path, directory: &Path) -> Result<PathBuf> {
    let name = executable.file_name().context("a Python has a name")?;
    let prefix = executable.parent().and_then(Path::parent).context("a Python is in a directory")?;
    let library = Path::new("lib").join(name);
    let copy = directory.join("bin").join(name);
    fs::create_dir_all(directory.join("bin"))?;
    link(executable, &copy)?;
    let is_wanted = |name: &str, depth| depth != 1 || !LEFT_OUT.contains(&name);
    let source = prefix.join(&library);
    let entries = WalkDir::new(&source).into_iter();
    for entry in entries.filter_entry(|entry| is_wanted(&entry.file_name().to_string_lossy(), entry.depth())) {
        let entry = entry?;
        let target = directory.join(&library).join(entry.path().strip_prefix(&source)?);
        match entry.file_type().is_dir() {
            true => fs::create_dir_all(target)?,
            false => link(entry.path(), &target)?,
        }
    }
    fs::create_dir_all(directory.join(&library).join("site-packages"))?;
    Ok(copy)
}

fn link(source: &Path, target: &Path) -> io::Result<()> {
    fs::hard_link(source, target).or_else(|_| fs::copy(source, target).map(drop))
}
