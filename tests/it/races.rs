//! Concurrent runs: they take turns, none hangs, and each that succeeds leaves a complete environment.

use std::fs;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use crate::harness::*;

/// How many run at the same time. Wine starts programs slowly.
const MANY: usize = if cfg!(windows) { 6 } else { 32 };

/// How many run at the same time that compile: one of them takes two seconds, and in Wine minutes.
const SOME: usize = if cfg!(windows) { 1 } else { 6 };

/// Waits for all of them. Each must succeed without output on stderr.
fn all_well(children: Vec<Running>) {
    for child in children {
        let output = child.output();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    }
}

fn assert_whole(scratch: &Scratch, env_dir: &str) {
    scratch.rvenv().args(["--check", env_dir]).silent();
    let env_dir = scratch.path(env_dir);
    let pip = scratch.run(program_of(&env_dir, "pip")).arg("--version").ok();
    assert!(pip.contains(env_dir.to_str().unwrap()), "{pip}");
    // Verify pip's files against its RECORD.
    const CODE: &str = "
import base64, hashlib, importlib.metadata
for file in importlib.metadata.files('pip'):
    if file.hash:
        digest = hashlib.new(file.hash.mode, file.read_binary()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b'=').decode() == file.hash.value, file
";
    scratch.run(env_dir.join(PYTHON)).args(["-Ic", CODE]).silent();
    assert!(scratch.names().iter().all(|name| !name.starts_with(".rvenv")), "{:?}", scratch.names());
}

#[test]
fn concurrent_runs_for_one_new_directory() {
    let scratch = Scratch::new();
    let children = (0..MANY).map(|_| scratch.rvenv_for(&python()).arg("a/b/env").start()).collect();
    all_well(children);
    assert_whole(&scratch, "a/b/env");
}

#[test]
fn concurrent_clears_of_one_directory() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).arg("env").silent();
    let children = (0..MANY).map(|_| scratch.rvenv_for(&python()).args(["--clear", "env"]).start()).collect();
    all_well(children);
    assert_whole(&scratch, "env");
}

#[test]
fn concurrent_runs_below_a_parent_that_does_not_exist_yet() {
    let scratch = Scratch::new();
    let run = |n: usize| scratch.rvenv_for(&python()).arg("--without-pip").arg(format!("a/b/{n}/env"));
    all_well((0..MANY).map(|n| run(n).start()).collect());
    assert_eq!(names_in(&scratch.path("a/b")).len(), MANY);
    assert_eq!(scratch.names(), ["a"]);
}

#[test]
fn concurrent_runs_with_a_cold_cache_that_is_deleted_repeatedly() {
    let scratch = Scratch::new();
    let cache = scratch.path("cache");
    let (done, is_done) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        // Runs until `done` is dropped, which also happens when a run fails.
        let cache = &cache;
        scope.spawn(move || {
            while is_done.recv_timeout(Duration::from_millis(30)) == Err(RecvTimeoutError::Timeout) {
                let _ = fs::remove_dir_all(cache);
            }
        });
        let _done = done;
        let run = |n: usize| {
            let mode = ["copy", "hardlink"][n % 2];
            let run = scratch.rvenv_for(&python()).env("RVENV_CACHE_DIR", cache);
            run.args(["--link-mode", mode, "--no-compile"]).arg(format!("env{n}"))
        };
        let children = (0..MANY).map(|n| run(n).start()).collect();
        all_well(children);
    });
    scratch.rvenv().arg("--check").args((0..MANY).map(|n| format!("env{n}"))).silent();
    for n in [0, MANY / 2, MANY - 1] {
        assert_whole(&scratch, &format!("env{n}"));
    }
}

#[test]
fn concurrent_runs_with_one_cold_cache() {
    let scratch = Scratch::new();
    let run = |n: usize| {
        let run = scratch.rvenv_for(&python()).env("RVENV_CACHE_DIR", scratch.path("cache"));
        run.args((n >= SOME).then_some("--no-compile")).arg(n.to_string())
    };
    all_well((0..MANY).map(|n| run(n).start()).collect());
    for n in [0, SOME, MANY - 1] {
        assert_whole(&scratch, &n.to_string());
    }
    for (directory, entries) in [("images", 2), ("interpreters", 1)] {
        let names = names_in(&scratch.path("cache").join(directory));
        assert_eq!(names.len(), entries, "no partial entry remains: {names:?}");
    }
}

