//! Where an environment is built, and how it becomes ENV_DIR.
//!
//! If anything fails before [`Stage::commit`], ENV_DIR is left as it was: absent or untouched. A [`Stage`] moves
//! through states. Each state is a type of its own in `states.rs`, so that an operation that only makes sense in one state
//! cannot be called in another:
//!
//! ```text
//! lock.rs   waits for the lock on ENV_DIR and looks at what exists: nothing ⇒ NewEnv, a directory ⇒ ExistingEnv
//! states.rs NewEnv ── commit ────────────────▶ Committed   one rename, including the missing parent directories
//!           ExistingEnv ── merge or replace ─▶ Committed   file by file into the directory, or replacing it
//!           Committed ── roll_back or release              ENV_DIR as it was before, or the end of the lock
//! ```
//!
//! Below them: `staging_dir.rs`, the directory where everything is built, which is also the lock on ENV_DIR; `merge.rs`
//! and `swap.rs`, the ways into an existing ENV_DIR; `moving.rs` and `removal.rs`, which move and remove.

mod lock;
mod merge;
mod moving;
mod removal;
mod staging_dir;
mod states;
mod swap;

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::mem;
use std::path::{Path, PathBuf};

use crate::entries;
use crate::error::{AtPath, Error, Result};
use crate::os;
use crate::workers::Workers;
use lock::Lock;
use states::{Committed, ExistingEnv, NewEnv};

/// Where one environment is built. Dropping it before it is committed removes what was built.
#[derive(Debug)]
pub(crate) struct Stage {
    env_dir: PathBuf,
    /// The path of ENV_DIR, with the link resolved if ENV_DIR is one.
    place: PathBuf,
    /// Where the environment's files are now: in the staging directory, or in ENV_DIR once it is committed.
    files: PathBuf,
    /// The workers for the file system that it is on.
    pub(crate) workers: Workers,
    state: State,
}

#[derive(Debug)]
enum State {
    /// A new ENV_DIR is being built.
    New(NewEnv),
    /// New files for an existing ENV_DIR are being built.
    Existing(ExistingEnv),
    /// The environment is in place at ENV_DIR, and it is still this run's turn.
    Committed(Committed),
    /// The environment could not be committed, and what was built has been removed.
    Failed,
    /// No run is working on the environment.
    Released,
}

impl Stage {
    /// Starts building once it is this run's turn to work on ENV_DIR. While another run is working on it, `waiting` is
    /// called repeatedly; an error from it ends the wait. With `clear`, nothing else remains in an existing ENV_DIR.
    pub(crate) fn new(env_dir: &Path, clear: bool, mut waiting: impl FnMut() -> Result<()>) -> Result<Stage> {
        let place = place_of(env_dir)?;
        let (files, workers, state) = match lock::acquire(&place, clear, &mut waiting)? {
            Lock::New(env) => (env.built(&place), env.staging.workers.clone(), State::New(env)),
            Lock::Existing(env) => (env.built(), env.staging.workers.clone(), State::Existing(env)),
        };
        fs::create_dir_all(&files).at("create the directory", env_dir)?;
        Ok(Stage { env_dir: env_dir.to_owned(), place, files, workers, state })
    }

    /// The stage of an environment that is already in place at ENV_DIR, and that no run is working on.
    pub(crate) fn finished(env_dir: &Path) -> Stage {
        let [env_dir, place, files] = [env_dir; 3].map(Path::to_owned);
        Stage { env_dir, place, files, workers: Workers::default(), state: State::Released }
    }

    /// Where the file for `path` is now.
    pub(crate) fn at(&self, path: &Path) -> PathBuf {
        self.below(&self.files, path)
    }

    /// Maps `path`, which is in ENV_DIR, to the same path in `directory`.
    fn below(&self, directory: &Path, path: &Path) -> PathBuf {
        path.strip_prefix(&self.env_dir).map_or_else(|_| path.to_owned(), |below| entries::join(directory, below))
    }

    /// Creates the directory `path` and its parents. In an existing ENV_DIR, neither `path` itself nor a
    /// directory below it that is written to may be a link.
    pub(crate) fn create_dir(&mut self, path: &Path) -> Result<()> {
        let place = self.below(&self.place, path);
        if let State::Existing(existing) = &mut self.state {
            existing.no_symlinks.push(place);
        }
        let mut above: Vec<&Path> = path.ancestors().take_while(|above| *above != self.env_dir).collect();
        // From the outermost on, so that no call fails because of a missing parent.
        above.reverse();
        above
            .into_iter()
            .try_for_each(|directory| fs::create_dir_all(self.at(directory)).at("create the directory", directory))
    }

