//! Runs `tests/it/library.rs` without the packages of the command line. Only `.ci/run` runs this, since together with
//! `tests/it` it would run twice.

#[allow(dead_code, unused_imports)]
#[path = "it/harness.rs"]
mod harness;
#[path = "it/library.rs"]
mod library;
