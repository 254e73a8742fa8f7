//! python.org's installer for one user, on Windows; the registry may have forgotten what is there.

use crate::interpreter::installation::installations_in;
use crate::interpreter::listing::{Found, spread};
use crate::interpreter::surroundings::Surroundings;

/// Those in `%LOCALAPPDATA%\Programs\Python`.
pub(super) fn installations(surroundings: &Surroundings) -> Found {
    let directory = surroundings.path("LOCALAPPDATA").map(|data| data.join("Programs").join("Python"));
    directory.map(|directory| spread(installations_in(&directory))).unwrap_or_default()
}
