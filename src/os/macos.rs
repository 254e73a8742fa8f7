//! macOS: what `os/unix.rs` does not cover.

use std::io;
use std::os::macos::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use rustix::fs::{AtFlags, CloneFlags, Mode, OFlags, RawMode};

use super::darwin::lists_access_control;
pub(crate) use super::unix::*;

impl Directory {
    pub(crate) fn open(path: &Path) -> io::Result<Directory> {
        Directory::open_with(path, OFlags::RDONLY)
    }

    /// Uses clonefile(2). The clone keeps its source's times, but also its permissions, whatever the umask is now, so
    /// those are set afterwards.
    pub(crate) fn clone_from(&self, other: &Directory, name: &str, mode: u32, _: SystemTime) -> io::Result<()> {
        let source = other.open_file(name)?;
        rustix::fs::fclonefileat(&source, &self.0, name, CloneFlags::NOOWNERCOPY)?;
        let mode = Mode::from_raw_mode(mode as RawMode);
        let permitted = rustix::fs::chmodat(&self.0, name, mode, AtFlags::empty()).map_err(io::Error::from);
        permitted.inspect_err(|_| self.discard(name))
    }
}

pub(crate) fn is_mount_point(path: &Path) -> bool {
    is_on_another_device(path)
}

/// Access control lists are not extended attributes, so `ls` is used to detect them. The system itself sets
/// `com.apple.provenance` on everything that a downloaded program creates.
pub(crate) fn is_plain_directory(path: &Path) -> bool {
    let mut names = [0; 4096];
    let listed = rustix::fs::llistxattr(path, &mut names[..]);
    let has_known_names = listed.is_ok_and(|length| {
        names[..length].split(|byte| *byte == 0).all(|name| name.is_empty() || name == b"com.apple.provenance")
    });
    let has_flags = path.symlink_metadata().map_or(true, |metadata| metadata.st_flags() != 0);
    has_known_names && !has_flags && !has_access_control(path)
}

/// Whether a directory has an access control list, as listed by `ls`; true if that cannot be determined.
fn has_access_control(directory: &Path) -> bool {
    let listed = Command::new("/bin/ls").args(["-lde", "--"]).arg(directory).stdin(Stdio::null()).output();
    listed.map_or(true, |listed| !listed.status.success() || lists_access_control(&listed.stdout))
}

/// All of them: there is no safe call to find out which are ignored. So `nohup` does not protect from SIGHUP.
pub(crate) fn stop_signals() -> Vec<i32> {
    STOP_SIGNALS.to_vec()
}

/// Always includes SIGCHLD: there is no safe call to find out whether it is ignored, and catching it changes nothing
/// else.
pub(crate) fn harmless_signals() -> Vec<i32> {
    vec![TOO_LARGE, CHILD]
}
