//! `--clear`: puts the new environment in place of the old one, in one call where the system has it. Elsewhere, one is
//! renamed and then the other; and where a directory cannot be renamed, its entries are moved. The order of these steps
//! lets the next run tell how far a killed run got:
//!
//! ```text
//! staging directory   ENV_DIR                              the next run
//! new                the old entries
//! new, whole         does not exist                       moves `whole` back
//! whole              the new entries
//! new, old           some of the old entries              moves those in `old` back
//! new, replaced      none, then some of the new entries   moves those in `new` into ENV_DIR
//! replaced           the new entries
//! ```

use std::fs;
use std::io;
use std::path::Path;

use super::merge::merge;
use super::moving::move_entries;
use super::removal;
use super::staging_dir::{NEW, StagingDir};
use crate::entries::entry_exists;
use crate::error::{AtPath, Error, Quoted, Result};
use crate::os;

/// In the staging directory: the old ENV_DIR itself.
const WHOLE: &str = "whole";

/// In the staging directory: the entries that are being moved out of ENV_DIR, which is incomplete until that is done.
const OLD: &str = "old";

/// In the staging directory: the entries that were moved out of ENV_DIR, while the new ones are being moved in.
const REPLACED: &str = "replaced";

/// How the new environment replaced the old one, which is now in the staging directory.
#[derive(Debug)]
pub(super) enum Swapped {
    /// As a whole, in one call: the old one is `new` in the staging directory.
    Exchanged,
    /// As a whole, in two renames: the old one is `whole`.
    InTurn,
    /// Entry by entry: the old entries are in `replaced`.
    Moved,
}

/// Replaces the contents of ENV_DIR with what was built. After an error everything is as it was, or the staging directory
/// is kept with those of the old entries that could not be put back.
pub(super) fn swap(staging: StagingDir, env_dir: &Path) -> Result<(StagingDir, Swapped)> {
    let new = staging.pinned().join(NEW);
    removal::check_not_in_use(env_dir)?;
    if can_replace(env_dir, &new) {
        if os::exchange(&new, env_dir).is_ok() {
            return Ok((staging, Swapped::Exchanged));
        }
        match in_turn(env_dir, &staging.pinned().join(WHOLE), &new) {
            Ok(()) => return Ok((staging, Swapped::InTurn)),
            Err(error) if !os::exists(env_dir) => {
                return Err(error).at("move", &new).map_err(|error| scattered(error, staging, env_dir));
            }
            Err(_) => {}
        }
    }
    let Err(error) = move_out_and_in(&staging, env_dir) else { return Ok((staging, Swapped::Moved)) };
    Err(if move_back(&staging, env_dir).is_ok() { error } else { scattered(error, staging, env_dir) })
}

/// The error after which the old entries are in the staging directory.
fn scattered(error: Error, staging: StagingDir, env_dir: &Path) -> Error {
    let kept = staging.keep();
    let reason = format!("{error}; its previous contents are in {}, and the next run restores them", Quoted(&kept));
    Error::Directory { path: env_dir.to_owned(), reason }
}

/// Renames a new directory to ENV_DIR, an empty directory. Returns whether that was possible: it is not once something
/// is in it.
pub(super) fn take_place(new: &Path, env_dir: &Path) -> bool {
    can_replace(env_dir, new) && fs::rename(new, env_dir).is_ok()
}

/// Gives `new` the owner and mode of ENV_DIR. Returns whether it can then replace it: ENV_DIR may be the current
/// directory, or have attributes that cannot be copied.
fn can_replace(env_dir: &Path, new: &Path) -> bool {
    os::is_plain_directory(env_dir) && !is_current(env_dir) && os::copy_owner_and_mode(env_dir, new).is_ok()
}

impl Swapped {
    /// Puts the old environment back in place.
    pub(super) fn undo(self, staging: &StagingDir, env_dir: &Path) -> Result<()> {
        let (new, whole) = (staging.pinned().join(NEW), staging.pinned().join(WHOLE));
        let (old, swapped_back) = match self {
            Swapped::Exchanged => (new.clone(), os::exchange(&new, env_dir)),
            Swapped::InTurn => (whole.clone(), in_turn(env_dir, &new, &whole)),
            Swapped::Moved => return move_back(staging, env_dir),
        };
        if swapped_back.is_ok() {
            return Ok(());
        }
        // Continue as if its entries had been moved.
        let moved = fs::rename(old, staging.pinned().join(REPLACED));
        moved
            .and_then(|()| fs::create_dir_all(&new))
            .and_then(|()| fs::create_dir_all(env_dir))
            .at("clear", env_dir)?;
        move_back(staging, env_dir)
    }
}

/// Renames `place` to `aside`, then `next` to `place`. After an error everything is as it was, unless `place` is
/// missing.
fn in_turn(place: &Path, aside: &Path, next: &Path) -> io::Result<()> {
    os::rename_new(place, aside)?;
    os::rename_new(next, place).or_else(|error| os::rename_new(aside, place).and(Err(error)))
}

/// Moves the old entries out and the new ones in.
fn move_out_and_in(staging: &StagingDir, env_dir: &Path) -> Result<()> {
    let (old, replaced) = (staging.pinned().join(OLD), staging.pinned().join(REPLACED));
    fs::create_dir(&old).at("clear", env_dir)?;
    move_entries(env_dir, &old, &[staging.name()])?;
    fs::rename(&old, &replaced).at("clear", env_dir)?;
    merge(&staging.pinned().join(NEW), env_dir)
}

/// Undoes [`move_out_and_in`], no matter how far that got.
fn move_back(staging: &StagingDir, env_dir: &Path) -> Result<()> {
    let (old, replaced) = (staging.pinned().join(OLD), staging.pinned().join(REPLACED));
    if entry_exists(&replaced).at("look at", &replaced)? {
        move_entries(env_dir, &staging.pinned().join(NEW), &[staging.name()])?;
        fs::rename(&replaced, &old).at("move", &replaced)?;
    }
    move_entries(&old, env_dir, &[])
}

/// Repairs the unfinished swap that a killed run left in the staging directory, even if ENV_DIR has been deleted
/// since.
pub(super) fn recover(staging: &StagingDir, env_dir: &Path) -> Result<()> {
    let [old, replaced, new, whole] = [OLD, REPLACED, NEW, WHOLE].map(|name| staging.pinned().join(name));
    if entry_exists(&whole).at("look at", &whole)? && !entry_exists(env_dir).at("look at", env_dir)? {
        return os::rename_new(&whole, env_dir).at("move", &whole);
    }
    let (is_out, is_going_out) =
        (entry_exists(&replaced).at("look at", &replaced)?, entry_exists(&old).at("look at", &old)?);
    if !is_out && !is_going_out {
        return Ok(());
    }
    fs::create_dir_all(env_dir).at("create the directory", env_dir)?;
    if is_out {
        if entry_exists(&new).at("look at", &new)? { merge(&new, env_dir) } else { Ok(()) }
    } else {
        move_entries(&old, env_dir, &[])
    }
}

/// Whether the current directory is `env_dir` or in it.
fn is_current(env_dir: &Path) -> bool {
    let current = std::env::current_dir().and_then(|current| current.canonicalize());
    let (Ok(current), Ok(env_dir)) = (current, env_dir.canonicalize()) else { return true };
    current.starts_with(env_dir)
}
