//! Linux: what `os/unix.rs` does not cover.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::LazyLock;
use std::time::SystemTime;

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, OFlags, StatxAttributes, StatxFlags};

pub(crate) use super::unix::*;

impl Directory {
    /// Opens a directory. Fails if it is a link to one. Uses `O_PATH`, which works without read permission on the directory: an unusual umask may have removed it.
    pub(crate) fn open(path: &Path) -> io::Result<Directory> {
        Directory::open_with(path, OFlags::PATH)
    }

    /// Creates `name` as a copy-on-write clone of the file of the same name in `other`, with the permissions `mode`.
    /// `modified` is the modification time of the source, and of the clone. If it fails, no file is left here.
    pub(crate) fn clone_from(&self, other: &Directory, name: &str, mode: u32, modified: SystemTime) -> io::Result<()> {
        let source = other.open_file(name)?;
        let file = self.create_file(name, mode)?;
        fill_by_clone(&file, &source, modified).inspect_err(|_| self.discard(name))
    }
}

fn fill_by_clone(file: &File, source: &OwnedFd, modified: SystemTime) -> io::Result<()> {
    rustix::fs::ioctl_ficlone(file, source)?;
    file.set_modified(modified)
}

/// A bind mount can be on the same device as its parent, so this also uses statx(2) (since Linux 5.8).
pub(crate) fn is_mount_point(path: &Path) -> bool {
    let is_root = rustix::fs::statx(CWD, path, AtFlags::empty(), StatxFlags::BASIC_STATS)
        .is_ok_and(|stat| stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT));
    is_root || is_on_another_device(path)
}

/// SELinux labels are ignored: they depend on the location, so a directory created beside this one gets the same.
pub(crate) fn is_plain_directory(path: &Path) -> bool {
    let mut names = [0; 4096];
    let listed = rustix::fs::llistxattr(path, &mut names[..]);
    listed.is_ok_and(|length| {
        names[..length].split(|byte| *byte == 0).all(|name| name.is_empty() || name == b"security.selinux")
    })
}

pub(crate) fn stop_signals() -> Vec<i32> {
    STOP_SIGNALS.into_iter().filter(|signal| !is_ignored(*signal)).collect()
}

pub(crate) fn harmless_signals() -> Vec<i32> {
    [TOO_LARGE].into_iter().chain(is_ignored(CHILD).then_some(CHILD)).collect()
}

/// Whether this process ignored a signal at the time of the first call. Bit N - 1 of the mask is signal N, see proc(5).
fn is_ignored(signal: i32) -> bool {
    static MASK: LazyLock<u64> = LazyLock::new(|| {
        // A large enough buffer makes this a single read: the kernel generates the whole file for each.
        let mut status = Vec::with_capacity(1 << 13);
        let _ = File::open("/proc/self/status").and_then(|mut file| file.read_to_end(&mut status));
        let status = String::from_utf8_lossy(&status);
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
    });
    *MASK >> (signal - 1) & 1 == 1
}
