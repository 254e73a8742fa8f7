//! Hooks of pyenv plugins, which may change what a shim runs.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::interpreter::listing::directories;
use crate::interpreter::surroundings::Surroundings;
use crate::os;

/// Hooks that do not change which Python is run: pip's, and those that look elsewhere for a program that was not found.
const HARMLESS: [&str; 4] = ["pip-rehash.bash", "conda.bash", "python-config.bash", "system-site-packages.bash"];

/// Where pyenv looks for hooks on every system.
const SHARED: [&str; 4] = ["/usr/etc/pyenv.d", "/usr/local/etc/pyenv.d", "/etc/pyenv.d", "/usr/lib/pyenv/hooks"];

/// The pyenv commands that a shim runs.
const COMMANDS: [&str; 3] = ["exec", "which", "version-name"];

/// Whether no hook of a pyenv changes which Python a shim runs.
///
/// Fails if a directory of hooks cannot be read.
pub(super) fn are_harmless(root: &Path, prefix: &Path, surroundings: &Surroundings) -> Result<bool> {
    if surroundings.var("PYENV_HOOK_PATH").is_some_and(|path| !path.is_empty()) {
        return Ok(false);
    }
    for directory in hook_directories(root, prefix)? {
        for command in COMMANDS {
            for hook in os::entries(&directory.join(command))? {
                let is_run = hook.extension().is_some_and(|extension| extension == "bash");
                if is_run && !HARMLESS.iter().any(|name| hook.ends_with(name)) {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

/// As in `pyenv-hooks`: the directories that contain a directory of hooks for each command.
fn hook_directories(root: &Path, prefix: &Path) -> Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = SHARED.map(PathBuf::from).into();
    for place in [root, prefix] {
        found.push(place.join("pyenv.d"));
        found.extend(directories(&place.join("plugins"))?.iter().map(|plugin| plugin.join("etc/pyenv.d")));
    }
    Ok(found)
}
