//! The reasons why a process failed.

use std::fmt;
use std::io;
use std::process::{ExitStatus, Output};
use std::time::Duration;

use super::output::tail_of;
use crate::error::{Cause, Error};

/// The reason why a process failed. Its message follows a subject, such as "Command '…'" or "it". The process and its
/// descendants have ended.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A system call to start it or to follow it failed.
    System(io::Error),
    /// The work was interrupted.
    Interrupted,
    /// It did not end within this time.
    TimedOut(Duration),
    /// It tried to use the terminal while in the background, so it would have waited forever.
    WantsTerminal,
    /// It printed more than this many bytes.
    TooMuchOutput(usize),
    /// It returned an exit code other than 0, or was killed by a signal. These are the last lines of its output.
    Failed(ExitStatus, String),
}

impl Fault {
    /// Returns the output if the process succeeded, and [`Fault::Failed`] otherwise.
    pub(crate) fn of_status(output: Output) -> Result<Output, Fault> {
        Fault::check(output.status, || tail_of(&output.stderr)).map(|()| output)
    }

    pub(super) fn check(status: ExitStatus, tail: impl FnOnce() -> String) -> Result<(), Fault> {
        if status.success() { Ok(()) } else { Err(Fault::Failed(status, tail())) }
    }

    /// Converts to the error for a command, described by `command`.
    pub(crate) fn of(self, command: String) -> Error {
        match self {
            Fault::Interrupted => Error::Interrupted,
            fault => Error::Command { command, outcome: fault.to_string() },
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::System(error)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::System(error) => write!(f, "cannot be run: {}", Cause(error)),
            Fault::Interrupted => f.write_str("was interrupted"),
            Fault::TimedOut(timeout) => write!(f, "timed out after {} seconds", timeout.as_secs()),
            Fault::WantsTerminal => f.write_str(
                "tried to prompt on the terminal; configure its answer, or run in the foreground of a terminal",
            ),
            Fault::TooMuchOutput(most) => write!(f, "printed more than {} MiB", most >> 20),
            Fault::Failed(status, tail) => {
                // The wording of Python's CalledProcessError.
                match status.code() {
                    Some(code) => write!(f, "returned non-zero exit status {code}.")?,
                    None => write!(f, "died with {status}.")?,
                }
                if tail.is_empty() { Ok(()) } else { write!(f, " {tail}") }
            }
        }
    }
}
