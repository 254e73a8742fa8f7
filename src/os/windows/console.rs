//! The console: its control events and its mode.

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

/// There are none: [`watch_console`] takes their place.
pub(in crate::os) fn stop_signals() -> Vec<i32> {
    vec![]
}

/// There are none.
pub(in crate::os) fn harmless_signals() -> Vec<i32> {
    vec![]
}

/// The exit code of a program that was ended by Ctrl-C.
pub(in crate::os) const INTERRUPTED: Option<i32> = Some(STATUS_CONTROL_C_EXIT);

/// The flag to set when the work is to stop. There is one per process, because the events are for the whole process.
static STOP: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// How long the system waits for a program whose console is closed.
const LAST_MOMENTS: Duration = Duration::from_secs(5);

pub(in crate::os) fn watch_console(stop: &Arc<AtomicBool>) -> io::Result<()> {
    if STOP.set(stop.clone()).is_err() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    // SAFETY: the function lives as long as the program, has the type of a handler, and can run in any thread.
    if unsafe { SetConsoleCtrlHandler(Some(hear), 1) } == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Sets the flag on Ctrl-C and Ctrl-Break, and when the console is closed or the user logs off. In the latter cases the
/// system ends the process as soon as this returns, so it waits to let the work end, and the process with it.
///
/// # Safety
///
/// None required of the caller; the type of a handler is `unsafe`.
unsafe extern "system" fn hear(event: u32) -> i32 {
    if let Some(stop) = STOP.get() {
        stop.store(true, Ordering::Relaxed);
    }
    if event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT {
        thread::sleep(LAST_MOMENTS);
    }
    1
}

/// The console's mode before a child was given access to it.
pub(in crate::os) struct Terminal(u32);

impl Terminal {
    /// A child shares the console regardless of its process group.
    pub(in crate::os) fn in_foreground() -> Option<Terminal> {
        let mut mode = 0;
        // SAFETY: any handle is allowed, and `mode` is a number to write to.
        let is_console = unsafe { GetConsoleMode(io::stdin().as_raw_handle(), &mut mode) } != 0;
        is_console.then_some(Terminal(mode))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // SAFETY: any handle is allowed; if it is no longer a console, the call fails without an effect.
        unsafe { SetConsoleMode(io::stdin().as_raw_handle(), self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn console_events_set_the_flag_and_the_console_is_watched_only_once() {
        let stop = Arc::new(AtomicBool::new(false));
        watch_console(&stop).unwrap();
        for event in [CTRL_C_EVENT, CTRL_BREAK_EVENT] {
            stop.store(false, Ordering::Relaxed);
            // SAFETY: `hear` requires nothing of its caller.
            assert_eq!(unsafe { hear(event) }, 1, "the event counts as handled");
            assert!(stop.load(Ordering::Relaxed));
        }
        assert!(watch_console(&stop).is_err());
    }
}
