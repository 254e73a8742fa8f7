//! asdf: `asdf install python`.

use crate::interpreter::installation::installations_in;
use crate::interpreter::listing::{Found, spread};
use crate::interpreter::surroundings::Surroundings;

/// Installations in `$ASDF_DATA_DIR`, or else in `~/.asdf`.
pub(super) fn installations(surroundings: &Surroundings) -> Found {
    let usual = || Some(surroundings.home()?.join(".asdf"));
    let data_dir = surroundings.path("ASDF_DATA_DIR").or_else(usual);
    data_dir.map(|data_dir| spread(installations_in(&data_dir.join("installs/python")))).unwrap_or_default()
}
