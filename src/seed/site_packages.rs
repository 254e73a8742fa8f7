//! Writes the files of site-packages, directory by directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use super::distribution::InstalledFile;
use super::image::writing::{DirectoryOfImage, NewImage};
use super::parallel;
use crate::context::Context;
use crate::error::{AtPath, Error, Result};
use crate::interrupt::Interrupt;
use crate::os;

/// A directory that files are written into, and the path that errors show for it.
pub(super) struct Root {
    pub(super) staged: PathBuf,
    pub(super) path: PathBuf,
    pub(super) interrupt: Interrupt,
    /// An image that everything written is also added to.
    pub(super) new_image: Option<NewImage>,
    /// Whether the time of a file could not be set, which some mounts do not allow.
    untimed: AtomicBool,
}

impl Root {
    /// The site-packages of an environment.
    pub(super) fn of(context: &Context) -> Root {
        let staged = context.stage.at(&context.lib_path);
        Root::at(staged, context.lib_path.clone(), context.session.interrupt.clone())
    }

    /// The directory `staged`, which errors call `path`.
    pub(super) fn at(staged: PathBuf, path: PathBuf, interrupt: Interrupt) -> Root {
        Root { staged, path, interrupt, new_image: None, untimed: AtomicBool::new(false) }
    }

    /// Whether all files written have the times that they should have.
    pub(super) fn has_times(&self) -> bool {
        !self.untimed.load(Ordering::Relaxed)
    }
}

/// A directory below a [`Root`], new or existing, open for writing.
pub(super) struct Directory<'a> {
    pub(super) open: os::Directory,
    path: PathBuf,
    of_image: Option<DirectoryOfImage<'a>>,
    untimed: &'a AtomicBool,
}

/// Creates each directory that `files` are in, and calls `fill` with it, its name relative to `root`, and its files.
/// As many threads as there are cores process whole directories: the kernel lets only one thread at a time create a
/// file in a directory.
pub(super) fn write<E: Send + From<Error>>(
    root: &Root,
    files: &[&InstalledFile],
    fill: impl Fn(&Directory, &str, &[&InstalledFile]) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let mut directories: BTreeMap<&str, Vec<&InstalledFile>> = BTreeMap::new();
    for file in files {
        directories.entry(file.directory()).or_default().push(file);
    }
    // Create the parents of other directories first. Each of the rest is created by the thread that fills it.
    let parents: BTreeSet<&str> = directories.keys().flat_map(|name| above(name)).collect();
    parents.iter().try_for_each(|name| create_directory(root, name))?;
    let mut directories: Vec<_> = directories.into_iter().collect();
    directories.sort_by_key(|(_, files)| std::cmp::Reverse(files.len()));
    parallel::each(&directories, |(name, files)| {
        root.interrupt.check()?;
        if !name.is_empty() && !parents.contains(name) {
            create_directory(root, name)?;
        }
        fill(&Directory::open(root, name)?, name, files)
    })
}

/// The directories that one is in, except the outermost.
fn above(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').map(|(end, _)| &name[..end])
}

/// Creates a directory and its parents, unless they exist.
fn create_directory(root: &Root, name: &str) -> Result<()> {
    let path = root.staged.join(name);
    fs::create_dir(&path).or_else(|_| fs::create_dir_all(&path)).at("create the directory", &root.path.join(name))
}

impl<'a> Directory<'a> {
    fn open(root: &'a Root, name: &str) -> Result<Directory<'a>> {
        let path = root.path.join(name);
        let open = os::Directory::open(&root.staged.join(name)).at("open the directory", &path)?;
        let of_image = root.new_image.as_ref().map(DirectoryOfImage::of);
        Ok(Directory { open, path, of_image, untimed: &root.untimed })
    }

    /// Writes a new file. If `modified` is given, sets the file's modification time to it, if possible: see
    /// [`Root::has_times`].
    pub(super) fn write(&self, file: &InstalledFile, contents: &[u8], modified: Option<SystemTime>) -> Result<()> {
        let written = self.open.create_file(file.base_name(), file.mode()).and_then(|mut made| {
            made.write_all(contents)?;
            if modified.is_some_and(|time| made.set_modified(time).is_err()) {
                self.untimed.store(true, Ordering::Relaxed);
            }
            Ok(())
        });
        if let (Ok(()), Some(of_image)) = (&written, &self.of_image) {
            of_image.add(&file.name, contents);
        }
        written.at("write", &self.path(file))
    }

    /// The path of the file in the finished environment.
    pub(super) fn path(&self, file: &InstalledFile) -> PathBuf {
        self.path.join(Path::new(file.base_name()))
    }
}
