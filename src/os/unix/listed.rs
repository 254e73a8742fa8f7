//! Information for which macOS has no safe call, parsed from the output of its programs.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Pid;

/// The child processes of `parent`, as listed by `ps`.
pub(in crate::os) fn children_of(parent: Pid) -> Vec<Pid> {
    // If they cannot be listed, they are not killed; that is not an error.
    let listed = said_by("/bin/ps", ["-axo", "pid=,ppid="].map(OsStr::new)).unwrap_or_default();
    let pair = |line: &str| {
        let mut numbers = line.split_whitespace().map(|number| Pid::from_raw(number.parse().ok()?));
        Some((numbers.next()??, numbers.next()??))
    };
    listed.lines().filter_map(pair).filter(|(_, of)| *of == parent).map(|(child, _)| child).collect()
}

/// Whether a directory has an access control list, as listed by `ls`; true if that cannot be determined.
#[cfg_attr(not(target_os = "macos"), allow(dead_code, reason = "other systems' ls does not list them like this"))]
pub(in crate::os) fn has_access_control(directory: &Path) -> bool {
    let listed = said_by("/bin/ls", [OsStr::new("-lde"), OsStr::new("--"), directory.as_os_str()]);
    listed.is_none_or(|listed| lists_access_control(&listed))
}

/// `ls` prints each entry of an access control list on a line of its own.
fn lists_access_control(listed: &str) -> bool {
    listed.trim_end().lines().count() != 1
}

fn said_by<const N: usize>(program: &str, arguments: [&OsStr; N]) -> Option<String> {
    let said = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    said.status.success().then(|| String::from_utf8_lossy(&said.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_found_by_their_listed_parent() {
        // The ps of busybox has other options.
        if said_by("/bin/ps", ["-axo", "pid=,ppid="].map(OsStr::new)).is_none() {
            return;
        }
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let listed = children_of(rustix::process::getpid());
        let listed_too = listed.iter().any(|pid| pid.as_raw_nonzero().get() as u32 == child.id());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(listed_too, "{listed:?}");
    }

    #[test]
    fn an_access_control_list_is_recognised_by_extra_lines() {
        let plain = "drwxr-xr-x  5 me  staff  160 Nov 25 20:00 a directory\n";
        assert!(!lists_access_control(plain));
        assert!(lists_access_control(&format!("{plain} 0: group:everyone deny delete\n")));
        assert!(lists_access_control(""));
    }
}
