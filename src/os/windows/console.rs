//! The console: what it asks of this process, and how it works.

use std::io;
use std::os::windows::io::AsRawHandle;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use windows_sys::Win32::Foundation::STATUS_CONTROL_C_EXIT;
use windows_sys::Win32::System::Console::{
    CTRL_BREAK_EVENT, CTRL_C_EVENT, GetConsoleMode, SetConsoleCtrlHandler, SetConsoleMode,
};

/// There are none: what they are elsewhere, [`watch_console`] is here.
pub(in crate::os) fn stop_signals() -> Vec<i32> {
    vec![]
}

/// There are none.
pub(in crate::os) fn harmless_signals() -> Vec<i32> {
    vec![]
}

/// The exit code of a program that Ctrl-C has ended.
pub(in crate::os) const INTERRUPTED: Option<i32> = Some(STATUS_CONTROL_C_EXIT);

/// What is set when the work is to end. One for the process, as what it is told is the process's.
static STOP: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// How long the system waits for a program whose console is closed.
const LAST_MOMENTS: Duration = Duration::from_secs(5);

pub(in crate::os) fn watch_console(stop: &Arc<AtomicBool>) -> io::Result<()> {
    if STOP.set(stop.clone()).is_err() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    // SAFETY: the function stays, takes what a handler is given, and may run in a thread of its own.
    if unsafe { SetConsoleCtrlHandler(Some(hear), 1) } == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Ctrl-C and Ctrl-Break set the flag. So does a console that is closed, or a user who logs off; there the system ends the
/// process when this returns, so it does not before the work has ended, and the process with it.
///
/// # Safety
///
/// Nothing is asked of whoever calls it; the type of a handler says `unsafe`.
unsafe extern "system" fn hear(event: u32) -> i32 {
    if let Some(stop) = STOP.get() {
        stop.store(true, Ordering::Relaxed);
    }
    if event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT {
        thread::sleep(LAST_MOMENTS);
    }
    1
}

/// How the console worked before somebody else got it.
pub(in crate::os) struct Terminal(u32);

impl Terminal {
    /// A child shares the console, whoever's group it is in.
    pub(in crate::os) fn in_foreground() -> Option<Terminal> {
        let mut mode = 0;
        // SAFETY: any handle may be asked, and `mode` is a number to be written.
        let is_console = unsafe { GetConsoleMode(io::stdin().as_raw_handle(), &mut mode) } != 0;
        is_console.then_some(Terminal(mode))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // SAFETY: any handle may be given; one that is no console any more is an error, which changes nothing.
        unsafe { SetConsoleMode(io::stdin().as_raw_handle(), self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_console_asks_is_heard_and_it_is_watched_once() {
        let stop = Arc::new(AtomicBool::new(false));
        watch_console(&stop).unwrap();
        for event in [CTRL_C_EVENT, CTRL_BREAK_EVENT] {
            stop.store(false, Ordering::Relaxed);
            // SAFETY: nothing is asked of whoever calls it.
            assert_eq!(unsafe { hear(event) }, 1, "nobody else has to hear it");
            assert!(stop.load(Ordering::Relaxed));
        }
        assert!(watch_console(&stop).is_err());
    }
}
