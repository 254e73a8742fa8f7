//! The operating system interface: the list of what rvenv needs from a system, each function documented here.
//!
//! `os/linux.rs`, `os/macos.rs` and `os/windows.rs` each have everything that is imported from `system` below, so what
//! is missing is a compile error on that system. `os/unix.rs` is what Linux and macOS share; it also documents the
//! methods of the types. Nothing else in `src/` depends on the target system; `tests/it/structure.rs` checks that.

#[cfg(any(target_os = "macos", test))]
mod darwin;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
mod state;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
#[allow(unsafe_code, reason = "system calls; each block has a SAFETY comment")]
mod windows;

#[cfg(any(target_os = "linux", target_os = "android"))]
use linux as system;
#[cfg(target_os = "macos")]
use macos as system;
#[cfg(windows)]
use windows as system;

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos", windows)))]
compile_error!("rvenv runs on Linux, macOS and Windows");

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub(crate) use state::{ChildState, FileState, Group, Stamp};

// The system.

/// A registry key. Only Windows has a registry.
pub(crate) use system::RegistryKey;

/// Whether this is Windows: Python's `os.name == "nt"`.
pub(crate) const IS_WINDOWS: bool = cfg!(windows);

/// The search path for programs when PATH is unset.
pub(crate) use system::DEFAULT_SEARCH_PATH;

// Names and bytes.

/// Converts the bytes from Python's `os.fsencode` to a name or path. None if no name on this system has these bytes.
pub(crate) use system::os_string;

// Files and directories.

/// Whether something exists at this path, even a broken link.
pub(crate) fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Whether two paths lead to the same file or directory.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    same_file::is_same_file(one, other).unwrap_or(false)
}

/// Whether this is a directory and not a link to one.
pub(crate) fn is_directory(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// Whether this is an executable file.
pub(crate) fn is_executable(path: &Path) -> bool {
    which::which_in(path, None::<&OsStr>, "/").is_ok()
}

/// Reads a regular file. Fails on other files, like [`open_regular`].
pub(crate) fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    let mut contents = Vec::new();
    open_regular(path)?.read_to_end(&mut contents)?;
    Ok(contents)
}

/// Reads the first 8 KiB of a regular file, more than the first lines of any launcher. Fails like [`open_regular`].
pub(crate) fn read_start(path: &Path) -> io::Result<Vec<u8>> {
    let mut contents = Vec::new();
    open_regular(path)?.take(8 << 10).read_to_end(&mut contents)?;
    Ok(contents)
}

/// Opens a regular file for reading.
///
/// Fails on other files: reading a FIFO would wait for a writer, and a device might never end.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    File::open(path)
}

/// Fills `bytes` from the file, starting at offset `start`. Several threads can read the same file at the same time.
pub(crate) use system::read_at;

/// Creates a file that must not exist yet, with the permissions `mode` less the umask.
pub(crate) use system::create_file;

// Files relative to an open directory.

/// An open directory. Its files are accessed by name, so that its path is not resolved again for each of them.
pub(crate) use system::Directory;

/// A directory that stays the same while this process works in it, even if it is root and another user can write to a
/// directory above it.
#[derive(Debug)]
pub(crate) struct PinnedDir {
    path: PathBuf,
    /// If another user could replace it: the open directory, and a path that leads through its descriptor, where the
    /// system has such paths.
    open: Option<(PathBuf, File)>,
}

impl PinnedDir {
    /// Pins a directory. Fails if it is a link that another user could have placed.
    pub(crate) fn open(path: &Path) -> io::Result<PinnedDir> {
        Ok(PinnedDir { path: path.to_owned(), open: system::pin(path, None)? })
    }

    /// Pins the directory at `path`, for which [`try_lock`] returned `directory`.
    pub(crate) fn locked(path: &Path, directory: &File) -> io::Result<PinnedDir> {
        Ok(PinnedDir { path: path.to_owned(), open: system::pin(path, Some(directory))? })
    }

    /// Pins a directory in this one. Fails like [`open`](Self::open).
    pub(crate) fn enter(&self, name: &OsStr) -> io::Result<PinnedDir> {
        PinnedDir::open(&self.path().join(name))
    }

    /// Follows a rename of a directory above it: it is now at `path`.
    pub(crate) fn moved_to(&mut self, path: &Path) {
        self.path = path.to_owned();
    }

    /// A path that keeps leading to it.
    pub(crate) fn path(&self) -> &Path {
        self.open.as_ref().map_or(&self.path, |(path, _)| path)
    }
}

/// Whether this process is root and another user could replace what is at `path`, now or later, because that user owns
/// or can write to a directory above it.
pub(crate) use system::is_replaceable;

// Links.

