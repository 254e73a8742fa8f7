//! The signals that tell rvenv to stop: Ctrl-C, a closed terminal, a cancelled job. Also those that must not end it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rvenv::Interrupt;
use signal_hook::{flag, low_level};

/// Stops the work in an orderly way when a signal arrives, instead of ending the program at once.
pub struct Signals {
    flag: Arc<AtomicBool>,
    /// The number of the signal that arrived.
    came: Arc<AtomicUsize>,
}

impl Signals {
    /// Starts watching for the signals, except for those that the program was started to ignore (`nohup`).
    pub fn watch() -> Signals {
        let signals = Signals { flag: Arc::default(), came: Arc::default() };
        // If the console cannot be watched, its events end the program as usual.
        let _ = Interrupt::watch_console(&signals.flag);
        for signal in Interrupt::signals() {
            // If a signal cannot be watched for, it has its usual effect.
            let _ = flag::register_usize(signal, signals.came.clone(), signal.unsigned_abs() as usize);
            let _ = flag::register(signal, signals.flag.clone());
        }
        for signal in Interrupt::harmless_signals() {
            // Caught, not ignored as in CPython, which has to restore them for its children (`restore_signals`).
            let _ = flag::register(signal, Arc::default());
        }
        signals
    }

    /// Returns the interrupt that stops the work once a signal has arrived.
    pub fn interrupt(&self) -> Interrupt {
        Interrupt::by(self.flag.clone())
    }

    /// If a signal has arrived, ends the program as that signal would have done.
    pub fn exit_as_signalled(&self) {
        if let Some(code) = Interrupt::exit_code().filter(|_| self.flag.load(Ordering::Relaxed)) {
            std::process::exit(code);
        }
        if let Ok(signal @ 1..) = i32::try_from(self.came.load(Ordering::Relaxed)) {
            let _ = low_level::emulate_default_handler(signal);
        }
    }
}
