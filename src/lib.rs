//! rvenv creates Python virtual environments like those of `python -m venv`, including pip, without running pip.
//!
//! The names are those of CPython's [`venv`](https://docs.python.org/3/library/venv.html): [`EnvBuilder`] creates
//! environments, [`Steps`] has the steps that can be overridden, and [`Context`] is the state that they share.

// The library neither prints nor exits, and reads no environment variables: that is up to its caller.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::exit, clippy::disallowed_methods)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::panic, clippy::todo, clippy::unimplemented))]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod builder;
mod cache;
mod check;
mod context;
mod entries;
mod error;
mod event;
mod interpreter;
mod interrupt;
mod options;
mod os;
mod platform;
mod process;
mod quote;
mod seed;
mod stage;
mod steps;
mod workers;

pub use builder::{EnvBuilder, Steps};
pub use cache::{Cache, CacheSize};
pub use check::{Finding, Remedy, check};
pub use context::Context;
pub use error::{Error, ParseError, Result};
pub use event::{Event, Source};
pub use interpreter::{Discovery, Interpreter, PythonRequest, Scheme, Surroundings, VersionRequest};
pub use interrupt::Interrupt;
pub use options::{Activator, Existing, LinkMode, Links, Options};
pub use platform::Platform;

/// Entry point for the fuzz target; not part of the library's API.
#[cfg(fuzzing)]
#[doc(hidden)]
pub fn fuzz_wheel(bytes: &[u8]) {
    seed::fuzz(bytes);
}
