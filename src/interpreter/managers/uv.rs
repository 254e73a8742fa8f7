//! uv: `uv python install`.

use crate::interpreter::installation::installations_in;
use crate::interpreter::listing::{Found, spread};
use crate::interpreter::surroundings::Surroundings;

/// Those in `$UV_PYTHON_INSTALL_DIR`, or in uv's data directory.
pub(super) fn installations(surroundings: &Surroundings) -> Found {
    let usual = || Some(surroundings.data_home()?.join("uv/python"));
    let directory = surroundings.path("UV_PYTHON_INSTALL_DIR").or_else(usual);
    directory.map(|directory| spread(installations_in(&directory))).unwrap_or_default()
}
