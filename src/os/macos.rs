//! macOS: what it has besides `os/unix.rs`.

use std::io;
use std::os::macos::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{AtFlags, CloneFlags, Mode, OFlags, RawMode};

pub(super) use super::decomposed::folded;
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

/// Access control lists are not among the extended attributes, and `ls` says whether there is one. `com.apple.provenance` is
/// what the system itself gives to all that a program makes that came from elsewhere.
pub(super) fn is_plain_folder(path: &Path) -> bool {
    let mut names = [0; 4096];
    let listed = rustix::fs::llistxattr(path, &mut names[..]);
    let has_known_names = listed.is_ok_and(|length| {
        names[..length].split(|byte| *byte == 0).all(|name| name.is_empty() || name == b"com.apple.provenance")
    });
    let has_flags = path.symlink_metadata().map_or(true, |metadata| metadata.st_flags() != 0);
    has_known_names && !has_flags && !has_access_control(path)
}

/// All of them: which of them are ignored there is no safe call to ask for, so `nohup` does not keep SIGHUP away.
pub(super) fn stop_signals() -> Vec<i32> {
    STOP_SIGNALS.to_vec()
}

/// SIGCHLD too: whether it is ignored there is no safe call to ask for, and catching it changes nothing else.
pub(super) fn harmless_signals() -> Vec<i32> {
    vec![TOO_LARGE, CHILD]
}
