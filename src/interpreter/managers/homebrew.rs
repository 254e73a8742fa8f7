//! Homebrew: `brew install python@3.13`.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::interpreter::listing::{Found, directories, spread};
use crate::interpreter::surroundings::Surroundings;
use crate::interpreter::versions::sort_newest_first;
use crate::platform::Platform;

/// Homebrew's usual prefixes, searched in addition to `$HOMEBREW_PREFIX`.
const PREFIXES: [&str; 3] = ["/opt/homebrew", "/usr/local", "/home/linuxbrew/.linuxbrew"];

/// Homebrew's formulas, and each prefix itself, since programs linked into it may belong to no formula any more.
pub(super) fn installations(surroundings: &Surroundings) -> Found {
    if surroundings.platform() == Platform::Nt {
        // These paths would be on the current drive, where anyone may put files.
        return vec![];
    }
    let mut prefixes: Vec<PathBuf> = surroundings.path("HOMEBREW_PREFIX").into_iter().collect();
    prefixes.extend(PREFIXES.map(PathBuf::from));
    let mut found = Vec::new();
    for prefix in prefixes {
        found.extend(spread(formulas(&prefix)));
        found.push(Ok(prefix));
    }
    found
}

/// Directories such as `opt/python@3.13`, newest first.
fn formulas(prefix: &Path) -> Result<Vec<PathBuf>> {
    let mut formulas = directories(&prefix.join("opt"))?;
    formulas.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python@")));
    sort_newest_first(&mut formulas);
    Ok(formulas)
}
