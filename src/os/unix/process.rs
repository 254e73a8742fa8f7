//! Child processes: their state and how to kill them. Also the signals that this process receives.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};

use crate::os::state::{ChildState, Group};

/// Nothing to do: the terminal sends signals.
pub(crate) fn watch_console(_: &Arc<AtomicBool>) -> io::Result<()> {
    Ok(())
}

pub(crate) const INTERRUPTED: Option<i32> = None;

/// Sent by Ctrl-C, by cancelling a job, and by closing the terminal.
pub(crate) const STOP_SIGNALS: [i32; 3] = [Signal::INT.as_raw(), Signal::TERM.as_raw(), Signal::HUP.as_raw()];

/// Sent when a file grows too large. If it is caught, the call fails with EFBIG.
pub(crate) const TOO_LARGE: i32 = Signal::XFSZ.as_raw();

/// Sent when a child ends. While it is ignored, the kernel itself reaps children.
pub(crate) const CHILD: i32 = Signal::CHILD.as_raw();

pub(crate) struct ProcessTree {
    pub(crate) child: Child,
    group: Group,
}

impl ProcessTree {
    pub(crate) fn start(command: &mut Command, group: Group) -> io::Result<ProcessTree> {
        if group == Group::Own {
            command.process_group(0);
        }
        Ok(ProcessTree { child: command.spawn()?, group })
    }

    pub(crate) fn state(&mut self) -> io::Result<ChildState> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let by_terminal = |signal: i32| [Signal::TTIN, Signal::TTOU].iter().any(|stop| stop.as_raw() == signal);
        Ok(match waitid(WaitId::Pid(self.pid()?), options)? {
            None => ChildState::Running,
            Some(status) if !status.stopped() => ChildState::Ended,
            Some(status) if status.stopping_signal().is_some_and(by_terminal) => ChildState::StoppedByTerminal,
            Some(_) => ChildState::Running,
        })
    }

    pub(crate) fn interrupt(&self) -> io::Result<()> {
        Ok(kill_process(self.pid()?, Signal::INT)?)
    }

    /// Only a group of its own can be killed as a whole.
    pub(crate) fn kill(&mut self) -> io::Result<()> {
        match self.group {
            Group::Shared => self.child.kill(),
            Group::Own => match kill_process_group(self.pid()?, Signal::KILL) {
                // The group no longer exists when its last process has ended.
                Err(Errno::SRCH) => Ok(()),
                killed => Ok(killed?),
            },
        }
    }

    fn pid(&self) -> io::Result<Pid> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        pid.ok_or_else(|| Errno::SRCH.into())
    }
}
