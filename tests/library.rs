//! The library on its own: `tests/it/library.rs`, built without the command line's packages. `.ci/run` names it; among
//! all tests it would be run twice.

#[allow(dead_code, unused_imports)]
#[path = "it/harness.rs"]
mod harness;
#[path = "it/library.rs"]
mod library;
