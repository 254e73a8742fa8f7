//! Where an environment is built, and how it becomes ENV_DIR.
//!
//! Whatever fails before [`Stage::publish`] leaves ENV_DIR as it was: absent, or untouched. A new ENV_DIR appears by one
//! rename, with the folders above it that were missing; so does one that is cleared. In one that stays each file is
//! replaced by a rename, so a program that runs from it sees the old file or the new one.

mod hidden;
mod merge;
mod removal;
mod swap;

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use crate::error::{AtPath, Error, Quoted, Result};
use crate::os;
use hidden::Hidden;

/// In the hidden folder: the environment that is built, or the first of the folders above it that are missing.
const NEW: &str = "new";

/// The place in which one environment is built. Dropped before it is published, it is gone.
#[derive(Debug)]
pub(crate) struct Stage {
    env_dir: PathBuf,
    /// The folder, there already, that the hidden folder is in.
    place: PathBuf,
    /// None once the work on ENV_DIR is done.
    hidden: Option<Hidden>,
    /// Where the environment's files are now: ENV_DIR once it is published.
    built: PathBuf,
    /// The environment's own folders, which may not be links in an ENV_DIR that exists.
    folders: Vec<PathBuf>,
    /// Files of the ENV_DIR that exists which have no place in the environment any more.
    retired: Vec<PathBuf>,
    /// Whether ENV_DIR was there before.
    existed: bool,
    /// The outermost folder that was made for a new ENV_DIR, when it is published.
    appeared: Option<PathBuf>,
}

impl Stage {
    /// Begins to build: makes and locks the hidden folder beside ENV_DIR; beside the first of the folders above it that
    /// are missing; within it, where it is a mount or its parent cannot be written. So it is on ENV_DIR's file system, and
    /// where it can be made ENV_DIR can. As long as another run works on this ENV_DIR, `waiting` is called.
    pub(crate) fn new(env_dir: &Path, mut waiting: impl FnMut() -> Result<()>) -> Result<Stage> {
        loop {
            let existed = env_dir.exists();
            let (place, hidden) = match lock(env_dir, existed, &mut waiting) {
                // The run that was waited for has taken away again what it had made, and what the lock would be in.
                Err(Error::Io { path, .. }) if !path.parent().is_some_and(Path::exists) => continue,
                locked => locked.map_err(|error| hidden::explain(error, env_dir))?,
            };
            // What was waited for may have changed what there is.
            let is_so_still = env_dir.exists() == existed && (existed || !next_to(&place, env_dir).exists());
            if is_so_still {
                return Stage::begin(env_dir, place, hidden, existed);
            }
        }
    }

    fn begin(env_dir: &Path, place: PathBuf, hidden: Hidden, existed: bool) -> Result<Stage> {
        let new = hidden.path().join(NEW);
        let built =
            if existed { new } else { new.join(env_dir.strip_prefix(next_to(&place, env_dir)).unwrap_or(env_dir)) };
        fs::create_dir_all(&built).at("create the directory", env_dir)?;
        let mut stage = Stage::finished(env_dir);
        (stage.place, stage.hidden, stage.built, stage.existed) = (place, Some(hidden), built, existed);
        Ok(stage)
    }

    /// The stage of an environment that is published.
    pub(crate) fn finished(env_dir: &Path) -> Stage {
        Stage {
            env_dir: env_dir.to_owned(),
            place: env_dir.to_owned(),
            hidden: None,
            built: env_dir.to_owned(),
            folders: vec![],
            retired: vec![],
            existed: true,
            appeared: None,
        }
    }

