//! Writes the files of site-packages, directory by directory.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::iter;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::SystemTime;

use super::distribution::{InstalledFile, directory_of};
use crate::context::{Context, Session};
use crate::error::{AtPath, Error, Result};
use crate::event::Event;
use crate::os;
use crate::workers::Workers;

/// A directory that files are written into.
pub(super) struct Root<'a> {
    pub(super) staged: PathBuf,
    /// The path that errors show for it.
    pub(super) path: PathBuf,
    pub(super) session: Session,
    pub(super) workers: Workers,
    /// The modification time of the files that are dated.
    pub(super) modified: SystemTime,
    pub(super) is_dated: fn(&InstalledFile) -> bool,
    /// How .pyc begin that were stored with another modification time, and how they begin with this one.
    pub(super) restamped: Option<(Vec<u8>, Vec<u8>)>,
    /// What gets a copy of everything written.
    pub(super) copier: Option<&'a dyn Copier>,
    /// Whether the time of a file could not be set, which some mounts do not allow, or modules could not be compiled.
    pub(super) incomplete: AtomicBool,
}

/// Gets a copy of each file that is written.
pub(super) trait Copier: Sync {
    /// Adds files of one directory, each with its name and contents.
    fn add(&self, files: &[(String, Vec<u8>)]);
}

impl Root<'_> {
    /// The site-packages of an environment, whose modules get the modification time `modified`.
    pub(super) fn of(context: &Context, modified: SystemTime) -> Root<'static> {
        let staged = context.stage.at(&context.lib_path);
        Root {
            path: context.lib_path.clone(),
            session: context.session.clone(),
            workers: context.stage.workers.clone(),
            ..Root::at(staged, modified)
        }
    }

    /// A directory that is written where it stays.
    pub(super) fn at(path: PathBuf, modified: SystemTime) -> Root<'static> {
        Root {
            staged: path.clone(),
            path,
            session: Session::default(),
            workers: Workers::default(),
            modified,
            is_dated: InstalledFile::is_module,
            restamped: None,
            copier: None,
            incomplete: AtomicBool::new(false),
        }
    }

    /// A .pyc with the time that its module gets, and any other file as it is.
    fn restamp<'c>(&self, contents: &'c [u8]) -> Cow<'c, [u8]> {
        match &self.restamped {
            Some((old, new)) if old != new && contents.starts_with(old) => {
                [new, &contents[old.len()..]].concat().into()
            }
            _ => contents.into(),
        }
    }

    /// Whether something written lacks what its image would have.
    pub(super) fn is_incomplete(&self) -> bool {
        self.incomplete.load(Ordering::Relaxed)
    }
}

/// A directory below a [`Root`], new or existing, open for writing.
pub(super) struct Directory<'a> {
    root: &'a Root<'a>,
    /// Its name relative to the root.
    pub(super) name: &'a str,
    pub(super) open: os::Directory,
    /// What has been written, if there is a [`Copier`] for it.
    copies: Vec<(String, Vec<u8>)>,
}

/// The number of files that a thread writes before it takes others. With fewer, each directory is opened more often; with
/// more, the largest directory is finished long after the others.
const PORTION: usize = 16;

/// Creates each directory that `files` are in, and calls `fill` with it and a portion of its files.
pub(super) fn write<E: Send + From<Error>>(
    root: &Root,
    files: &[&InstalledFile],
    fill: impl Fn(&mut Directory, &[&InstalledFile]) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let mut directories: BTreeMap<&str, Vec<&InstalledFile>> = BTreeMap::new();
    for file in files {
        directories.entry(file.directory()).or_default().push(file);
    }
    // The number of files in a directory and below it.
    let mut weights: BTreeMap<&str, usize> = BTreeMap::new();
    for (directory, files) in &directories {
        for above in iter::successors(Some(*directory), |name| (!name.is_empty()).then(|| directory_of(name))) {
            *weights.entry(above).or_default() += files.len();
        }
    }
    let mut portions = Vec::new();
    for (directory, files) in &directories {
        for (number, portion) in files.chunks(PORTION).enumerate() {
            let weight = if number == 0 { weights[directory] } else { files.len() - number * PORTION };
            portions.push((weight, *directory, portion));
        }
    }
    // The last is taken first: a directory before those in it, and the largest before the others.
    portions.sort_by_key(|(weight, ..)| *weight);
    let written = AtomicUsize::new(0);
    root.workers.process(portions, |(_, directory, portion)| {
        root.session.interrupt.check()?;
        let mut opened = Directory::open(root, directory)?;
        fill(&mut opened, portion)?;
        root.copier.inspect(|copier| copier.add(&opened.copies));
        let written = written.fetch_add(portion.len(), Ordering::Relaxed) + portion.len();
        root.session.observer.tell(Event::Files { written, total: files.len() });
        Ok(portion.len())
    })
}

impl<'a> Directory<'a> {
    /// Opens the directory, which is created if it is missing.
    fn open(root: &'a Root, name: &'a str) -> Result<Directory<'a>> {
        let staged = root.staged.join(name);
        let created = || fs::create_dir_all(&staged).and_then(|()| os::Directory::open(&staged));
        let opened = os::Directory::open(&staged).or_else(|_| created());
        Ok(Directory { root, name, open: opened.at("create the directory", &root.path.join(name))?, copies: vec![] })
    }

    /// Writes a new file. If it is dated, sets its modification time, if possible: see [`Root::is_incomplete`].
    pub(super) fn write(&mut self, file: &InstalledFile, contents: &[u8]) -> Result<()> {
        self.root.session.interrupt.check()?;
        let contents = &*self.root.restamp(contents);
        let created = self.open.create_file(file.base_name(), file.mode());
        let written = created.and_then(|mut created| created.write_all(contents).map(|()| created));
        let written = written.at("write", &self.root.path.join(&file.name))?;
        if (self.root.is_dated)(file) && written.set_modified(self.root.modified).is_err() {
            self.root.incomplete.store(true, Ordering::Relaxed);
        }
        if self.root.copier.is_some() {
            self.copies.push((file.name.clone(), contents.to_owned()));
        }
        Ok(())
    }
}
