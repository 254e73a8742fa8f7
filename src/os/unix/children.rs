//! Processes that this one has started: what they do, what they say, and their end. And the signals that it gets itself.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};

#[cfg(target_os = "macos")]
use super::listed::children_of;
#[cfg(not(target_os = "macos"))]
use super::proc::children_of;
use crate::os::state::ChildState;

/// What a console asks comes as a signal.
pub(in crate::os) fn watch_console(_: &Arc<AtomicBool>) -> io::Result<()> {
    Ok(())
}

pub(in crate::os) const INTERRUPTED: Option<i32> = None;

/// Ctrl-C, a job that is cancelled, a terminal that is closed.
pub(in crate::os) const STOP_SIGNALS: [i32; 3] = [Signal::INT.as_raw(), Signal::TERM.as_raw(), Signal::HUP.as_raw()];

/// A file that grows too large, EFBIG.
pub(in crate::os) const TOO_LARGE: i32 = Signal::XFSZ.as_raw();

/// A child that has ended: where it is ignored, the kernel reaps the child.
pub(in crate::os) const CHILD: i32 = Signal::CHILD.as_raw();

/// How the processes that a child starts are found again.
pub(in crate::os) enum Family {
    /// They are in the group that it leads.
    Group,
    /// They are in this process's group, as is fit for who reads from the terminal: by their parents, as far as the system
    /// tells.
    Tree,
}

impl Family {
    pub(in crate::os) fn start_apart(command: &mut Command) -> io::Result<(Child, Family)> {
        Ok((command.process_group(0).spawn()?, Family::Group))
    }

    pub(in crate::os) fn start_in_foreground(command: &mut Command) -> io::Result<(Child, Family)> {
        Ok((command.spawn()?, Family::Tree))
    }

    pub(in crate::os) fn kill(&self, child: &Child) -> io::Result<()> {
        match self {
            Family::Tree => kill_with_children(pid_of(child)?),
            Family::Group => match kill_process_group(pid_of(child)?, Signal::KILL) {
                // A group whose last process has ended is none.
                Err(Errno::SRCH) => Ok(()),
                killed => Ok(killed?),
            },
        }
    }
}

fn kill_with_children(pid: Pid) -> io::Result<()> {
    // While it stands still it starts none, and reaps none, so that the numbers of those stay their own.
    kill_process(pid, Signal::STOP)?;
    for child in children_of(pid) {
        let _ = kill_with_children(child);
    }
    Ok(kill_process(pid, Signal::KILL)?)
}

fn pid_of(child: &Child) -> io::Result<Pid> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    pid.ok_or_else(|| io::Error::from(Errno::SRCH))
}

pub(in crate::os) fn child_state(child: &Child) -> io::Result<ChildState> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let by_terminal = |signal: i32| [Signal::TTIN, Signal::TTOU].iter().any(|stop| stop.as_raw() == signal);
    Ok(match waitid(WaitId::Pid(pid_of(child)?), options)? {
        None => ChildState::Running,
        Some(status) if !status.stopped() => ChildState::Ended,
        Some(status) if status.stopping_signal().is_some_and(by_terminal) => ChildState::StoppedByTerminal,
        Some(_) => ChildState::Running,
    })
}

/// The end of a pipe that what a child says comes out of.
pub(in crate::os) struct Pipe(File);

impl Pipe {
    pub(in crate::os) fn new(stream: impl Into<OwnedFd>) -> Pipe {
        Pipe(stream.into().into())
    }

    /// How many bytes can be read from it without waiting.
    pub(in crate::os) fn holds(&self) -> io::Result<usize> {
        Ok(usize::try_from(rustix::io::ioctl_fionread(&self.0)?).unwrap_or(usize::MAX))
    }
}

impl Read for Pipe {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

pub(in crate::os) fn readable<const N: usize>(pipes: [Option<&Pipe>; N], patience: Duration) -> io::Result<[bool; N]> {
    let mut polled: Vec<PollFd> = pipes.iter().flatten().map(|pipe| PollFd::new(&pipe.0, PollFlags::IN)).collect();
    let timeout = Timespec { tv_sec: patience.as_secs() as i64, tv_nsec: patience.subsec_nanos().into() };
    match poll(&mut polled, Some(&timeout)) {
        Err(Errno::INTR) => return Ok([false; N]),
        polled => polled?,
    };
    let mut answers = polled.iter().map(|pipe| !pipe.revents().is_empty());
    Ok(pipes.map(|pipe| pipe.is_some() && answers.next().unwrap_or_default()))
}
