//! Normalises what child processes inherit: umask, limits and ignored signals.

#[cfg(unix)]
pub use unix::settle;

/// Does nothing: Windows has none of these.
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

    /// Normalises the umask, the limit on open files and the ignored signals of this process, and so of its children.
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
            // Children inherit ignored signals (from nohup, or a shell that starts background jobs), but signals with
            // a handler are reset to their default. Here, a handler that does nothing still ignores the signal.
            for signal in ignored_signals() {
                signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false))).expect("a handler");
            }
        });
    }

    /// The signals that this process ignores, except SIGPIPE, which the standard library resets in children itself.
    fn ignored_signals() -> Vec<i32> {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        let is_ignored = |signal: &i32| mask & (1 << (signal - 1)) != 0;
        (1..32).filter(is_ignored).filter(|signal| *signal != SIGPIPE && !FORBIDDEN.contains(signal)).collect()
    }
}
