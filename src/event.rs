//! What a builder tells whoever watches it.

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
    /// A process that it runs and that has the terminal to ask on: what it says without the end of a line, to be shown where
    /// the answer is typed. Empty when it gets the terminal: nothing else should be drawn there from now on.
    Question,
}
