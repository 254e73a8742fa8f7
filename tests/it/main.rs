//! Tests on real interpreters, shells and file systems. Each environment that rvenv makes is held against the
//! one that the interpreter's own `-m venv` makes at the same path.

mod activation;
mod cache;
mod calls;
mod cli;
mod discovery;
mod drop_in;
mod existing;
mod failures;
mod forge;
mod harness;
mod images;
mod interpreters;
mod jobs;
mod link_modes;
mod progress;
mod readme;
mod remembering;
mod scripts;
mod wheels;