#[cfg(unix)] // signals
#[test]
fn a_waiting_run_reports_it_and_can_be_interrupted() {
    let scratch = Scratch::new();
    let python = python();
    // Held up by --upgrade-deps: pip waits for an index that does not respond.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let index = format!("http://{}/simple", listener.local_addr().unwrap());
    let held = scratch.rvenv_for(&python).args(["--upgrade-deps", "env"]);
    let mut held = held.env("PIP_INDEX_URL", index).env("PIP_TRUSTED_HOST", "127.0.0.1").env("NO_PROXY", "*").start();
    held.wait_until("the environment exists", || scratch.path("env/pyvenv.cfg").exists());
    let waiting = scratch.rvenv_for(&python).args(["-v", "env"]).start();
    std::thread::sleep(Duration::from_millis(700));
    for (child, signal) in [(&waiting, "TERM"), (&held, "INT")] {
        scratch.run("kill").arg(format!("-{signal}")).arg(child.id().to_string()).silent();
    }
    let waited = waiting.output();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&waited.status), Some(15), "{waited:?}");
    assert!(
        String::from_utf8_lossy(&waited.stderr).contains("Waiting for another program that is creating "),
        "{waited:?}"
    );
    let held = held.output();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&held.status), Some(2), "{held:?}");
    // New directories are removed again, and nothing hidden remains.
    assert!(scratch.names().is_empty(), "{:?}", scratch.names());
}

#[cfg(unix)] // a compiler that is an sh script
#[test]
fn an_env_dir_created_meanwhile_by_another_program_is_kept_and_completed() {
    let scratch = Scratch::new();
    // Held up by a compiler that waits for a file.
    let wrapper = scratch.python_that_compiles_after("while ! [ -e go ]; do sleep 0.02; done");
    let run = scratch.rvenv().arg("-p").arg(wrapper).args(["--no-cache", "a/env"]).env("SOURCE_DATE_EPOCH", "1");
    let mut child = run.start();
    child.wait_until("it builds", || scratch.names().iter().any(|name| name.starts_with(".rvenv-")));
    scratch.write("a/env/mine", "");
    scratch.write("go", "");
    all_well(vec![child]);
    assert!(scratch.path("a/env/mine").exists());
    scratch.rvenv().args(["--check", "a/env"]).silent();
    assert_eq!(names_in(&scratch.path("a")), ["env"]);
}

#[cfg(unix)] // signals
#[test]
fn a_run_that_creates_its_parents_is_waited_for_too() {
    let scratch = Scratch::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let index = format!("http://{}/simple", listener.local_addr().unwrap());
    let held = scratch.rvenv_for(&python()).args(["--upgrade-deps", "a/b/env"]);
    let mut held = held.env("PIP_INDEX_URL", index).env("PIP_TRUSTED_HOST", "127.0.0.1").env("NO_PROXY", "*").start();
    held.wait_until("the environment exists", || scratch.path("a/b/env/pyvenv.cfg").exists());
    let second = scratch.rvenv_for(&python()).args(["--clear", "--without-pip", "a/b/env"]).start();
    std::thread::sleep(Duration::from_millis(500));
    assert!(scratch.path("a/b/env/bin/pip").exists(), "not cleared meanwhile");
    scratch.run("kill").arg("-TERM").arg(held.id().to_string()).silent();
    assert!(!held.output().status.success());
    all_well(vec![second]);
    scratch.rvenv().args(["--check", "a/b/env"]).silent();
    assert_eq!(names_in(&scratch.path("a/b")), ["env"]);
    assert_eq!(scratch.names(), ["a"]);
}

#[cfg(unix)] // strace
#[test]
fn without_locks_no_run_touches_what_another_is_building() {
    let Some(()) = able("strace -f") else { return };
    let scratch = Scratch::new();
    let inject = ["-f", "-qq", "-e", "trace=flock", "-e", "inject=flock:error=ENOLCK", "-o", "/dev/null"];
    let run = || {
        let run = scratch.run("strace").args(inject).arg(env!("CARGO_BIN_EXE_rvenv")).arg("-p").arg(python().path);
        run.env("RVENV_CACHE_DIR", scratch.path("../rvenv-no-cache")).args(["--no-cache", "env"])
    };
    let children: Vec<Running> = (0..4).map(|_| run().start()).collect();
    all_well(children);
    assert_whole(&scratch, "env");
}
