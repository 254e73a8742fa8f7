//! Passes on the output of a process while it runs.

use std::time::{Duration, Instant};

use super::fault::Fault;
use super::running::Listener;
use super::words::{LastWords, Lines};
use crate::event::Source;

/// Text that has had no line ending for this long is treated as a prompt.
const HESITATION: Duration = Duration::from_millis(200);

/// Passes each line to `progress`, and keeps the last ones.
pub(super) struct Relay<'a> {
    progress: &'a dyn Fn(&str, Source),
    /// Whether the process may prompt.
    asks: bool,
    stdout: Lines,
    stderr: Lines,
    last_heard: Instant,
}

impl<'a> Relay<'a> {
    pub(super) fn new(progress: &'a dyn Fn(&str, Source), asks: bool) -> Relay<'a> {
        Relay { progress, asks, stdout: Lines::default(), stderr: Lines::default(), last_heard: Instant::now() }
    }

    /// Passes on a last line without a line ending. Returns the last lines of stderr, where programs report failures,
    /// or of stdout if stderr is empty.
    pub(super) fn end(mut self) -> LastWords {
        self.stdout.end(|line| (self.progress)(line, Source::Stdout));
        self.stderr.end(|line| (self.progress)(line, Source::Stderr));
        if self.stderr.last.is_empty() { self.stdout.last } else { self.stderr.last }
    }
}

impl Listener for Relay<'_> {
    fn hear(&mut self, source: Source, piece: &[u8]) -> Result<(), Fault> {
        let lines = if source == Source::Stdout { &mut self.stdout } else { &mut self.stderr };
        lines.add(piece, |line| (self.progress)(line, source));
        self.last_heard = Instant::now();
        Ok(())
    }

    fn silence(&mut self) {
        if self.asks && self.last_heard.elapsed() > HESITATION {
            let questions = [&mut self.stdout, &mut self.stderr].into_iter().filter_map(Lines::take_unended);
            questions.for_each(|question| (self.progress)(&question, Source::Question));
        }
    }
}
