//! Where other tools keep the Pythons that they install: a file for each tool, with one function for all of its
//! installations, the newest first. A directory that cannot be read is an error among them.

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

/// The tools, in the order in which they are asked.
const MANAGERS: [fn(&Surroundings) -> Found; 6] = [
    programs::installations,
    pyenv::installations,
    uv::installations,
    asdf::installations,
    mise::installations,
    homebrew::installations,
];

/// The prefixes of all their installations.
pub(super) fn installations(surroundings: &Surroundings) -> Found {
    MANAGERS.iter().flat_map(|installations| installations(surroundings)).collect()
}
