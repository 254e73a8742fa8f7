//! The parts that Linux and macOS share. Files are here, the rest in the modules below.

mod process;
mod replaceable;

use std::ffi::OsString;
use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, lchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, RawMode, RenameFlags, XattrFlags};
use rustix::io::Errno;

use super::state::{FileState, Stamp};
pub(crate) use process::*;
use replaceable::{STICKY, open_at_any_mode};
pub(crate) use replaceable::{is_replaceable, pin};

/// A registry key, of which there are none.
pub(crate) enum RegistryKey {}

impl RegistryKey {
    /// Returns the keys with this path from the places where programs are registered: the current user, the local
    /// machine, and the local machine's 32-bit view.
    pub(crate) fn all(_: &str) -> Vec<RegistryKey> {
        vec![]
    }

    /// Returns its subkeys and their names.
    pub(crate) fn keys(&self) -> Vec<(String, RegistryKey)> {
        match *self {}
    }

    /// Returns the string value `name` of the subkey `key`, or of this key itself if `key` is empty.
    pub(crate) fn text(&self, _: &str, _: &str) -> Option<String> {
        match *self {}
    }
}

pub(crate) const DEFAULT_SEARCH_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The permission bits of a mode.
const PERMISSIONS: u32 = 0o777;

pub(crate) fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    Some(OsString::from_vec(bytes))
}

pub(crate) fn read_at(file: &File, bytes: &mut [u8], start: u64) -> io::Result<()> {
    file.read_exact_at(bytes, start)
}

pub(crate) fn create_file(path: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

pub(crate) struct Directory(pub(super) OwnedFd);

impl Directory {
    /// Opens a directory. The `access` flags differ between the systems.
    pub(super) fn open_with(path: &Path, access: OFlags) -> io::Result<Directory> {
        let flags = access | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(Directory(rustix::fs::open(path, flags, Mode::empty())?))
    }

    /// The permissions of the directory itself.
    pub(crate) fn mode(&self) -> io::Result<u32> {
        Ok(permissions(rustix::fs::fstat(&self.0)?.st_mode))
    }

    /// The state of the file `name`; for a link, of the link itself.
    pub(crate) fn state(&self, name: &str) -> io::Result<FileState> {
        let state = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(FileState {
            is_regular: FileType::from_raw_mode(state.st_mode).is_file(),
            size: state.st_size as u64,
            modified: (state.st_mtime, state.st_mtime_nsec as u32),
            permissions: Some(permissions(state.st_mode)),
        })
    }

    /// Creates a file that must not exist yet, with the permissions `mode` less the umask.
    pub(crate) fn create_file(&self, name: &str, mode: u32) -> io::Result<File> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.0, name, flags, Mode::from_raw_mode(mode as RawMode))?.into())
    }

    /// Creates a hard link `name` to the file of the same name in `other`.
    pub(crate) fn link_from(&self, other: &Directory, name: &str) -> io::Result<()> {
        Ok(rustix::fs::linkat(&other.0, name, &self.0, name, AtFlags::empty())?)
    }

    /// Opens a file for reading. Fails on a link.
    pub(super) fn open_file(&self, name: &str) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.0, name, flags, Mode::empty())?)
    }

    /// Tries to remove a partly written file.
    pub(super) fn discard(&self, name: &str) {
        let _ = rustix::fs::unlinkat(&self.0, name, AtFlags::empty());
    }
}

/// A mode has 32 bits on Linux and 16 on macOS.
#[allow(clippy::unnecessary_cast)]
fn permissions(mode: RawMode) -> u32 {
    mode as u32 & PERMISSIONS
}

pub(crate) fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// The lock is on the directory itself, whatever its path.
pub(crate) const LOCK_MOVES_WITH_DIRECTORY: bool = true;

/// Open files do not prevent any operation.
pub(crate) fn with_patience<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    call()
}

pub(crate) fn may_be_in_use(_: &io::Error) -> bool {
    false
}

/// Open files can be moved and removed.
pub(crate) fn in_use(_: &Path) -> Option<PathBuf> {
    None
}

/// Uses flock(2) on the directory itself. When another process has removed it, some network and FUSE file systems refuse
/// all that is done with it.
pub(crate) fn try_lock(directory: &Path, is_new: bool) -> io::Result<Option<File>> {
    match lock(directory, is_new) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::StaleNetworkFileHandle) => {
            Ok(None)
        }
        locked => locked,
    }
}

fn lock(directory: &Path, is_new: bool) -> io::Result<Option<File>> {
    let opened = File::from(open_at_any_mode(CWD, directory)?);
    // A new one is ours, whatever owner and mode the file system reports.
    if !is_new && !is_own(&opened.metadata()?) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    // As many files can be opened later as the removal of the directory needs: this fails while nothing is in it yet.
    drop([opened.try_clone()?, opened.try_clone()?, opened.try_clone()?]);
    match rustix::fs::flock(&opened, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(is_at(&opened, directory).then_some(opened)),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(error @ (Errno::NOENT | Errno::STALE)) => Err(error.into()),
        Err(error) => Err(io::Error::new(io::ErrorKind::Unsupported, error)),
    }
}

