//! Tests on real interpreters, shells and file systems. Each environment that rvenv makes is held against the
//! one that the interpreter's own `-m venv` makes at the same path.

mod activate_this;
#[cfg(unix)] // shells; cmd.exe has its own in cmd.rs
mod activation;
#[cfg_attr(windows, allow(dead_code, unused_imports, reason = "what the cases for Unix alone need"))]
mod cache;
#[cfg(unix)] // strace
mod calls;
#[cfg(unix)] // links, and names in bin
mod check;
mod cli;
#[cfg(windows)] // cmd.exe
mod cmd;
#[cfg(unix)] // patchelf, modes
mod copies;
#[cfg(unix)] // shells
mod deactivation;
#[cfg(unix)] // names and managers of Unix; the registry has its own
mod discovery;
#[cfg(unix)] // mount
mod disks;
mod drop_in;
#[cfg(unix)] // cargo runs it
mod example;
#[cfg(unix)] // links, and names in bin
mod existing;
#[cfg(unix)] // modes, FIFOs, signals
mod failures;
#[cfg(unix)] // strace
mod faults;
mod find_links;
mod foreign;
#[cfg_attr(windows, allow(dead_code, unused_imports, reason = "what the cases for Unix alone need"))]
mod forge;
mod generated;
mod harness;
mod images;
#[cfg(unix)] // links, names that are any bytes
mod interpreters;
mod jobs;
mod library;
#[cfg(unix)] // modes, numbers of links, file systems of their own
mod link_modes;
#[cfg(unix)] // links, programs in sh
mod macos;
#[cfg(unix)] // shells
mod nt_scripts;
#[cfg(unix)] // mount
mod overlay;
#[cfg(unix)] // wheels for Linux
mod packaging;
#[cfg(unix)] // script(1)
mod progress;
#[cfg(unix)] // links
mod python_api;
#[cfg(unix)] // signals, programs in sh
mod races;
#[cfg(unix)] // the documents are the same on each system
mod readme;
#[cfg(windows)] // there is none elsewhere
mod registry;
#[cfg(unix)] // tar, sha256sum
mod release;
mod relocatable;
#[cfg(unix)] // links, and programs in sh
mod remembering;
#[cfg(unix)] // systems that Linux starts programs in
mod roots;
#[cfg(unix)] // modes, links
mod scripts;
#[cfg(unix)] // signals
mod signals;
#[cfg(unix)] // a script for sh
mod stand_in;
#[cfg(unix)] // the sources are the same on each system
mod structure;
#[cfg(unix)] // what tests/run and nohup do
mod suite;
#[cfg(unix)] // script(1), stty
mod terminal;
#[cfg(unix)] // wheels for Linux
mod tools;
#[cfg(unix)] // programs in sh, names in bin
mod trust;
#[cfg(unix)] // wheels for Linux
mod virtualenv;
#[cfg(unix)] // a Python that a script in sh stands for
mod wheels;
#[cfg(windows)] // what is so there alone
mod windows;
