//! Detects files that cannot be replaced because a program has them open (Windows).

use std::path::Path;

use crate::error::{Error, Quoted, Result};
use crate::os;

/// Fails, naming the file, if something at or below `path` is open in a way that prevents its removal.
pub(super) fn check(path: &Path) -> Result<()> {
    let Some(file) = os::in_use(path) else { return Ok(()) };
    let what = if file == path { "it".to_owned() } else { Quoted(&file).to_string() };
    let reason = format!("{what} is in use; close the program that has it open, and run again");
    Err(Error::Directory { path: path.to_owned(), reason })
}
