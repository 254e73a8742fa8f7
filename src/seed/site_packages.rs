//! The files of site-packages, made folder by folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use super::distribution::InstalledFile;
use super::new_image::{FolderOfImage, NewImage};
use super::parallel;
use crate::context::Context;
use crate::error::{AtPath, Error, Result};
use crate::interrupt::Interrupt;
use crate::os;

/// A folder that files are written into, and what it is called in errors.
pub(super) struct Root {
    pub(super) staged: PathBuf,
    pub(super) path: PathBuf,
    pub(super) interrupt: Interrupt,
    /// What is written goes into it too.
    pub(super) new_image: Option<NewImage>,
    /// Whether a file could not be given its time, which some mounts refuse.
    untimed: AtomicBool,
}

impl Root {
    /// An environment's site-packages.
    pub(super) fn of(context: &Context) -> Root {
        let staged = context.staged(&context.lib_path);
        Root::at(staged, context.lib_path.clone(), context.caller.interrupt.clone())
    }

    /// A folder that is called `path` in errors.
    pub(super) fn at(staged: PathBuf, path: PathBuf, interrupt: Interrupt) -> Root {
        Root { staged, path, interrupt, new_image: None, untimed: AtomicBool::new(false) }
    }

    /// Whether all files that were written have the times that they were to have.
    pub(super) fn has_times(&self) -> bool {
        !self.untimed.load(Ordering::Relaxed)
    }
}

/// One folder below a [`Root`], new or not, open for writing.
pub(super) struct Folder<'a> {
    pub(super) open: os::Folder,
    path: PathBuf,
    of_image: Option<FolderOfImage<'a>>,
    untimed: &'a AtomicBool,
}

/// Has each folder that `files` are in made, and filled by `fill`, which is given the folder, its name relative to `root`, and
/// its files. As many threads as there are cores take whole folders: the kernel lets one thread at a time make a file in a
/// folder.
pub(super) fn write<E: Send + From<Error>>(
    root: &Root,
    files: &[&InstalledFile],
    fill: impl Fn(&Folder, &str, &[&InstalledFile]) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let mut folders: BTreeMap<&str, Vec<&InstalledFile>> = BTreeMap::new();
    for file in files {
        folders.entry(file.folder()).or_default().push(file);
    }
    // Those that others are in come first; each of the rest is made by the thread that takes it.
    let parents: BTreeSet<&str> = folders.keys().flat_map(|name| above(name)).collect();
    parents.iter().try_for_each(|name| create_folder(root, name))?;
    let mut folders: Vec<_> = folders.into_iter().collect();
    folders.sort_by_key(|(_, files)| std::cmp::Reverse(files.len()));
    parallel::each(&folders, |(name, files)| {
        root.interrupt.check()?;
        if !name.is_empty() && !parents.contains(name) {
            create_folder(root, name)?;
        }
        fill(&Folder::open(root, name)?, name, files)
    })
}

/// The folders that one is in, but for the outermost.
fn above(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').map(|(end, _)| &name[..end])
}

/// Makes a folder, and those above it, unless it is there.
fn create_folder(root: &Root, name: &str) -> Result<()> {
    let path = root.staged.join(name);
    fs::create_dir(&path).or_else(|_| fs::create_dir_all(&path)).at("create the directory", &root.path.join(name))
}

impl<'a> Folder<'a> {
    fn open(root: &'a Root, name: &str) -> Result<Folder<'a>> {
        let path = root.path.join(name);
        let open = os::Folder::open(&root.staged.join(name)).at("open the directory", &path)?;
        let of_image = root.new_image.as_ref().map(FolderOfImage::of);
        Ok(Folder { open, path, of_image, untimed: &root.untimed })
    }

    /// Writes a file that is not there yet, as changed at `modified` if that is given and can be: see [`Root::has_times`].
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

    /// Where the file will be.
    pub(super) fn path(&self, file: &InstalledFile) -> PathBuf {
        self.path.join(Path::new(file.base_name()))
    }
}