/// Creates the symbolic link `link` to `target`.
pub(crate) use system::symlink;

// Locks.

/// Locks an existing directory; `is_new` if this process has just created it. The lock is held until the returned file
/// is closed, at the latest when the process ends. None if another process holds the lock, or has removed the directory
/// in the meantime.
///
/// Fails with [`io::ErrorKind::Unsupported`] where the file system does not support locks, and with
/// [`io::ErrorKind::PermissionDenied`] if the directory is not new and another user owns it or can write to it.
pub(crate) use system::try_lock;

// Ownership and permissions. On Windows, nobody else's rights are looked at.

/// Whether this is a directory and not a link to one, the user owns it, and no other user can write to it.
pub(crate) use system::is_own_directory;

/// Whether `path` belongs to another user, who alone can remove it: on Unix, in a sticky directory such as /tmp.
pub(crate) use system::is_anothers_to_remove;

/// Opens a cache file for reading.
///
/// Fails if it is a link or not a regular file, or if another user owns it or can write to it: its contents could then
/// come from anybody.
pub(crate) use system::open_own;

/// Creates a directory that must not exist yet and that no other user can access.
pub(crate) fn create_own_directory(path: &Path) -> io::Result<()> {
    with_patience(|| system::private_dir().create(path))
}

/// Creates a directory and its missing parents, none of which other users can access.
pub(crate) fn create_private_dir(path: &Path) -> io::Result<()> {
    system::private_dir().recursive(true).create(path)
}

/// Removes a file's read-only attribute. On Windows it prevents replacing and removing the file, even for users who can
/// write to its directory. Returns whether it was set.
pub(crate) use system::unprotect;

/// Whether a directory has only an owner and a mode, and no access control list or other extended attributes.
pub(crate) use system::is_plain_directory;

/// Gives a file, directory or link that is to replace another the owner and group of that one, and its mode and, for a
/// file, access control list, except that a file stays executable. Fails if the owner could not be set, after the rest.
pub(crate) use system::copy_owner_and_mode;

// Removing, moving and exchanging.

/// Lets this user list and change a directory, and nobody else, who could put links there. Fails if it is a link itself, or
/// if another user owns it.
pub(crate) use system::make_private;

/// Removes a file or link, despite its read-only attribute.
pub(crate) fn remove_file(path: &Path) -> io::Result<()> {
    let removed = std::fs::remove_file(path);
    removed.or_else(|error| if unprotect(path) { std::fs::remove_file(path) } else { Err(error) })
}

/// Whether a locked directory and its parents can be renamed without losing the lock.
pub(crate) use system::LOCK_MOVES_WITH_DIRECTORY;

/// Makes a call that can fail for a moment because another process has the file open, such as a virus scanner or an
/// indexer on Windows. Where that can happen, the call is retried for half a second.
pub(crate) use system::with_patience;

/// Whether a call may have failed because another process has a file open.
pub(crate) use system::may_be_in_use;

/// The first file at or below `path` that cannot be removed because it is open, for example a running program. None on
/// systems where open files can be removed.
pub(crate) use system::in_use;

/// Renames to a path that must not exist.
pub(crate) use system::rename_new;

/// Exchanges two paths atomically.
///
/// Fails where the system or the file system does not support it.
pub(crate) use system::exchange;

/// Whether a file system, or another part of the same one, is mounted at `path`. Nothing can be renamed to or from a
/// mount point.
pub(crate) use system::is_mount_point;

// Processes and signals.

/// A child process and its descendants.
pub(crate) use system::ProcessTree;

/// The signals that ask a program to stop, except those that this process was started to ignore (`nohup`).
pub(crate) use system::stop_signals;

/// The signals to catch with a handler that does nothing: the one for a file that grows too large, which is then an
/// error of the call, and, where this process was started to ignore it, the one for a child that has ended.
pub(crate) use system::harmless_signals;

/// Sets `stop` when the console asks this process to stop or is closed. On systems that have signals for this, it does
/// nothing.
///
/// Fails if the console is already being watched.
pub(crate) use system::watch_console;

/// The exit code of an interrupted program, on systems without signals.
pub(crate) use system::INTERRUPTED;

// Time.

/// The processor time that this thread has used.
pub(crate) use system::thread_time;

// Stamps.

/// The stamp of the file at `path`, following links.
pub(crate) fn stamp(path: &Path) -> Stamp {
    path.metadata().ok().and_then(|file| system::stamp(&file))
}

/// The stamp of `path` itself and, if it is a link, of its target.
pub(crate) fn stamps_along(path: &Path) -> (Stamp, Stamp) {
    let Ok(file) = path.symlink_metadata() else { return (None, None) };
    (system::stamp(&file), if file.is_symlink() { stamp(path) } else { None })
}
