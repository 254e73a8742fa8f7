//! A signal ends the work in order: nothing half made is left, and no process.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use crate::harness::*;

/// A Python that says in a file when it is asked to compile, and takes half a minute for it.
fn slow(scratch: &Scratch) -> PathBuf {
    let marker = scratch.path("compiling").display().to_string();
    scratch.python_that_compiles_after(&format!("echo $$ >>{marker}; sleep 30 & echo $! >>{marker}; wait"))
}

/// Starts a run that is in the midst of compiling when this returns.
fn compiling(scratch: &Scratch, arguments: &[&str]) -> Running {
    let run = scratch.rvenv().arg("-p").arg(slow(scratch)).arg("--no-cache").args(arguments).arg("env");
    // Where .pyc go by hashes, all have to be compiled.
    let mut child = run.env("SOURCE_DATE_EPOCH", "1700000000").start();
    let marker = scratch.path("compiling");
    child.wait_until("it compiles", || fs::read_to_string(&marker).is_ok_and(|pids| pids.lines().count() >= 2));
    child
}

fn has_ended(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| stat.contains(") Z "))
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
fn a_signal_leaves_nothing_and_ends_the_program_as_it_does_others() {
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
fn a_signal_leaves_an_environment_that_is_being_cleared_as_it_was() {
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
fn a_signal_that_was_ignored_from_the_start_is_ignored() {
    let scratch = Scratch::new();
    let command = format!("trap '' HUP; exec {} \"$@\"", env!("CARGO_BIN_EXE_rvenv"));
    let run = scratch.run("sh").args(["-c", &command, "sh", "--no-cache", "-p"]).arg(&python().path).arg("env");
    let mut child = run.env("SOURCE_DATE_EPOCH", "1700000000").start();
    let name = format!("/proc/{}/comm", child.id());
    child.wait_until("it is rvenv", || fs::read_to_string(&name).is_ok_and(|name| name.trim() == "rvenv"));
    kill(&scratch, "HUP", &child);
    let output = child.output();
    assert!(output.status.success(), "{output:?}");
    scratch.rvenv().args(["--check", "env"]).silent();
}

#[test]
fn what_a_killed_run_has_left_goes_with_the_next_one() {
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

/// As a run leaves it that was killed while it swapped entries: `moved` ones are in the hidden folder, in `out`.
fn half_swapped(moved: &[&str], out: &str) -> (Scratch, PathBuf) {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
    scratch.write("env/mine", "");
    // The name of the hidden folder, from a run that is held.
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
fn a_swap_by_entries_that_was_killed_is_put_right_by_the_next_run() {
    // What is moved out is in `old`; when all is, that is called `replaced`.
    let cases = [(&["bin", "lib"][..], "old", "mine"), (&["bin", "lib", "mine"], "replaced", "new")];
    for (moved, out, expected) in cases {
        let (scratch, hidden) = half_swapped(moved, out);
        scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
        assert!(scratch.env().join(expected).exists(), "{out}");
        assert!(!hidden.exists());
        scratch.rvenv().args(["--check", "env"]).silent();
    }
    // The command that was killed is not refused for what it has moved away.
    let (scratch, hidden) = half_swapped(&["pyvenv.cfg", "bin"], "old");
    scratch.rvenv_for(&python()).args(["--clear", "--without-pip", "env"]).silent();
    assert!(!hidden.exists() && !scratch.path("env/mine").exists());
}

#[test]
fn a_swap_of_directories_in_turn_that_was_killed_is_put_right_by_the_next_run() {
    let (scratch, hidden) = half_swapped(&[], "old");
    fs::remove_dir(hidden.join("old")).unwrap();
    fs::rename(scratch.env(), hidden.join("whole")).unwrap();
    scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
    assert!(scratch.path("env/mine").exists() && !hidden.exists());
}

#[test]
fn directories_that_cannot_be_exchanged_are_renamed_in_turn() {
    let Some(strace) = tool("strace") else { return };
    for (arguments, is_done) in [(&["--clear"][..], true), (&["--clear", "--upgrade-deps"], false)] {
        let scratch = Scratch::new();
        scratch.rvenv_for(&python()).arg("env").silent();
        scratch.write("env/mine", "");
        let trace = scratch.path("trace");
        let run = scratch.run(strace.clone()).args(["-f", "-qq", "-e", "trace=renameat2"]);
        let run = run.args(["-e", "inject=renameat2:error=EINVAL:when=1", "-o"]).arg(&trace);
        let run = run.arg(env!("CARGO_BIN_EXE_rvenv")).arg("-p").arg(&python().path).args(arguments).arg("env");
        // pip fails, so the old environment is given back.
        let output = run.env("PIP_NO_INDEX", "1").env("PIP_TARGET", "/dev/null/x").output();
        assert_eq!(output.status.success(), is_done, "{output:?}");
        let trace = fs::read_to_string(trace).unwrap();
        assert!(
            trace.contains("RENAME_EXCHANGE) = -1 EINVAL") && trace.contains("/whole\", RENAME_NOREPLACE) = 0"),
            "{trace}"
        );
        assert_eq!(scratch.path("env/mine").exists(), !is_done);
        scratch.rvenv().args(["--check", "env"]).silent();
        assert_eq!(scratch.names(), ["env", "trace"]);
    }
}

#[test]
fn what_cannot_be_put_right_is_kept() {
    let (scratch, hidden) = half_swapped(&["lib", "mine"], "old");
    scratch.write("env/lib/more", "");
    scratch.write("env/mine", "another one");
    for arguments in [&["env"][..], &["--clear", "env"]] {
        let error = scratch.rvenv_for(&python()).arg("--without-pip").args(arguments).error();
        assert!(error.contains("stays there") && error.contains(hidden.to_str().unwrap()), "{error}");
        assert_eq!(fs::read(hidden.join("old/mine")).unwrap(), b"");
        assert_eq!(fs::read(scratch.path("env/mine")).unwrap(), b"another one");
    }
    fs::remove_file(scratch.path("env/mine")).unwrap();
    scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
    assert!(!hidden.exists() && scratch.path("env/mine").exists());
    assert!(scratch.path("env/lib/more").exists(), "what has come into a directory meanwhile stays");
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
    assert!(begun.elapsed() < Duration::from_secs(10), "it was not waited for");
}
