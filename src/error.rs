//! The errors of this crate, as a type that callers can match on.

use std::env::consts::FAMILY;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The reason why an operation failed. Each message is one line with the path, the cause and, where there is one, the
/// fix.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// ENV_DIR, or a path in it, is in the way or cannot be replaced.
    #[error("Unable to create directory {}: {reason}", Quoted(path))]
    #[non_exhaustive]
    Directory {
        /// The path in question.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// An environment cannot work at ENV_DIR, or rvenv refuses to change what is there.
    #[error("Refusing to create a venv in {} because {reason}", Quoted(path))]
    #[non_exhaustive]
    Refused {
        /// ENV_DIR as an absolute path.
        path: PathBuf,
        /// The reason, and how to fix it.
        reason: String,
    },

    /// A path that belongs to an environment was expected.
    #[error("{} is not in the environment {}", Quoted(path), Quoted(env_dir))]
    #[non_exhaustive]
    Outside {
        /// The path in question.
        path: PathBuf,
        /// ENV_DIR as an absolute path.
        env_dir: PathBuf,
    },

    /// The operation was interrupted, see [`Interrupt`](crate::Interrupt).
    #[error("interrupted")]
    Interrupted,

    /// A call to the operating system failed.
    #[error("Unable to {what} {}: {}", Quoted(path), Cause(error))]
    #[non_exhaustive]
    Io {
        /// What was attempted, as a verb: "write", "create the link".
        what: &'static str,
        /// The path that the call was for.
        path: PathBuf,
        /// The cause. The message contains it, so it is not the `source()` too: a chain of errors would print it twice.
        error: io::Error,
    },

    /// No Python was found for a request.
    #[error("no Python found: {reason}")]
    #[non_exhaustive]
    NoPython {
        /// What rvenv looked for, and where.
        reason: String,
    },

    /// A Python was found, but rvenv cannot use it.
    #[error("{} cannot be used: {reason}", Quoted(python))]
    #[non_exhaustive]
    Python {
        /// The executable that was queried.
        python: PathBuf,
        /// Why rvenv cannot use it.
        reason: String,
    },

    /// pip was requested, but the interpreter does not include a wheel of it.
    #[error("{} does not include pip: {reason}", Quoted(python))]
    #[non_exhaustive]
    NoPip {
        /// The interpreter.
        python: PathBuf,
        /// What is missing and how to get it.
        reason: String,
    },

    /// A wheel does not follow the specifications.
    #[error("{} is not a valid wheel: {}", Quoted(path), one_line(reason))]
    #[non_exhaustive]
    Distribution {
        /// The wheel.
        path: PathBuf,
        /// The entry, and what is wrong with it.
        reason: String,
    },

    /// A process that rvenv started failed.
    #[error("Command '{command}' {outcome}")]
    #[non_exhaustive]
    Command {
        /// The command line, quoted for a shell.
        command: String,
        /// How the process ended, and the last lines of its output.
        outcome: String,
    },

    /// An overridden step failed with an error of its own.
    #[error(transparent)]
    Hook(#[from] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Wraps an overridden step's own error in [`Error::Hook`]: `fs::write(…).map_err(Error::hook)?`.
    pub fn hook(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::Hook(error.into())
    }

    /// Returns the path in the message, if there is one: the file, directory or executable that caused the error.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Error::Directory { path, .. }
            | Error::Refused { path, .. }
            | Error::Outside { path, .. }
            | Error::Io { path, .. }
            | Error::Distribution { path, .. } => Some(path),
            Error::Python { python, .. } | Error::NoPip { python, .. } => Some(python),
            Error::Interrupted | Error::NoPython { .. } | Error::Command { .. } | Error::Hook(_) => None,
        }
    }
}

/// The reason why a text is not a [`VersionRequest`](crate::VersionRequest) or an [`Activator`](crate::Activator).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(pub(crate) String);

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Adds the path to an I/O error, once, where the call is made.
pub(crate) trait AtPath<T> {
    /// Names the path and what was attempted: `what` follows "Unable to" in the message.
    fn at(self, what: &'static str, path: &Path) -> Result<T>;
}

impl<T> AtPath<T> for io::Result<T> {
    fn at(self, what: &'static str, path: &Path) -> Result<T> {
        self.map_err(|error| Error::Io { what, path: path.to_owned(), error })
    }
}

/// A path as messages show it: in quotes, and on one line even if it contains line breaks.
pub(crate) struct Quoted<'a>(pub(crate) &'a Path);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", one_line(&self.0.to_string_lossy()))
    }
}

/// The system's message, and the way out where it is the same for every path.
pub(crate) struct Cause<'a>(pub(crate) &'a io::Error);

impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way_out = match (self.0.kind(), self.0.raw_os_error()) {
            (io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded, _) => "; free some space there",
            // EMFILE.
            (_, Some(24)) if FAMILY == "unix" => "; raise the limit with `ulimit -n`",
            _ => "",
        };
        write!(f, "{}{way_out}", self.0)
    }
}

/// Escapes the control characters in `text`, so that it stays on one line.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_of_errors_repeats_nothing() {
        let error = Err::<(), _>(io::Error::other("no")).at("read", Path::new("/x")).unwrap_err();
        assert_eq!(error.to_string(), "Unable to read '/x': no");
        assert!(std::error::Error::source(&error).is_none());
    }

    #[test]
    fn a_message_is_one_line_even_if_the_path_is_not() {
        let error = Error::Directory { path: "/a\nb\x1b[2J".into(), reason: "it is a file".into() };
        assert_eq!(error.to_string(), "Unable to create directory '/a\\nb\\u{1b}[2J': it is a file");
    }
}
