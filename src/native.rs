//! What differs between operating systems below the layout: the calls that the standard library has under
//! another name on each.

use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;
use std::process::{Child, Command};

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

/// The mode of a new folder before the umask.
#[cfg(unix)]
pub(crate) fn set_folder_mode(builder: &mut tempfile::Builder<'_, '_>, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(std::fs::Permissions::from_mode(mode));
}

#[cfg(not(unix))]
pub(crate) fn set_folder_mode(_: &mut tempfile::Builder<'_, '_>, _: u32) {}

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

/// The stamp of what is at `path` itself, be it a link.
pub(crate) fn link_stamp(path: &Path) -> Stamp {
    path.symlink_metadata().ok().and_then(|file| stamp_of(&file))
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

/// Has a command's process lead a group of its own, so that it can be ended with all that it starts.
pub(crate) fn in_own_group(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command
}

/// Ends a process that leads a group, and the group.
#[cfg(unix)]
pub(crate) fn kill_group(child: &mut Child) -> io::Result<()> {
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    let killed = group.map(|group| rustix::process::kill_process_group(group, rustix::process::Signal::KILL));
    // A group whose last process has ended is none.
    killed.map_or(Ok(()), |killed| {
        killed.or_else(|error| if error == rustix::io::Errno::SRCH { Ok(()) } else { Err(error.into()) })
    })
}

#[cfg(not(unix))]
pub(crate) fn kill_group(child: &mut Child) -> io::Result<()> {
    child.kill()
}
