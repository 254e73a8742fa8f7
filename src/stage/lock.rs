//! The lock on ENV_DIR: finds out what exists, chooses the place of the staging directory, and waits until no other run
//! has locked it. What a killed run left is repaired here, before anything else is done.

use std::fs;
use std::path::Path;

use super::staging_dir::{StagingDir, Waiting};
use super::states::{ExistingEnv, NewEnv};
use super::swap;
use crate::entries::{self, entry_exists};
use crate::error::{AtPath, Cause, Error, Quoted, Result};
use crate::os;

/// What this run can build, now that it has the lock.
pub(super) enum Lock {
    New(NewEnv),
    Existing(ExistingEnv),
}

/// Waits until no other run is working on ENV_DIR.
pub(super) fn acquire(env_dir: &Path, clear: bool, waiting: Waiting) -> Result<Lock> {
    loop {
        let nearest = nearest_existing(env_dir)?;
        let staging = match lock(nearest, env_dir, waiting) {
            Err(error) if has_lost_its_place(&error) => continue,
            locked => locked.map_err(|error| explain(error, env_dir))?,
        };
        // The run that was waited for may have changed what exists.
        if nearest_existing(env_dir)? != nearest {
            continue;
        }
        if nearest != env_dir {
            return Ok(Lock::New(NewEnv { staging, above: nearest.to_owned() }));
        }
        let inner = lock_inside(&staging, env_dir, clear, waiting)?;
        return Ok(Lock::Existing(ExistingEnv::new(staging, inner, clear)));
    }
}

/// Prepares to build for an existing ENV_DIR, in a directory that is created in ENV_DIR. So the system gives it what
/// directories pass on: the setgid bit with the group, default access control lists, flags, labels and quotas. If it is
/// to take the place of ENV_DIR, it then moves out, into `staging`.
fn lock_inside(staging: &StagingDir, env_dir: &Path, clear: bool, waiting: Waiting) -> Result<Option<StagingDir>> {
    if staging.path.parent() == Some(env_dir) {
        return Ok(None);
    }
    let takes_its_place = clear || entries::is_empty(env_dir).at("read the directory", env_dir)?;
    let inner = match lock_in(env_dir, env_dir, waiting) {
        // Nothing can be created in it.
        Err(Error::Io { .. }) => return Ok(None),
        locked => locked?,
    };
    if !takes_its_place {
        return Ok(Some(inner));
    }
    // Where that fails, it inherits from the directory that ENV_DIR is in.
    let _ = fs::create_dir(inner.new_files()).and_then(|()| fs::rename(inner.new_files(), staging.new_files()));
    Ok(None)
}

/// ENV_DIR, or else the nearest existing directory above it.
fn nearest_existing(env_dir: &Path) -> Result<&Path> {
    for path in env_dir.ancestors() {
        if path.try_exists().at("look at", path)? {
            return Ok(path);
        }
    }
    Ok(Path::new("/"))
}

/// Creates and locks the staging directory: beside ENV_DIR, or beside the outermost of its missing parents; inside
/// ENV_DIR if that is a mount, or if its parent is not writable. This keeps it on the file system of ENV_DIR, and
/// wherever one of the two can be created, so can the other.
fn lock(nearest: &Path, env_dir: &Path, waiting: Waiting) -> Result<StagingDir> {
    if nearest != env_dir || os::is_mount_point(env_dir) {
        return lock_in(nearest, env_dir, waiting);
    }
    match lock_in(env_dir.parent().unwrap_or(env_dir), env_dir, waiting) {
        // None can be created beside it. If one exists there and cannot be used, its error is reported.
        Err(Error::Io { path, .. }) if entry_exists(&path).is_ok_and(|there| !there) => {
            lock_in(env_dir, env_dir, waiting)
        }
        locked => locked,
    }
}

/// The staging directory in `place`, locked and empty.
fn lock_in(place: &Path, env_dir: &Path, waiting: Waiting) -> Result<StagingDir> {
    let mut staging = StagingDir::lock(place, env_dir.strip_prefix(place).unwrap_or(env_dir), waiting)?;
    if staging.has_leftovers() {
        swap::recover(&staging, env_dir).map_err(|error| {
            let left = Quoted(&staging.path);
            let reason = format!("{error}; its contents from before an interrupted run are in {left}");
            Error::Directory { path: env_dir.to_owned(), reason }
        })?;
        staging.empty()?;
    }
    Ok(staging)
}

/// Whether a staging directory could not be created because its parent is gone: the run that was waited for had created
/// that parent, and has removed it again.
fn has_lost_its_place(error: &Error) -> bool {
    let Error::Io { path, .. } = error else { return false };
    path.parent().is_some_and(|place| entry_exists(place).is_ok_and(|there| !there))
}

/// Explains why the staging directory cannot be created.
fn explain(error: Error, env_dir: &Path) -> Error {
    let Error::Io { path, error: source, .. } = error else { return error };
    let reason = if os::exists(&path) {
        format!("{} is in the way ({source}); remove it", Quoted(&path))
    } else {
        format!("{} cannot be written to: {}", Quoted(path.parent().unwrap_or(&path)), Cause(&source))
    };
    Error::Directory { path: env_dir.to_owned(), reason }
}
