//! What children have from their parent, put in order.

#[cfg(unix)]
pub use unix::settle;

/// There is nothing to it here.
#[cfg(windows)]
pub fn settle() {}

#[cfg(unix)] // umask, limits, signals
mod unix {
    use std::fs;
    use std::sync::atomic::AtomicBool;
    use std::sync::{Arc, Once};

    use rustix::fs::Mode;
    use rustix::process::{Resource, Rlimit};
    use signal_hook::consts::{FORBIDDEN, SIGPIPE};

    /// Puts in order what children have from their parent, and this process from its own.
    pub fn settle() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            rustix::process::umask(Mode::from_raw_mode(0o022));
            let limit = rustix::process::getrlimit(Resource::Nofile);
            let enough = limit.maximum.unwrap_or(u64::MAX).min(1024);
            if limit.current.is_some_and(|current| current < enough) {
                let raised = Rlimit { current: Some(enough), maximum: limit.maximum };
                rustix::process::setrlimit(Resource::Nofile, raised).expect("more descriptors");
            }
            // What is ignored here (by nohup, or a shell that starts its jobs in the background) is ignored in children; what
            // has a handler has its default there. Here a handler that does nothing goes on ignoring.
            for signal in ignored_signals() {
                signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false))).expect("a handler");
            }
        });
    }

    /// The signals that this process ignores; but for SIGPIPE, which the standard library itself gives back.
    fn ignored_signals() -> Vec<i32> {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        let is_ignored = |signal: &i32| mask & (1 << (signal - 1)) != 0;
        (1..32).filter(is_ignored).filter(|signal| *signal != SIGPIPE && !FORBIDDEN.contains(signal)).collect()
    }
}
