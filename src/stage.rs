//! Where an environment is built, and how it becomes ENV_DIR.
//!
//! Whatever fails before [`Stage::publish`] leaves ENV_DIR as it was: absent, or untouched. A [`Stage`] goes through states,
//! each a type of its own in a file of its own, so that what makes sense in one alone cannot be asked of another:
//!
//! ```text
//! turn.rs      waits for this run's turn, and looks at what there is: nothing ⇒ Absent, a directory ⇒ Present
//! absent.rs    Absent  ── publish ──────────▶ Published   one rename, with the directories above that were missing
//! present.rs   Present ── merge or replace ─▶ Published   file by file into what is there, or in its place
//! published.rs Published ── withdraw or release           ENV_DIR as it was before, or the end of this run's turn
//! ```
//!
//! Below them: `hidden.rs`, the directory that all is built in, which is the lock on ENV_DIR too; `merge.rs` and `swap.rs`,
//! the two ways into an ENV_DIR that exists; `in_use.rs`, what keeps them from it; `moving.rs`, `entries.rs` and `removal.rs`,
//! which move, list and remove.

mod absent;
mod entries;
mod hidden;
mod in_use;
mod merge;
mod moving;
mod present;
mod published;
mod removal;
mod swap;
mod turn;

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::mem;
use std::path::{Path, PathBuf};

use crate::error::{AtPath, Error, Result};
use crate::os;
use absent::Absent;
use present::Present;
use published::Published;
use turn::Turn;

/// The place in which one environment is built. Dropped before it is published, it is gone.
#[derive(Debug)]
pub(crate) struct Stage {
    env_dir: PathBuf,
    /// Where ENV_DIR is: another path than its own if it is a link.
    place: PathBuf,
    /// Where the environment's files are now: in the hidden directory, and once it is published in ENV_DIR.
    files: PathBuf,
    state: State,
}

#[derive(Debug)]
enum State {
    /// A new ENV_DIR is being built.
    Absent(Absent),
    /// What goes into an ENV_DIR that exists is being built.
    Present(Present),
    /// The environment stands at ENV_DIR, and it is still this run's turn.
    Published(Published),
    /// The environment could not be published, and what was built is gone.
    Failed,
    /// Nobody works on the environment.
    Released,
}

impl Stage {
    /// Begins to build, when it is this run's turn to work on ENV_DIR: as long as another run does, `waiting` is called.
    pub(crate) fn new(env_dir: &Path, mut waiting: impl FnMut() -> Result<()>) -> Result<Stage> {
        let place = place_of(env_dir)?;
        let (files, state) = match turn::take(&place, &mut waiting)? {
            Turn::Absent(absent) => (absent.built(&place), State::Absent(absent)),
            Turn::Present(present) => (present.built(), State::Present(present)),
        };
        fs::create_dir_all(&files).at("create the directory", env_dir)?;
        Ok(Stage { env_dir: env_dir.to_owned(), place, files, state })
    }

    /// The stage of an environment that stands at ENV_DIR, and that nobody works on.
    pub(crate) fn finished(env_dir: &Path) -> Stage {
        let [env_dir, place, files] = [env_dir; 3].map(Path::to_owned);
        Stage { env_dir, place, files, state: State::Released }
    }

    /// Where the file that shall be at `path` stands now.
    pub(crate) fn at(&self, path: &Path) -> PathBuf {
        self.below(&self.files, path)
    }

    /// `path`, which is in ENV_DIR, as it is in `directory`.
    fn below(&self, directory: &Path, path: &Path) -> PathBuf {
        path.strip_prefix(&self.env_dir).map_or_else(|_| path.to_owned(), |below| entries::join(directory, below))
    }

    /// Makes the directory `path` and those above it. In an ENV_DIR that exists none of them may be a link.
    pub(crate) fn create_dir(&mut self, path: &Path) -> Result<()> {
        let place = self.below(&self.place, path);
        if let State::Present(present) = &mut self.state {
            present.own(&place);
        }
        let mut above: Vec<&Path> = path.ancestors().take_while(|above| *above != self.env_dir).collect();
        above.reverse();
        above
            .into_iter()
            .try_for_each(|directory| create_dir(&self.at(directory)).at("create the directory", directory))
    }

