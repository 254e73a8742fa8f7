//! macOS: what it has besides `os/unix.rs`.

use std::io;
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{AtFlags, CloneFlags, Mode, OFlags, RawMode};

pub(super) use super::unix::*;

impl Folder {
    pub(super) fn open(path: &Path) -> io::Result<Folder> {
        Folder::open_with(path, OFlags::RDONLY)
    }

    /// By clonefile(2): the clone has its source's times, but its permissions too, whatever the umask is now.
    pub(super) fn clone_from(&self, other: &Folder, name: &str, mode: u32, _: SystemTime) -> io::Result<()> {
        let source = other.open_file(name)?;
        rustix::fs::fclonefileat(&source, &self.0, name, CloneFlags::NOOWNERCOPY)?;
        let mode = Mode::from_raw_mode(mode as RawMode);
        let permitted = rustix::fs::chmodat(&self.0, name, mode, AtFlags::empty()).map_err(io::Error::from);
        permitted.inspect_err(|_| self.discard(name))
    }
}

pub(super) fn is_mount_point(path: &Path) -> bool {
    is_on_another_device(path)
}

/// Not known: access control lists are not among the extended attributes, and there is no safe call that reads them.
pub(super) fn is_plain_folder(_: &Path) -> bool {
    false
}

/// All of them: which of them are ignored there is no safe call to ask for, so `nohup` does not keep SIGHUP away.
pub(super) fn stop_signals() -> Vec<i32> {
    STOP_SIGNALS.to_vec()
}

/// SIGCHLD too: whether it is ignored there is no safe call to ask for, and catching it changes nothing else.
pub(super) fn harmless_signals() -> Vec<i32> {
    vec![TOO_LARGE, CHILD]
}
