//! Process trees.

/// Kills a process and its descendants, and returns their command lines.
#[cfg(unix)] // /proc
pub fn kill_family(id: u32) -> Vec<String> {
    use std::fs;
    use std::path::Path;

    use rustix::process::{Pid, Signal};

    let process = Path::new("/proc").join(id.to_string());
    let line = fs::read(process.join("cmdline")).unwrap_or_default();
    let mut lines = vec![String::from_utf8_lossy(&line).trim_end_matches('\0').replace('\0', " ")];
    let threads = fs::read_dir(process.join("task")).into_iter().flatten();
    let children = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok());
    let children: Vec<u32> = children.collect::<String>().split_whitespace().filter_map(|id| id.parse().ok()).collect();
    if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        let _ = rustix::process::kill_process(pid, Signal::KILL);
    }
    lines.extend(children.into_iter().flat_map(kill_family));
    lines
}

/// Kills a process and its descendants, and returns taskkill's output.
#[cfg(windows)]
pub fn kill_family(id: u32) -> Vec<String> {
    let killed = std::process::Command::new("taskkill").args(["/F", "/T", "/PID"]).arg(id.to_string()).output();
    vec![format!("{killed:?}")]
}
