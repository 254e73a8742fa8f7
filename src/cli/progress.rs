//! The progress display on a terminal: a single line that changes, and that is cleared at the end.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work that finishes sooner is not shown.
const PATIENCE: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(100);

/// The progress line. Dropping it clears the line from the terminal.
pub struct Progress {
    is_shown: bool,
    /// None until something is shown.
    line: Mutex<Option<Line>>,
}

struct Line {
    bar: ProgressBar,
    /// What is being done now.
    shown: String,
    /// To the thread that draws them, until this sender is dropped.
    messages: Sender<String>,
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
            let line = line.get_or_insert_with(Line::begin);
            what.clone_into(&mut line.shown);
            let _ = line.messages.send(what.to_owned());
        }
    }

    /// Shows how far it is.
    pub fn count(&self, written: usize, total: usize) {
        if let Some(Line { shown, messages, .. }) = &*self.line() {
            let _ = messages.send(format!("{shown} ({written} of {total} files)"));
        }
    }

    /// Writes a line to stderr that stays there.
    pub fn say(&self, text: &str) {
        // A closed stderr is not an error.
        let write = || drop(io::stderr().write_all(format!("{text}\n").as_bytes()));
        match &*self.line() {
            Some(line) => line.bar.suspend(write),
            None => write(),
        }
    }

    /// Clears the line until the next [`Progress::show`].
    pub fn clear(&self) {
        if let Some(line) = self.line().take() {
            line.bar.finish_and_clear();
        }
    }

    fn line(&self) -> MutexGuard<'_, Option<Line>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Line {
    fn begin() -> Line {
        let style = ProgressStyle::with_template("{spinner} {wide_msg}");
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        let (messages, receiver) = mpsc::channel();
        let drawn = bar.clone();
        // Nothing is shown if the system cannot start a thread.
        let _ = thread::Builder::new().spawn(move || draw(&drawn, &receiver));
        Line { bar, shown: String::new(), messages }
    }
}

/// Draws the line ten times a second, after some patience, until the sender is dropped.
fn draw(bar: &ProgressBar, messages: &Receiver<String>) {
    let (mut message, mut due) = (String::new(), Instant::now() + PATIENCE);
    loop {
        match messages.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(next) => message = next,
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                if bar.is_hidden() {
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                }
                bar.set_message(message.clone());
                due = Instant::now() + TICK;
            }
        }
    }
}
