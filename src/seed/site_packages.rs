//! Writes the files of site-packages, directory by directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::SystemTime;

use super::distribution::InstalledFile;
use crate::context::Context;
use crate::error::{AtPath, Error, Result};
use crate::event::{Event, Observer};
use crate::interrupt::Interrupt;
use crate::os;
use crate::workers::Workers;

/// A directory that files are written into.
pub(super) struct Root<'a> {
    pub(super) staged: PathBuf,
    /// The path that errors show for it.
    pub(super) path: PathBuf,
    pub(super) interrupt: Interrupt,
    pub(super) workers: Workers,
    pub(super) observer: Observer,
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
        Root {
            path: context.lib_path.clone(),
            interrupt: context.session.interrupt.clone(),
            workers: context.stage.workers(),
            observer: context.session.observer.clone(),
            ..Root::at(staged, modified)
        }
    }

    /// A directory that is written where it stays.
    pub(super) fn at(path: PathBuf, modified: SystemTime) -> Root<'static> {
        Root {
            staged: path.clone(),
            path,
            interrupt: Interrupt::default(),
            workers: Workers::default(),
            observer: Observer::default(),
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

/// The number of files that a thread writes before it takes others. With fewer, each directory is opened more often; with
/// more, the largest directory is finished long after the others.
const PORTION: usize = 16;

/// Files of one directory, from one of them on. Zero stands for the directory too, which is created first.
struct Portion<'a> {
    directory: &'a str,
    from: usize,
}

/// Creates each directory that `files` are in, and calls `fill` with it and a portion of its files. As the kernel lets
/// only one thread at a time create a file in a directory, a directory's next portion comes after all portions of others
/// that could be begun already.
pub(super) fn write<E: Send + From<Error>>(
    root: &Root,
    files: &[&InstalledFile],
    fill: impl Fn(&mut Directory, &[&InstalledFile]) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let (mut filled, mut below) =
        (BTreeMap::<&str, Vec<&InstalledFile>>::new(), BTreeMap::<&str, BTreeSet<&str>>::new());
    for file in files {
        filled.entry(file.directory()).or_default().push(file);
    }
    for name in filled.keys() {
        let mut above = "";
        for inner in prefixes(name) {
            below.entry(above).or_default().insert(inner);
            above = inner;
        }
    }
    let written = AtomicUsize::new(0);
    root.workers.process([Portion { directory: "", from: 0 }], |Portion { directory, from }, queue| {
        root.interrupt.check()?;
        if from == 0 {
            if !directory.is_empty() {
                create_directory(root, directory)?;
            }
            let below = below.get(directory).into_iter().flatten();
            queue.add(below.map(|directory| Portion { directory, from: 0 }));
        }
        let rest = filled.get(directory).map_or(&[][..], |files| &files[from..]);
        let (portion, later) = rest.split_at(rest.len().min(PORTION));
        if !later.is_empty() {
            queue.add([Portion { directory, from: from + PORTION }]);
        }
        if !portion.is_empty() {
            fill(&mut Directory::open(root, directory)?, portion)?;
            let written = written.fetch_add(portion.len(), Ordering::Relaxed) + portion.len();
            root.observer.tell(Event::Files { written, total: files.len() });
        }
        Ok(portion.len().max(1))
    })
}

/// A directory's name and those of the directories that it is in, the outermost first.
fn prefixes(name: &str) -> impl Iterator<Item = &str> {
    let ends = name.match_indices('/').map(|(end, _)| end).chain([name.len()]);
    ends.map(|end| &name[..end]).filter(|prefix| !prefix.is_empty())
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
        self.root.interrupt.check()?;
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
