//! Where other tools keep the Pythons that they install. Each tool has a file with one function that returns all of its
//! installations, newest first, with an error in place of each directory that cannot be read.

mod asdf;
mod homebrew;
mod mise;
mod programs;
mod pyenv;
mod registry;
mod uv;

use super::listing::Found;
use super::surroundings::Surroundings;

pub(super) use pyenv::{Shim, is_batch, resolve_shim};
pub(super) use registry::{executable_of_tag, executables as registered};

/// The tools, in the order in which their installations are tried.
const MANAGERS: [fn(&Surroundings) -> Found; 6] = [
    programs::installations,
    pyenv::installations,
    uv::installations,
    asdf::installations,
    mise::installations,
    homebrew::installations,
];

/// The prefixes of all installations of these tools.
pub(super) fn installations(surroundings: &Surroundings) -> Found {
    MANAGERS.iter().flat_map(|installations| installations(surroundings)).collect()
}
