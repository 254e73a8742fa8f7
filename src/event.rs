//! The events that a builder reports while it works.

use std::fmt;
use std::sync::Arc;

/// An event that a builder reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A progress message: what the builder does now, or a line printed by a process that it runs.
    #[non_exhaustive]
    Progress {
        /// The line, without its line ending.
        line: &'a str,
        /// Where the line comes from.
        source: Source,
    },
    /// Files are being written into site-packages. Reported often.
    #[non_exhaustive]
    Files {
        /// How many have been written.
        written: usize,
        /// How many there are.
        total: usize,
    },
    /// A process that the builder runs uses the terminal from now on, see
    /// [`EnvBuilder::interactive`](crate::EnvBuilder::interactive): draw nothing there until the next event.
    TerminalInUse,
    /// Something was not done as requested: what, and why.
    #[non_exhaustive]
    Warning {
        /// The line, without its line ending.
        line: &'a str,
    },
}

/// The source of a progress message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The builder itself.
    Main,
    /// The standard output of a process that the builder runs.
    Stdout,
    /// The standard error of a process that the builder runs.
    Stderr,
}

/// The callback that receives a builder's events. By default there is none.
#[derive(Clone, Default)]
pub(crate) struct Observer(Option<Arc<Tell>>);

type Tell = dyn Fn(Event<'_>) + Send + Sync;

impl Observer {
    pub(crate) fn new(tell: impl Fn(Event<'_>) + Send + Sync + 'static) -> Observer {
        Observer(Some(Arc::new(tell)))
    }

    /// Reports what the builder does now.
    pub(crate) fn doing(&self, line: &str) {
        self.said(line, Source::Main);
    }

    /// Reports a line from `source`.
    pub(crate) fn said(&self, line: &str, source: Source) {
        self.tell(Event::Progress { line, source });
    }

    /// Reports that something was not done as requested.
    pub(crate) fn warn(&self, line: &str) {
        self.tell(Event::Warning { line });
    }

    pub(crate) fn tell(&self, event: Event<'_>) {
        if let Some(tell) = &self.0 {
            tell(event);
        }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Observer(set)" } else { "Observer(none)" })
    }
}
