//! The steps that make an environment, in CPython's order: a room for each, with one verb.

pub(crate) mod configuration;
pub(crate) mod dependencies;
pub(crate) mod directories;
pub(crate) mod moved;
pub(crate) mod pip;
pub(crate) mod python;
mod relocatable;
pub(crate) mod scripts;
