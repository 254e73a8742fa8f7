//! What can go wrong, as a type that callers can match on.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why no environment was made. Each message is one line that names the path, the cause and, where there
/// is one, the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// ENV_DIR, or something in it, is in the way.
    #[error("Unable to create directory {}: {reason}", Quoted(path))]
    Directory {
        /// The path that cannot become a directory of the environment.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// ENV_DIR is a path that no environment can work at, or one that rvenv will not touch.
    #[error("Refusing to create a venv in {} because {reason}", Quoted(path))]
    Refused {
        /// ENV_DIR as an absolute path.
        path: PathBuf,
        /// Why not, and the way out.
        reason: String,
    },

    /// ENV_DIR was not there when the work began, and another program has made it meanwhile.
    #[error("Unable to create directory {}: another program has made it meanwhile; run again", Quoted(path))]
    Appeared {
        /// ENV_DIR.
        path: PathBuf,
    },

    /// The work was told to stop, see [`Interrupt`](crate::Interrupt).
    #[error("interrupted")]
    Interrupted,

    /// The operating system refused a call.
    #[error("Unable to {what} {}: {error}", Quoted(path))]
    Io {
        /// The call in words: "write", "create the link".
        what: &'static str,
        /// The path it was about.
        path: PathBuf,
        /// The system's answer. It is in the message, so it is no `source()` besides, which a chain would say again.
        error: io::Error,
    },

    /// No Python was found for a request.
    #[error("no Python found: {reason}")]
    NoPython {
        /// What was looked for, and where.
        reason: String,
    },

    /// A Python was found, but it did not serve.
    #[error("{} cannot be used: {reason}", Quoted(python))]
    Python {
        /// The executable that was asked.
        python: PathBuf,
        /// Why it does not serve.
        reason: String,
    },

    /// pip is wanted, and the interpreter brings no wheel of it.
    #[error("{} brings no pip: {reason}", Quoted(python))]
    NoPip {
        /// The interpreter.
        python: PathBuf,
        /// What is missing and how to get it.
        reason: String,
    },

    /// A wheel, or a distribution that is installed already, is not as the specifications say.
    #[error("{} is not a sound distribution: {}", Quoted(path), one_line(reason))]
    Distribution {
        /// The wheel's file or the `.dist-info` folder.
        path: PathBuf,
        /// The entry and what is wrong with it.
        reason: String,
    },

    /// A process that rvenv started did not succeed.
    #[error("Command '{command}' {outcome}")]
    Command {
        /// What was run, quoted for a shell.
        command: String,
        /// How it ended, and the last of what it said.
        outcome: String,
    },

    /// An overridden step failed for a reason of its own.
    #[error(transparent)]
    Hook(#[from] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// An error of an overridden step's own, [`Error::Hook`]: `fs::write(…).map_err(Error::hook)?`.
    pub fn hook(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::Hook(error.into())
    }

    /// The path that it is about, if it is about one: what is in the way, could not be read or written, or did not
    /// serve.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Error::Directory { path, .. }
            | Error::Refused { path, .. }
            | Error::Appeared { path }
            | Error::Io { path, .. }
            | Error::Distribution { path, .. } => Some(path),
            Error::Python { python, .. } | Error::NoPip { python, .. } => Some(python),
            Error::Interrupted | Error::NoPython { .. } | Error::Command { .. } | Error::Hook(_) => None,
        }
    }
}

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Puts the path into an I/O error, once, where the call is made.
pub(crate) trait AtPath<T> {
    /// `what` reads after "Unable to".
    fn at(self, what: &'static str, path: &Path) -> Result<T>;
}

impl<T> AtPath<T> for io::Result<T> {
    fn at(self, what: &'static str, path: &Path) -> Result<T> {
        self.map_err(|error| Error::Io { what, path: path.to_owned(), error })
    }
}

/// A path as it stands in a message: in quotes, on one line whatever it holds.
pub(crate) struct Quoted<'a>(pub(crate) &'a Path);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", one_line(&self.0.to_string_lossy()))
    }
}

/// `text` with its control characters escaped, so that it cannot break out of a line.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let (escaped, plain) = if c.is_control() { (Some(c.escape_default()), None) } else { (None, Some(c)) };
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_of_errors_says_nothing_twice() {
        let error = Err::<(), _>(io::Error::other("no")).at("read", Path::new("/x")).unwrap_err();
        assert_eq!(error.to_string(), "Unable to read '/x': no");
        assert!(std::error::Error::source(&error).is_none());
    }

    #[test]
    fn a_message_is_one_line_whatever_the_path_holds() {
        let error = Error::Directory { path: "/a\nb\x1b[2J".into(), reason: "it is a file".into() };
        assert_eq!(error.to_string(), "Unable to create directory '/a\\nb\\u{1b}[2J': it is a file");
    }
}
