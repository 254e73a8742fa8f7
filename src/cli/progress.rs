//! The progress display on a terminal: a single line that changes, and that is cleared at the end.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work that finishes sooner is not shown.
const PATIENCE: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(100);

/// The progress line. Dropping it clears the line from the terminal.
pub struct Progress {
    is_shown: bool,
    /// None until something is shown. The prefix, which is not drawn, is what is being done now.
    line: Mutex<Option<ProgressBar>>,
}

impl Progress {
    /// A line on stderr if it is wanted and that is a terminal.
    pub fn new(is_wanted: bool) -> Progress {
        Progress { is_shown: is_wanted && io::stderr().is_terminal(), line: Mutex::default() }
    }

    /// Shows what is being done now.
    pub fn show(&self, what: &str) {
        if self.is_shown {
            let mut line = self.line();
            let line = line.get_or_insert_with(begin);
            line.set_prefix(what.to_owned());
            line.set_message(what.to_owned());
        }
    }

    /// Shows how far it is.
    pub fn count(&self, written: usize, total: usize) {
        if let Some(line) = &*self.line() {
            line.set_message(format!("{} ({written} of {total} files)", line.prefix()));
        }
    }

    /// Writes a line to stderr that stays there.
    pub fn say(&self, text: &str) {
        // A closed stderr is not an error.
        let write = || drop(io::stderr().write_all(format!("{text}\n").as_bytes()));
        match &*self.line() {
            Some(line) => line.suspend(write),
            None => write(),
        }
    }

    /// Clears the line until the next [`Progress::show`].
    pub fn clear(&self) {
        if let Some(line) = self.line().take() {
            line.finish_and_clear();
        }
    }

    fn line(&self) -> MutexGuard<'_, Option<ProgressBar>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// A line that appears after some patience, and then turns its spinner ten times a second until it is cleared.
fn begin() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {wide_msg}");
    let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    let drawn = line.clone();
    // indicatif's own thread would panic if the system cannot start one. Without it, nothing is shown.
    let _ = thread::Builder::new().spawn(move || {
        thread::sleep(PATIENCE);
        drawn.set_draw_target(ProgressDrawTarget::stderr());
        while !drawn.is_finished() {
            drawn.tick();
            thread::sleep(TICK);
        }
    });
    line
}
