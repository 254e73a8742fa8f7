//! Tests with real interpreters, shells and file systems. Each environment that rvenv creates is compared with the one
//! that the interpreter's own `-m venv` creates at the same path.

mod activate_this;
#[cfg(unix)] // shells; the tests for cmd.exe are in cmd.rs
mod activation;
#[cfg_attr(windows, allow(dead_code, unused_imports, reason = "used only by the Unix tests"))]
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
#[cfg(unix)] // names and version managers on Unix; Windows has registry.rs
mod discovery;
#[cfg(unix)] // mount
mod disks;
mod drop_in;
#[cfg(unix)] // run by cargo
mod example;
#[cfg(unix)] // links, and names in bin
mod existing;
#[cfg(unix)] // owners, modes
mod existing_rights;
#[cfg(unix)] // modes, FIFOs, signals
mod failures;
#[cfg(unix)] // strace
mod faults;
mod find_links;
mod foreign;
mod generated;
mod harness;
mod images;
#[cfg(unix)] // links, names of arbitrary bytes
mod interpreters;
mod jobs;
#[cfg(unix)] // shebangs
mod launchers;
mod letter_case;
mod library;
#[cfg(unix)] // modes, link counts, mount
mod link_modes;
#[cfg(unix)] // strace, chown
mod links_of_others;
#[cfg(unix)] // links, sh scripts
mod macos;
#[cfg(unix)] // shells
mod nt_scripts;
#[cfg(unix)] // mount
mod overlay;
mod powershell;
#[cfg(unix)] // script(1)
mod progress;
mod races;
#[cfg(unix)] // the documents are the same everywhere
mod readme;
#[cfg(unix)] // likewise
mod reference;
#[cfg(windows)] // only Windows has one
mod registry;
mod release;
mod relocatable;
#[cfg(unix)] // links, sh scripts
mod remembering;
#[cfg(unix)] // modes, links
mod scripts;
#[cfg(unix)] // signals
mod signals;
#[cfg(target_os = "linux")] // FUSE
mod slow_disk;
#[cfg(unix)] // an sh script
mod stand_in;
#[cfg(unix)] // the sources are the same everywhere
mod structure;
#[cfg(unix)] // tests/run, nohup
mod suite;
#[cfg(unix)] // script(1), stty
mod terminal;
#[cfg(unix)] // sh scripts, names in bin
mod trust;
#[cfg_attr(windows, allow(dead_code, unused_imports, reason = "used only by the Unix tests"))]
mod wheel_builder;
#[cfg(unix)] // an sh script in place of Python
mod wheels;
#[cfg(windows)] // behaviour specific to Windows
mod windows;
