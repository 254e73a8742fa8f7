//! `--clear`: puts the new environment in place of the old one. Where one call can exchange the two, the old one is then
//! `new` in the staging directory. Elsewhere, the entries are moved. The order of these steps lets the next run tell how
//! far a killed run got:
//!
//! ```text
//! staging directory   ENV_DIR                              the next run
//! new                the old entries
//! new, old           some of the old entries              moves those in `old` back
//! new, replaced      none, then some of the new entries   moves those in `new` into ENV_DIR
//! replaced           the new entries
//! ```

use std::fs;
use std::path::Path;

use super::merge::merge;
use super::moving::move_entries;
use super::removal;
use super::staging_dir::{NEW, StagingDir};
use crate::entries::entry_exists;
use crate::error::{AtPath, Error, Quoted, Result};
use crate::os;

/// In the staging directory: the entries that are being moved out of ENV_DIR, which is incomplete until that is done.
const OLD: &str = "old";

/// In the staging directory: the entries that were moved out of ENV_DIR, while the new ones are being moved in.
const REPLACED: &str = "replaced";

/// Replaces the contents of ENV_DIR with what was built. After an error everything is as it was, or the staging directory
/// is kept with those of the old entries that could not be put back.
pub(super) fn swap(staging: StagingDir, env_dir: &Path) -> Result<StagingDir> {
    let new = staging.pinned().join(NEW);
    removal::check_not_in_use(env_dir)?;
    if can_replace(env_dir, &new) && os::exchange(&new, env_dir).is_ok() {
        return Ok(staging);
    }
    let Err(error) = move_out_and_in(&staging, env_dir) else { return Ok(staging) };
    if move_back(&staging, env_dir).is_ok() {
        return Err(error);
    }
    let kept = staging.keep();
    let reason = format!("{error}; its previous contents are in {}, and the next run restores them", Quoted(&kept));
    Err(Error::Directory { path: env_dir.to_owned(), reason })
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

/// Puts the old environment back in place of the new one.
pub(super) fn undo(staging: &StagingDir, env_dir: &Path) -> Result<()> {
    let (new, replaced) = (staging.pinned().join(NEW), staging.pinned().join(REPLACED));
    if !entry_exists(&replaced).at("look at", &replaced)? {
        if os::exchange(&new, env_dir).is_ok() {
            return Ok(());
        }
        // Continue as if its entries had been moved.
        let moved = fs::rename(&new, &replaced).and_then(|()| fs::create_dir(&new));
        moved.and_then(|()| fs::create_dir_all(env_dir)).at("clear", env_dir)?;
    }
    move_back(staging, env_dir)
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
    let [old, replaced, new] = [OLD, REPLACED, NEW].map(|name| staging.pinned().join(name));
    let is_there = |path: &Path| entry_exists(path).at("look at", path);
    let create = || fs::create_dir_all(env_dir).at("create the directory", env_dir);
    if is_there(&old)? {
        create().and_then(|()| move_entries(&old, env_dir, &[]))
    } else if is_there(&replaced)? && is_there(&new)? {
        create().and_then(|()| merge(&new, env_dir))
    } else {
        Ok(())
    }
}

/// Whether the current directory is `env_dir` or in it.
fn is_current(env_dir: &Path) -> bool {
    let current = std::env::current_dir().and_then(|current| current.canonicalize());
    let (Ok(current), Ok(env_dir)) = (current, env_dir.canonicalize()) else { return true };
    current.starts_with(env_dir)
}
