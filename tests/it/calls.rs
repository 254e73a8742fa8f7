//! What a run asks of the kernel: counts, which no noise of the machine changes.

use std::collections::BTreeMap;
use std::fs;

use crate::harness::*;

/// How often each system call was made, in all processes, by a run with these arguments whose cache is warm.
fn counted(python: &Python, args: &[&str]) -> Option<BTreeMap<String, u32>> {
    let strace = tool("strace")?;
    let scratch = Scratch::new();
    let cache = scratch.path("cache");
    scratch.rvenv_for(python).env("RVENV_CACHE_DIR", &cache).args(args).arg("first").silent();
    let run = scratch.run(strace).args(["-f", "-qq", "-o"]).arg(scratch.path("trace"));
    let run = run.arg(env!("CARGO_BIN_EXE_rvenv")).arg("-p").arg(&python.path).args(args).arg("env");
    // Where cargo has its own libraries looked for is not where users do.
    run.env("RVENV_CACHE_DIR", &cache).env_remove("LD_LIBRARY_PATH").silent();
    let trace = fs::read_to_string(scratch.path("trace")).unwrap();
    let mut calls = BTreeMap::new();
    // A build that is not optimised looks at each descriptor before it closes it.
    for line in trace.lines().filter(|line| !line.contains(" resumed>") && !line.contains(" fcntl(")) {
        let name = line.split_whitespace().nth(1).and_then(|call| call.split_once('(')).map(|(name, _)| name);
        *calls.entry(name.unwrap_or_default().to_owned()).or_default() += 1;
    }
    Some(calls)
}

fn count(calls: &BTreeMap<String, u32>, names: &[&str]) -> u32 {
    names.iter().filter_map(|name| calls.get(*name)).sum()
}

#[test]
fn a_warm_run_without_pip_makes_few_calls() {
    let Some(calls) = counted(&python(), &["--without-pip"]) else { return };
    // 180 where this was written: about 60 to start a process and to watch for signals, 35 to see that the interpreter is
    // the one remembered, three for each of the nine files, one for each folder and link, and 15 for the lock.
    let all: u32 = calls.values().sum();
    assert!(all < 200, "{all} calls: {calls:#?}");
    assert_eq!(count(&calls, &["execve"]), 1);
    assert_eq!(count(&calls, &["clone", "clone3", "fork", "vfork"]), 0, "neither process nor thread");
    // ld.so's four, the standard library's and ours in /proc/self, the answer remembered, the lock, and nine files.
    assert!(count(&calls, &["openat", "open"]) <= 18, "{calls:#?}");
}

#[test]
fn a_warm_run_with_pip_makes_at_most_four_calls_for_each_file() {
    let Some(python) = pyenv("3.11") else { return };
    let scratch = Scratch::new();
    scratch.rvenv_for(&python).arg(scratch.env()).silent();
    let sizes = tree(&scratch.env()).into_keys().filter_map(|path| scratch.env().join(path).symlink_metadata().ok());
    let (files, bytes) = sizes
        .filter(|metadata| metadata.is_file())
        .fold((0, 0), |(files, bytes), metadata| (files + 1, bytes + metadata.len()));
    let folders = tree(&scratch.env()).values().filter(|entry| matches!(entry, Entry::Folder { .. })).count() as u32;
    let Some(calls) = counted(&python, &[]) else { return };
    let all: u32 = calls.values().sum();
    // For each folder: it is made, opened, its files are read from the image at one go or by 256 KiB, it is closed.
    let of_files = all - 4 * folders;
    assert!(of_files <= 4 * files, "{of_files} calls for {files} files: {calls:#?}");
    assert!(count(&calls, &["pread64"]) <= folders + (bytes >> 18) as u32 + 4, "{calls:#?}");
    assert!(count(&calls, &["mkdir"]) <= folders + 4, "{calls:#?}");
    assert_eq!(count(&calls, &["execve"]), 1);
}
