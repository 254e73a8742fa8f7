//! What a builder tells whoever watches it.

use std::fmt;
use std::sync::Arc;

/// Something that a builder tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A line of progress: what is done now, or what a process says.
    Progress {
        /// The line, without its end.
        line: &'a str,
        /// Who says it.
        source: Source,
    },
    /// Something was done otherwise than asked: what, and why.
    Warning {
        /// The line, without its end.
        line: &'a str,
    },
}

/// Where a line of progress comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The builder itself.
    Main,
    /// The standard output of a process that it runs.
    Stdout,
    /// The standard error of a process that it runs.
    Stderr,
    /// A process that it runs and that has the terminal to ask on: what it says without the end of a line, to be shown
    /// where the answer is typed. Empty when it gets the terminal: nothing else should be drawn there from now on.
    Question,
}

/// Whoever watches a builder; nobody, by default.
#[derive(Clone, Default)]
pub(crate) struct Observer(Option<Arc<Tell>>);

type Tell = dyn Fn(Event<'_>) + Send + Sync;

impl Observer {
    pub(crate) fn new(tell: impl Fn(Event<'_>) + Send + Sync + 'static) -> Observer {
        Observer(Some(Arc::new(tell)))
    }

    /// Tells what is done now.
    pub(crate) fn doing(&self, line: &str) {
        self.said(line, Source::Main);
    }

    /// Tells what `source` says.
    pub(crate) fn said(&self, line: &str, source: Source) {
        self.tell(Event::Progress { line, source });
    }

    /// Tells what was done otherwise than asked.
    pub(crate) fn warn(&self, line: &str) {
        self.tell(Event::Warning { line });
    }

    fn tell(&self, event: Event<'_>) {
        if let Some(tell) = &self.0 {
            tell(event);
        }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Observer(somebody)" } else { "Observer(nobody)" })
    }
}
