//! The files of site-packages, made folder by folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::distribution::InstalledFile;
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
}

impl Root {
    /// An environment's site-packages.
    pub(super) fn of(context: &Context) -> Root {
        Root {
            staged: context.staged(&context.lib_path),
            path: context.lib_path.clone(),
            interrupt: context.caller.interrupt.clone(),
        }
    }
}

/// One folder below a [`Root`], new or not, open for writing.
pub(super) struct Folder {
    pub(super) open: os::Folder,
    path: PathBuf,
}

/// Makes the folders that `files` are in, and has each of them filled by `fill`, which is given the folder, its name
/// relative to `root`, and its files. As many threads as there are cores take whole folders: the kernel lets one thread
/// at a time make a file in a folder.
pub(super) fn write<E: Send + From<Error>>(
    root: &Root,
    files: &[&InstalledFile],
    fill: impl Fn(&Folder, &str, &[&InstalledFile]) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let mut folders: BTreeMap<&str, Vec<&InstalledFile>> = BTreeMap::new();
    for file in files {
        folders.entry(file.folder()).or_default().push(file);
    }
    create_folders(root, folders.keys().copied())?;
    let mut folders: Vec<_> = folders.into_iter().collect();
    folders.sort_by_key(|(_, files)| std::cmp::Reverse(files.len()));
    parallel::each(&folders, |(name, files)| {
        root.interrupt.check()?;
        fill(&Folder::open(root, name)?, name, files)
    })
}

/// Makes folders, which come in the order of their names, and those above them.
fn create_folders<'a>(root: &Root, names: impl Iterator<Item = &'a str>) -> Result<()> {
    for name in names.filter(|name| !name.is_empty()) {
        let path = root.staged.join(name);
        fs::create_dir(&path)
            .or_else(|_| fs::create_dir_all(&path))
            .at("create the directory", &root.path.join(name))?;
    }
    Ok(())
}

impl Folder {
    fn open(root: &Root, name: &str) -> Result<Folder> {
        let path = root.path.join(name);
        Ok(Folder { open: os::Folder::open(&root.staged.join(name)).at("open the directory", &path)?, path })
    }

    /// Writes a file that is not there yet, as changed at `modified` if that is given.
    pub(super) fn write(&self, file: &InstalledFile, contents: &[u8], modified: Option<SystemTime>) -> Result<()> {
        let written = self.open.create_file(file.base_name(), file.mode()).and_then(|mut made| {
            made.write_all(contents)?;
            modified.map_or(Ok(()), |time| made.set_modified(time))
        });
        written.at("write", &self.path(file))
    }

    /// Where the file will be.
    pub(super) fn path(&self, file: &InstalledFile) -> PathBuf {
        self.path.join(Path::new(file.base_name()))
    }
}
