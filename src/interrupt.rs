//! Interrupting the work.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};
use crate::os;

/// A handle that stops the work from another thread or a signal handler. The work then fails with
/// [`Error::Interrupted`], its processes are killed, and no partial environment remains. The default never stops
/// anything.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    flag: Arc<AtomicBool>,
}

impl Interrupt {
    /// Returns an interrupt that stops the work when `flag` is set.
    pub fn by(flag: Arc<AtomicBool>) -> Interrupt {
        Interrupt { flag }
    }

    /// Fails with [`Error::Interrupted`] if the work is to stop.
    pub(crate) fn check(&self) -> Result<()> {
        if self.flag.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}

/// What the program `rvenv` needs to know about signals, and no part of the library's API.
#[doc(hidden)]
impl Interrupt {
    /// SIGINT, SIGTERM and SIGHUP, except those that this process was started to ignore, for example by `nohup`. macOS
    /// does not report which, so there it is all three. None on Windows.
    pub fn signals() -> Vec<i32> {
        os::stop_signals()
    }

    /// The signals to catch with a handler that does nothing: SIGXFSZ, so that a file that grows too large is the error
    /// EFBIG, and SIGCHLD if this process may have been started to ignore it: the kernel would then reap its children.
    pub fn harmless_signals() -> Vec<i32> {
        os::harmless_signals()
    }

    /// Sets `flag` when the Windows console asks this process to stop or is closed. Does nothing on other systems.
    pub fn watch_console(flag: &Arc<AtomicBool>) -> io::Result<()> {
        os::watch_console(flag)
    }

    /// The exit code of an interrupted program on systems without signals: on Windows, that of Ctrl-C.
    pub fn exit_code() -> Option<i32> {
        os::INTERRUPTED
    }
}
