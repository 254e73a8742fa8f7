//! The hidden folder in which an environment is built, and how it becomes ENV_DIR.
//!
//! Whatever fails before [`Stage::publish`] leaves ENV_DIR as it was: absent, or untouched. A new ENV_DIR
//! appears by one rename. In one that exists each file is replaced by a rename, so a program that runs from it
//! sees the old file or the new one.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::{AtPath, Error, Result};
use crate::native;

/// The names of the hidden folders begin with this.
const PREFIX: &str = ".rvenv-";

/// The folder in which one environment is built. Dropped before it is published, it is gone.
#[derive(Debug)]
pub struct Stage {
    env_dir: PathBuf,
    /// None once published.
    folder: Option<TempDir>,
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
        let mut place = env_dir;
        while !place.exists() {
            place = place.parent().unwrap_or(Path::new("/"));
        }
        let mut builder = tempfile::Builder::new();
        // ENV_DIR's mode is what the umask leaves, as mkdir's is.
        builder.prefix(PREFIX);
        native::set_folder_mode(&mut builder, 0o777);
        let folder = builder.tempdir_in(place).map_err(|error| Error::Directory {
            path: env_dir.to_owned(),
            reason: format!("{} cannot be written to: {}", crate::error::Quoted(place), plain(&error)),
        })?;
        let existed = place == env_dir;
        Ok(Stage { env_dir: env_dir.to_owned(), folder: Some(folder), retired: vec![], existed, parents: vec![] })
    }

    /// The stage of an environment that is published.
    #[cfg(test)]
    pub(crate) fn finished(env_dir: &Path) -> Stage {
        Stage { env_dir: env_dir.to_owned(), folder: None, retired: vec![], existed: true, parents: vec![] }
    }

    /// Where the file that shall be at `path` stands now.
    pub(crate) fn at(&self, path: &Path) -> PathBuf {
        match (&self.folder, path.strip_prefix(&self.env_dir)) {
            (Some(folder), Ok(relative)) => folder.path().join(relative),
            _ => path.to_owned(),
        }
    }

    /// Makes the folder `path` and those above it.
    pub(crate) fn create_dir(&self, path: &Path) -> Result<()> {
        fs::create_dir_all(self.at(path)).at("create the directory", path)
    }

    /// Writes a file, in place of one that an earlier step has written; its mode is what the umask leaves of 0666, or of 0777 if it is executable.
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
    pub(crate) fn publish(&mut self, clear: bool) -> Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let built = folder.path().to_owned();
        if !self.existed {
            self.parents = create_parents(&self.env_dir)?;
            if let Err(error) = fs::rename(&built, &self.env_dir) {
                self.remove_parents();
                return Err(error).at("create the directory", &self.env_dir);
            }
        } else if clear {
            self.replace(&built)?;
        } else {
            check_merge(&built, &self.env_dir)?;
            let gone: Vec<&PathBuf> = self.retired.iter().filter(|path| !native::is_there(&self.at(path))).collect();
            merge(&built, &self.env_dir)?;
            remove_files(&gone, &self.env_dir)?;
        }
        if let Some(folder) = self.folder.take() {
            // Moved away as a whole, or empty but for folders that ENV_DIR has already.
            let path = folder.keep();
            let _ = fs::remove_dir_all(path);
        }
        Ok(())
    }

    /// Takes a published environment away again if there was nothing before.
    pub(crate) fn withdraw(&self) -> Result<()> {
        if self.existed || self.folder.is_some() {
            return Ok(());
        }
        let removed = fs::remove_dir_all(&self.env_dir).at("remove", &self.env_dir);
        self.remove_parents();
        removed
    }

    fn remove_parents(&self) {
        for parent in self.parents.iter().rev() {
            let _ = fs::remove_dir(parent);
        }
    }

    /// Swaps ENV_DIR's contents for those of `built`. The old ones are set aside first and go last; if
    /// something fails between, they are put back.
    fn replace(&self, built: &Path) -> Result<()> {
        let old = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&self.env_dir).at("clear", &self.env_dir)?;
        let spared = [built.file_name(), old.path().file_name()];
        let swapped = move_entries(&self.env_dir, old.path(), &spared).and_then(|()| {
            move_entries(built, &self.env_dir, &[]).inspect_err(|_| {
                let _ = move_entries(&self.env_dir, built, &spared);
            })
        });
        if let Err(error) = swapped {
            let back = move_entries(old.path(), &self.env_dir, &[]);
            if back.is_err() {
                // Better in a hidden folder than lost.
                let _ = old.keep();
            }
            return Err(error);
        }
        let path = old.path().to_owned();
        old.close().at("remove what was in the environment before, now in", &path)
    }
}

