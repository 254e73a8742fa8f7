//! The machine: its description, the clean environment in which all contestants run, and disk space.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::Result;

/// The environment variables that contestants get. There are no others, so that no setting of the caller helps or
/// hinders one of them.
const KEPT: [&str; 9] =
    ["HOME", "PATH", "TMPDIR", "USER", "LANG", "LC_ALL", "PYENV_ROOT", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// How long ext4 may refuse to reuse a removed file's inode, and walks over all such inodes to find another.
const REMEMBERED: Duration = Duration::from_secs(300);

/// A command with a clean environment. It keeps uv's index, which uv's cache is keyed by, and the proxies.
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

/// The same, plus pip's settings for its index.
pub fn clean_with_pip_settings(program: impl AsRef<OsStr>) -> Command {
    let mut command = clean(program);
    let is_kept = |name: &str| name.starts_with("PIP_") || name == "REQUESTS_CA_BUNDLE";
    command.envs(env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_kept)));
    command
}

/// Writes all data to disk, so that no run pays for another one's files.
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

/// The system's name and release, such as `Linux 6.1.0`.
pub fn system() -> String {
    first_line(Command::new("uname").arg("-sr")).unwrap_or_else(|| "unknown".to_owned())
}

pub fn date() -> String {
    first_line(Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"])).unwrap_or_else(|| "unknown".to_owned())
}

/// The type of a file system, as shown by `df`.
pub fn file_system(dir: &Path) -> String {
    df(dir, 1).unwrap_or_else(|| "unknown".to_owned())
}

/// Free space on a file system, in bytes.
pub fn free_space(dir: &Path) -> Option<u64> {
    Some(df(dir, 4)?.parse::<u64>().ok()? * 1024)
}

/// A column of the output of `df` for a directory.
fn df(dir: &Path, column: usize) -> Option<String> {
    let output = Command::new("df").arg("-PTk").arg(dir).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().nth(1)?.split_whitespace().nth(column).map(str::to_owned)
}

/// The first line of a command's output, if it succeeds.
pub fn first_line(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned)
}

/// Records when files were removed, for [`warn_of_removed_files`].
pub fn note_removed_files(dir: &Path) -> Result<()> {
    Ok(fs::write(dir.join("removed"), "")?)
}

/// Warns if an earlier benchmark removed its files recently: on ext4, creating files is many times slower then.
pub fn warn_of_removed_files(dir: &Path) {
    let removed = fs::metadata(dir.join("removed")).and_then(|metadata| metadata.modified());
    if let Some(ago) = removed.ok().and_then(|time| time.elapsed().ok()).filter(|ago| *ago < REMEMBERED) {
        let ago = ago.as_secs();
        eprintln!(
            "Warning: a run removed its files {ago} s ago; on ext4, creating files is slow for five minutes after that"
        );
    }
}
