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
}
