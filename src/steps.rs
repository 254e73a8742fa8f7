//! The steps that create an environment, in CPython's order, except those of pip, which are in `seed`. Each is a module
//! with one public verb.

pub(crate) mod configuration;
pub(crate) mod directories;
pub(crate) mod moved;
pub(crate) mod python;
mod relocatable;
pub(crate) mod scripts;
pub(crate) mod settings;
