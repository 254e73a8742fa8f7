//! `--clear`: the new environment in the place of the old one, by one call where the system has it. Elsewhere the entries of
//! ENV_DIR are moved, in an order from which the next run can tell what one that was killed had done.

use std::fs;
use std::path::Path;

use super::entries::is_there;
use super::hidden::NEW;
use super::merge::move_entries;
use crate::error::{AtPath, Error, Result};
use crate::os;

/// In the hidden directory: what is being moved out of ENV_DIR, which is not whole meanwhile.
const OLD: &str = "old";

/// In the hidden directory: what has been moved out of ENV_DIR, into which the new contents are being moved.
const REPLACED: &str = "replaced";

/// Puts `built`, in the directory `hidden`, in the place of ENV_DIR; the old contents are in `hidden` then. After an error
/// everything is as it was, unless [`Unswapped::scattered`] says otherwise.
pub(super) fn swap(built: &Path, env_dir: &Path, hidden: &Path) -> Result<(), Unswapped> {
    // The directory that was there may be somebody's current one, a mount, or have more to it than owner and mode.
    let plain = os::is_plain_folder(env_dir) && !is_current(env_dir);
    if plain && os::copy_owner_and_mode(env_dir, built).and_then(|()| os::exchange(built, env_dir)).is_ok() {
        return Ok(());
    }
    by_entries(built, env_dir, hidden)
}

/// Why a swap did not happen.
pub(super) struct Unswapped {
    pub(super) error: Error,
    /// Whether some of what was there could not be put back, and is in the hidden directory.
    pub(super) scattered: bool,
}

/// Moves the old contents out and the new ones in. If something fails between, all is moved back; if the process is
/// killed, the next run for this ENV_DIR does it.
fn by_entries(built: &Path, env_dir: &Path, hidden: &Path) -> Result<(), Unswapped> {
    let (old, replaced) = (hidden.join(OLD), hidden.join(REPLACED));
    let spared = [hidden.file_name().unwrap_or_default()];
    let swapped = fs::create_dir(&old).at("clear", env_dir).and_then(|()| {
        move_entries(env_dir, &old, &spared)?;
        fs::rename(&old, &replaced).at("clear", env_dir)?;
        move_entries(built, env_dir, &[])
    });
    swapped.map_err(|error| {
        let is_out = is_there(&replaced).is_ok_and(|there| !there) || {
            let back = move_entries(env_dir, built, &spared);
            back.is_ok() && fs::rename(&replaced, &old).is_ok()
        };
        let is_back = is_out && move_entries(&old, env_dir, &[]).is_ok();
        Unswapped { error, scattered: !is_back }
    })
}

/// Puts right what a run that was killed has left of [`by_entries`] in the directory `hidden`.
pub(super) fn recover(hidden: &Path, env_dir: &Path) -> Result<()> {
    let (old, replaced, new) = (hidden.join(OLD), hidden.join(REPLACED), hidden.join(NEW));
    if is_there(&replaced).at("look at", &replaced)? {
        // All that was there is out, so the new contents go in.
        if is_there(&new).at("look at", &new)? {
            move_entries(&new, env_dir, &[])?;
        }
    } else if is_there(&old).at("look at", &old)? {
        move_entries(&old, env_dir, &[])?;
    }
    Ok(())
}

/// Whether the current directory is `env_dir` or in it.
fn is_current(env_dir: &Path) -> bool {
    let current = std::env::current_dir().and_then(|current| current.canonicalize());
    let (Ok(current), Ok(env_dir)) = (current, env_dir.canonicalize()) else { return true };
    current.starts_with(env_dir)
}
