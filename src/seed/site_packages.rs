//! Writes the files of site-packages, directory by directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use super::distribution::InstalledFile;
use super::parallel;
use crate::context::Context;
use crate::error::{AtPath, Error, Result};
use crate::interrupt::Interrupt;
use crate::os;

/// A directory that files are written into.
pub(super) struct Root<'a> {
    pub(super) staged: PathBuf,
    /// The path that errors show for it.
    pub(super) path: PathBuf,
    pub(super) interrupt: Interrupt,
    /// The modification time of the files that are dated.
    pub(super) modified: SystemTime,
    pub(super) is_dated: fn(&InstalledFile) -> bool,
    /// What gets a copy of everything written.
    pub(super) copier: Option<&'a dyn Copier>,
    /// Whether the time of a file could not be set, which some mounts do not allow.
    pub(super) untimed: AtomicBool,
}

/// Gets a copy of each file that is written.
pub(super) trait Copier: Sync {
    /// Begins a directory.
    fn directory(&self) -> FileCopier<'_>;
}

/// Is called with the name and the contents of each file of one directory, and then dropped.
pub(super) type FileCopier<'a> = Box<dyn FnMut(&str, &[u8]) + 'a>;

impl Root<'_> {
    /// The site-packages of an environment, whose modules get the modification time `modified`.
    pub(super) fn of(context: &Context, modified: SystemTime) -> Root<'static> {
        let staged = context.stage.at(&context.lib_path);
        let interrupt = context.session.interrupt.clone();
        Root { path: context.lib_path.clone(), interrupt, ..Root::at(staged, modified) }
    }

    /// A directory that is written where it stays.
    pub(super) fn at(path: PathBuf, modified: SystemTime) -> Root<'static> {
        Root {
            staged: path.clone(),
            path,
            interrupt: Interrupt::default(),
            modified,
            is_dated: InstalledFile::is_module,
            copier: None,
            untimed: AtomicBool::new(false),
        }
    }

    /// Whether all files written have the times that they should have.
    pub(super) fn has_times(&self) -> bool {
        !self.untimed.load(Ordering::Relaxed)
    }
}

/// A directory below a [`Root`], new or existing, open for writing.
pub(super) struct Directory<'a> {
    root: &'a Root<'a>,
    /// Its name relative to the root.
    pub(super) name: &'a str,
    pub(super) open: os::Directory,
    copy: Option<FileCopier<'a>>,
}

/// Creates each directory that `files` are in, and calls `fill` with it and its files. Returns what `fill` returned.
/// As many threads as there are cores process whole directories: the kernel lets only one thread at a time create a
/// file in a directory.
pub(super) fn write<R: Send, E: Send + From<Error>>(
    root: &Root,
    files: &[&InstalledFile],
    fill: impl Fn(&mut Directory, &[&InstalledFile]) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
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
        fill(&mut Directory::open(root, name)?, files)
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
    fn open(root: &'a Root, name: &'a str) -> Result<Directory<'a>> {
        let open = os::Directory::open(&root.staged.join(name)).at("open the directory", &root.path.join(name))?;
        Ok(Directory { root, name, open, copy: root.copier.map(Copier::directory) })
    }

    /// Writes a new file. If it is dated, sets its modification time, if possible: see [`Root::has_times`].
    pub(super) fn write(&mut self, file: &InstalledFile, contents: &[u8]) -> Result<()> {
        let created = self.open.create_file(file.base_name(), file.mode());
        let written = created.and_then(|mut created| created.write_all(contents).map(|()| created));
        let written = written.at("write", &self.root.path.join(&file.name))?;
        if (self.root.is_dated)(file) && written.set_modified(self.root.modified).is_err() {
            self.root.untimed.store(true, Ordering::Relaxed);
        }
        if let Some(copy) = &mut self.copy {
            copy(&file.name, contents);
        }
        Ok(())
    }
}
