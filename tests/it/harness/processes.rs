//! Processes, and trees of them.

#[cfg(unix)]
pub use unix::{command_lines, has_ended, kill_family, name_of};

/// Kills a process and its descendants, and returns taskkill's output.
#[cfg(windows)]
pub fn kill_family(id: u32) -> Vec<String> {
    let killed = std::process::Command::new("taskkill").args(["/F", "/T", "/PID"]).arg(id.to_string()).output();
    vec![format!("{killed:?}")]
}

#[cfg(unix)] // ps(1), since not every Unix has /proc
mod unix {
    use std::process::Command;

    use rustix::process::{Pid, Signal};

    /// The output of ps, which fails if there is no such process.
    fn ps(arguments: &[&str]) -> String {
        let output = Command::new("ps").args(arguments).output().expect("ps");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Returns whether a process has ended. It may still be a zombie.
    pub fn has_ended(id: &str) -> bool {
        let state = ps(&["-o", "stat=", "-p", id.trim()]);
        state.trim().is_empty() || state.trim().starts_with('Z')
    }

    /// The name of the program that a process runs; on some systems, its path.
    pub fn name_of(id: u32) -> String {
        ps(&["-o", "comm=", "-p", &id.to_string()]).trim().to_owned()
    }

    /// The command lines of all processes.
    pub fn command_lines() -> Vec<String> {
        ps(&["-A", "-ww", "-o", "args="]).lines().map(str::to_owned).collect()
    }

    /// Kills a process and its descendants, and returns their command lines.
    pub fn kill_family(id: u32) -> Vec<String> {
        let mut lines = vec![ps(&["-ww", "-o", "args=", "-p", &id.to_string()]).trim().to_owned()];
        let children = children_of(id);
        if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, Signal::KILL);
        }
        lines.extend(children.into_iter().flat_map(kill_family));
        lines
    }

    fn children_of(parent: u32) -> Vec<u32> {
        let pairs = ps(&["-A", "-o", "ppid=,pid="]);
        let pairs = pairs.lines().filter_map(|line| line.trim().split_once(' '));
        pairs.filter(|(of, _)| of.parse() == Ok(parent)).filter_map(|(_, child)| child.trim().parse().ok()).collect()
    }
}
