//! uv: `uv python install`.

use std::path::PathBuf;

use crate::interpreter::installation::installations_in;
use crate::interpreter::listing::{Found, spread};
use crate::interpreter::surroundings::Surroundings;

/// Installations in `$UV_PYTHON_INSTALL_DIR`, or else in uv's data directory, which used to be another one on Windows.
pub(super) fn installations(surroundings: &Surroundings) -> Found {
    let usual = |data: PathBuf| [data.join("uv").join("python"), data.join("uv").join("data").join("python")];
    let directories: Vec<PathBuf> = match surroundings.path("UV_PYTHON_INSTALL_DIR") {
        Some(directory) => vec![directory],
        None => surroundings.data_home().into_iter().flat_map(usual).collect(),
    };
    directories.iter().flat_map(|directory| spread(installations_in(directory))).collect()
}
