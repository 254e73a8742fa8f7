//! A running child process, followed until it ends.

use std::io::{self, Write};
use std::iter;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use super::fault::Fault;
use crate::event::Source;
use crate::interrupt::Interrupt;
use crate::os::{ChildState, Group, ProcessTree};

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

/// How many pieces are still read once all of its processes have been killed: more than its pipes hold. One in another
/// group may never stop printing.
const MOST_LEFT: usize = 4096;

/// What a thread that reads one of the streams copies it to.
struct Sink {
    source: Source,
    pieces: SyncSender<(Source, Vec<u8>)>,
}

/// A process in a group of its own. If it is dropped before the process is reaped, the process and its descendants are
/// killed.
struct Running {
    tree: ProcessTree,
    reaped: bool,
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
    // Nothing is read ahead, which bounds what is in memory.
    let (sender, pieces) = mpsc::sync_channel(0);
    let mut running = Running::start(command, input, sender)?;
    let begun = Instant::now();
    let mut ended: Option<Instant> = None;
    while ended.is_none_or(|ended| ended.elapsed() < GRACE) {
        interrupt.check().map_err(|_| Fault::Interrupted)?;
        if let Some(timeout) = timeout.filter(|timeout| begun.elapsed() > *timeout) {
            return Err(Fault::TimedOut(timeout));
        }
        match pieces.recv_timeout(TICK) {
            Ok((source, piece)) => on_output(source, &piece)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) if ended.is_some() => break,
            Err(RecvTimeoutError::Disconnected) => thread::sleep(MOMENT),
        }
        if ended.is_none() && running.has_ended()? {
            ended = Some(Instant::now());
        }
    }
    // Some systems report an error if no process is left.
    let _ = running.tree.kill();
    for (source, piece) in iter::from_fn(|| pieces.recv_timeout(GRACE).ok()).take(MOST_LEFT) {
        on_output(source, &piece)?;
    }
    running.reaped = true;
    Ok(running.tree.child.wait()?)
}

impl Running {
    /// Starts a process, and threads that give it this input and send its output. They end with the processes that have
    /// its pipes open. A pipe without input is closed at once: `/dev/null` may not exist in a chroot.
    fn start(command: &mut Command, input: &[u8], pieces: SyncSender<(Source, Vec<u8>)>) -> io::Result<Running> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = Running { tree: ProcessTree::start(command, Group::Own)?, reaped: false };
        let child = &mut running.tree.child;
        if let Some(mut stdin) = child.stdin.take().filter(|_| !input.is_empty()) {
            let input = input.to_owned();
            // An error means that the process has not read it all.
            in_thread(move || stdin.write_all(&input))?;
        }
        let sink = |source| Sink { source, pieces: pieces.clone() };
        if let (Some(mut stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) {
            let (mut output, mut errors) = (sink(Source::Stdout), sink(Source::Stderr));
            in_thread(move || io::copy(&mut stdout, &mut output).map(drop))?;
            in_thread(move || io::copy(&mut stderr, &mut errors).map(drop))?;
        }
        Ok(running)
    }

    /// Whether the process has ended. It is not reaped, so its PID stays valid.
    fn has_ended(&mut self) -> Result<bool, Fault> {
        match self.tree.state()? {
            ChildState::Running => Ok(false),
            ChildState::Ended => Ok(true),
            // Nothing would ever continue it.
            ChildState::StoppedByTerminal => Err(Fault::WantsTerminal),
        }
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

fn in_thread(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    thread::Builder::new().spawn(work).map(drop)
}

impl Write for Sink {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let sent = self.pieces.send((self.source, piece.to_owned()));
        sent.map_or(Err(io::ErrorKind::BrokenPipe.into()), |()| Ok(piece.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
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
