//! A run's turn to work on ENV_DIR: what there is, where the hidden directory goes for that, and the wait for its lock. What
//! a run has left that was killed is put right here, before anything else is done.

use std::path::{Path, PathBuf};

use super::absent::Absent;
use super::entries::is_there;
use super::hidden::Hidden;
use super::present::Present;
use super::swap;
use crate::error::{AtPath, Error, Quoted, Result};
use crate::os;

/// What this run may build, now that it is its turn.
pub(super) enum Turn {
    Absent(Absent),
    Present(Present),
}

/// Waits until no other run works on ENV_DIR; `waiting` is called again and again meanwhile, and ends that by an error.
pub(super) fn take(env_dir: &Path, waiting: &mut dyn FnMut() -> Result<()>) -> Result<Turn> {
    loop {
        let site = Site::of(env_dir)?;
        let hidden = match site.lock(env_dir, waiting) {
            Err(error) if has_lost_its_place(&error) => continue,
            locked => locked.map_err(|error| explain(error, env_dir))?,
        };
        // Whoever was waited for may have changed what there is.
        if Site::of(env_dir)? != site {
            continue;
        }
        return Ok(match site {
            Site::Nothing { above } => Turn::Absent(Absent::new(hidden, above)),
            Site::Directory => Turn::Present(Present::new(hidden)),
        });
    }
}

/// What there is at ENV_DIR.
#[derive(PartialEq)]
enum Site {
    /// Nothing; `above` is the nearest of the directories above it that is there.
    Nothing {
        above: PathBuf,
    },
    Directory,
}

impl Site {
    fn of(env_dir: &Path) -> Result<Site> {
        for path in env_dir.ancestors() {
            if path.try_exists().at("look at", path)? {
                return Ok(if path == env_dir { Site::Directory } else { Site::Nothing { above: path.to_owned() } });
            }
        }
        Ok(Site::Nothing { above: "/".into() })
    }

    /// Makes and locks the hidden directory: beside ENV_DIR, or beside the first of the directories above it that are
    /// missing; within it, where it is a mount or where its parent cannot be written to. So it is on the file system of
    /// ENV_DIR, and where the one can be made the other can.
    fn lock(&self, env_dir: &Path, waiting: &mut dyn FnMut() -> Result<()>) -> Result<Hidden> {
        match self {
            Site::Nothing { above } => lock_in(above, env_dir, waiting),
            Site::Directory if os::is_mount_point(env_dir) => lock_in(env_dir, env_dir, waiting),
            Site::Directory => match lock_in(env_dir.parent().unwrap_or(env_dir), env_dir, waiting) {
                // There can be none beside it. One that is there and cannot be used is another matter.
                Err(Error::Io { path, .. }) if is_there(&path).is_ok_and(|there| !there) => {
                    lock_in(env_dir, env_dir, waiting)
                }
                locked => locked,
            },
        }
    }
}

/// The hidden directory in `place`, locked and empty.
fn lock_in(place: &Path, env_dir: &Path, waiting: &mut dyn FnMut() -> Result<()>) -> Result<Hidden> {
    let mut hidden = Hidden::lock(place, env_dir.strip_prefix(place).unwrap_or(env_dir), waiting)?;
    if hidden.has_leavings() {
        swap::recover(hidden.path(), env_dir).map_err(|error| {
            let left = Quoted(hidden.path());
            let reason = format!("{error}; what a run that did not end has left of it is in {left}, and stays there");
            Error::Directory { path: env_dir.to_owned(), reason }
        })?;
        hidden.empty()?;
    }
    Ok(hidden)
}

/// Whether a hidden directory could not be made because the one that it would be in is gone: the run that was waited for
/// had made that, and has taken it away again.
fn has_lost_its_place(error: &Error) -> bool {
    let Error::Io { path, .. } = error else { return false };
    path.parent().is_some_and(|place| is_there(place).is_ok_and(|there| !there))
}

/// Why the hidden directory cannot be made, in words.
fn explain(error: Error, env_dir: &Path) -> Error {
    let Error::Io { path, error: source, .. } = error else { return error };
    let reason = match os::is_there(&path) {
        true => format!("{} is in the way ({source}); remove it", Quoted(&path)),
        false => format!("{} cannot be written to: {source}", Quoted(path.parent().unwrap_or(&path))),
    };
    Error::Directory { path: env_dir.to_owned(), reason }
}
