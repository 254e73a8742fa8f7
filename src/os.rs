//! What rvenv needs of an operating system: one list, documented here, and a file for each system behind it.
//!
//! `os/linux.rs`, `os/macos.rs` and `os/windows.rs` each have all that is called as `system::` below, so what one of
//! them lacks is a compile error there. `os/unix.rs` is what Linux and macOS share. Nothing else in `src/` depends on
//! the system that it is built for, which `tests/it/structure.rs` checks.

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
#[allow(unsafe_code, reason = "the calls of the system; each block says why it may be")]
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

/// A key of the registry, which Windows alone has.
pub(crate) struct RegistryKey(system::RegistryKey);

impl RegistryKey {
    /// The key of this path at each place where programs are registered and that has it: the user's own, the machine's, and the
    /// machine's for programs of 32 bits.
    pub(crate) fn all(path: &str) -> Vec<RegistryKey> {
        system::RegistryKey::all(path).into_iter().map(RegistryKey).collect()
    }

    /// The keys in it, with their names.
    pub(crate) fn keys(&self) -> Vec<(String, RegistryKey)> {
        self.0.keys().into_iter().map(|(name, key)| (name, RegistryKey(key))).collect()
    }

    /// The text of this name in it; in the key below it of that name, if one is given.
    pub(crate) fn text(&self, key: &str, name: &str) -> Option<String> {
        self.0.text(key, name)
    }
}

/// Whether it is Windows, Python's `os.name == "nt"`.
pub(crate) const IS_WINDOWS: bool = system::IS_WINDOWS;

/// Where programs are looked for when PATH is unset.
pub(crate) const DEFAULT_SEARCH_PATH: &str = system::DEFAULT_SEARCH_PATH;

// Names and bytes.

/// The name or path that Python's `os.fsencode` gives as these bytes. None if they are those of no name on this system.
pub(crate) fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    system::os_string(bytes)
}

/// What a name is on this system to its files: names for the same file have the same.
pub(crate) fn folded(name: &OsStr) -> OsString {
    system::folded(name)
}

// Files and directories.

/// Whether something has this name, even a link to nothing.
pub(crate) fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Whether two paths lead to the same file or directory.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    same_file::is_same_file(one, other).unwrap_or(false)
}

/// Whether this is a directory, and not a link to one.
pub(crate) fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// Whether this is a file that may be run.
pub(crate) fn may_run(path: &Path) -> bool {
    which::which_in(path, None::<&OsStr>, "/").is_ok()
}

/// The paths in a directory, in the order of their names. One that does not exist, or is a file, is empty.
///
/// Errors if it exists and cannot be read.
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

/// The contents of a regular file.
///
/// Errors if it is not one, as [`open_regular`].
pub(crate) fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    let mut contents = Vec::new();
    open_regular(path)?.read_to_end(&mut contents)?;
    Ok(contents)
}

/// The first 8 KiB of a regular file, more than any launcher's first lines have. Errors as [`open_regular`].
pub(crate) fn read_start(path: &Path) -> io::Result<Vec<u8>> {
    let mut contents = Vec::new();
    open_regular(path)?.take(8 << 10).read_to_end(&mut contents)?;
    Ok(contents)
}

/// Opens a regular file for reading.
///
/// Errors if it is not one: reading a FIFO would wait for a writer, and a device might never end.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    match path.metadata()?.is_file() {
        true => File::open(path),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")),
    }
}

/// Fills `bytes` from the file, beginning at byte `start` of it. Threads may do that to one file at the same time.
pub(crate) fn read_at(file: &File, bytes: &mut [u8], start: u64) -> io::Result<()> {
    system::read_at(file, bytes, start)
}

/// Creates a file that must not be there; its mode is what the umask leaves of `mode`.
pub(crate) fn create_file(path: &Path, mode: u32) -> io::Result<File> {
    system::create_file(path, mode)
}

// Files relative to an open directory.

/// An open directory, whose files are named by their names alone: the path to it is not walked again for each of them.
pub(crate) struct Folder(system::Folder);

impl Folder {
    /// Opens a directory. Errors if it is a link to one.
    pub(crate) fn open(path: &Path) -> io::Result<Folder> {
        system::Folder::open(path).map(Folder)
    }

    /// The permissions of the directory itself.
    pub(crate) fn mode(&self) -> io::Result<u32> {
        self.0.mode()
    }