    /// Where the file that shall be at `path` stands now.
    pub(crate) fn at(&self, path: &Path) -> PathBuf {
        // Joined with nothing, a path gets a separator at its end.
        match path.strip_prefix(&self.env_dir) {
            Ok(relative) if !relative.as_os_str().is_empty() => self.built.join(relative),
            Ok(_) => self.built.clone(),
            Err(_) => path.to_owned(),
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
        let created = os::create_file(&staged, mode).or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => fs::remove_file(&staged).and_then(|()| os::create_file(&staged, mode)),
            _ => Err(error),
        });
        created.and_then(|mut file| file.write_all(contents)).at("write", path)
    }

    /// Makes the symbolic link `path` to `target`.
    pub(crate) fn symlink(&self, target: &Path, path: &Path) -> io::Result<()> {
        os::symlink(target, &self.at(path))
    }

    /// Copies an executable to the new file `path`; its mode is what the umask leaves of 0755.
    pub(crate) fn copy_executable(&self, source: &Path, path: &Path) -> Result<()> {
        let mut from = fs::File::open(source).at("read", source)?;
        let copied = os::create_file(&self.at(path), 0o755).and_then(|mut to| io::copy(&mut from, &mut to));
        copied.at("write", path).map(drop)
    }

    /// Takes away again what has been written into the folder `path`.
    pub(crate) fn empty(&self, path: &Path) -> Result<()> {
        let staged = self.at(path);
        removal::remove_tree(&staged).and_then(|()| fs::create_dir(&staged)).at("clear", path)
    }

    /// Has the file or link `path` of the ENV_DIR that exists taken away when this is published, unless there
    /// is a new one in its place.
    pub(crate) fn retire(&mut self, path: PathBuf) {
        self.retired.push(path);
    }

    /// Whether this is the name of a folder that environments are built in.
    pub(crate) fn is_hidden(name: &OsStr) -> bool {
        name.as_encoded_bytes().starts_with(hidden::PREFIX.as_bytes())
    }

    /// Whether ENV_DIR was there before.
    pub(crate) fn existed(&self) -> bool {
        self.existed
    }

    /// Makes what was built the environment; with `clear` nothing else remains in ENV_DIR.
    ///
    /// Errors with [`Error::Appeared`] if ENV_DIR was not there when the work began, and is now.
    pub(crate) fn publish(&mut self, clear: bool) -> Result<()> {
        if self.built == self.env_dir {
            return Ok(());
        }
        match (self.existed, clear) {
            (false, _) => self.appear()?,
            (true, true) => self.replace()?,
            (true, false) => self.merge()?,
        }
        self.built = self.env_dir.clone();
        Ok(())
    }

    /// A new ENV_DIR: one rename of the outermost folder that is missing. If another run has made that meanwhile, of the
    /// next one.
    fn appear(&mut self) -> Result<()> {
        let Some(hidden) = &self.hidden else { return Ok(()) };
        let (mut from, mut to) = (hidden.path().join(NEW), next_to(&self.place, &self.env_dir));
        // With the folders above ENV_DIR, where the next run will look for a lock, this run's lock appears.
        let inner = match (self.built.parent(), self.env_dir.parent(), self.env_dir.file_name()) {
            (Some(staged), Some(parent), Some(name)) if parent != self.place => {
                Some((Hidden::lock(staged, Path::new(name), || Ok(()))?, parent.to_owned()))
            }
            _ => None,
        };
        loop {
            match os::rename_new(&from, &to) {
                Ok(()) => break,
                Err(error) if !os::is_there(&to) => Err(error).at("create the directory", &to)?,
                Err(_) if to == self.env_dir => return Err(Error::Appeared { path: to }),
                Err(_) => to = next_to(&to, &self.env_dir),
            }
            from = from.join(to.file_name().unwrap_or_default());
        }
        if let Some((mut inner, parent)) = inner.filter(|_| to != self.env_dir) {
            inner.moved_to(&parent);
            self.hidden = Some(inner);
        }
        self.appeared = Some(to);
        Ok(())
    }

    fn replace(&mut self) -> Result<()> {
        let Some(hidden) = &mut self.hidden else { return Ok(()) };
        swap::swap(&self.built, &self.env_dir, hidden.path()).map_err(|unswapped| {
            if !unswapped.scattered {
                return unswapped.error;
            }
            hidden.keep();
            let kept = Quoted(hidden.path());
            let reason = format!("{}; what was there is in {kept}, and the next run puts it right", unswapped.error);
            Error::Directory { path: self.env_dir.clone(), reason }
        })
    }

    fn merge(&self) -> Result<()> {
        merge::check(&self.built, &self.env_dir, &self.folders)?;
        let gone: Vec<&PathBuf> = self.retired.iter().filter(|path| !os::is_there(&self.at(path))).collect();
        merge::merge(&self.built, &self.env_dir)?;
        removal::remove_files(&gone, &self.env_dir)
    }

    /// Takes a published environment away again if there was nothing before.
    pub(crate) fn withdraw(&mut self) {
        if let Some(appeared) = self.appeared.take() {
            let _ = removal::remove_tree(&self.env_dir);
            self.hidden = None;
            let parents = self.env_dir.ancestors().skip(1).take_while(|parent| parent.starts_with(&appeared));
            // Up to the first in which somebody else has put something.
            let _ = parents.map(fs::remove_dir).take_while(io::Result::is_ok).count();
        }
    }

    /// Ends the work on ENV_DIR: others may begin theirs.
    ///
    /// Returns a warning: what was to be deleted and could not be.
    pub(crate) fn release(&mut self) -> Option<String> {
        let mut hidden = self.hidden.take()?;
        let path = hidden.path().to_owned();
        let error = hidden.remove().err()?;
        Some(format!("what was in the environment before could not be deleted from {}: {error}", Quoted(&path)))
    }
}

/// Makes and locks the hidden folder for ENV_DIR; returns the folder that it is in, too.
fn lock(env_dir: &Path, existed: bool, waiting: &mut dyn FnMut() -> Result<()>) -> Result<(PathBuf, Hidden)> {
    let beside = env_dir.ancestors().skip(1).find(|path| path.exists()).unwrap_or(Path::new("/"));
    let mut within = |place: &Path| {
        let relative = env_dir.strip_prefix(place).unwrap_or(env_dir);
        Hidden::lock(place, relative, &mut *waiting).map(|hidden| (place.to_owned(), hidden))
    };
    if existed && os::is_mount_point(env_dir) {
        return within(env_dir);
    }
    match within(beside) {
        // There can be none beside it. One that is there and does not serve is another matter.
        Err(Error::Io { path, .. }) if existed && !os::is_there(&path) => within(env_dir),
        locked => locked,
    }
}

/// The path below `place`, by one step, on the way to `env_dir`.
fn next_to(place: &Path, env_dir: &Path) -> PathBuf {
    let first = env_dir.strip_prefix(place).ok().and_then(|relative| relative.components().next());
    first.map_or_else(|| env_dir.to_owned(), |first: Component| place.join(first))
}

/// Makes a folder, unless it is there.
fn create_dir(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}