/// Whether an open directory is still the one at `path`.
fn is_at(directory: &File, path: &Path) -> bool {
    let id = |metadata: Metadata| (metadata.dev(), metadata.ino());
    directory.metadata().is_ok_and(|open| path.symlink_metadata().is_ok_and(|there| id(open) == id(there)))
}

pub(crate) fn is_own_directory(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir() && is_own(&metadata))
}

fn is_own(metadata: &Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o022 == 0
}

pub(crate) fn is_anothers_to_remove(path: &Path) -> bool {
    let states = path.symlink_metadata().ok().zip(path.parent().and_then(|place| place.metadata().ok()));
    let own = rustix::process::geteuid().as_raw();
    states.is_some_and(|(there, place)| there.uid() != own && place.mode() & STICKY != 0)
}

/// Fails on a link, and does not block on a FIFO.
pub(crate) fn open_own(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() && is_own(&metadata) { Ok(file) } else { Err(io::ErrorKind::PermissionDenied.into()) }
}

pub(crate) fn private_dir() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// Unix has no such attribute.
pub(crate) fn unprotect(_: &Path) -> bool {
    false
}

pub(crate) fn make_private(directory: &Path) -> io::Result<()> {
    let metadata = directory.symlink_metadata()?;
    if !metadata.is_dir() || metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let is_private = metadata.mode() & 0o722 == 0o700;
    if is_private { Ok(()) } else { std::fs::set_permissions(directory, Permissions::from_mode(0o700)) }
}

/// Works on an open directory, which cannot become a link to another one. Nobody else can write where a file is built.
pub(crate) fn copy_owner_and_mode(from: &Path, to: &Path) -> io::Result<()> {
    let (wanted, there) = (from.symlink_metadata()?, to.symlink_metadata()?);
    let owner = |file: &Metadata| (file.uid(), file.gid());
    let same = owner(&wanted) == owner(&there);
    let owned = if same { Ok(()) } else { lchown(to, Some(wanted.uid()), Some(wanted.gid())) };
    if wanted.is_file() && there.is_file() {
        let mode = wanted.mode() & PERMISSIONS | there.mode() & 0o111;
        if copy_access_list(from, to) || mode != there.mode() & PERMISSIONS {
            std::fs::set_permissions(to, Permissions::from_mode(mode))?;
        }
    } else if there.is_dir() && (!same || wanted.mode() != there.mode()) {
        File::from(open_at_any_mode(CWD, to)?).set_permissions(wanted.permissions())?;
    }
    owned
}

/// Gives a file the POSIX access control list of another. Returns whether that has one: then its group's permissions are
/// in the list, and those in its mode limit what the list allows.
fn copy_access_list(from: &Path, to: &Path) -> bool {
    const NAME: &str = "system.posix_acl_access";
    let mut list = [0; 4096];
    let read = rustix::fs::lgetxattr(from, NAME, &mut list[..]);
    read.is_ok_and(|length| rustix::fs::lsetxattr(to, NAME, &list[..length], XattrFlags::empty()).is_ok())
}

pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // The file system does not support the flag.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => rename_if_absent(from, to),
        renamed => Ok(renamed?),
    }
}

/// Renames to a path that must not exist, on file systems that have no call for it, such as NFS and 9p. A file or link
/// gets its new name as a second one first, which fails atomically. For directories, and where there are no hard links,
/// a check comes first. Between the two, only an empty directory can be replaced by a directory.
fn rename_if_absent(from: &Path, to: &Path) -> io::Result<()> {
    if !from.symlink_metadata()?.is_dir() {
        match rustix::fs::linkat(CWD, from, CWD, to, AtFlags::empty()) {
            Err(Errno::PERM | Errno::NOTSUP | Errno::NOSYS | Errno::MLINK) => {}
            linked => {
                linked?;
                return std::fs::remove_file(from);
            }
        }
    }
    match to.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => std::fs::rename(from, to),
        there => Err(there.err().unwrap_or_else(|| Errno::EXIST.into())),
    }
}

pub(crate) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    Ok(rustix::fs::renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

/// Whether `path` is on another device than its parent directory.
pub(super) fn is_on_another_device(path: &Path) -> bool {
    let device = |path: &Path| path.metadata().map(|metadata| metadata.dev()).ok();
    path.parent().is_some_and(|parent| device(parent) != device(path))
}

pub(crate) fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

pub(crate) fn stamp(file: &Metadata) -> Stamp {
    let (device, inode, size) = (file.dev() as i64, file.ino() as i64, file.size() as i64);
    Some([device, inode, size, file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()])
}
