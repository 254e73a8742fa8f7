//! Information about processes from proc(5) on Linux.

use std::ffi::OsString;

use rustix::process::Pid;

/// The child processes of `parent`.
pub(in crate::os) fn children_of(parent: Pid) -> Vec<Pid> {
    // If they cannot be listed, they are not killed; that is not an error.
    let Ok(processes) = std::fs::read_dir("/proc") else { return vec![] };
    let child = |name: OsString| {
        let number: i32 = name.to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
        // The format is `pid (name) state ppid …`, and the name can contain anything, including `)`.
        let (_, fields) = stat.rsplit_once(')')?;
        let is_child = fields.split_whitespace().nth(1)? == parent.as_raw_nonzero().to_string();
        if is_child { Pid::from_raw(number) } else { None }
    };
    processes.filter_map(|process| child(process.ok()?.file_name())).collect()
}
