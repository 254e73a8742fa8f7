//! Makes each system call that writes fail once, or kills the process at it: whatever exists then is intact.
//!
//! By default a sample of points is tried. RVENV_FAULTS=10 tries ten times as many, RVENV_FAULTS=all tries every one,
//! which takes hours.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::panic::{self, AssertUnwindSafe};
use std::process::Output;

use crate::harness::*;

/// The calls that write something, start a thread or a process, or allocate memory.
const CALLS: [&str; 16] = [
    "chmod",
    "clone3",
    "flock",
    "linkat",
    "mkdir",
    "mmap",
    "openat",
    "pwrite64",
    "rename",
    "renameat2",
    "rmdir",
    "symlink",
    "unlink",
    "unlinkat",
    "utimensat",
    "write",
];

const FAULTS: [&str; 4] = ["signal=SIGKILL", "error=ENOSPC", "error=EIO", "error=EACCES"];

/// A kind of run.
struct Scenario {
    args: &'static [&'static str],
    /// What ENV_DIR is before the run.
    before: Before,
    /// Whether each run starts with an empty cache of its own.
    cold: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    Environment,
    /// An environment with an older pip.
    Older,
}

/// The N-th call of a name in some thread, and the fault that is injected there.
#[derive(Debug, Clone, Copy)]
struct Point {
    call: &'static str,
    number: usize,
    fault: &'static str,
}

impl Scenario {
    /// Creates what there is before a run, unless an earlier run has left it.
    fn prepare(&self, scratch: &Scratch) {
        let _ = fs::remove_dir_all(scratch.path("cache"));
        if self.before == Before::Nothing {
            let _ = fs::remove_dir_all(scratch.env());
        } else if !scratch.path(mine()).exists() {
            scratch.rvenv_for(&python()).arg("env").silent();
            scratch.write(&mine(), "");
        }
        if self.before == Before::Older {
            make_older(scratch);
        }
    }

    fn rvenv(&self, scratch: &Scratch) -> Run {
        let run = scratch.rvenv_for(&python()).args(self.args).arg("env");
        if self.cold { run.env("RVENV_CACHE_DIR", scratch.path("cache")) } else { run }
    }

    /// The same run under strace.
    fn traced(&self, scratch: &Scratch, strace: &[&str]) -> Output {
        let run = scratch.run("strace").args(["-f", "-qq", "--seccomp-bpf"]).args(strace);
        let command = self.rvenv(scratch).0;
        let run = run.arg(command.get_program()).args(command.get_args());
        let set = command.get_envs().filter_map(|(name, value)| Some((name.to_str()?, value?)));
        set.fold(run, |run, (name, value)| run.env(name, value)).env_remove("LD_LIBRARY_PATH").output()
    }

    /// The numbers of each call within its thread, sorted. Of `openat`, only those that may create a file count.
    fn count(&self) -> BTreeMap<&'static str, Vec<usize>> {
        let scratch = Scratch::new();
        self.prepare(&scratch);
        let calls = format!("trace={}", CALLS.join(","));
        let trace = scratch.path("trace");
        let output = self.traced(&scratch, &["-e", &calls, "-o", trace.to_str().unwrap()]);
        assert!(output.status.success(), "{output:?}");
        let mut in_thread: BTreeMap<(String, &str), usize> = BTreeMap::new();
        let mut numbers: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
        for line in fs::read_to_string(trace).unwrap().lines() {
            let Some((thread, rest)) = line.split_once(' ') else { continue };
            let Some(call) = CALLS.iter().find(|call| rest.trim_start().starts_with(&format!("{call}("))) else {
                continue;
            };
            let number = in_thread.entry((thread.to_owned(), call)).or_default();
            *number += 1;
            // Opening a file only to read it is not tested.
            if *call != "openat" || rest.contains("O_CREAT") {
                numbers.entry(call).or_default().push(*number);
            }
        }
        for numbers in numbers.values_mut() {
            numbers.sort_unstable();
            numbers.dedup();
        }
        numbers
    }

    fn points(&self) -> Vec<Point> {
        let asked = std::env::var("RVENV_FAULTS").unwrap_or_default();
        let mut points = Vec::new();
        for (nth, (call, numbers)) in self.count().into_iter().enumerate() {
            let (last, third) = (numbers.len() - 1, nth % 3);
            for (of_all, fault) in FAULTS.into_iter().enumerate() {
                let mut chosen: Vec<usize> = match (asked.parse::<usize>(), of_all) {
                    (Ok(times), _) => (0..3 * times).map(|at| at * last / (3 * times - 1)).collect(),
                    _ if asked == "all" => (0..=last).collect(),
                    (_, 0) => vec![0, last / 2, last],
                    // Errors take turns, and so do the places.
                    _ if of_all == 1 + third => vec![last * (1 + third) / 3],
                    _ => vec![],
                };
                chosen.dedup();
                points.extend(chosen.into_iter().map(|at| Point { call, number: numbers[at], fault }));
            }
        }
        points
    }

    /// Injects the fault, checks what exists then, and that another run repairs it.
    fn try_point(&self, scratch: &Scratch, point: Point) {
        self.prepare(scratch);
        let inject = format!("inject={}:{}:when={}", point.call, point.fault, point.number);
        let trace = format!("trace={}", point.call);
        let output = self.traced(scratch, &["-e", &trace, "-e", &inject, "-o", "/dev/null"]);
        let what = || format!("{point:?}: {output:?}");
        // Without memory, a program cannot be loaded, or aborts.
        let is_out_of_memory = point.call == "mmap" && matches!(output.status.code(), None | Some(127));
        let killed = output.status.signal() == Some(9) || is_out_of_memory;
        assert!(killed || matches!(output.status.code(), Some(0 | 1)), "{}", what());
        let stderr = String::from_utf8_lossy(&output.stderr);
        // The write that fails may be that of the error message.
        if output.status.code() == Some(1) && !(point.call == "write" && stderr.is_empty()) {
            assert!(stderr.starts_with("Error: ") && stderr.lines().count() == 1, "{}", what());
        }
        let is_there = scratch.env().exists();
        if self.before == Before::Nothing {
            assert!(!is_there || killed || output.status.success(), "{}", what());
        }
        // The next run repairs a pip that was being replaced when the process was killed.
        let is_repaired_later = self.before == Before::Older && !output.status.success();
        if is_there && !is_repaired_later {
            self.assert_whole(scratch, &what());
        }
        // Hidden directories remain only if they cannot be removed, or if the process was killed.
        let is_removal = matches!(point.call, "unlinkat" | "unlink" | "rmdir");
        if !killed && !is_removal {
            assert!(hidden(scratch).is_empty(), "{}", what());
        }
        let again = self.rvenv(scratch).output();
        assert!(again.status.success() && again.stderr.is_empty(), "{}; then {again:?}", what());
        assert!(hidden(scratch).is_empty(), "{}", what());
        self.assert_whole(scratch, &what());
    }

    fn assert_whole(&self, scratch: &Scratch, what: &str) {
        let check = scratch.rvenv().args(["--check", "env"]).output();
        assert!(check.status.success(), "{what}; {check:?}");
        let code = if self.args.contains(&"--without-pip") { "pass" } else { "import pip" };
        let python = scratch.run(scratch.env().join("bin/python")).args(["-Ic", code]).output();
        assert!(python.status.success(), "{what}; {python:?}");
        if self.before != Before::Nothing && !self.args.contains(&"--clear") {
            assert!(scratch.path(mine()).exists(), "{what}");
        }
    }
}

