//! How many system calls a run makes. Unlike times, these counts do not depend on the load of the machine.

use std::collections::BTreeMap;
use std::fs;

use crate::harness::*;

/// Counts each system call, in all processes, of a run with these arguments and a warm cache.
fn counted(python: &Python, args: &[&str]) -> Option<BTreeMap<String, u32>> {
    able("strace -f")?;
    let scratch = Scratch::new();
    let cache = scratch.path("cache");
    scratch.rvenv_for(python).env("RVENV_CACHE_DIR", &cache).args(args).arg("first").silent();
    // Traced, each call takes as long as on a slow disk, so there would be as many threads as there. None can be started.
    let alone = ["-e", "inject=clone,clone3:error=EAGAIN"];
    let run = scratch.run("strace").args(["-f", "-qq"]).args(alone).arg("-o").arg(scratch.path("trace"));
    let run = run.arg(env!("CARGO_BIN_EXE_rvenv")).arg("-p").arg(&python.path).args(args).arg("env");
    // Cargo sets this for its own libraries. Users do not, and it would add look-ups.
    run.env("RVENV_CACHE_DIR", &cache).env_remove("LD_LIBRARY_PATH").silent();
    let trace = fs::read_to_string(scratch.path("trace")).unwrap();
    let mut calls = BTreeMap::new();
    // A debug build checks each descriptor before closing it.
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
    // 190 when this was written: about 60 to start the process and watch for signals, 35 to check that the cached
    // interpreter metadata is current, three for each of the nine files, one for each directory and link, 15 for the
    // lock and, as root, 10 to find out who owns the directories above the environment and the cache.
    let all: u32 = calls.values().sum();
    assert!(all < 215, "{all} calls: {calls:#?}");
    assert_eq!(count(&calls, &["execve"]), 1);
    assert_eq!(count(&calls, &["clone", "clone3", "fork", "vfork"]), 0, "no process or thread is started");
    // Four by ld.so, the standard library's and ours in /proc/self, the interpreter metadata, the lock, and nine files.
    assert!(count(&calls, &["openat", "open"]) <= 18, "{calls:#?}");
}

#[test]
fn a_warm_run_with_pip_makes_at_most_four_calls_per_file() {
    let Some(python) = pyenv("3.11") else { return };
    let scratch = Scratch::new();
    scratch.rvenv_for(&python).arg(scratch.env()).silent();
    let sizes = tree(&scratch.env()).into_keys().filter_map(|path| scratch.env().join(path).symlink_metadata().ok());
    let (files, bytes) = sizes
        .filter(|metadata| metadata.is_file())
        .fold((0, 0), |(files, bytes), metadata| (files + 1, bytes + metadata.len()));
    let directories =
        tree(&scratch.env()).values().filter(|entry| matches!(entry, Entry::Directory { .. })).count() as u32;
    let Some(calls) = counted(&python, &[]) else { return };
    let all: u32 = calls.values().sum();
    // For each directory: create it, open it, read its files from the image at once or in 256 KiB pieces, close it.
    let of_files = all - 4 * directories;
    assert!(of_files <= 4 * files, "{of_files} calls for {files} files: {calls:#?}");
    assert!(count(&calls, &["pread64"]) <= directories + (bytes >> 18) as u32 + 4, "{calls:#?}");
    assert!(count(&calls, &["mkdir"]) <= directories + 4, "{calls:#?}");
    assert_eq!(count(&calls, &["execve"]), 1);
}

#[test]
fn of_an_interpreter_in_bin_only_the_start_is_read() {
    let Some(()) = able("strace -f") else { return };
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--copies", "--without-pip", "env"]).silent();
    let copy = scratch.path("env/bin/python3");
    assert!(fs::metadata(&copy).unwrap().len() > 8 << 10);
    for arguments in [&["--copies", "--without-pip", "env"][..], &["--without-pip", "env"]] {
        let run =
            scratch.run("strace").args(["-f", "-qq", "-e", "trace=read,pread64", "-o"]).arg(scratch.path("trace"));
        let run = run.arg("-P").arg(&copy).arg(env!("CARGO_BIN_EXE_rvenv")).arg("-p").arg(&python().path);
        run.args(arguments).env("RVENV_CACHE_DIR", shared_cache()).silent();
        let trace = fs::read_to_string(scratch.path("trace")).unwrap();
        let read = trace.lines().filter_map(|line| line.rsplit_once("= ")?.1.parse::<u64>().ok()).sum::<u64>();
        assert!((2..=8 << 10).contains(&read), "{read} bytes: {trace}");
    }
}
