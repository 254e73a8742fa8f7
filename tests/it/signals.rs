//! A signal ends the run cleanly: no partial environment and no process remain.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use crate::harness::*;

/// A Python that takes half a minute to compile and writes its process IDs to a file when it starts to.
fn slow(scratch: &Scratch) -> PathBuf {
    let marker = scratch.path("compiling").display().to_string();
    scratch.python_that_compiles_after(&format!("echo $$ >>{marker}; sleep 30 & echo $! >>{marker}; wait"))
}

/// Starts a run and returns once it is compiling.
fn compiling(scratch: &Scratch, arguments: &[&str]) -> Running {
    let run = scratch.rvenv().arg("-p").arg(slow(scratch)).arg("--no-cache").args(arguments).arg("env");
    // With SOURCE_DATE_EPOCH, .pyc files are hash-based, so all modules have to be compiled.
    let mut child = run.env("SOURCE_DATE_EPOCH", "1700000000").start();
    let marker = scratch.path("compiling");
    child.wait_until("it compiles", || fs::read_to_string(&marker).is_ok_and(|pids| pids.lines().count() >= 2));
    child
}

fn assert_no_process_is_left(scratch: &Scratch) {
    let pids = fs::read_to_string(scratch.path("compiling")).unwrap();
    assert!((0..300).any(|_| {
        sleep(Duration::from_millis(10));
        pids.lines().all(has_ended)
    }));
}

fn kill(scratch: &Scratch, signal: &str, child: &Running) {
    scratch.run("kill").arg(format!("-{signal}")).arg(child.id().to_string()).silent();
}

#[test]
fn a_signal_leaves_nothing_behind_and_terminates_the_program() {
    for (signal, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        let scratch = Scratch::new();
        let child = compiling(&scratch, &[]);
        kill(&scratch, signal, &child);
        let output = child.output();
        assert_eq!(output.status.signal(), Some(number));
        assert_eq!(scratch.names(), ["bin", "compiling"], "{signal}");
        assert_no_process_is_left(&scratch);
    }
}

#[test]
fn a_signal_during_clear_restores_the_environment() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).arg("env").silent();
    scratch.write("env/mine", "");
    let before = tree(&scratch.env());
    let child = compiling(&scratch, &["--clear"]);
    kill(&scratch, "TERM", &child);
    assert_eq!(child.output().status.signal(), Some(15));
    assert!(tree(&scratch.env()) == before);
    assert_eq!(scratch.names(), ["bin", "compiling", "env"]);
}

#[test]
fn a_signal_ignored_at_startup_stays_ignored() {
    let scratch = Scratch::new();
    let command = format!("trap '' HUP; exec {} \"$@\"", env!("CARGO_BIN_EXE_rvenv"));
    let run = scratch.run("sh").args(["-c", &command, "sh", "--no-cache", "-p"]).arg(&python().path).arg("env");
    let mut child = run.env("SOURCE_DATE_EPOCH", "1700000000").start();
    let id = child.id();
    child.wait_until("sh has become rvenv", || name_of(id).ends_with("rvenv"));
    kill(&scratch, "HUP", &child);
    let output = child.output();
    assert!(output.status.success(), "{output:?}");
    scratch.rvenv().args(["--check", "env"]).silent();
}

#[test]
fn the_next_run_removes_what_a_killed_run_left() {
    let scratch = Scratch::new();
    let child = compiling(&scratch, &[]);
    kill(&scratch, "KILL", &child);
    child.output();
    let hidden = |scratch: &Scratch| scratch.names().into_iter().filter(|name| name.starts_with(".rvenv-")).count();
    assert_eq!((hidden(&scratch), scratch.env().exists()), (1, false));
    scratch.rvenv_for(&python()).arg("env").silent();
    assert_eq!(hidden(&scratch), 0);
    scratch.rvenv().args(["--check", "env"]).silent();
}

/// An environment as left by a run that was killed while swapping entries: those in `moved` are in `out` in the hidden
/// directory. Returns that directory too.
fn half_swapped(moved: &[&str], out: &str) -> (Scratch, PathBuf) {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
    scratch.write("env/mine", "");
    // Learn the name of the hidden directory from a run that is held up.
    let held = compiling(&scratch, &[]);
    let name = scratch.names().into_iter().find(|name| name.starts_with(".rvenv-")).unwrap();
    kill(&scratch, "TERM", &held);
    held.output();
    let hidden = scratch.path(&name);
    fs::create_dir_all(hidden.join(out)).unwrap();
    fs::create_dir_all(hidden.join("new")).unwrap();
    fs::write(hidden.join("new/new"), "").unwrap();
    for entry in moved {
        fs::rename(scratch.env().join(entry), hidden.join(out).join(entry)).unwrap();
    }
    (scratch, hidden)
}