/// An I/O error's own words, without the path that tempfile puts in.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" at path ").next().unwrap_or(&text).to_owned()
}

fn create_parents(env_dir: &Path) -> Result<Vec<PathBuf>> {
    let mut missing: Vec<PathBuf> =
        env_dir.ancestors().skip(1).take_while(|path| !path.exists()).map(Path::to_owned).collect();
    missing.reverse();
    for parent in &missing {
        match fs::create_dir(parent) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.at("create the directory", parent)?,
        }
    }
    Ok(missing)
}

/// Moves all that is in `from` into `to`, except `spared` names; pyvenv.cfg, which makes a folder an
/// environment, is moved last.
fn move_entries(from: &Path, to: &Path, spared: &[Option<&OsStr>]) -> Result<()> {
    for name in names_cfg_last(from)?.iter().filter(|name| !spared.contains(&Some(name))) {
        fs::rename(from.join(name), to.join(name)).at("move", &from.join(name))?;
    }
    Ok(())
}

fn names_cfg_last(folder: &Path) -> Result<Vec<std::ffi::OsString>> {
    let entries = fs::read_dir(folder).and_then(|entries| entries.map(|entry| entry.map(|e| e.file_name())).collect());
    let mut names: Vec<_> = entries.at("read the directory", folder)?;
    names.sort_by_key(|name| name == "pyvenv.cfg");
    Ok(names)
}

/// Errors if something in `to` is in the way of `from`: a file or a link where a directory goes, or the
/// reverse. CPython refuses these too; rvenv does before it has changed anything.
fn check_merge(from: &Path, to: &Path) -> Result<()> {
    let in_the_way = |path: &Path, reason: &str| {
        Err(Error::Directory { path: path.to_owned(), reason: format!("{reason}; move it away and run again") })
    };
    for name in names_cfg_last(from)? {
        let (from, to) = (from.join(&name), to.join(&name));
        let Ok(there) = to.symlink_metadata() else { continue };
        match (from.symlink_metadata().at("read", &from)?.is_dir(), there.is_dir()) {
            (true, true) => check_merge(&from, &to)?,
            (true, false) if there.is_symlink() => return in_the_way(&to, "a symbolic link is in its place"),
            (true, false) => return in_the_way(&to, "a file is in its place"),
            (false, true) => return in_the_way(&to, "a directory is in the place of a file"),
            (false, false) => {}
        }
    }
    Ok(())
}

fn merge(from: &Path, to: &Path) -> Result<()> {
    for name in names_cfg_last(from)? {
        let (from, to) = (from.join(&name), to.join(&name));
        let into_directory = from.symlink_metadata().at("read", &from)?.is_dir() && to.is_dir();
        if into_directory { merge(&from, &to)? } else { fs::rename(&from, &to).at("write", &to)? }
    }
    Ok(())
}

/// Removes files, and the folders below `root` that are empty then.
fn remove_files(paths: &[&PathBuf], root: &Path) -> Result<()> {
    for path in paths {
        match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed.at("remove", path)?,
        }
        let folders = path.ancestors().skip(1).take_while(|folder| *folder != root);
        // Up to the first that is not empty.
        let _ = folders.map(fs::remove_dir).take_while(io::Result::is_ok).count();
    }
    Ok(())
}
