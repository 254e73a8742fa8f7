//! File systems that a test mounts for itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Scratch, able, missing};

/// A small file system in a scratch directory, which is unmounted when this is dropped.
pub struct Mounted {
    path: PathBuf,
}

impl Mounted {
    /// Mounts a tmpfs of 64 MiB. Returns `None` where mounting is not allowed, as in most containers.
    pub fn tmpfs(scratch: &Scratch) -> Option<Mounted> {
        able("mount")?;
        Some(Mounted::new(scratch, &["-t", "tmpfs", "-o", "size=64m", "rvenv-test"]))
    }

    /// Mounts an XFS image file, which supports copy-on-write clones.
    pub fn xfs(scratch: &Scratch) -> Option<Mounted> {
        able("mount")?;
        let image = formatted(scratch, "mkfs.xfs", &["-q"], 400)?;
        Some(Mounted::new(scratch, &["-o", "loop", image.to_str().expect("UTF-8")]))
    }

    /// Mounts an NTFS image file so that letter case is ignored, as on Windows.
    pub fn ntfs(scratch: &Scratch) -> Option<Mounted> {
        able("mount -t ntfs")?;
        let image = formatted(scratch, "mkntfs", &["--force", "--quick"], 64)?;
        let image = image.to_str().expect("UTF-8");
        Some(Mounted::new(scratch, &["-t", "lowntfs-3g", "-o", "ignore_case,umask=022", image]))
    }

    fn new(scratch: &Scratch, arguments: &[&str]) -> Mounted {
        let path = scratch.path("mounted");
        fs::create_dir(&path).expect("a mount point");
        scratch.run("mount").args(arguments).arg(&path).silent();
        Mounted { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A new image file of so many MiB, formatted by this program.
fn formatted(scratch: &Scratch, mkfs: &str, flags: &[&str], size: u64) -> Option<PathBuf> {
    let program =
        ["/usr/sbin", "/sbin"].into_iter().map(|place| Path::new(place).join(mkfs)).find(|path| path.is_file());
    let image = scratch.write("image", b"");
    fs::File::options().write(true).open(&image).and_then(|file| file.set_len(size << 20)).expect("a sparse file");
    scratch.run(program.or_else(|| missing(mkfs))?).args(flags).arg(&image).ok();
    Some(image)
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.path).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking(), "unmounting failed");
    }
}