    /// The state of the file `name`; if that is a link, of the link.
    pub(crate) fn state(&self, name: &str) -> io::Result<FileState> {
        self.0.state(name)
    }

    /// Creates a file that must not be there; its mode is what the umask leaves of `mode`.
    pub(crate) fn create_file(&self, name: &str, mode: u32) -> io::Result<File> {
        self.0.create_file(name, mode)
    }

    /// Makes `name` a hard link to the file of that name in `other`.
    pub(crate) fn link_from(&self, other: &Folder, name: &str) -> io::Result<()> {
        self.0.link_from(&other.0, name)
    }

    /// Makes `name` a copy-on-write copy, with the permissions `mode`, of the file of that name in `other`, which was
    /// modified at `modified`, as the copy is then. After an error there is no such file here.
    pub(crate) fn clone_from(&self, other: &Folder, name: &str, mode: u32, modified: SystemTime) -> io::Result<()> {
        self.0.clone_from(&other.0, name, mode, modified)
    }
}

// Links.

/// Makes the symbolic link `link` to `target`.
pub(crate) fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    system::symlink(target, link)
}

// Locks.

/// Locks a directory, which is there; `is_new` if this process has just made it. The lock lasts until the file that is
/// returned is closed, at the latest when the process ends. None if another process has the lock, or has removed the
/// directory meanwhile.
///
/// Errors with [`io::ErrorKind::Unsupported`] where the file system has no locks, and with
/// [`io::ErrorKind::PermissionDenied`] if a directory that is not new belongs to somebody else or may be written to by
/// others.
pub(crate) fn try_lock(directory: &Path, is_new: bool) -> io::Result<Option<File>> {
    system::try_lock(directory, is_new)
}

// Ownership and permissions.

/// Whether this is a directory, and not a link to one, that nobody else owns or may write to.
pub(crate) fn is_own_folder(path: &Path) -> bool {
    system::is_own_folder(path)
}

/// Whether `path` is another user's, who alone may remove it: on Unix in a sticky directory, as /tmp is.
pub(crate) fn is_anothers_to_remove(path: &Path) -> bool {
    system::is_anothers_to_remove(path)
}

/// Whether this is root, and what it makes at `path` would stand in a directory of somebody else, who could not use it.
pub(crate) fn would_be_roots_at_anothers(path: &Path) -> bool {
    system::would_be_roots_at_anothers(path)
}

/// Opens a file of the cache for reading.
///
/// Errors if it is a link, is not a regular file, or if somebody else owns it or may write to it: what it says could be
/// anybody's.
pub(crate) fn open_own(path: &Path) -> io::Result<File> {
    system::open_own(path)
}

/// Makes a directory that must not be there, which nobody else may look into.
pub(crate) fn create_own_folder(path: &Path) -> io::Result<()> {
    with_patience(|| system::private_dir().create(path))
}

/// Makes a directory, and those above it that are missing, which nobody else may look into.
pub(crate) fn create_private_dir(path: &Path) -> io::Result<()> {
    system::private_dir().recursive(true).create(path)
}

/// Takes from a file what forbids to replace or remove it, whoever may write to its directory: an attribute of Windows. Returns
/// whether there was anything of the kind.
pub(crate) fn unprotect(file: &Path) -> bool {
    system::unprotect(file)
}

/// Lets a directory's owner do everything in it.
pub(crate) fn open_up(directory: &Path) -> io::Result<()> {
    system::open_up(directory)
}

/// Whether a directory has nothing to it but an owner and a mode: no access control list or other extended attribute.
pub(crate) fn is_plain_folder(path: &Path) -> bool {
    system::is_plain_folder(path)
}

/// Gives a directory the owner, group and mode of another.
pub(crate) fn copy_owner_and_mode(from: &Path, to: &Path) -> io::Result<()> {
    system::copy_owner_and_mode(from, to)
}

// Moving and exchanging.

/// Whether a locked directory may be renamed, and those above it, and keeps its lock.
pub(crate) const LOCK_MOVES_WITH_DIRECTORY: bool = system::LOCK_MOVES_WITH_DIRECTORY;

/// Makes a call that somebody's open file may refuse for a moment, where there is such a thing (a virus scanner or an indexer of
/// Windows): tries it again then, for half a second.
pub(crate) fn with_patience<T>(call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    system::with_patience(call)
}

/// The first file at or below `path` that cannot be removed since somebody has it open, as a program that runs. None where
/// that is no hindrance.
pub(crate) fn in_use(path: &Path) -> Option<PathBuf> {
    system::in_use(path)
}

