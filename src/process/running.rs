//! A running child process, followed until it ends.

use std::io::{self, Read, Write};
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::fault::Fault;
use crate::event::Source;
use crate::interrupt::Interrupt;
use crate::os::{self, ChildState, Group, Pipe, ProcessTree};

/// The polling interval for whether the process has ended or is to be stopped.
const TICK: Duration = Duration::from_millis(20);

/// The polling interval once it has closed its streams, which most processes do just before they end.
const MOMENT: Duration = Duration::from_millis(1);

/// How long to wait for processes that it left running, which may keep its streams open or still print something.
pub(super) const GRACE: Duration = Duration::from_millis(300);

/// How long a process on the terminal may take to end after Ctrl-C, which the terminal sends to it as well.
const AFTER_CTRL_C: Duration = Duration::from_millis(500);

/// How long it may take to restore the terminal and to end what it has started.
const CLEANUP: Duration = Duration::from_secs(5);

/// A process in a group of its own, and its two output streams. If it is dropped before the process ends, the process
/// and its descendants are killed.
struct Running {
    tree: ProcessTree,
    reaped: bool,
    streams: [Stream; 2],
}

/// One of the two streams, with its pipe until end of file.
struct Stream {
    source: Source,
    pipe: Option<Pipe>,
}

/// Receives the next piece of a stream. An error ends the process.
pub(super) type OnOutput<'a> = &'a mut dyn FnMut(Source, &[u8]) -> Result<(), Fault>;

/// Runs a process with this input, passes all output to `on_output` until it ends, and returns its exit status.
pub(super) fn follow(
    command: &mut Command,
    input: &[u8],
    interrupt: &Interrupt,
    timeout: Option<Duration>,
    on_output: OnOutput,
) -> Result<ExitStatus, Fault> {
    let mut running = Running::start(command, input)?;
    let begun = Instant::now();
    let mut ended: Option<Instant> = None;
    while ended.is_none_or(|ended| running.is_open() && ended.elapsed() < GRACE) {
        interrupt.check().map_err(|_| Fault::Interrupted)?;
        if let Some(timeout) = timeout.filter(|timeout| begun.elapsed() > *timeout) {
            return Err(Fault::TimedOut(timeout));
        }
        running.listen(on_output)?;
        if ended.is_none() && running.has_ended()? {
            ended = Some(Instant::now());
        }
    }
    // Some systems report an error if no process is left.
    let _ = running.tree.kill();
    for stream in &mut running.streams {
        stream.drain(on_output)?;
    }
    running.reaped = true;
    Ok(running.tree.child.wait()?)
}

impl Running {
    /// Starts a process and gives it this input. A pipe without any is closed at once: `/dev/null` may not exist in a
    /// chroot.
    fn start(command: &mut Command, input: &[u8]) -> io::Result<Running> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut tree = ProcessTree::start(command, Group::Own)?;
        let streams = [
            Stream { source: Source::Stdout, pipe: tree.child.stdout.take().map(Pipe::new) },
            Stream { source: Source::Stderr, pipe: tree.child.stderr.take().map(Pipe::new) },
        ];
        let stdin = tree.child.stdin.take();
        let running = Running { tree, reaped: false, streams };
        if let Some(stdin) = stdin.filter(|_| !input.is_empty()) {
            give(stdin, input);
        }
        Ok(running)
    }

    /// Whether the process has ended. It is not reaped, so its PID stays valid.
    fn has_ended(&self) -> Result<bool, Fault> {
        match self.tree.state()? {
            ChildState::Running => Ok(false),
            ChildState::Ended => Ok(true),
            // Nothing would ever continue it.
            ChildState::StoppedByTerminal => Err(Fault::WantsTerminal),
        }
    }

    fn is_open(&self) -> bool {
        self.streams.iter().any(|stream| stream.pipe.is_some())
    }

    /// Waits for output for at most one polling interval.
    fn listen(&mut self, on_output: OnOutput) -> Result<(), Fault> {
        let patience = if self.is_open() { TICK } else { MOMENT };
        let ready = os::readable(self.streams.each_ref().map(|stream| stream.pipe.as_ref()), patience)?;
        for (stream, _) in self.streams.iter_mut().zip(ready).filter(|(_, ready)| *ready) {
            stream.read(usize::MAX, on_output)?;
        }
        Ok(())
    }
}

/// Writes the input in a thread, since the process may never read it. The thread ends with the process, at the latest.
/// Where none can be started, writes it here. An error means that the process has not read it all.
fn give(stdin: ChildStdin, input: &[u8]) {
    let write = |(stdin, input): &(ChildStdin, Vec<u8>)| drop((&*stdin).write_all(input));
    let ours = Arc::new((stdin, input.to_owned()));
    let theirs = ours.clone();
    if thread::Builder::new().spawn(move || write(&theirs)).is_err() {
        write(&ours);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // If it cannot be killed, do not wait for it.
        if !self.reaped && self.tree.kill().is_ok() {
            let _ = self.tree.child.wait();
        }
    }
}

impl Stream {
    /// Reads what is available, at most `most` bytes, and closes the pipe at end of file. Returns the number of bytes.
    fn read(&mut self, most: usize, on_output: OnOutput) -> Result<usize, Fault> {
        let Some(pipe) = &mut self.pipe else { return Ok(0) };
        let mut piece = [0; 8192];
        let length = pipe.read(&mut piece[..most.min(8192)])?;
        match length {
            0 => self.pipe = None,
            _ => on_output(self.source, &piece[..length])?,
        }
        Ok(length)
    }

    /// Reads what the pipe contains now, without waiting for more: a process that has it open may never stop printing.
    fn drain(&mut self, on_output: OnOutput) -> Result<(), Fault> {
        let mut left = self.pipe.as_ref().map_or(Ok(0), Pipe::available)?;
        while left > 0 && self.pipe.is_some() {
            left -= self.read(left, on_output)?;
        }
        Ok(())
    }
}

/// Runs a process that inherits the terminal. When interrupted, it is ended first.
pub(super) fn on_terminal(command: &mut Command, interrupt: &Interrupt) -> Result<ExitStatus, Fault> {
    let mut tree = ProcessTree::start(command, Group::Shared)?;
    while interrupt.check().is_ok() {
        if let Some(status) = ended_within(&mut tree, TICK)? {
            return Ok(status);
        }
    }
    // An interrupt from elsewhere is passed on as Ctrl-C. A process that is killed could do neither of the two.
    if ended_within(&mut tree, AFTER_CTRL_C)?.is_none()
        && (tree.interrupt().is_err() || ended_within(&mut tree, CLEANUP)?.is_none())
    {
        tree.kill()?;
        tree.child.wait()?;
    }
    Err(Fault::Interrupted)
}

/// The exit status of a process if it ends within `patience`.
fn ended_within(tree: &mut ProcessTree, patience: Duration) -> io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    loop {
        match tree.child.try_wait()? {
            None if begun.elapsed() < patience => thread::sleep(TICK),
            ended => return Ok(ended),
        }
    }
}
