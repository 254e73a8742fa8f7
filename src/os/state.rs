//! What a system says of a file without reading it, and of a process without ending it.

/// What there is to know of a file in a [`Folder`](super::Folder).
pub(crate) struct FileState {
    pub(crate) is_regular: bool,
    pub(crate) size: u64,
    /// When its contents were changed: seconds since 1970, and nanoseconds.
    pub(crate) modified: (i64, u32),
    /// The bits of its mode that say who may do what. None where files have no modes.
    pub(super) permissions: Option<u32>,
}

impl FileState {
    /// Whether its permissions are these; yes where files have none.
    pub(crate) fn has_permissions(&self, mode: u32) -> bool {
        self.permissions.is_none_or(|permissions| permissions == mode)
    }
}

/// What tells one state of a file from another: device, inode, size, and the times of its contents and of itself
/// in seconds and nanoseconds, each 0 where the system does not say. None if it cannot be read.
pub(crate) type Stamp = Option<[i64; 7]>;

/// What a child does.
pub(crate) enum ChildState {
    Running,
    /// It wants to read from a terminal, or to change how that works, and is not in its foreground.
    #[cfg_attr(windows, allow(dead_code, reason = "there, it waits and is not stopped"))]
    StoppedByTerminal,
    Ended,
}
