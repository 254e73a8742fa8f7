//! Moves the entries of one directory into another. Nothing is overwritten, and a move that was cut short can be
//! continued, or undone by moving back.
//!
//! A directory is renamed where that is possible. It is not on overlayfs if the directory is in a lower layer (EXDEV),
//! nor elsewhere if a program has it open (EACCES, EPERM or EBUSY, depending on the system). In that case a new
//! directory is created, and the entries are moved.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use super::staging_dir;
use crate::entries::names;
use crate::error::{AtPath, Result};
use crate::os::{self, PinnedDir};

/// Moves everything in `from` into `to`, except the names in `spared`. Directories that exist in both are merged.
///
/// Fails if a file in `to` has the same name as one in `from`.
pub(super) fn move_entries(from: &Path, to: &Path, spared: &[&OsStr]) -> Result<()> {
    let pin = |directory| PinnedDir::open(directory).at("open the directory", directory);
    let (pinned_from, pinned_to) = (pin(from)?, pin(to)?);
    let names = names(pinned_from.path()).at("read the directory", from)?;
    for name in names.iter().filter(|name| !spared.contains(&name.as_os_str())) {
        move_entry(&pinned_from.path().join(name), &pinned_to.path().join(name))?;
    }
    Ok(())
}

fn move_entry(from: &Path, to: &Path) -> Result<()> {
    let Err(error) = os::rename_new(from, to) else { return Ok(()) };
    if os::is_directory(from) {
        return move_directory(from, to);
    }
    match error.kind() {
        io::ErrorKind::CrossesDevices => copy(from, to).at("write", to)?,
        // An earlier move was cut short after the copy.
        io::ErrorKind::AlreadyExists if is_copy(from, to) => {}
        _ => return Err(error).at("move", from),
    }
    fs::remove_file(from).at("remove", from)
}

/// Creates the directory `to` like `from`, unless it exists, and moves the entries of `from` into it.
fn move_directory(from: &Path, to: &Path) -> Result<()> {
    let is_new = match fs::create_dir(to) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && os::is_directory(to) => false,
        made => made.at("create the directory", to).map(|()| true)?,
    };
    move_entries(from, to, &[])?;
    if is_new {
        // Last, since the mode may be read-only.
        os::copy_owner_and_mode(from, to).at("set the mode of", to)?;
    }
    fs::remove_dir(from).at("remove", from)
}

/// Copies a file or link to another file system, replacing what is there: first beside it, then with a rename.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let directory = to.parent().unwrap_or(Path::new("/"));
    let mut builder = tempfile::Builder::new();
    builder.prefix(staging_dir::PREFIX);
    let copied = match fs::read_link(from) {
        Ok(target) => builder.make_in(directory, |path| os::symlink(&target, path))?.into_temp_path(),
        Err(_) => {
            let (file, path) = builder.tempfile_in(directory)?.into_parts();
            fs::copy(from, &path)?;
            // A .pyc is only valid for a module with this mtime. Where there are no mtimes, Python recompiles it.
            let _ = from.metadata().and_then(|metadata| file.set_modified(metadata.modified()?));
            path
        }
    };
    copied.persist(to).map_err(|error| error.error)
}

/// Whether `to` is what [`copy`] creates from `from`.
fn is_copy(from: &Path, to: &Path) -> bool {
    match (fs::read_link(from), fs::read_link(to), from.symlink_metadata(), to.symlink_metadata()) {
        (Ok(from), Ok(to), ..) => from == to,
        (Err(_), Err(_), Ok(from), Ok(to)) => {
            to.is_file() && from.len() == to.len() && from.modified().is_ok_and(|time| to.modified().ok() == Some(time))
        }
        _ => false,
    }
}