/// Renames to a name that must not be there.
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    system::rename_new(from, to)
}

/// Exchanges what two names stand for, at once.
///
/// Errors where the system or the file system cannot do that.
pub(crate) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    system::exchange(one, other)
}

/// Whether another file system, or another part of this one, is mounted at `path`: nothing can be renamed to or from
/// there.
pub(crate) fn is_mount_point(path: &Path) -> bool {
    system::is_mount_point(path)
}

// Processes and signals.

/// A process that this one has started, with all that it starts in its turn.
pub(crate) struct Family(system::Family);

impl Family {
    /// Starts a process that what a terminal sends to this one does not reach.
    pub(crate) fn start_apart(command: &mut Command) -> io::Result<(Child, Family)> {
        system::Family::start_apart(command).map(|(child, family)| (child, Family(family)))
    }

    /// Starts a process that shares the terminal with this one.
    pub(crate) fn start_in_foreground(command: &mut Command) -> io::Result<(Child, Family)> {
        system::Family::start_in_foreground(command).map(|(child, family)| (child, Family(family)))
    }

    /// Ends them all, as far as they can be found. The child, which is the first of them, must not be reaped yet: its number
    /// could be another's then.
    pub(crate) fn kill(&self, child: &Child) -> io::Result<()> {
        self.0.kill(child)
    }
}

/// What a child does now. It is not reaped.
pub(crate) fn child_state(child: &Child) -> io::Result<ChildState> {
    system::child_state(child)
}

/// The end of a pipe that what a child says comes out of.
pub(crate) struct Pipe(system::Pipe);

impl Pipe {
    /// What a child says on its standard output.
    pub(crate) fn of_stdout(stream: ChildStdout) -> Pipe {
        Pipe(system::Pipe::new(stream))
    }

    /// What a child says on its standard error.
    pub(crate) fn of_stderr(stream: ChildStderr) -> Pipe {
        Pipe(system::Pipe::new(stream))
    }

    /// How many bytes can be read from it without waiting.
    pub(crate) fn holds(&self) -> io::Result<usize> {
        self.0.holds()
    }
}

impl Read for Pipe {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

/// Which of some pipes can be read without waiting, be it their end that is read: waits until there is one, or
/// `patience` is over, or a signal has come.
pub(crate) fn readable<const N: usize>(pipes: [Option<&Pipe>; N], patience: Duration) -> io::Result<[bool; N]> {
    system::readable(pipes.map(|pipe| pipe.map(|pipe| &pipe.0)), patience)
}

/// The signals that ask a program to stop, without those that this process was started to ignore (`nohup`).
pub(crate) fn stop_signals() -> Vec<i32> {
    system::stop_signals()
}

/// The signals that shall not end a program, and what they mean to it is an ordinary error of a call: a file that grows
/// too large, and a child that has ended, where this process was started to ignore that.
pub(crate) fn harmless_signals() -> Vec<i32> {
    system::harmless_signals()
}

/// Has `stop` set when the console asks this process to stop, or is closed: what other systems have signals for. There it
/// does nothing.
///
/// Errors if it is watched already.
pub(crate) fn watch_console(stop: &Arc<AtomicBool>) -> io::Result<()> {
    system::watch_console(stop)
}

/// The exit code of a program that was interrupted, where that is told by no signal.
pub(crate) const INTERRUPTED: Option<i32> = system::INTERRUPTED;

// The terminal.

/// The terminal that this process's standard input is, and in the foreground of which it is: a child of the same group
/// can read from it. Dropped, it works as it did before.
pub(crate) struct Terminal(#[allow(dead_code, reason = "it is kept to be dropped")] system::Terminal);

impl Terminal {
    /// None where there is no such terminal: this process, too, would be stopped for reading from another.
    pub(crate) fn in_foreground() -> Option<Terminal> {
        system::Terminal::in_foreground().map(Terminal)
    }
}

// Stamps.

/// The stamp of the file that `path` leads to.
pub(crate) fn stamp(path: &Path) -> Stamp {
    path.metadata().ok().and_then(|file| system::stamp(&file))
}

/// The stamps of what is at `path`, and if that is a link, of what it leads to.
pub(crate) fn stamps_along(path: &Path) -> (Stamp, Stamp) {
    let Ok(file) = path.symlink_metadata() else { return (None, None) };
    (system::stamp(&file), if file.is_symlink() { stamp(path) } else { None })
}