    /// Writes a file, in place of one that an earlier step has written; its mode is what the umask leaves of 0666, or
    /// of 0777 if it is executable.
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

    /// Removes what has been written into the directory `path`.
    pub(crate) fn empty(&self, path: &Path) -> Result<()> {
        let staged = self.at(path);
        removal::remove_tree(&staged).and_then(|()| fs::create_dir(&staged)).at("clear", path)
    }

    /// Has the file or link `path` of an ENV_DIR that exists removed when this is published, unless there is a new one in
    /// its place.
    pub(crate) fn retire(&mut self, path: PathBuf) {
        let place = self.below(&self.place, &path);
        if let State::Present(present) = &mut self.state {
            present.retire(place);
        }
    }

    /// Whether `path` has been [retired](Self::retire).
    pub(crate) fn is_retired(&self, path: &Path) -> bool {
        matches!(&self.state, State::Present(present) if present.is_retired(&self.below(&self.place, path)))
    }

    /// Makes the directories that the file `path` is to be in, which need not be the environment's own.
    pub(crate) fn create_above(&self, path: &Path) -> Result<()> {
        let directory = path.parent().unwrap_or(path);
        fs::create_dir_all(self.at(directory)).at("create the directory", directory)
    }

    /// Whether this is the name of a directory that environments are built in.
    pub(crate) fn is_hidden(name: &OsStr) -> bool {
        name.as_encoded_bytes().starts_with(hidden::PREFIX.as_bytes())
    }

    /// Whether ENV_DIR exists.
    pub(crate) fn existed(&self) -> bool {
        !matches!(self.state, State::Absent(_))
    }

    /// Makes what was built the environment; with `clear` nothing else remains in ENV_DIR. After an error ENV_DIR is as it
    /// was, and what was built is gone.
    ///
    /// Errors with [`Error::Appeared`] if ENV_DIR was not there when the work began, and is now.
    pub(crate) fn publish(&mut self, clear: bool) -> Result<()> {
        let published = match mem::replace(&mut self.state, State::Failed) {
            State::Absent(absent) => absent.publish(&self.place)?,
            State::Present(present) if clear => present.replace(&self.place)?,
            State::Present(present) => present.merge(&self.place)?,
            State::Failed => {
                let reason = "what was built for it is gone, since it could not be published; run again".to_owned();
                return Err(Error::Directory { path: self.env_dir.clone(), reason });
            }
            at_its_place @ (State::Published(_) | State::Released) => {
                self.state = at_its_place;
                return Ok(());
            }
        };
        self.files = self.env_dir.clone();
        self.state = State::Published(published);
        Ok(())
    }

    /// Takes a published environment away again if there was nothing before, puts back the one whose place it has taken as a
    /// whole, and ends this run's turn. One that went into another stays as it is.
    ///
    /// Returns a warning: what could not be taken away or put back.
    pub(crate) fn withdraw(&mut self) -> Option<String> {
        match mem::replace(&mut self.state, State::Released) {
            State::Published(published) => published.withdraw(&self.place),
            _ => None,
        }
    }

    /// Ends this run's turn: others may work on ENV_DIR.
    ///
    /// Returns a warning: what was to be deleted and could not be.
    pub(crate) fn release(&mut self) -> Option<String> {
        match mem::replace(&mut self.state, State::Released) {
            State::Published(published) => published.release(),
            _ => None,
        }
    }
}

/// Where ENV_DIR is: what it leads to, if it is a link.
fn place_of(env_dir: &Path) -> Result<PathBuf> {
    match env_dir.is_symlink() {
        true => env_dir.canonicalize().at("follow the link", env_dir),
        false => Ok(env_dir.to_owned()),
    }
}

/// Makes a directory, unless it is there.
fn create_dir(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}
