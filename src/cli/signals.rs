//! The signals that tell rvenv to stop: Ctrl-C, a terminal that is closed, a job that is cancelled. And those that shall not
//! end it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rvenv::Interrupt;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
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
        let ignored = ignored();
        let is_ignored = |signal: i32| ignored >> (signal - 1) & 1 == 1;
        for signal in [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| !is_ignored(*signal)) {
            // Where it cannot be watched for, it does what it always does.
            let _ = flag::register_usize(signal, signals.came.clone(), signal.unsigned_abs() as usize);
            let _ = flag::register(signal, signals.flag.clone());
        }
        // Caught, and not ignored as CPython does, which then has to restore them for what it starts (`restore_signals`).
        // A file that grows too large is an ordinary error then, EFBIG.
        let _ = flag::register(SIGXFSZ, Arc::default());
        if is_ignored(SIGCHLD) {
            // No process could be waited for: the kernel would have reaped it.
            let _ = flag::register(SIGCHLD, Arc::default());
        }
        signals
    }

    /// Stops the work when a signal has come.
    pub fn interrupt(&self) -> Interrupt {
        Interrupt::by(self.flag.clone())
    }

    /// If one has come, ends the program as that would have done.
    pub fn end_by_what_came(&self) {
        if let Ok(signal @ 1..) = i32::try_from(self.came.load(Ordering::Relaxed)) {
            let _ = low_level::emulate_default_handler(signal);
        }
    }
}

/// The signals that this process ignores, signal N as bit N - 1.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
