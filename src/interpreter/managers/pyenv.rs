//! pyenv: the versions that it has installed, and which of them one of its shims would run.

mod batch;
mod hooks;
mod shim;
mod version_name;

use std::path::{Path, PathBuf};

use crate::interpreter::installation::installations_in;
use crate::interpreter::listing::{Found, spread};
use crate::interpreter::surroundings::Surroundings;

pub(in crate::interpreter) use batch::is_batch;
pub(in crate::interpreter) use shim::Shim;

/// Finds out whether the program at `path` is a pyenv shim, and what it would run.
pub(in crate::interpreter) fn resolve_shim(path: &Path, surroundings: &Surroundings) -> Shim {
    if is_batch(path) { batch::resolve(path, surroundings) } else { shim::resolve(path, surroundings) }
}

/// Installations below `$PYENV_ROOT`, beside directories of shims on PATH, and in `~/.pyenv`; and those of pyenv-win.
pub(super) fn installations(surroundings: &Surroundings) -> Found {
    let mut roots: Vec<PathBuf> = ["PYENV_ROOT", "PYENV"].iter().filter_map(|name| surroundings.path(name)).collect();
    for directory in surroundings.search_path() {
        if directory.ends_with("shims") {
            roots.extend(directory.parent().map(Path::to_owned));
        }
    }
    if let Some(usual) = surroundings.home().map(|home| home.join(".pyenv")) {
        roots.extend([usual.clone(), usual.join("pyenv-win")]);
    }
    let mut found = Vec::new();
    for (position, root) in roots.iter().enumerate() {
        if !roots[..position].contains(root) {
            found.extend(spread(installations_in(&root.join("versions"))));
        }
    }
    found
}