/// The path of the user's own module in the environment.
fn mine() -> String {
    let (major, minor) = python().version;
    format!("env/lib/python{major}.{minor}/site-packages/mine.py")
}

/// Renames the metadata of the environment's pip, so that it looks like an older one.
fn make_older(scratch: &Scratch) {
    let packages = site_packages(&scratch.env());
    let name = names_in(&packages).into_iter().find(|name| name.starts_with("pip-")).unwrap();
    if name != "pip-1.0.dist-info" {
        fs::rename(packages.join(name), packages.join("pip-1.0.dist-info")).unwrap();
    }
}

/// rvenv's hidden directories in the scratch directory and in the environment.
fn hidden(scratch: &Scratch) -> Vec<String> {
    let all = scratch.names().into_iter().chain(if scratch.env().exists() { names_in(&scratch.env()) } else { vec![] });
    all.filter(|name| name.starts_with(".rvenv")).collect()
}

/// Tries each fault of a scenario.
fn is_whole_whatever_fails(args: &'static [&'static str], before: Before, cold: bool) {
    if able("strace -f").is_none() {
        return;
    }
    let scenario = Scenario { args, before, cold };
    let points = scenario.points();
    let mut scratch = Scratch::new();
    let fails = |point: &&Point| {
        let fails = panic::catch_unwind(AssertUnwindSafe(|| scenario.try_point(&scratch, **point))).is_err();
        // What it has left must not fail others.
        if fails {
            scratch = Scratch::new();
        }
        fails
    };
    let failed: Vec<&Point> = points.iter().filter(fails).collect();
    assert!(failed.is_empty(), "of {} points, {} failed: {failed:#?}", points.len(), failed.len());
    assert!(points.len() >= 20, "{points:#?}");
}

#[test]
fn a_new_environment_without_pip_is_intact_whatever_fails() {
    is_whole_whatever_fails(&["--without-pip"], Before::Nothing, false);
}

#[test]
fn a_new_environment_is_intact_whatever_fails() {
    is_whole_whatever_fails(&[], Before::Nothing, false);
}

#[test]
fn a_new_environment_is_intact_whatever_fails_while_its_image_is_created() {
    is_whole_whatever_fails(&[], Before::Nothing, true);
}

#[test]
fn a_cleared_environment_is_intact_whatever_fails() {
    is_whole_whatever_fails(&["--clear"], Before::Environment, false);
}

#[test]
fn an_environment_is_intact_after_a_second_run_whatever_fails() {
    is_whole_whatever_fails(&[], Before::Environment, false);
}

#[test]
fn an_environment_whose_pip_is_replaced_is_intact_whatever_fails() {
    is_whole_whatever_fails(&[], Before::Older, false);
}

#[test]
fn an_upgraded_environment_is_intact_whatever_fails() {
    is_whole_whatever_fails(&["--upgrade"], Before::Environment, false);
}
