//! The progress display on a terminal: a single line that changes, and that is cleared at the end.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Work that finishes sooner is not shown.
const PATIENCE: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(100);

/// The progress line, drawn by a thread. Dropping it clears the line from the terminal.
pub struct Progress {
    thread: Option<(Sender<Message>, JoinHandle<()>)>,
}

enum Message {
    /// What is being done now.
    Doing(String),
    /// A line of output of the process that does it.
    Heard(String),
    /// Text that stays on the terminal.
    Said(String),
    /// A prompt from a process, which has the terminal from now on.
    Asked(String),
}

impl Progress {
    /// A line on stderr, or none if stderr is not a terminal or if the system cannot start a thread.
    pub fn on_terminal() -> Progress {
        if !io::stderr().is_terminal() {
            return Progress::none();
        }
        let (sender, receiver) = mpsc::channel();
        let thread = thread::Builder::new().spawn(move || Line::new().follow(&receiver));
        Progress { thread: thread.ok().map(|thread| (sender, thread)) }
    }

    /// No line.
    pub fn none() -> Progress {
        Progress { thread: None }
    }

    /// Shows what is being done now.
    pub fn doing(&self, line: &str) {
        self.send(Message::Doing(line.to_owned()));
    }

    /// Shows a line of a process's output, unless the process has the terminal.
    pub fn heard(&self, line: &str) {
        self.send(Message::Heard(line.to_owned()));
    }

    /// Writes a line to stderr that stays there.
    pub fn say(&self, line: &str) {
        self.send(Message::Said(format!("{line}\n")));
    }

    /// Writes a process's prompt to stderr, and leaves the terminal to the process until the next [`Progress::doing`].
    pub fn ask(&self, question: &str) {
        self.send(Message::Asked(question.to_owned()));
    }

    fn send(&self, message: Message) {
        match (&self.thread, message) {
            (Some((sender, _)), message) => drop(sender.send(message)),
            (None, Message::Said(text) | Message::Asked(text)) => write(&text),
            (None, Message::Doing(_) | Message::Heard(_)) => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.thread.take() {
            drop(sender);
            let _ = thread.join();
        }
    }
}

/// The state of the thread.
struct Line {
    begun: Instant,
    doing: String,
    bar: Option<ProgressBar>,
    /// Whether a process has the terminal. Drawing would erase what it has written there.
    is_lent: bool,
}

impl Line {
    fn new() -> Line {
        Line { begun: Instant::now(), doing: String::new(), bar: None, is_lent: false }
    }

    fn follow(mut self, messages: &Receiver<Message>) {
        loop {
            match messages.recv_timeout(self.patience()) {
                Ok(Message::Doing(line)) => (self.doing, self.is_lent) = (line, false),
                Ok(Message::Heard(line)) => self.doing = line,
                Ok(Message::Said(text)) => self.write(&text),
                Ok(Message::Asked(question)) => self.lend(&question),
                Err(RecvTimeoutError::Timeout) => self.draw(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.clear();
    }

    /// How long to wait for a message before drawing.
    fn patience(&self) -> Duration {
        match self.bar {
            _ if self.is_lent => Duration::MAX,
            Some(_) => TICK,
            None => PATIENCE.saturating_sub(self.begun.elapsed()),
        }
    }

    fn draw(&mut self) {
        let bar = self.bar.get_or_insert_with(spinner);
        bar.set_message(self.doing.clone());
        bar.tick();
    }

    fn clear(&mut self) {
        self.bar.take().inspect(ProgressBar::finish_and_clear);
    }

    /// Writes a text in place of the line, which is drawn again below it.
    fn write(&mut self, text: &str) {
        match &self.bar {
            Some(bar) if !self.is_lent => bar.suspend(|| write(text)),
            _ => write(text),
        }
    }

    /// Leaves the terminal to a process, with its prompt in place of the line.
    fn lend(&mut self, question: &str) {
        match question {
            "" if !self.is_lent => self.draw(),
            "" => {}
            question => {
                self.clear();
                write(question);
            }
        }
        self.is_lent = true;
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
