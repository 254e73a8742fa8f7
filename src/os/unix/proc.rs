//! What proc(5) of Linux says of processes.

use std::ffi::OsString;

use rustix::process::Pid;

/// The processes that this one has started.
pub(in crate::os) fn children_of(parent: Pid) -> Vec<Pid> {
    // Those that are not listed cannot be ended, that is all.
    let Ok(processes) = std::fs::read_dir("/proc") else { return vec![] };
    let child = |name: OsString| {
        let number: i32 = name.to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
        // `pid (name) state ppid`, and a name can be anything.
        let (_, fields) = stat.rsplit_once(')')?;
        let is_child = fields.split_whitespace().nth(1)? == parent.as_raw_nonzero().to_string();
        if is_child { Pid::from_raw(number) } else { None }
    };
    processes.filter_map(|process| child(process.ok()?.file_name())).collect()
}
