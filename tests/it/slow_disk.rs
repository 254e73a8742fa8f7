//! A file system where each request waits, as on a network: many threads write and remove files there.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};

use crate::harness::*;

/// A mounted file system where each request waits so many microseconds.
struct SlowDisk {
    scratch: Scratch,
    /// Serves the file system until it is unmounted.
    _server: Running,
}

impl SlowDisk {
    fn new(microseconds: u32) -> Option<SlowDisk> {
        able("fuse")?;
        let scratch = Scratch::new();
        let [backing, mounted] = ["backing", "mounted"].map(|name| scratch.path(name));
        [&backing, &mounted].into_iter().for_each(|path| fs::create_dir(path).unwrap());
        let mount = scratch.run(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/slow-disk/mount"));
        let mut server = mount.arg(backing).arg(microseconds.to_string()).arg(&mounted).start();
        let is_mounted = || fs::read_to_string("/proc/self/mounts").unwrap().contains(mounted.to_str().unwrap());
        server.wait_until("it is mounted", is_mounted);
        Some(SlowDisk { scratch, _server: server })
    }

    fn path(&self) -> PathBuf {
        self.scratch.path("mounted")
    }

    /// What is really there, which does not take long to look at.
    fn backing(&self) -> PathBuf {
        self.scratch.path("backing")
    }

    /// A run with a cache on a quick disk.
    fn rvenv(&self) -> Run {
        self.scratch.rvenv_for(&python()).env("RVENV_CACHE_DIR", shared_cache())
    }
}

impl Drop for SlowDisk {
    fn drop(&mut self) {
        self.scratch.run("fusermount3").arg("-u").arg(self.path()).silent();
    }
}

/// Without what names the environment's path.
fn comparable(env_dir: &Path) -> Tree {
    let mut tree = tree_without_times(env_dir);
    tree.retain(|name, _| name.contains("site-packages") && !name.ends_with("RECORD"));
    tree
}

#[test]
fn an_environment_on_a_slow_disk_is_the_same_as_on_a_quick_one() {
    let Some(disk) = SlowDisk::new(1000) else { return };
    for flag in ["--link-mode=copy", "--link-mode=hardlink", "--no-compile"] {
        disk.rvenv().arg(flag).arg(disk.scratch.path("quick")).silent();
        disk.rvenv().args([flag, "--clear"]).arg(disk.path().join("env")).silent();
        disk.rvenv().args([flag, "--clear"]).arg(disk.path().join("env")).silent();
        assert!(comparable(&disk.backing().join("env")) == comparable(&disk.scratch.path("quick")), "{flag}");
        assert_eq!(names_in(&disk.backing()), ["env"], "{flag}: the old one is removed");
        fs::remove_dir_all(disk.scratch.path("quick")).unwrap();
    }
}

#[test]
fn a_slow_disk_gets_more_threads_and_a_quick_one_does_not() {
    let (Some(disk), Some(_)) = (SlowDisk::new(1000), able("strace -f")) else { return };
    let threads = |place: &Path| {
        let trace = disk.scratch.path("trace");
        let run = disk.scratch.run("strace").args(["-f", "-qq", "--seccomp-bpf", "-e", "trace=clone,clone3", "-o"]);
        let run = run.arg(&trace).arg(env!("CARGO_BIN_EXE_rvenv")).arg("-p").arg(python().path);
        run.arg(place.join("env")).env("RVENV_CACHE_DIR", shared_cache()).silent();
        fs::read_to_string(trace).unwrap().lines().filter(|line| line.contains("clone")).count()
    };
    disk.rvenv().arg(disk.scratch.path("warm")).silent();
    assert!(threads(&disk.path()) >= 16);
    assert!(threads(&disk.scratch.path("")) < 16);
}

#[test]
fn ctrl_c_on_a_slow_disk_leaves_nothing() {
    let Some(disk) = SlowDisk::new(4000) else { return };
    disk.rvenv().arg(disk.scratch.path("warm")).silent();
    let mut run = disk.rvenv().arg(disk.path().join("env")).start();
    let files = || walkdir::WalkDir::new(disk.backing()).into_iter().filter(Result::is_ok).count();
    run.wait_until("it has written a few hundred files", || files() > 300);
    disk.scratch.run("kill").arg("-INT").arg(run.id().to_string()).silent();
    assert_eq!(run.output().status.signal(), Some(2));
    assert_eq!(names_in(&disk.backing()), [""; 0]);
}

#[test]
fn a_slow_run_shows_how_many_files_are_written() {
    let (Some(disk), Some(_)) = (SlowDisk::new(4000), able("script -qec")) else { return };
    disk.rvenv().arg(disk.scratch.path("warm")).silent();
    let (rvenv, python, env) = (env!("CARGO_BIN_EXE_rvenv"), python().path, disk.path().join("env"));
    let command = format!("{rvenv} -p {} {}", python.display(), env.display());
    let run = disk.scratch.run("script").args(["-qec", &command, "/dev/null"]);
    let shown = run.env("RVENV_CACHE_DIR", shared_cache()).env("CI", "").env("TERM", "xterm").ok();
    let count = shown.split("Installing ").find_map(|line| line.split_once(" files)")?.0.rsplit_once('('));
    let (written, total) = count.unwrap_or_else(|| panic!("{shown:?}")).1.split_once(" of ").unwrap();
    assert!(written.parse::<usize>().unwrap() <= total.parse().unwrap(), "{shown:?}");
}

#[test]
fn a_call_that_fails_in_one_of_many_threads_leaves_nothing() {
    let (Some(disk), Some(_)) = (SlowDisk::new(1000), able("strace -f")) else { return };
    disk.rvenv().arg(disk.scratch.path("warm")).silent();
    // The numbers are of calls in each thread.
    for fault in ["write:error=ENOSPC:when=9", "openat:error=EMFILE:when=30", "mkdir:error=EDQUOT:when=5"] {
        let run =
            disk.scratch.run("strace").args(["-f", "-qq", "-o", "/dev/null", "-e"]).arg(format!("inject={fault}"));
        let run = run.arg(env!("CARGO_BIN_EXE_rvenv")).arg("-p").arg(python().path).arg(disk.path().join("env"));
        let error = run.env("RVENV_CACHE_DIR", shared_cache()).error();
        assert_eq!(error.lines().count(), 1, "{fault}: {error}");
        assert_eq!(names_in(&disk.backing()), [""; 0], "{fault}: {error}");
    }
    // A thread that cannot be started is no error.
    let run = disk.scratch.run("strace").args(["-f", "-qq", "-o", "/dev/null"]);
    let run = run.args(["-e", "inject=clone3,clone:error=EAGAIN:when=4+"]).arg(env!("CARGO_BIN_EXE_rvenv"));
    let run = run.arg("-p").arg(python().path).arg(disk.path().join("env")).env("RVENV_CACHE_DIR", shared_cache());
    run.silent();
}
