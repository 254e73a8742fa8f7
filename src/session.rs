//! What the caller of the library supplies besides options: an observer, an interrupt, the cache and the program's
//! name. It belongs to the builder; the steps get it through the context.

use std::ffi::OsString;

use crate::cache::Cache;
use crate::event::Observer;
use crate::interrupt::Interrupt;

/// The caller's side of a builder. By default there is no observer, no interrupt and no cache.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) observer: Observer,
    pub(crate) interrupt: Interrupt,
    pub(crate) cache: Cache,
    /// Whether pip may prompt on the terminal.
    pub(crate) interactive: bool,
    /// The program's name in pyvenv.cfg's `command`.
    pub(crate) program: OsString,
}

impl Default for Session {
    fn default() -> Self {
        Session {
            observer: Observer::default(),
            interrupt: Interrupt::default(),
            cache: Cache::none(),
            interactive: false,
            program: "rvenv".into(),
        }
    }
}
