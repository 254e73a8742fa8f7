//! Tests on real interpreters, shells and file systems. Each environment that rvenv makes is held against the
//! one that the interpreter's own `-m venv` makes at the same path.

mod activation;
mod cache;
mod calls;
mod check;
mod cli;
mod copies;
mod discovery;
mod disks;
mod drop_in;
mod example;
mod existing;
mod failures;
mod faults;
mod find_links;
mod forge;
mod generated;
mod harness;
mod images;
mod interpreters;
mod jobs;
mod library;
mod link_modes;
mod overlay;
mod packaging;
mod progress;
mod races;
mod readme;
mod remembering;
mod scripts;
mod signals;
mod structure;
mod suite;
mod terminal;
mod trust;
mod wheels;
