//! Moving the entries of one directory into another, such that nothing is overwritten and a move that ended on the way can be
//! continued, or undone by a move back.
//!
//! A directory is renamed where that can be. It cannot be on overlayfs if it is of a lower layer (EXDEV), nor elsewhere if a
//! program holds on to it (EACCES, EPERM or EBUSY, by the system). There it is made anew, and its own entries are moved.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use super::entries::names;
use super::hidden;
use crate::error::{AtPath, Result};
use crate::os;

/// Moves all that is in `from` into `to`, except `spared` names. A directory that `to` has already gets more entries.
///
/// Errors if `to` has a file of a name in `from`.
pub(super) fn move_entries(from: &Path, to: &Path, spared: &[&OsStr]) -> Result<()> {
    let names = names(from).at("read the directory", from)?;
    for name in names.iter().filter(|name| !spared.contains(&name.as_os_str())) {
        move_entry(&from.join(name), &to.join(name))?;
    }
    Ok(())
}

fn move_entry(from: &Path, to: &Path) -> Result<()> {
    let Err(error) = os::rename_new(from, to) else { return Ok(()) };
    if os::is_folder(from) {
        return move_directory(from, to);
    }
    match error.kind() {
        io::ErrorKind::CrossesDevices => copy(from, to).at("write", to)?,
        // A move ended after the copy.
        io::ErrorKind::AlreadyExists if is_copy(from, to) => {}
        _ => return Err(error).at("move", from),
    }
    fs::remove_file(from).at("remove", from)
}

/// Makes the directory `from` anew at `to`, unless there is one, and moves its entries.
fn move_directory(from: &Path, to: &Path) -> Result<()> {
    let is_new = match fs::create_dir(to) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && os::is_folder(to) => false,
        made => made.at("create the directory", to).map(|()| true)?,
    };
    move_entries(from, to, &[])?;
    if is_new {
        // Last, since by its mode it may be read-only.
        os::copy_owner_and_mode(from, to).at("set the mode of", to)?;
    }
    fs::remove_dir(from).at("remove", from)
}

/// Copies a file or a link to another file system, in place of what is there: beside it first, then by a rename.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let directory = to.parent().unwrap_or(Path::new("/"));
    let mut builder = tempfile::Builder::new();
    builder.prefix(hidden::PREFIX);
    let copied = match fs::read_link(from) {
        Ok(target) => builder.make_in(directory, |path| os::symlink(&target, path))?.into_temp_path(),
        Err(_) => {
            let (file, path) = builder.tempfile_in(directory)?.into_parts();
            fs::copy(from, &path)?;
            // A .pyc holds for a module of this time. Where there are no times, Python makes it anew.
            let _ = from.metadata().and_then(|metadata| file.set_modified(metadata.modified()?));
            path
        }
    };
    copied.persist(to).map_err(|error| error.error)
}

/// Whether `to` is what [`copy`] makes of `from`.
fn is_copy(from: &Path, to: &Path) -> bool {
    match (fs::read_link(from), fs::read_link(to), from.symlink_metadata(), to.symlink_metadata()) {
        (Ok(from), Ok(to), ..) => from == to,
        (Err(_), Err(_), Ok(from), Ok(to)) => {
            to.is_file() && from.len() == to.len() && from.modified().is_ok_and(|time| to.modified().ok() == Some(time))
        }
        _ => false,
    }
}
