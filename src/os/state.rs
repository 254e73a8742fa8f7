//! The states of files and processes, as all systems report them.

/// The metadata of a file in a [`Directory`](super::Directory).
pub(crate) struct FileState {
    pub(crate) is_regular: bool,
    pub(crate) size: u64,
    /// When its contents were last changed: seconds since 1970, and nanoseconds.
    pub(crate) modified: (i64, u32),
    /// The permission bits of its mode. None where files have no modes.
    pub(super) permissions: Option<u32>,
}

impl FileState {
    /// Whether it has these permissions; always true where files have none.
    pub(crate) fn has_permissions(&self, mode: u32) -> bool {
        self.permissions.is_none_or(|permissions| permissions == mode)
    }
}

/// The values that identify the state of a file: device, inode, size, and the times when its contents and its metadata
/// last changed, in seconds and nanoseconds. Values that the system does not report are 0. None if it cannot be read.
pub(crate) type Stamp = Option<[i64; 7]>;

/// The process group of a child.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Group {
    /// Its own, together with its descendants: the signals that a terminal sends to this process do not reach them.
    Own,
    /// The one of this process, so that it can use the terminal.
    Shared,
}

/// The state of a child process.
pub(crate) enum ChildState {
    Running,
    /// Stopped in the background because it tried to read from a terminal or to change its settings.
    #[cfg_attr(windows, allow(dead_code, reason = "Windows does not stop it, it just waits"))]
    StoppedByTerminal,
    Ended,
}
