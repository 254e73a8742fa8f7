//! The operating system interface: the functions that rvenv needs, documented here, with one implementation per system.
//!
//! `os/linux.rs`, `os/macos.rs` and `os/windows.rs` each implement everything that is called as `system::` below, so a
//! missing function is a compile error on that system. `os/unix.rs` is what Linux and macOS share. Nothing else in
//! `src/` depends on the target system; `tests/it/structure.rs` checks that.

mod state;

#[cfg(any(target_os = "macos", test))]
mod decomposed;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
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

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use crate::error::{AtPath, Result};

pub(crate) use state::{ChildState, FileState, Stamp};

// The system.

/// A registry key. Only Windows has a registry.
pub(crate) struct RegistryKey(system::RegistryKey);

impl RegistryKey {
    /// Returns the keys with this path from the places where programs are registered: the current user, the local
    /// machine, and the local machine's 32-bit view.
    pub(crate) fn all(path: &str) -> Vec<RegistryKey> {
        system::RegistryKey::all(path).into_iter().map(RegistryKey).collect()
    }

    /// Returns its subkeys and their names.
    pub(crate) fn keys(&self) -> Vec<(String, RegistryKey)> {
        self.0.keys().into_iter().map(|(name, key)| (name, RegistryKey(key))).collect()
    }

    /// Returns the string value `name` of the subkey `key`, or of this key itself if `key` is empty.
    pub(crate) fn text(&self, key: &str, name: &str) -> Option<String> {
        self.0.text(key, name)
    }
}

/// Whether this is Windows: Python's `os.name == "nt"`.
pub(crate) const IS_WINDOWS: bool = system::IS_WINDOWS;

/// The search path for programs when PATH is unset.
pub(crate) const DEFAULT_SEARCH_PATH: &str = system::DEFAULT_SEARCH_PATH;

// Names and bytes.

/// Converts the bytes from Python's `os.fsencode` to a name or path. None if no name on this system has these bytes.
pub(crate) fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    system::os_string(bytes)
}

/// Folds a name as the system's file systems compare it: names for the same file have the same result.
pub(crate) fn folded(name: &OsStr) -> OsString {
    system::folded(name)
}

// Files and directories.

/// Whether something exists at this path, even a broken link.
pub(crate) fn is_there(path: &Path) -> bool {
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
pub(crate) fn may_run(path: &Path) -> bool {
    which::which_in(path, None::<&OsStr>, "/").is_ok()
}

/// The paths in a directory, sorted by name. There are none if it does not exist or is not a directory.
///
/// Fails if it exists but cannot be read.
pub(crate) fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(vec![]);
        }
        entries => entries.at("read the directory", directory)?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.at("read the directory", directory)?.path());
    }
    paths.sort();
    Ok(paths)
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
    match path.metadata()?.is_file() {
        true => File::open(path),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")),
    }
}

/// Fills `bytes` from the file, starting at offset `start`. Several threads can read the same file at the same time.
pub(crate) fn read_at(file: &File, bytes: &mut [u8], start: u64) -> io::Result<()> {
    system::read_at(file, bytes, start)
}

/// Creates a file that must not exist yet, with the permissions `mode` less the umask.
pub(crate) fn create_file(path: &Path, mode: u32) -> io::Result<File> {
    system::create_file(path, mode)
}

// Files relative to an open directory.

/// An open directory. Its files are accessed by name, so that its path is not resolved again for each of them.
pub(crate) struct Directory(system::Directory);

impl Directory {
    /// Opens a directory. Fails if it is a link to one.
    pub(crate) fn open(path: &Path) -> io::Result<Directory> {
        system::Directory::open(path).map(Directory)
    }

    /// The permissions of the directory itself.
    pub(crate) fn mode(&self) -> io::Result<u32> {
        self.0.mode()
    }

    /// The state of the file `name`; for a link, of the link itself.
    pub(crate) fn state(&self, name: &str) -> io::Result<FileState> {
        self.0.state(name)
    }

    /// Creates a file that must not exist yet, with the permissions `mode` less the umask.
    pub(crate) fn create_file(&self, name: &str, mode: u32) -> io::Result<File> {
        self.0.create_file(name, mode)
    }

    /// Creates a hard link `name` to the file of the same name in `other`.
    pub(crate) fn link_from(&self, other: &Directory, name: &str) -> io::Result<()> {
        self.0.link_from(&other.0, name)
    }

