//! A process that rvenv has started, to its end.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::fault::Fault;
use crate::event::Source;
use crate::interrupt::Interrupt;
use crate::os::{self, Family, Pipe, Terminal};

/// How often is looked whether the process has ended or shall end.
const TICK: Duration = Duration::from_millis(20);

/// The same when it has closed its streams, which most do last of all.
const MOMENT: Duration = Duration::from_millis(1);

/// How long is waited for what it has left running, which may hold its streams open, or have a last word.
pub(super) const GRACE: Duration = Duration::from_millis(300);

/// Who is told what a process says.
pub(super) trait Listener {
    /// Takes the next piece of a stream. An error ends the process.
    fn hear(&mut self, source: Source, piece: &[u8]) -> Result<(), Fault>;

    /// Is told, every now and then, that there is nothing to hear.
    fn silence(&mut self) {}
}

/// What makes an end to a process that does not end by itself.
pub(super) struct Limits<'a> {
    pub(super) interrupt: &'a Interrupt,
    pub(super) timeout: Option<Duration>,
}

/// A process and its two streams. Dropped before its end, it is killed, with all that it has started.
pub(super) struct Running {
    child: Child,
    family: Family,
    place: Place,
    begun: Instant,
    reaped: bool,
    streams: [Stream; 2],
}

/// Where a process runs, which decides what can be ended with it and whether it may ask on the terminal.
enum Place {
    /// In a group of its own, which all that it starts is in: nobody's job in the foreground of a terminal.
    Apart,
    /// In this process's group, in the foreground of its terminal.
    Foreground { _terminal: Terminal },
}

/// One of the two streams, and its pipe until that has ended.
struct Stream {
    source: Source,
    pipe: Option<Pipe>,
}

impl Running {
    /// Starts a process that can be ended with all that it starts, and that has no input.
    pub(super) fn apart(command: &mut Command) -> io::Result<Running> {
        Running::start(command.stdin(Stdio::null()), Family::start_apart, Place::Apart)
    }

    /// Starts a process that may ask on the terminal: its Ctrl-C and Ctrl-Z go to both processes then.
    pub(super) fn in_foreground(command: &mut Command, terminal: Terminal) -> io::Result<Running> {
        let place = Place::Foreground { _terminal: terminal };
        Running::start(command.stdin(Stdio::inherit()), Family::start_in_foreground, place)
    }

    fn start(
        command: &mut Command,
        start: impl FnOnce(&mut Command) -> io::Result<(Child, Family)>,
        place: Place,
    ) -> io::Result<Running> {
        let (mut child, family) = start(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
        let streams = [
            Stream { source: Source::Stdout, pipe: child.stdout.take().map(Pipe::of_stdout) },
            Stream { source: Source::Stderr, pipe: child.stderr.take().map(Pipe::of_stderr) },
        ];
        Ok(Running { child, family, place, begun: Instant::now(), reaped: false, streams })
    }

    /// Has `listener` told all that the process says, and returns how it ended.
    pub(super) fn follow(mut self, limits: &Limits, listener: &mut dyn Listener) -> Result<ExitStatus, Fault> {
        while !self.has_ended()? {
            self.keep(limits)?;
            self.listen(listener)?;
        }
        let ended = Instant::now();
        while self.is_open() && ended.elapsed() < GRACE {
            self.keep(limits)?;
            self.listen(listener)?;
        }
        self.end_what_is_left();
        for stream in &mut self.streams {
            stream.drain(listener)?;
        }
        self.reaped = true;
        Ok(self.child.wait()?)
    }

    /// Whether the process has ended. It is not reaped, so that its number stays its own.
    fn has_ended(&self) -> Result<bool, Fault> {
        match (os::child_state(&self.child)?, &self.place) {
            (os::ChildState::Ended, _) => Ok(true),
            // Nobody would ever have it go on.
            (os::ChildState::StoppedByTerminal, Place::Apart) => Err(Fault::Asks),
            _ => Ok(false),
        }
    }

    /// Errors if the process shall not go on.
    fn keep(&self, limits: &Limits) -> Result<(), Fault> {
        limits.interrupt.check().map_err(|_| Fault::Interrupted)?;
        match limits.timeout {
            Some(timeout) if self.begun.elapsed() > timeout => Err(Fault::Late(timeout)),
            _ => Ok(()),
        }
    }

    fn is_open(&self) -> bool {
        self.streams.iter().any(|stream| stream.pipe.is_some())
    }

    /// Waits a little for what the process says next.
    fn listen(&mut self, listener: &mut dyn Listener) -> Result<(), Fault> {
        let patience = if self.is_open() { TICK } else { MOMENT };
        let ready = os::readable(self.streams.each_ref().map(|stream| stream.pipe.as_ref()), patience)?;
        for (stream, _) in self.streams.iter_mut().zip(ready).filter(|(_, ready)| *ready) {
            stream.read(usize::MAX, listener)?;
        }
        if !ready.contains(&true) {
            listener.silence();
        }
        Ok(())
    }

    fn end_what_is_left(&self) {
        match self.place {
            // It may be that nothing is left, which some systems call an error.
            Place::Apart => drop(self.family.kill(&self.child)),
            // What it has left there was to stay there.
            Place::Foreground { .. } => {}
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.reaped {
            return;
        }
        // One that may not be killed is not waited for.
        if self.family.kill(&self.child).is_ok() {
            let _ = self.child.wait();
        }
    }
}

impl Stream {
    /// Reads what there is, or that it has ended; at most `most` bytes. Returns how many it were.
    fn read(&mut self, most: usize, listener: &mut dyn Listener) -> Result<usize, Fault> {
        let Some(pipe) = &mut self.pipe else { return Ok(0) };
        let mut piece = [0; 8192];
        let length = pipe.read(&mut piece[..most.min(8192)])?;
        match length {
            0 => self.pipe = None,
            _ => listener.hear(self.source, &piece[..length])?,
        }
        Ok(length)
    }

    /// Reads what the pipe holds now, and does not wait for more: who has it open may go on for ever.
    fn drain(&mut self, listener: &mut dyn Listener) -> Result<(), Fault> {
        let mut left = self.pipe.as_ref().map_or(Ok(0), Pipe::holds)?;
        while left > 0 && self.pipe.is_some() {
            left -= self.read(left, listener)?;
        }
        Ok(())
    }
}
