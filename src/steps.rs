//! The steps that make an environment, in CPython's order: a room for each, with one verb.

pub mod configuration;
pub mod directories;
pub mod python;
pub mod scripts;
