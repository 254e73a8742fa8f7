//! What a terminal shows while work lasts: one line that changes, and that is gone in the end.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Work that is done sooner is not shown.
const PATIENCE: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(100);

/// The line. Dropped, it is gone from the terminal.
pub struct Progress {
    thread: Option<(Sender<Message>, JoinHandle<()>)>,
}

enum Message {
    /// What is done now.
    Doing(String),
    /// What shall stay to be read.
    Said(String),
}

impl Progress {
    /// A line on stderr; none if that is no terminal.
    pub fn on_terminal() -> Progress {
        if !io::stderr().is_terminal() {
            return Progress::none();
        }
        let (sender, receiver) = mpsc::channel();
        Progress { thread: Some((sender, thread::spawn(move || show(&receiver)))) }
    }

    /// No line.
    pub fn none() -> Progress {
        Progress { thread: None }
    }

    /// Shows what is done now.
    pub fn doing(&self, line: &str) {
        if let Some((sender, _)) = &self.thread {
            let _ = sender.send(Message::Doing(line.to_owned()));
        }
    }

    /// Writes a line to stderr that stays there.
    pub fn say(&self, line: &str) {
        match &self.thread {
            Some((sender, _)) => drop(sender.send(Message::Said(line.to_owned()))),
            // A closed stderr is no reason to fail.
            None => drop(writeln!(io::stderr(), "{line}")),
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

fn show(messages: &Receiver<Message>) {
    let begun = Instant::now();
    let mut doing = String::new();
    let mut bar: Option<ProgressBar> = None;
    loop {
        let wait = if bar.is_some() { TICK } else { PATIENCE.saturating_sub(begun.elapsed()) };
        match messages.recv_timeout(wait) {
            Ok(Message::Doing(line)) => doing = line,
            Ok(Message::Said(line)) => {
                let say = || drop(writeln!(io::stderr(), "{line}"));
                bar.as_ref().map_or_else(say, |bar| bar.suspend(say));
            }
            Err(RecvTimeoutError::Timeout) => {
                let bar = bar.get_or_insert_with(spinner);
                bar.set_message(doing.clone());
                bar.tick();
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    bar.inspect(ProgressBar::finish_and_clear);
}

fn spinner() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {wide_msg}");
    ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}
