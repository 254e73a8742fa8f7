//! The hidden folder in which an environment is built, and how it becomes ENV_DIR.
//!
//! Whatever fails before [`Stage::publish`] leaves ENV_DIR as it was: absent, or untouched. A new ENV_DIR
//! appears by one rename. In one that exists each file is replaced by a rename, so a program that runs from it
//! sees the old file or the new one.

mod merge;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::{AtPath, Error, Quoted, Result};
use crate::native;

/// The names of the hidden folders begin with this.
const PREFIX: &str = ".rvenv-";

/// The folder in which one environment is built. Dropped before it is published, it is gone.
#[derive(Debug)]
pub(crate) struct Stage {
    env_dir: PathBuf,
    /// None once published.
    folder: Option<TempDir>,
    /// The environment's own folders, which may not be links in an ENV_DIR that exists.
    folders: Vec<PathBuf>,
    /// Files of the ENV_DIR that exists which have no place in the environment any more.
    retired: Vec<PathBuf>,
    /// Whether ENV_DIR was there before.
    existed: bool,
    /// Folders above ENV_DIR that were made for it, outermost first.
    parents: Vec<PathBuf>,
}

impl Stage {
    /// Makes the folder: within ENV_DIR if that exists, else beside the first of its parents that has to be
    /// made. So it is on ENV_DIR's file system, and where it can be made ENV_DIR can.
    pub(crate) fn new(env_dir: &Path) -> Result<Stage> {
        let place = env_dir.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX);
        // ENV_DIR's mode is what the umask leaves, as mkdir's is.
        native::set_folder_mode(&mut builder, 0o777);
        let folder = builder.tempdir_in(place).map_err(|error| Error::Directory {
            path: env_dir.to_owned(),
            reason: format!("{} cannot be written to: {}", Quoted(place), plain(&error)),
        })?;
        let mut stage = Stage::finished(env_dir);
        stage.folder = Some(folder);
        stage.existed = place == env_dir;
        Ok(stage)
    }

    /// The stage of an environment that is published.
    pub(crate) fn finished(env_dir: &Path) -> Stage {
        Stage {
            env_dir: env_dir.to_owned(),
            folder: None,
            folders: vec![],
            retired: vec![],
            existed: true,
            parents: vec![],
        }
    }

    /// Where the file that shall be at `path` stands now.
    pub(crate) fn at(&self, path: &Path) -> PathBuf {
        match (&self.folder, path.strip_prefix(&self.env_dir)) {
            (Some(folder), Ok(relative)) => folder.path().join(relative),
            _ => path.to_owned(),
        }
    }

    /// Makes the folder `path`, which may not be a link in an ENV_DIR that exists, and those above it.
    pub(crate) fn create_dir(&mut self, path: &Path) -> Result<()> {
        self.folders.push(path.to_owned());
        let mut missing: Vec<&Path> = path.ancestors().take_while(|above| *above != self.env_dir).collect();
        missing.reverse();
        missing.into_iter().try_for_each(|folder| create_dir(&self.at(folder)).at("create the directory", folder))
    }

    /// Writes a file, in place of one that an earlier step has written; its mode is what is left by the umask of
    /// 0666, or of 0777 if it is executable.
    pub(crate) fn write(&self, path: &Path, contents: &[u8], executable: bool) -> Result<()> {
        let mode = if executable { 0o777 } else { 0o666 };
        let staged = self.at(path);
        let created = native::create_file(&staged, mode).or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => fs::remove_file(&staged).and_then(|()| native::create_file(&staged, mode)),
            _ => Err(error),
        });
        created.and_then(|mut file| file.write_all(contents)).at("write", path)
    }

    /// Makes the symbolic link `path` to `target`.
    pub(crate) fn symlink(&self, target: &Path, path: &Path) -> io::Result<()> {
        native::symlink(target, &self.at(path))
    }

    /// Copies an executable to the new file `path`; its mode is what the umask leaves of 0755.
    pub(crate) fn copy_executable(&self, source: &Path, path: &Path) -> Result<()> {
        let mut from = fs::File::open(source).at("read", source)?;
        let copied = native::create_file(&self.at(path), 0o755).and_then(|mut to| io::copy(&mut from, &mut to));
        copied.at("write", path).map(drop)
    }

    /// Takes away again what has been written into the folder `path`.
    pub(crate) fn empty(&self, path: &Path) -> Result<()> {
        let staged = self.at(path);
        remove_tree(&staged).and_then(|()| fs::create_dir(&staged)).at("clear", path)
    }

    /// Has the file or link `path` of the ENV_DIR that exists taken away when this is published, unless there
    /// is a new one in its place.
    pub(crate) fn retire(&mut self, path: PathBuf) {
        self.retired.push(path);
    }

    /// Whether ENV_DIR was there before.
    pub(crate) fn existed(&self) -> bool {
        self.existed
    }

    /// Makes what was built the environment; with `clear` nothing else remains in ENV_DIR.
    ///
    /// Returns warnings: what was to be deleted and could not be.
    pub(crate) fn publish(&mut self, clear: bool) -> Result<Vec<String>> {
        let Some(folder) = &self.folder else { return Ok(vec![]) };
        let built = folder.path().to_owned();
        let mut warnings = Vec::new();
        if !self.existed {
            self.appear(&built)?;
        } else if clear {
            warnings.extend(self.replace(&built)?);
        } else {
            merge::check(&built, &self.env_dir, &self.folders)?;
            let gone: Vec<&PathBuf> = self.retired.iter().filter(|path| !native::is_there(&self.at(path))).collect();
            merge::merge(&built, &self.env_dir)?;
            remove_files(&gone, &self.env_dir)?;
        }
        // Moved away as a whole, or empty but for folders that ENV_DIR has already.
        self.discard();
        Ok(warnings)
    }

    /// A new ENV_DIR.
    fn appear(&mut self, built: &Path) -> Result<()> {
        self.parents = create_parents(&self.env_dir)?;
        fs::rename(built, &self.env_dir)
            .at("create the directory", &self.env_dir)
            .inspect_err(|_| self.remove_parents())?;
        // There is nothing to discard any more.
        self.folder.take().map(TempDir::keep);
        Ok(())
    }

    /// Swaps ENV_DIR's contents for those of `built`. The old ones are set aside first and go last; if
    /// something fails between, they are put back.
    fn replace(&self, built: &Path) -> Result<Option<String>> {
        let old = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&self.env_dir).at("clear", &self.env_dir)?;
        // What may hold the only copy of the user's files is not deleted because of an error on the way.
        let old = old.keep();
        let spared = [built.file_name(), old.file_name()];
        let swapped = merge::move_entries(&self.env_dir, &old, &spared).and_then(|()| {
            merge::move_entries(built, &self.env_dir, &[]).inspect_err(|_| {
                let _ = merge::move_entries(&self.env_dir, built, &spared);
            })
        });
        if let Err(error) = swapped {
            if merge::move_entries(&old, &self.env_dir, &[]).is_ok() {
                let _ = fs::remove_dir(&old);
            }
            return Err(error);
        }
        let left = remove_tree(&old).err();
        Ok(left.map(|error| {
            format!("what was in the environment before could not be deleted from {}: {error}", Quoted(&old))
        }))
    }

    /// Takes a published environment away again if there was nothing before.
    pub(crate) fn withdraw(&self) {
        if !self.existed && self.folder.is_none() {
            let _ = remove_tree(&self.env_dir);
            self.remove_parents();
        }
    }

    fn remove_parents(&self) {
        for parent in self.parents.iter().rev() {
            let _ = fs::remove_dir(parent);
        }
    }

    fn discard(&mut self) {
        if let Some(folder) = self.folder.take() {
            let _ = remove_tree(&folder.keep());
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.discard();
    }
}

/// An I/O error's own words, without the path that tempfile puts in.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" at path ").next().unwrap_or(&text).to_owned()
}

/// Makes a folder, unless it is there.
fn create_dir(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

fn create_parents(env_dir: &Path) -> Result<Vec<PathBuf>> {
    let mut missing: Vec<PathBuf> =
        env_dir.ancestors().skip(1).take_while(|path| !path.exists()).map(Path::to_owned).collect();
    missing.reverse();
    for parent in &missing {
        create_dir(parent).at("create the directory", parent)?;
    }
    Ok(missing)
}

/// Removes files, and the folders below `root` that are empty then. What is none any more is passed over.
fn remove_files(paths: &[&PathBuf], root: &Path) -> Result<()> {
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

/// Removes a folder with all that is in it, links and not what they lead to, also where modes of folders (an odd
/// umask, a read-only folder) do not let their owner.
fn remove_tree(path: &Path) -> io::Result<()> {
    fs::remove_dir_all(path).or_else(|_| {
        open_up(path);
        fs::remove_dir_all(path)
    })
}

fn open_up(folder: &Path) {
    // What this cannot do, the removal that follows will name.
    let _ = native::open_up(folder);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}
