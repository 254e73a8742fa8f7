//! What differs between operating systems below the layout: the calls that the standard library has under
//! another name on each.

use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;
use std::process::{Child, Command};
#[cfg(unix)]
use std::time::SystemTime;

/// The name or path of these bytes; none where names are text and this is not UTF-8.
#[cfg(unix)]
pub(crate) fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    use std::os::unix::ffi::OsStringExt;
    Some(OsString::from_vec(bytes))
}

#[cfg(not(unix))]
pub(crate) fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    String::from_utf8(bytes).ok().map(OsString::from)
}

/// Makes the symbolic link `link` to `target`.
#[cfg(unix)]
pub(crate) fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
pub(crate) fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, link)
}

/// Whether `error` says that the file system has no symbolic links (EPERM, by link's manual page), rather than
/// that this folder cannot be written to.
#[cfg(unix)]
pub(crate) fn lacks_links(error: &io::Error) -> bool {
    const EPERM: i32 = 1;
    error.raw_os_error() == Some(EPERM) || error.kind() == io::ErrorKind::Unsupported
}

#[cfg(not(unix))]
pub(crate) fn lacks_links(_: &io::Error) -> bool {
    true
}

/// Creates a file that must not be there; its mode is what the umask leaves of `mode`.
pub(crate) fn create_file(path: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path)
}

/// What there is to know of a file without reading it.
pub(crate) struct FileState {
    pub(crate) size: u64,
    /// When its contents were changed: seconds since 1970, and nanoseconds.
    pub(crate) modified: (i64, u32),
    mode: u32,
}

impl FileState {
    /// Whether it is a regular file.
    pub(crate) fn is_regular(&self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }

    /// The bits of its mode that say who may do what.
    pub(crate) fn permissions(&self) -> u32 {
        self.mode & 0o777
    }
}

/// An open folder, in which files are made by their names alone: nothing above it is walked through again.
#[cfg(unix)]
pub(crate) struct Folder(rustix::fd::OwnedFd);

#[cfg(unix)]
impl Folder {
    pub(crate) fn open(path: &Path) -> io::Result<Folder> {
        use rustix::fs::{Mode, OFlags};
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(Folder(rustix::fs::open(path, flags, Mode::empty())?))
    }

    /// Creates a file that must not be there; its mode is what the umask leaves of `mode`.
    pub(crate) fn create_file(&self, name: &str, mode: u32) -> io::Result<File> {
        use rustix::fs::{Mode, OFlags};
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.0, name, flags, Mode::from_raw_mode(mode))?.into())
    }

    /// Gives the file `name` of `other` that name here too.
    pub(crate) fn link_from(&self, other: &Folder, name: &str) -> io::Result<()> {
        Ok(rustix::fs::linkat(&other.0, name, &self.0, name, rustix::fs::AtFlags::empty())?)
    }

    /// Makes the file `name` a copy-on-write copy of that of `other`, changed at `modified`. After an error there is
    /// none.
    #[cfg(target_os = "linux")]
    pub(crate) fn clone_from(&self, other: &Folder, name: &str, mode: u32, modified: SystemTime) -> io::Result<()> {
        use rustix::fs::{AtFlags, Mode, OFlags};
        let source =
            rustix::fs::openat(&other.0, name, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
        let file = self.create_file(name, mode)?;
        let cloned = rustix::fs::ioctl_ficlone(&file, source).map_err(io::Error::from);
        cloned.and_then(|()| file.set_modified(modified)).inspect_err(|_| {
            let _ = rustix::fs::unlinkat(&self.0, name, AtFlags::empty());
        })
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn clone_from(&self, _: &Folder, _: &str, _: u32, _: SystemTime) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// The state of the file `name` itself, be it a link.
    pub(crate) fn state(&self, name: &str) -> io::Result<FileState> {
        let state = rustix::fs::statat(&self.0, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(FileState {
            size: state.st_size as u64,
            modified: (state.st_mtime, state.st_mtime_nsec as u32),
            mode: state.st_mode,
        })
    }

    /// The mode of the folder itself, file type left out.
    pub(crate) fn mode(&self) -> io::Result<u32> {
        Ok(rustix::fs::fstat(&self.0)?.st_mode & 0o777)
    }
}

/// Lets a folder's owner do everything in it.
#[cfg(unix)]
pub(crate) fn open_up(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
pub(crate) fn open_up(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The contents of a regular file; what is none (a FIFO would be waited for) is an error.
pub(crate) fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    match path.metadata()?.is_file() {
        true => std::fs::read(path),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")),
    }
}

/// Opens a file of the cache for reading. Errors if it is a link, no regular file, or if somebody else owns it or may
/// write to it: what it says could be anybody's.
pub(crate) fn open_own(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits() as i32);
    }
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    match metadata.is_file() && is_own(&metadata) {
        true => Ok(file),
        false => Err(io::ErrorKind::PermissionDenied.into()),
    }
}

/// Whether two paths lead to the same file or folder.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    same_file::is_same_file(one, other).unwrap_or(false)
}