    /// Writes a file, replacing one that an earlier step wrote. Its mode is 0666 less the umask, or 0777 less the umask
    /// if it is executable.
    pub(crate) fn write(&self, path: &Path, contents: &[u8], executable: bool) -> Result<()> {
        let mode = if executable { 0o777 } else { 0o666 };
        let staged = self.at(path);
        let created = os::create_file(&staged, mode).or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => fs::remove_file(&staged).and_then(|()| os::create_file(&staged, mode)),
            _ => Err(error),
        });
        created.and_then(|mut file| file.write_all(contents)).at("write", path)
    }

    /// Creates the symbolic link `path`, pointing to `target`.
    pub(crate) fn symlink(&self, target: &Path, path: &Path) -> io::Result<()> {
        os::symlink(target, &self.at(path))
    }

    /// Copies an executable to the new file `path`, with mode 0755 less the umask.
    pub(crate) fn copy_executable(&self, source: &Path, path: &Path) -> Result<()> {
        let mut from = fs::File::open(source).at("read", source)?;
        let copied = os::create_file(&self.at(path), 0o755).and_then(|mut to| io::copy(&mut from, &mut to));
        copied.at("write", path).map(drop)
    }

    /// Removes everything that was written into the directory `path`.
    pub(crate) fn empty(&self, path: &Path) -> Result<()> {
        let staged = self.at(path);
        removal::remove_tree(&staged, &self.workers).and_then(|()| fs::create_dir(&staged)).at("clear", path)
    }

    /// Marks the file or link `path` of an existing ENV_DIR to be removed when it is committed, unless a new file replaces it.
    pub(crate) fn mark_for_removal(&mut self, path: PathBuf) {
        let place = self.below(&self.place, &path);
        if let State::Existing(existing) = &mut self.state {
            existing.obsolete.push(place);
        }
    }

    /// Whether `path` has been [marked for removal](Self::mark_for_removal).
    pub(crate) fn is_marked_for_removal(&self, path: &Path) -> bool {
        matches!(&self.state, State::Existing(existing) if existing.obsolete.contains(&self.below(&self.place, path)))
    }

    /// Creates the parent directories of the file `path`. They need not be the environment's own, so they may be links.
    pub(crate) fn create_above(&self, path: &Path) -> Result<()> {
        let directory = path.parent().unwrap_or(path);
        fs::create_dir_all(self.at(directory)).at("create the directory", directory)
    }

    /// Whether this is the name of a staging directory that environments are built in.
    pub(crate) fn is_staging_dir(name: &OsStr) -> bool {
        name.as_encoded_bytes().starts_with(staging_dir::PREFIX.as_bytes())
    }

    /// Whether ENV_DIR exists.
    pub(crate) fn existed(&self) -> bool {
        !matches!(self.state, State::New(_))
    }

    /// Puts what was built in place as the environment. After an error, ENV_DIR is as it was and what was built is gone.
    ///
    /// While a program has a file of a new ENV_DIR open, which Windows does not rename then, `waiting` is called
    /// repeatedly; an error from it ends the wait.
    ///
    /// Returns whether it is in place: not if ENV_DIR did not exist when the work began, but does now.
    pub(crate) fn commit(&mut self, mut waiting: impl FnMut() -> Result<()>) -> Result<bool> {
        let committed = match mem::replace(&mut self.state, State::Failed) {
            State::New(new_env) => match new_env.commit(&self.place, &mut waiting)? {
                Some(committed) => committed,
                None => return Ok(false),
            },
            State::Existing(existing) => existing.commit(&self.place)?,
            State::Failed => {
                let reason = "an earlier attempt to put it in place failed, and what was built was removed; run again"
                    .to_owned();
                return Err(Error::Directory { path: self.env_dir.clone(), reason });
            }
            at_its_place @ (State::Committed(_) | State::Released) => {
                self.state = at_its_place;
                return Ok(true);
            }
        };
        self.files = self.env_dir.clone();
        self.state = State::Committed(committed);
        Ok(true)
    }

    /// Undoes committing and ends this run's turn. Removes the environment if there was nothing before, or puts back
    /// the one that it replaced as a whole. Files that were merged into an existing environment stay.
    ///
    /// Returns a warning that names what could not be removed or put back.
    pub(crate) fn roll_back(&mut self) -> Option<String> {
        let State::Committed(committed) = mem::replace(&mut self.state, State::Released) else { return None };
        committed.roll_back(&self.place)
    }

    /// Ends this run's turn, so that other runs may work on ENV_DIR.
    ///
    /// Returns a warning that names what should have been deleted but could not be.
    pub(crate) fn release(&mut self) -> Option<String> {
        let State::Committed(committed) = mem::replace(&mut self.state, State::Released) else { return None };
        committed.release()
    }
}

/// The path of ENV_DIR, with the link resolved if it is one.
fn place_of(env_dir: &Path) -> Result<PathBuf> {
    if env_dir.is_symlink() { env_dir.canonicalize().at("follow the link", env_dir) } else { Ok(env_dir.to_owned()) }
}
