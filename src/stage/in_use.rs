//! What somebody has open, where that keeps it from being replaced (Windows).

use std::path::Path;

use crate::error::{Error, Quoted, Result};
use crate::os;

/// Errors, with the file, if something at or below `path` is open in a way that it could not be removed.
pub(super) fn check(path: &Path) -> Result<()> {
    let Some(file) = os::in_use(path) else { return Ok(()) };
    let what = if file == path { "it".to_owned() } else { Quoted(&file).to_string() };
    let reason = format!("{what} is in use; end the program that has it open, and run again");
    Err(Error::Directory { path: path.to_owned(), reason })
}