/// Whether this is a folder, and no link to one.
pub(crate) fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// Whether this is a folder, and no link to one, that nobody else owns or may write to.
pub(crate) fn is_own_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir() && is_own(&metadata))
}

#[cfg(unix)]
fn is_own(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o022 == 0
}

#[cfg(not(unix))]
fn is_own(_: &Metadata) -> bool {
    true
}

/// Fills `bytes` from the file, beginning at byte `start` of it.
pub(crate) fn read_at(file: &File, bytes: &mut [u8], start: u64) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_exact_at(file, bytes, start);
    #[cfg(not(unix))]
    {
        use std::io::{Read, Seek, SeekFrom};
        let mut file = file.try_clone()?;
        file.seek(SeekFrom::Start(start)).and_then(|_| file.read_exact(bytes))
    }
}

/// Whether something has this name, be it a link to nothing.
pub(crate) fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// What tells one state of a file from another: device, inode, size, and the times of its contents and of itself
/// in seconds and nanoseconds. None if it cannot be read.
pub(crate) type Stamp = Option<[i64; 7]>;

/// The stamp of the file that `path` leads to.
pub(crate) fn stamp(path: &Path) -> Stamp {
    path.metadata().ok().and_then(|file| stamp_of(&file))
}

/// The stamps of what is at `path`, and if that is a link, of what it leads to.
pub(crate) fn stamps_along(path: &Path) -> (Stamp, Stamp) {
    let Ok(file) = path.symlink_metadata() else { return (None, None) };
    (stamp_of(&file), if file.is_symlink() { stamp(path) } else { None })
}

#[cfg(unix)]
fn stamp_of(file: &Metadata) -> Stamp {
    use std::os::unix::fs::MetadataExt;
    let (device, inode, size) = (file.dev() as i64, file.ino() as i64, file.size() as i64);
    Some([device, inode, size, file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()])
}

#[cfg(not(unix))]
fn stamp_of(file: &Metadata) -> Stamp {
    let modified = file.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some([0, 0, file.len() as i64, modified.as_secs() as i64, modified.subsec_nanos().into(), 0, 0])
}

/// Makes a folder, and those above it, that nobody else may look into.
pub(crate) fn create_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Whether this is a file that may be run.
pub(crate) fn may_run(path: &Path) -> bool {
    which::which_in(path, None::<&std::ffi::OsStr>, "/").is_ok()
}

/// Makes a folder that must not be there, which nobody else may look into.
pub(crate) fn create_own_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a folder to be locked. Errors if it is a link to one.
#[cfg(unix)]
pub(crate) fn open_folder(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = || rustix::fs::open(path, flags, Mode::empty());
    let folder = match open() {
        // The umask may have taken its owner's rights too.
        Err(rustix::io::Errno::ACCESS) => {
            open_up(path)?;
            open()?
        }
        folder => folder?,
    };
    Ok(folder.into())
}

/// Whether nobody else owns what is open or may write to it.
pub(crate) fn is_own_file(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| is_own(&metadata))
}

/// Whether this process has the lock on an open folder now. Errors where there are no locks.
#[cfg(unix)]
pub(crate) fn try_lock(folder: &File) -> io::Result<bool> {
    match rustix::fs::flock(folder, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        locked => Ok(locked.map(|()| true)?),
    }
}

