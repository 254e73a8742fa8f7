//! Why a process did not do what it was started for.

use std::fmt;
use std::io;
use std::process::{ExitStatus, Output};
use std::time::Duration;

use super::words::LastWords;
use crate::error::Error;

/// What went wrong with a process; its message goes on where "Command '…'" or "it" begins. The process has ended, with
/// all that it has started.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The system refused to start it, or to say what becomes of it.
    System(io::Error),
    /// The work was told to stop.
    Interrupted,
    /// It took longer than it may.
    Late(Duration),
    /// It waited for an answer that nobody could give it.
    Asks,
    /// It said more than this many bytes.
    Endless(usize),
    /// It said itself that it failed, or something killed it.
    Failed(ExitStatus, LastWords),
}

impl Fault {
    /// The output of a process that says itself that it succeeded.
    pub(crate) fn of_status(output: Output) -> Result<Output, Fault> {
        if output.status.success() {
            Ok(output)
        } else {
            Err(Fault::Failed(output.status, LastWords::of(&output.stderr)))
        }
    }

    /// The error of a command, which is described in `command`.
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
            Fault::System(error) => write!(f, "cannot be run: {error}"),
            Fault::Interrupted => f.write_str("was interrupted"),
            Fault::Late(timeout) => write!(f, "did not end within {} seconds", timeout.as_secs()),
            Fault::Asks => f.write_str("asks on the terminal, where it cannot be answered"),
            Fault::Endless(most) => write!(f, "printed more than {} MiB", most >> 20),
            Fault::Failed(status, last_words) => {
                // The words of Python's CalledProcessError.
                match status.code() {
                    Some(code) => write!(f, "returned non-zero exit status {code}.")?,
                    None => write!(f, "died: {status}.")?,
                }
                if last_words.is_empty() { Ok(()) } else { write!(f, " {last_words}") }
            }
        }
    }
}