#[test]
fn the_next_run_repairs_an_interrupted_swap() {
    // Old entries are moved to `old`, which is renamed to `replaced` when all have been moved.
    let cases = [(&["bin", "lib"][..], "old", "mine"), (&["bin", "lib", "mine"], "replaced", "new")];
    for (moved, out, expected) in cases {
        let (scratch, hidden) = half_swapped(moved, out);
        scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
        assert!(scratch.env().join(expected).exists(), "{out}");
        assert!(!hidden.exists());
        scratch.rvenv().args(["--check", "env"]).silent();
    }
    // The missing pyvenv.cfg is no reason to refuse the same command again.
    let (scratch, hidden) = half_swapped(&["pyvenv.cfg", "bin"], "old");
    scratch.rvenv_for(&python()).args(["--clear", "--without-pip", "env"]).silent();
    assert!(!hidden.exists() && !scratch.path("env/mine").exists());
}

#[test]
fn a_file_that_appeared_after_an_interrupted_swap_is_never_overwritten() {
    let Some(()) = able("strace -f") else { return };
    // Without RENAME_NOREPLACE, as on NFS, and without hard links.
    for faults in [&["renameat2:error=EINVAL"][..], &["renameat2:error=EINVAL", "linkat:error=EPERM"], &[]] {
        let (scratch, hidden) = half_swapped(&["bin", "mine"], "old");
        scratch.write("env/mine", "new");
        let run = scratch.run("strace").args(["-f", "-qq", "-o", "/dev/null"]);
        let run = faults.iter().fold(run, |run, fault| run.args(["-e", &format!("inject={fault}")]));
        let run = run.arg(env!("CARGO_BIN_EXE_rvenv")).arg("-p").arg(&python().path);
        let error = run.args(["--without-pip", "env"]).error();
        assert!(error.contains("mine") && error.contains("File exists"), "{error}");
        assert_eq!(fs::read_to_string(scratch.path("env/mine")).unwrap(), "new");
        assert_eq!(fs::read_to_string(hidden.join("old/mine")).unwrap(), "");
        // Once it is out of the way, the next run restores the other one.
        fs::rename(scratch.path("env/mine"), scratch.path("mine")).unwrap();
        scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
        assert_eq!(fs::read_to_string(scratch.path("env/mine")).unwrap(), "");
        assert!(!hidden.exists());
    }
}

#[test]
fn the_entries_of_directories_that_cannot_be_exchanged_are_moved() {
    let Some(()) = able("strace -f") else { return };
    for (arguments, is_done) in [(&["--clear"][..], true), (&["--clear", "--upgrade-deps"], false)] {
        let scratch = Scratch::new();
        scratch.rvenv_for(&python()).arg("env").silent();
        scratch.write("env/mine", "");
        let trace = scratch.path("trace");
        let run = scratch.run("strace").args(["-f", "-qq", "-e", "trace=renameat2"]);
        let run = run.args(["-e", "inject=renameat2:error=EINVAL:when=1", "-o"]).arg(&trace);
        let run = run.arg(env!("CARGO_BIN_EXE_rvenv")).arg("-p").arg(&python().path).args(arguments).arg("env");
        // With --upgrade-deps pip fails, so the old environment is restored.
        let output = run.env("PIP_NO_INDEX", "1").env("PIP_TARGET", "/dev/null/x").output();
        assert_eq!(output.status.success(), is_done, "{output:?}");
        let trace = fs::read_to_string(trace).unwrap();
        assert!(
            trace.contains("RENAME_EXCHANGE) = -1 EINVAL") && trace.contains("/old/mine\", RENAME_NOREPLACE) = 0"),
            "{trace}"
        );
        assert_eq!(scratch.path("env/mine").exists(), !is_done);
        scratch.rvenv().args(["--check", "env"]).silent();
        assert_eq!(scratch.names(), ["env", "trace"]);
    }
}

#[test]
fn entries_that_cannot_be_restored_are_kept() {
    let (scratch, hidden) = half_swapped(&["lib", "mine"], "old");
    scratch.write("env/lib/more", "");
    scratch.write("env/mine", "another one");
    for arguments in [&["env"][..], &["--clear", "env"]] {
        let error = scratch.rvenv_for(&python()).arg("--without-pip").args(arguments).error();
        assert!(
            error.contains("its contents from before an interrupted run are in")
                && error.contains(hidden.to_str().unwrap()),
            "{error}"
        );
        assert_eq!(fs::read(hidden.join("old/mine")).unwrap(), b"");
        assert_eq!(fs::read(scratch.path("env/mine")).unwrap(), b"another one");
    }
    fs::remove_file(scratch.path("env/mine")).unwrap();
    scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
    assert!(!hidden.exists() && scratch.path("env/mine").exists());
    assert!(scratch.path("env/lib/more").exists(), "files added to a directory meanwhile are kept");
}

#[test]
fn a_python_that_has_closed_its_outputs_can_be_interrupted() {
    let scratch = Scratch::new();
    let deaf = scratch.write_script("deaf", "#!/bin/sh\ntouch begun\nexec >&- 2>&-\nexec sleep 20\n");
    let mut child = scratch.rvenv().arg("-p").arg(deaf).arg("env").start();
    child.wait_until("Python runs", || scratch.path("begun").exists());
    let begun = std::time::Instant::now();
    kill(&scratch, "TERM", &child);
    assert_eq!(child.output().status.signal(), Some(15));
    assert!(begun.elapsed() < Duration::from_secs(10), "did not wait for Python");
}