/// Whether an open folder is the one that is at `path` now.
#[cfg(unix)]
pub(crate) fn is_at(folder: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |metadata: Metadata| (metadata.dev(), metadata.ino());
    folder.metadata().is_ok_and(|open| path.symlink_metadata().is_ok_and(|there| id(open) == id(there)))
}

/// Renames to a name that must not be there.
#[cfg(target_os = "linux")]
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags};
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // The file system does not know the flag. A folder that is not empty is not replaced in any case.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => std::fs::rename(from, to),
        renamed => Ok(renamed?),
    }
}

/// Swaps what two names stand for, at once.
#[cfg(target_os = "linux")]
pub(crate) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags};
    Ok(rustix::fs::renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether another file system, or another part of this one, is mounted at `path`.
#[cfg(target_os = "linux")]
pub(crate) fn is_mount_point(path: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags};
    let is_root = rustix::fs::statx(CWD, path, AtFlags::empty(), StatxFlags::BASIC_STATS)
        .is_ok_and(|stat| stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT));
    is_root || is_on_another_device(path)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn is_mount_point(path: &Path) -> bool {
    is_on_another_device(path)
}

#[cfg(unix)]
fn is_on_another_device(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let device = |path: &Path| path.metadata().map(|metadata| metadata.dev()).ok();
    path.parent().is_some_and(|parent| device(parent) != device(path))
}

#[cfg(not(unix))]
fn is_on_another_device(_: &Path) -> bool {
    false
}

