//! The progress display on a terminal: a single line that changes, and that is cleared at the end.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
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
    /// The thread that draws what is sent to it, until the sender is dropped.
    drawing: (Sender<String>, JoinHandle<()>),
}

impl Progress {
    /// A line on stderr if it is wanted and that is a terminal.
    pub fn new(is_wanted: bool) -> Progress {
        Progress { is_shown: is_wanted && io::stderr().is_terminal(), line: Mutex::default() }
    }

    /// Shows what is being done now.
    pub fn show(&self, what: &str) {
        let mut line = self.line();
        if self.is_shown && line.is_none() {
            *line = Line::begin();
        }
        if let Some(line) = &mut *line {
            what.clone_into(&mut line.shown);
            let _ = line.drawing.0.send(what.to_owned());
        }
    }

    /// Shows how far it is.
    pub fn count(&self, written: usize, total: usize) {
        if let Some(Line { shown, drawing: (sender, _), .. }) = &*self.line() {
            let _ = sender.send(format!("{shown} ({written} of {total} files)"));
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
        if let Some(Line { drawing: (sender, thread), .. }) = self.line().take() {
            drop(sender);
            let _ = thread.join();
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
    /// None if the system cannot start a thread.
    fn begin() -> Option<Line> {
        let style = ProgressStyle::with_template("{spinner} {wide_msg}");
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        let (sender, receiver) = mpsc::channel();
        let drawn = bar.clone();
        let thread = thread::Builder::new().spawn(move || draw(&drawn, &receiver)).ok()?;
        Some(Line { bar, shown: String::new(), drawing: (sender, thread) })
    }
}

/// Draws the line ten times a second, after some patience, until the sender is dropped.
fn draw(bar: &ProgressBar, messages: &Receiver<String>) {
    let (mut message, mut due) = (String::new(), Instant::now() + PATIENCE);
    loop {
        match messages.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(next) => message = next,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                if bar.is_hidden() {
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                }
                bar.set_message(message.clone());
                due = Instant::now() + TICK;
            }
        }
    }
    bar.finish_and_clear();
}