    /// Creates `name` as a copy-on-write clone of the file of the same name in `other`, with the permissions `mode`.
    /// `modified` is the modification time of the source, and of the clone. If it fails, no file is left here.
    pub(crate) fn clone_from(&self, other: &Directory, name: &str, mode: u32, modified: SystemTime) -> io::Result<()> {
        self.0.clone_from(&other.0, name, mode, modified)
    }
}

/// A directory that stays the same while this process works in it, even if it is root and another user can write to a
/// directory above it.
#[derive(Debug)]
pub(crate) struct PinnedDir(system::PinnedDir);

impl PinnedDir {
    /// Pins a directory. Fails if it is a link that another user could have placed.
    pub(crate) fn open(path: &Path) -> io::Result<PinnedDir> {
        system::PinnedDir::open(path).map(PinnedDir)
    }

    /// Pins the directory at `path`, for which [`try_lock`] returned `lock`.
    pub(crate) fn locked(path: &Path, lock: &File) -> io::Result<PinnedDir> {
        system::PinnedDir::from_open(path, lock).map(PinnedDir)
    }

    /// Pins a directory in this one. Fails like [`open`](Self::open).
    pub(crate) fn enter(&self, name: &OsStr) -> io::Result<PinnedDir> {
        self.0.enter(name).map(PinnedDir)
    }

    /// Follows a rename of a directory above it: it is now at `path`.
    pub(crate) fn moved_to(&mut self, path: &Path) {
        self.0.moved_to(path);
    }

    /// A path that keeps leading to it.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Whether this process is root and another user could replace what is at `path`, now or later, because that user owns
/// or can write to a directory above it.
pub(crate) fn is_replaceable(path: &Path) -> bool {
    system::is_replaceable(path)
}

// Links.

/// Creates the symbolic link `link` to `target`.
pub(crate) fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    system::symlink(target, link)
}

// Locks.

/// Locks an existing directory; `is_new` if this process has just created it. The lock is held until the returned file
/// is closed, at the latest when the process ends. None if another process holds the lock, or has removed the directory
/// in the meantime.
///
/// Fails with [`io::ErrorKind::Unsupported`] where the file system does not support locks, and with
/// [`io::ErrorKind::PermissionDenied`] if the directory is not new and another user owns it or can write to it.
pub(crate) fn try_lock(directory: &Path, is_new: bool) -> io::Result<Option<File>> {
    system::try_lock(directory, is_new)
}

// Ownership and permissions.

/// Whether this is a directory and not a link to one, the user owns it, and no other user can write to it.
pub(crate) fn is_own_directory(path: &Path) -> bool {
    system::is_own_directory(path)
}

/// Whether `path` belongs to another user, who alone can remove it: on Unix, in a sticky directory such as /tmp.
pub(crate) fn is_anothers_to_remove(path: &Path) -> bool {
    system::is_anothers_to_remove(path)
}

/// Whether this process is root and would create `path` in a directory of another user, who could then not use it.
pub(crate) fn would_be_roots_at_anothers(path: &Path) -> bool {
    system::would_be_roots_at_anothers(path)
}

/// Opens a cache file for reading.
///
/// Fails if it is a link or not a regular file, or if another user owns it or can write to it: its contents could then
/// come from anybody.
pub(crate) fn open_own(path: &Path) -> io::Result<File> {
    system::open_own(path)
}

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
pub(crate) fn unprotect(file: &Path) -> bool {
    system::unprotect(file)
}

/// Whether a directory has only an owner and a mode, and no access control list or other extended attributes.
pub(crate) fn is_plain_directory(path: &Path) -> bool {
    system::is_plain_directory(path)
}

/// Gives a directory the owner, group and mode of another.
pub(crate) fn copy_owner_and_mode(from: &Path, to: &Path) -> io::Result<()> {
    system::copy_owner_and_mode(from, to)
}

// Removing, moving and exchanging.

/// Like [`std::fs::remove_dir_all`], but despite the modes of directories and the read-only attributes of files, and
/// however deep the tree is.
pub(crate) fn remove_tree(directory: &Path) -> io::Result<()> {
    system::remove_tree(directory)
}

/// Whether a locked directory and its parents can be renamed without losing the lock.
pub(crate) const LOCK_MOVES_WITH_DIRECTORY: bool = system::LOCK_MOVES_WITH_DIRECTORY;