/// Whether a folder has nothing to it but an owner and a mode: no extended attributes, such as access control lists. What
/// SELinux adds depends on the place, and is the same for a folder made beside it.
#[cfg(target_os = "linux")]
pub(crate) fn is_plain_folder(path: &Path) -> bool {
    let mut names = [0; 4096];
    let listed = rustix::fs::llistxattr(path, &mut names[..]);
    listed.is_ok_and(|length| {
        names[..length].split(|byte| *byte == 0).all(|name| name.is_empty() || name == b"security.selinux")
    })
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn is_plain_folder(_: &Path) -> bool {
    false
}

/// Gives a folder the owner, group and mode of another.
#[cfg(unix)]
pub(crate) fn copy_owner_and_mode(from: &Path, to: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let (wanted, there) = (from.symlink_metadata()?, to.symlink_metadata()?);
    if (wanted.uid(), wanted.gid()) != (there.uid(), there.gid()) {
        std::os::unix::fs::lchown(to, Some(wanted.uid()), Some(wanted.gid()))?;
    }
    match wanted.mode() == there.mode() {
        true => Ok(()),
        false => std::fs::set_permissions(to, wanted.permissions()),
    }
}

/// Has a command's process lead a group of its own, so that it can be ended with all that it starts.
pub(crate) fn in_own_group(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command
}

/// Ends a process that leads a group, and the group. The process must not be reaped yet: its number, and that of the
/// group, could be another's then.
#[cfg(unix)]
pub(crate) fn kill_group(child: &Child) -> io::Result<()> {
    match rustix::process::kill_process_group(pid_of(child)?, rustix::process::Signal::KILL) {
        // A group whose last process has ended is none.
        Err(rustix::io::Errno::SRCH) => Ok(()),
        killed => Ok(killed?),
    }
}

/// Ends a process, and those that it has started as far as they can be found, by what Linux has in /proc. The process
/// must not be reaped yet.
#[cfg(unix)]
pub(crate) fn kill_tree(child: &Child) -> io::Result<()> {
    kill_with_children(pid_of(child)?)
}

#[cfg(unix)]
fn kill_with_children(pid: rustix::process::Pid) -> io::Result<()> {
    use rustix::process::{Signal, kill_process};
    // While it stands still it starts none, and reaps none, so that the numbers of those stay their own.
    kill_process(pid, Signal::STOP)?;
    for child in children_of(pid) {
        let _ = kill_with_children(child);
    }
    Ok(kill_process(pid, Signal::KILL)?)
}

#[cfg(unix)]
fn children_of(parent: rustix::process::Pid) -> Vec<rustix::process::Pid> {
    // Those that are not listed cannot be ended, that is all.
    let Ok(processes) = std::fs::read_dir("/proc") else { return vec![] };
    let child = |name: OsString| {
        let number: i32 = name.to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
        // `pid (name) state ppid`, and a name can be anything.
        let (_, fields) = stat.rsplit_once(')')?;
        let is_child = fields.split_whitespace().nth(1)? == parent.as_raw_nonzero().to_string();
        if is_child { rustix::process::Pid::from_raw(number) } else { None }
    };
    processes.filter_map(|process| child(process.ok()?.file_name())).collect()
}

#[cfg(unix)]
fn pid_of(child: &Child) -> io::Result<rustix::process::Pid> {
    let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    pid.ok_or_else(|| io::Error::from(rustix::io::Errno::SRCH))
}

/// What a child does.
pub(crate) enum State {
    Running,
    /// It wants to read from a terminal, or to change how that works, and is not in its foreground.
    StoppedByTerminal,
    Ended,
}

/// What a child does now. It is not reaped.
#[cfg(unix)]
pub(crate) fn state(child: &Child) -> io::Result<State> {
    use rustix::process::{Signal, WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let by_terminal = |signal: i32| [Signal::TTIN, Signal::TTOU].iter().any(|stop| stop.as_raw() == signal);
    Ok(match waitid(WaitId::Pid(pid_of(child)?), options)? {
        None => State::Running,
        Some(status) if !status.stopped() => State::Ended,
        Some(status) if status.stopping_signal().is_some_and(by_terminal) => State::StoppedByTerminal,
        Some(_) => State::Running,
    })
}

/// The end of a pipe that what a child says comes out of.
#[cfg(unix)]
pub(crate) struct Pipe(File);

#[cfg(unix)]
impl Pipe {
    pub(crate) fn new(stream: impl Into<std::os::fd::OwnedFd>) -> Pipe {
        Pipe(stream.into().into())
    }

    /// How many bytes can be read from it without waiting.
    pub(crate) fn holds(&self) -> io::Result<usize> {
        Ok(usize::try_from(rustix::io::ioctl_fionread(&self.0)?).unwrap_or(usize::MAX))
    }
}

#[cfg(unix)]
impl io::Read for Pipe {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

/// Which of some pipes can be read without waiting, be it their end that is read: waits until there is one, or `patience`
/// is over, or a signal has come.
#[cfg(unix)]
pub(crate) fn readable<const N: usize>(
    pipes: [Option<&Pipe>; N],
    patience: std::time::Duration,
) -> io::Result<[bool; N]> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut polled: Vec<PollFd> = pipes.iter().flatten().map(|pipe| PollFd::new(&pipe.0, PollFlags::IN)).collect();
    let timeout = Timespec { tv_sec: patience.as_secs() as i64, tv_nsec: patience.subsec_nanos().into() };
    match poll(&mut polled, Some(&timeout)) {
        Err(rustix::io::Errno::INTR) => return Ok([false; N]),
        polled => polled?,
    };
    let mut answers = polled.iter().map(|pipe| !pipe.revents().is_empty());
    Ok(pipes.map(|pipe| pipe.is_some() && answers.next().unwrap_or_default()))
}

/// The terminal that this process's standard input is, and in the foreground of which it is: a child of the same group can
/// read from it. Dropped, it works as it did before.
#[cfg(unix)]
pub(crate) struct Terminal(rustix::termios::Termios);

#[cfg(unix)]
impl Terminal {
    /// None where there is no such terminal: this process, too, would be stopped for reading from another.
    pub(crate) fn in_foreground() -> Option<Terminal> {
        if is_in_foreground() { rustix::termios::tcgetattr(io::stdin()).ok().map(Terminal) } else { None }
    }
}

#[cfg(unix)]
fn is_in_foreground() -> bool {
    rustix::termios::tcgetpgrp(io::stdin()).is_ok_and(|group| group == rustix::process::getpgrp())
}

#[cfg(unix)]
impl Drop for Terminal {
    fn drop(&mut self) {
        // Who is in the background would be stopped for it.
        if is_in_foreground() {
            let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, &self.0);
        }
    }
}
