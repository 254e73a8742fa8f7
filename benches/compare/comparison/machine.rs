//! The machine: what it is, the surroundings in which all contestants run alike, and the file system's room.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::Result;

/// What a contestant finds in its environment; nothing else, so that no setting of whoever runs this helps or
/// hinders one of them.
const KEPT: [&str; 9] =
    ["HOME", "PATH", "TMPDIR", "USER", "LANG", "LC_ALL", "PYENV_ROOT", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// How long ext4 may not give a removed file's inode to a new one, and walks over all such inodes to find another.
const REMEMBERED: Duration = Duration::from_secs(300);

/// A command in clean surroundings. uv's index and the proxies stay: uv's cache is keyed by the index.
pub fn clean(program: impl AsRef<OsStr>) -> Command {
    let is_kept = |name: &str| {
        let is_uv_index = name.starts_with("UV_") && name.contains("INDEX");
        KEPT.contains(&name) || is_uv_index || name.to_ascii_lowercase().ends_with("_proxy")
    };
    let mut command = Command::new(program);
    command.env_clear().envs(env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_kept)));
    command.stdin(Stdio::null());
    command
}

/// The same with what pip has been told of its index.
pub fn clean_with_pip_settings(program: impl AsRef<OsStr>) -> Command {
    let mut command = clean(program);
    let is_kept = |name: &str| name.starts_with("PIP_") || name == "REQUESTS_CA_BUNDLE";
    command.envs(env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_kept)));
    command
}

/// Has all that was written go to the disk, so that no run pays for another one's files.
pub fn sync() {
    rustix::fs::sync();
}

pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

pub fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| line.split_once(": ")).map_or("unknown", |(_, name)| name).to_owned()
}

/// The kind of system, as `Linux 6.1.0`.
pub fn system() -> String {
    first_line(Command::new("uname").arg("-sr")).unwrap_or_else(|| "unknown".to_owned())
}

pub fn date() -> String {
    first_line(Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"])).unwrap_or_else(|| "unknown".to_owned())
}

/// A file system's type, as `df` names it.
pub fn file_system(dir: &Path) -> String {
    df(dir, 1).unwrap_or_else(|| "unknown".to_owned())
}

/// The bytes that are free on a file system.
pub fn free_space(dir: &Path) -> Option<u64> {
    Some(df(dir, 4)?.parse::<u64>().ok()? * 1024)
}

/// A column of what `df` says of a folder.
fn df(dir: &Path, column: usize) -> Option<String> {
    let output = Command::new("df").arg("-PTk").arg(dir).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().nth(1)?.split_whitespace().nth(column).map(str::to_owned)
}

/// The first line that a command says, if it succeeds.
pub fn first_line(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned)
}

/// Remembers when files were removed, for [`warn_of_removed_files`].
pub fn note_removed_files(dir: &Path) -> Result<()> {
    Ok(fs::write(dir.join("removed"), "")?)
}

/// On ext4, new files are made many times slower after a benchmark has removed its own.
pub fn warn_of_removed_files(dir: &Path) {
    let removed = fs::metadata(dir.join("removed")).and_then(|metadata| metadata.modified());
    if let Some(ago) = removed.ok().and_then(|time| time.elapsed().ok()).filter(|ago| *ago < REMEMBERED) {
        let ago = ago.as_secs();
        eprintln!(
            "Warning: another run removed its files {ago} s ago. For five minutes from then, ext4 makes files slowly."
        );
    }
}
