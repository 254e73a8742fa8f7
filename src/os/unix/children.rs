//! Child processes: their state, their output and how to kill them. Also the signals that this process receives.

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

/// Nothing to do: the terminal sends signals.
pub(in crate::os) fn watch_console(_: &Arc<AtomicBool>) -> io::Result<()> {
    Ok(())
}

pub(in crate::os) const INTERRUPTED: Option<i32> = None;

/// Sent by Ctrl-C, by cancelling a job, and by closing the terminal.
pub(in crate::os) const STOP_SIGNALS: [i32; 3] = [Signal::INT.as_raw(), Signal::TERM.as_raw(), Signal::HUP.as_raw()];

/// Sent when a file grows too large. If it is caught, the call fails with EFBIG.
pub(in crate::os) const TOO_LARGE: i32 = Signal::XFSZ.as_raw();

/// Sent when a child ends. While it is ignored, the kernel itself reaps children.
pub(in crate::os) const CHILD: i32 = Signal::CHILD.as_raw();

/// How to find the descendants of a child.
pub(in crate::os) enum Family {
    /// By the process group, which the child leads.
    Group,
    /// By their parent PIDs, as far as the system reports them. The child is in this process's group, so that it can
    /// read from the terminal.
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
                // The group no longer exists when its last process has ended.
                Err(Errno::SRCH) => Ok(()),
                killed => Ok(killed?),
            },
        }
    }
}

fn kill_with_children(pid: Pid) -> io::Result<()> {
    // While it is stopped, it starts no children and reaps none, so their PIDs stay valid.
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

/// The read end of a child's output pipe.
pub(in crate::os) struct Pipe(File);

impl Pipe {
    pub(in crate::os) fn new(stream: impl Into<OwnedFd>) -> Pipe {
        Pipe(stream.into().into())
    }

    /// The number of bytes that can be read without blocking.
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