/// Makes a call that can fail for a moment because another process has the file open, such as a virus scanner or an
/// indexer on Windows. Where that can happen, the call is retried for half a second.
pub(crate) fn with_patience<T>(call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    system::with_patience(call)
}

/// The first file at or below `path` that cannot be removed because it is open, for example a running program. None on
/// systems where open files can be removed.
pub(crate) fn in_use(path: &Path) -> Option<PathBuf> {
    system::in_use(path)
}

/// Renames to a path that must not exist.
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    system::rename_new(from, to)
}

/// Exchanges two paths atomically.
///
/// Fails where the system or the file system does not support it.
pub(crate) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    system::exchange(one, other)
}

/// Whether a file system, or another part of the same one, is mounted at `path`. Nothing can be renamed to or from a
/// mount point.
pub(crate) fn is_mount_point(path: &Path) -> bool {
    system::is_mount_point(path)
}

// Processes and signals.

/// A child process and its descendants.
pub(crate) struct Family(system::Family);

impl Family {
    /// Starts a process that does not receive the signals that a terminal sends to this one.
    pub(crate) fn start_apart(command: &mut Command) -> io::Result<(Child, Family)> {
        system::Family::start_apart(command).map(|(child, family)| (child, Family(family)))
    }

    /// Starts a process that shares the terminal with this one.
    pub(crate) fn start_in_foreground(command: &mut Command) -> io::Result<(Child, Family)> {
        system::Family::start_in_foreground(command).map(|(child, family)| (child, Family(family)))
    }

    /// Kills them all, as far as they can be found. `child`, the first of them, must not have been reaped yet: its
    /// PID could then belong to another process.
    pub(crate) fn kill(&self, child: &Child) -> io::Result<()> {
        self.0.kill(child)
    }
}

/// The current state of a child. Does not reap it.
pub(crate) fn child_state(child: &Child) -> io::Result<ChildState> {
    system::child_state(child)
}

/// The read end of a child's output pipe.
pub(crate) struct Pipe(system::Pipe);

impl Pipe {
    /// The pipe of a child's standard output.
    pub(crate) fn of_stdout(stream: ChildStdout) -> Pipe {
        Pipe(system::Pipe::new(stream))
    }

    /// The pipe of a child's standard error.
    pub(crate) fn of_stderr(stream: ChildStderr) -> Pipe {
        Pipe(system::Pipe::new(stream))
    }

    /// The number of bytes that can be read without blocking.
    pub(crate) fn holds(&self) -> io::Result<usize> {
        self.0.holds()
    }
}

impl Read for Pipe {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

/// Waits until one of the pipes can be read without blocking (end of file counts too), `patience` is over, or a signal
/// arrives. Returns which of the pipes can be read.
pub(crate) fn readable<const N: usize>(pipes: [Option<&Pipe>; N], patience: Duration) -> io::Result<[bool; N]> {
    system::readable(pipes.map(|pipe| pipe.map(|pipe| &pipe.0)), patience)
}

/// The signals that ask a program to stop, except those that this process was started to ignore (`nohup`).
pub(crate) fn stop_signals() -> Vec<i32> {
    system::stop_signals()
}

/// The signals to catch with a handler that does nothing: the one for a file that grows too large, which is then an
/// error of the call, and, where this process was started to ignore it, the one for a child that has ended.
pub(crate) fn harmless_signals() -> Vec<i32> {
    system::harmless_signals()
}

/// Sets `stop` when the console asks this process to stop or is closed. On systems that have signals for this, it does
/// nothing.
///
/// Fails if the console is already being watched.
pub(crate) fn watch_console(stop: &Arc<AtomicBool>) -> io::Result<()> {
    system::watch_console(stop)
}

/// The exit code of an interrupted program, on systems without signals.
pub(crate) const INTERRUPTED: Option<i32> = system::INTERRUPTED;

// The terminal.

/// The terminal on standard input, with this process in the foreground: a child in the same process group can read from
/// it. On drop, its settings are restored.
pub(crate) struct Terminal(#[allow(dead_code, reason = "kept for its Drop")] system::Terminal);

impl Terminal {
    /// None if standard input is not a terminal, or if this process is in the background, where reading would stop it.
    pub(crate) fn in_foreground() -> Option<Terminal> {
        system::Terminal::in_foreground().map(Terminal)
    }
}

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
