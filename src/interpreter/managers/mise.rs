//! mise: `mise install python`.

use crate::interpreter::installation::installations_in;
use crate::interpreter::listing::{Found, spread};
use crate::interpreter::surroundings::Surroundings;

/// Installations in `$MISE_DATA_DIR`, or else in mise's default data directory.
pub(super) fn installations(surroundings: &Surroundings) -> Found {
    let usual = || Some(surroundings.local_data_home()?.join("mise"));
    let data_dir = surroundings.path("MISE_DATA_DIR").or_else(usual);
    data_dir.map(|data_dir| spread(installations_in(&data_dir.join("installs/python")))).unwrap_or_default()
}
