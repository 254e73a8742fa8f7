//! The signals that tell rvenv to stop: Ctrl-C, a terminal that is closed, a job that is cancelled. And those that shall not
//! end it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rvenv::Interrupt;
use signal_hook::{flag, low_level};

/// Signals do not end the program at once, but its work in order.
pub struct Signals {
    flag: Arc<AtomicBool>,
    /// The number of the one that came.
    came: Arc<AtomicUsize>,
}

impl Signals {
    /// Watches for them from now on; not for those that the program was started to ignore (`nohup`).
    pub fn watch() -> Signals {
        let signals = Signals { flag: Arc::default(), came: Arc::default() };
        // Where it cannot be watched, it ends the program as it always does.
        let _ = Interrupt::watch_console(&signals.flag);
        for signal in Interrupt::signals() {
            // Where it cannot be watched for, it does what it always does.
            let _ = flag::register_usize(signal, signals.came.clone(), signal.unsigned_abs() as usize);
            let _ = flag::register(signal, signals.flag.clone());
        }
        for signal in Interrupt::harmless_signals() {
            // Caught, and not ignored as CPython does, which then has to restore them for what it starts
            // (`restore_signals`).
            let _ = flag::register(signal, Arc::default());
        }
        signals
    }

    /// Stops the work when a signal has come.
    pub fn interrupt(&self) -> Interrupt {
        Interrupt::by(self.flag.clone())
    }

    /// If one has come, ends the program as that would have done.
    pub fn end_by_what_came(&self) {
        if let Some(code) = Interrupt::exit_code().filter(|_| self.flag.load(Ordering::Relaxed)) {
            std::process::exit(code);
        }
        if let Ok(signal @ 1..) = i32::try_from(self.came.load(Ordering::Relaxed)) {
            let _ = low_level::emulate_default_handler(signal);
        }
    }
}
