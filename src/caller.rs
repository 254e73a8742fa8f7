//! What the caller of the library brings besides options: who is told, what stops the work, where things are kept for
//! the next environment, and what the program is called. A builder has it, and each of its steps through the context.

use std::ffi::OsString;

use crate::cache::Cache;
use crate::event::Observer;
use crate::interrupt::Interrupt;

/// The caller's side of a builder. By default nobody is told anything, nothing stops the work and nothing is kept.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) observer: Observer,
    pub(crate) interrupt: Interrupt,
    pub(crate) cache: Cache,
    /// Whether pip may ask on the terminal.
    pub(crate) interactive: bool,
    /// How pyvenv.cfg's `command` names the program.
    pub(crate) program: OsString,
}

impl Default for Caller {
    fn default() -> Self {
        Caller {
            observer: Observer::default(),
            interrupt: Interrupt::default(),
            cache: Cache::none(),
            interactive: false,
            program: "rvenv".into(),
        }
    }
}
