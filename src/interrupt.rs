//! Being told to stop.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};
use crate::os;

/// Stops the work it was given to, from another thread or a signal handler: that ends with [`Error::Interrupted`], its
/// processes are ended, and nothing half made is left. The default never stops anything.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    flag: Arc<AtomicBool>,
}

impl Interrupt {
    /// Stops the work when `flag` is set.
    pub fn by(flag: Arc<AtomicBool>) -> Interrupt {
        Interrupt { flag }
    }

    /// The numbers of the signals that ask a program to stop, by which a program's handler may set the flag of
    /// [`Interrupt::by`]: on Unix SIGINT, SIGTERM and SIGHUP, without those that this process was started to ignore, as
    /// `nohup` has it (macOS does not say which).
    pub fn signals() -> Vec<i32> {
        os::stop_signals()
    }

    /// The numbers of the signals that a program catches and does nothing about, since it would be ended, or not be
    /// told of its children: on Unix SIGXFSZ (a file that grows too large is an error then, EFBIG), and SIGCHLD if
    /// this process was started to ignore it.
    pub fn harmless_signals() -> Vec<i32> {
        os::harmless_signals()
    }

    /// Has `flag` set when the console asks this process to stop (Ctrl-C, Ctrl-Break), or is closed: on Windows, where these
    /// are no signals; elsewhere it does nothing.
    ///
    /// # Errors
    ///
    /// If the console is watched already, or cannot be.
    pub fn watch_console(flag: &Arc<AtomicBool>) -> io::Result<()> {
        os::watch_console(flag)
    }

    /// The exit code by which a program says that it was interrupted, where no signal tells that: on Windows that of Ctrl-C.
    pub fn exit_code() -> Option<i32> {
        os::INTERRUPTED
    }

    /// Errors if the work shall stop.
    pub(crate) fn check(&self) -> Result<()> {
        if self.flag.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}
