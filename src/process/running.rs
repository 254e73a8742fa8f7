//! A running child process, followed until it ends.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::fault::Fault;
use crate::event::Source;
use crate::interrupt::Interrupt;
use crate::os::{self, Family, Pipe, Terminal};

/// The polling interval for whether the process has ended or is to be stopped.
const TICK: Duration = Duration::from_millis(20);

/// The polling interval once it has closed its streams, which most processes do just before they end.
const MOMENT: Duration = Duration::from_millis(1);

/// How long to wait for processes that it left running, which may keep its streams open or still print something.
pub(super) const GRACE: Duration = Duration::from_millis(300);

/// The receiver of a process's output.
pub(super) trait Listener {
    /// Receives the next piece of a stream. An error ends the process.
    fn hear(&mut self, source: Source, piece: &[u8]) -> Result<(), Fault>;

    /// Called at every polling interval in which there was no output.
    fn silence(&mut self) {}
}

/// What stops a process that does not end by itself.
pub(super) struct Limits<'a> {
    pub(super) interrupt: &'a Interrupt,
    pub(super) timeout: Option<Duration>,
}

/// A process and its two output streams. If it is dropped before the process ends, the process and its descendants are
/// killed.
pub(super) struct Running {
    child: Child,
    family: Family,
    place: Place,
    begun: Instant,
    reaped: bool,
    streams: [Stream; 2],
}

/// Where a process runs. This determines which processes can be killed with it, and whether it can prompt on the
/// terminal.
enum Place {
    /// In its own process group together with its descendants, and so in the background of the terminal.
    Apart,
    /// In this process's group, in the foreground of its terminal.
    Foreground { _terminal: Terminal },
}

/// One of the two streams, with its pipe until end of file.
struct Stream {
    source: Source,
    pipe: Option<Pipe>,
}

impl Running {
    /// Starts a process without input that can be killed together with its descendants.
    pub(super) fn apart(command: &mut Command) -> io::Result<Running> {
        Running::start(command.stdin(Stdio::null()), Family::start_apart, Place::Apart)
    }

    /// Starts a process that can prompt on the terminal. Ctrl-C and Ctrl-Z then go to both processes.
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

    /// Passes all output to `listener` until the process ends, and returns its exit status.
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

    /// Whether the process has ended. It is not reaped, so its PID stays valid.
    fn has_ended(&self) -> Result<bool, Fault> {
        match (os::child_state(&self.child)?, &self.place) {
            (os::ChildState::Ended, _) => Ok(true),
            // Nothing would ever continue it.
            (os::ChildState::StoppedByTerminal, Place::Apart) => Err(Fault::Asks),
            _ => Ok(false),
        }
    }

    /// Fails if the process is to be stopped.
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

    /// Waits for output for at most one polling interval.
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
            // Some systems report an error if no process is left.
            Place::Apart => drop(self.family.kill(&self.child)),
            // Processes that it left there are meant to keep running.
            Place::Foreground { .. } => {}
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.reaped {
            return;
        }
        // If it cannot be killed, do not wait for it.
        if self.family.kill(&self.child).is_ok() {
            let _ = self.child.wait();
        }
    }
}

impl Stream {
    /// Reads what is available, at most `most` bytes, and closes the pipe at end of file. Returns the number of bytes.
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

    /// Reads what the pipe contains now, without waiting for more: a process that has it open may never stop printing.
    fn drain(&mut self, listener: &mut dyn Listener) -> Result<(), Fault> {
        let mut left = self.pipe.as_ref().map_or(Ok(0), Pipe::holds)?;
        while left > 0 && self.pipe.is_some() {
            left -= self.read(left, listener)?;
        }
        Ok(())
    }
}
