//! Moves what was built into an existing ENV_DIR, directory by directory, and each file with one rename. A program that
//! is running from the environment sees either the old file or the new one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{moving, removal};
use crate::entries::names;
use crate::error::{AtPath, Error, Result};
use crate::os::{self, PinnedDir};

/// Fails, before anything has changed, if something in `to` is in the way of `from`: a file where a directory goes, a
/// directory where a file goes, or a file that is in use. As in CPython, a link to a directory is accepted in place of
/// a directory, but not in place of one in `no_symlinks` or below it, and not by root if another user could have placed
/// it.
pub(super) fn check(from: &Path, to: &Path, no_symlinks: &[PathBuf]) -> Result<()> {
    for name in names(from).at("read the directory", from)? {
        let (from, to) = (from.join(&name), to.join(&name));
        let there = match to.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            there => there.at("look at", &to)?,
        };
        let is_ours = || no_symlinks.iter().any(|own| to.starts_with(own));
        let is_refused_link = there.is_symlink() && (is_ours() || os::is_replaceable(&to));
        let reason = match (from.symlink_metadata().at("read", &from)?.is_dir(), to.is_dir()) {
            (true, true) if is_refused_link => "it is a symbolic link",
            (true, true) => {
                check(&from, &to, no_symlinks)?;
                continue;
            }
            (true, false) if !to.exists() => "it is a broken symbolic link",
            (true, false) => "it is a file",
            (false, _) if there.is_dir() => {
                let reason = "a directory is in its place; move it out of the way, and run again";
                return Err(io::Error::new(io::ErrorKind::IsADirectory, reason)).at("write", &to);
            }
            (false, _) => {
                removal::check_not_in_use(&to)
                    .or_else(|error| if has_same_contents(&from, &to) { Ok(()) } else { Err(error) })?;
                continue;
            }
        };
        return Err(Error::Directory { path: to, reason: format!("{reason}; move it out of the way, and run again") });
    }
    Ok(())
}

/// Moves what is in `from` into `to`, directory by directory. Existing files are replaced.
pub(super) fn merge(from: &Path, to: &Path) -> Result<()> {
    merge_into(from, to, &PinnedDir::open(to).at("open the directory", to)?)
}

/// Moves what is in `from` into `to`, which is pinned.
fn merge_into(from: &Path, to: &Path, pinned: &PinnedDir) -> Result<()> {
    for name in names(from).at("read the directory", from)? {
        let (from, to, place) = (from.join(&name), to.join(&name), pinned.path().join(&name));
        if !from.symlink_metadata().at("read", &from)?.is_dir() {
            move_file(&from, &to, &place)?;
            continue;
        }
        if !place.is_dir() {
            if os::with_patience(|| fs::rename(&from, &place)).is_ok() {
                continue;
            }
            // Whatever prevents the directory from being renamed, a new one can be created.
            fs::create_dir(&place).at("create the directory", &to)?;
        }
        merge_into(&from, &to, &pinned.enter(&name).at("open the directory", &to)?)?;
    }
    Ok(())
}

/// Moves a file or link to `place`, which errors show as `to`. One that it replaces passes on its owner, mode and
/// access control list.
fn move_file(from: &Path, to: &Path, place: &Path) -> Result<()> {
    if is_same_link(from, place) {
        return Ok(());
    }
    // As in CPython, which writes it in place. No other file of an environment is usually a link elsewhere. What it leads
    // to may be a device, such as /dev/null, and then stays one.
    if place.ends_with("pyvenv.cfg") && place.is_symlink() && place.is_file() && !os::is_replaceable(place) {
        let target = place.canonicalize().at("follow the link", to)?;
        let _ = os::copy_owner_and_mode(&target, from);
        return moving::copy(from, &target).at("write", to);
    }
    // Only root can give files away.
    let _ = os::copy_owner_and_mode(place, from);
    match os::with_patience(|| fs::rename(from, place)) {
        // Something in ENV_DIR is a separate mount, or a link to another file system.
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => moving::copy(from, place),
        Err(_) if os::unprotect(place) => fs::rename(from, place),
        // A program that is running, and that would only be replaced by an identical file.
        Err(_) if os::in_use(place).is_some() && has_same_contents(from, place) => Ok(()),
        renamed => renamed.map_err(|error| removal::explain_unmoved(error, from)),
    }
    .at("write", to)
}

/// Whether both are links with the same target.
fn is_same_link(one: &Path, other: &Path) -> bool {
    fs::read_link(one).is_ok_and(|target| fs::read_link(other).is_ok_and(|others| others == target))
}

/// Whether two files have the same contents. A file that cannot be read differs from every other.
fn has_same_contents(one: &Path, other: &Path) -> bool {
    let is_as_long =
        |(one, other): (fs::Metadata, fs::Metadata)| one.is_file() && other.is_file() && one.len() == other.len();
    one.metadata().ok().zip(other.metadata().ok()).is_some_and(is_as_long)
        && fs::read(one).ok().is_some_and(|contents| fs::read(other).is_ok_and(|others| others == contents))
}
