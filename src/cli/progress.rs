//! The progress display on a terminal: a single line that changes, and that is cleared at the end.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Work that finishes sooner is not shown.
const PATIENCE: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(100);

/// The progress line, drawn by a thread. Dropping it clears the line from the terminal.
pub struct Progress {
    is_shown: bool,
    /// None until something is shown.
    thread: Mutex<Option<(Sender<Message>, JoinHandle<()>)>>,
}

enum Message {
    /// What is being done now.
    Shown(String),
    /// How many files of it are written, of how many.
    Counted(usize, usize),
    /// A line that stays on the terminal.
    Said(String),
}

impl Progress {
    /// A line on stderr if it is wanted and that is a terminal.
    pub fn new(is_wanted: bool) -> Progress {
        Progress { is_shown: is_wanted && io::stderr().is_terminal(), thread: Mutex::default() }
    }

    /// Shows what is being done now.
    pub fn show(&self, line: &str) {
        if self.is_shown {
            let mut thread = self.thread();
            if thread.is_none() {
                let (sender, receiver) = mpsc::channel();
                // If the system cannot start a thread, there is no line.
                let started = thread::Builder::new().spawn(move || Line::new().follow(&receiver));
                *thread = started.ok().map(|thread| (sender, thread));
            }
            if let Some((sender, _)) = &*thread {
                let _ = sender.send(Message::Shown(line.to_owned()));
            }
        }
    }

    /// Shows how far it is.
    pub fn count(&self, written: usize, total: usize) {
        if let Some((sender, _)) = &*self.thread() {
            let _ = sender.send(Message::Counted(written, total));
        }
    }

    /// Writes a line to stderr that stays there.
    pub fn say(&self, line: &str) {
        let line = format!("{line}\n");
        match &*self.thread() {
            Some((sender, _)) => drop(sender.send(Message::Said(line))),
            None => write(&line),
        }
    }

    /// Clears the line until the next [`Progress::show`].
    pub fn clear(&self) {
        if let Some((sender, thread)) = self.thread().take() {
            drop(sender);
            let _ = thread.join();
        }
    }

    fn thread(&self) -> MutexGuard<'_, Option<(Sender<Message>, JoinHandle<()>)>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The state of the thread.
struct Line {
    /// When it is drawn next.
    due: Instant,
    shown: String,
    count: String,
    bar: Option<ProgressBar>,
}

impl Line {
    fn new() -> Line {
        Line { due: Instant::now() + PATIENCE, shown: String::new(), count: String::new(), bar: None }
    }

    fn follow(mut self, messages: &Receiver<Message>) {
        loop {
            match messages.recv_timeout(self.due.saturating_duration_since(Instant::now())) {
                Ok(Message::Shown(line)) => (self.shown, self.count) = (line, String::new()),
                Ok(Message::Counted(written, total)) => self.count = format!(" ({written} of {total} files)"),
                Ok(Message::Said(line)) => self.write(&line),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if Instant::now() >= self.due {
                self.draw();
            }
        }
        self.bar.take().inspect(ProgressBar::finish_and_clear);
    }

    fn draw(&mut self) {
        let bar = self.bar.get_or_insert_with(spinner);
        bar.set_message(format!("{}{}", self.shown, self.count));
        bar.tick();
        self.due = Instant::now() + TICK;
    }

    /// Writes a line in place of this one, which is drawn again below it.
    fn write(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| write(line)),
            None => write(line),
        }
    }
}

fn spinner() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {wide_msg}");
    ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

/// Writes to stderr. A closed stderr is not an error.
fn write(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
