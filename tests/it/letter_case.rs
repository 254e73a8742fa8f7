//! File systems that ignore letter case, where `env` and `Env` are one directory, and others.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::*;

/// A directory on a file system that ignores letter case: NTFS on Linux, the usual one on other systems.
struct CaseBlind {
    place: PathBuf,
    #[cfg(unix)]
    _mounted: Option<Mounted>,
    scratch: Scratch,
}

impl CaseBlind {
    fn new() -> Option<CaseBlind> {
        let scratch = Scratch::new();
        #[cfg(unix)]
        let mounted = if cfg!(target_os = "linux") { Some(Mounted::ntfs(&scratch)?) } else { None };
        #[cfg(unix)]
        let place = mounted.as_ref().map_or_else(|| scratch.path(""), |mounted| mounted.path().to_owned());
        #[cfg(windows)]
        let place = scratch.path("");
        Some(CaseBlind {
            place,
            #[cfg(unix)]
            _mounted: mounted,
            scratch,
        })
    }

    fn rvenv(&self, env_dir: &str) -> Run {
        self.scratch.rvenv_for(&python()).current_dir(&self.place).args(["--without-pip", env_dir])
    }
}

/// What a killed `--clear` of the ENV_DIR called `name` leaves: the entries that it had moved out.
fn leave(place: &Path, name: &str) {
    let old = place.join(format!(".rvenv-{name}.tmp")).join("old");
    fs::create_dir_all(&old).unwrap();
    fs::write(old.join("mine"), "").unwrap();
}

#[test]
fn runs_for_one_env_dir_take_turns_regardless_of_case() {
    let Some(disk) = CaseBlind::new() else { return };
    let runs: Vec<Running> =
        ["env", "ENV", "Env", "eNV"].into_iter().map(|name| disk.rvenv(name).arg("--clear").start()).collect();
    for run in runs {
        let output = run.output();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    }
    disk.scratch.rvenv().current_dir(&disk.place).args(["--check", "env"]).silent();
    assert_eq!(names_in(&disk.place).len(), 1);
}

#[test]
fn what_a_killed_run_left_is_put_back_by_a_run_for_the_same_directory_in_other_letters() {
    let Some(disk) = CaseBlind::new() else { return };
    leave(&disk.place, "Env");
    disk.rvenv("eNV").silent();
    assert_eq!(names_in(&disk.place).len(), 1);
    assert!(disk.place.join("eNV").join("mine").exists());
}

#[cfg(target_os = "linux")] // others ignore it
#[test]
fn what_a_killed_run_left_is_not_put_back_by_a_run_for_another_directory() {
    let scratch = Scratch::new();
    leave(&scratch.path(""), "Env");
    scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
    assert_eq!(scratch.names(), [".rvenv-Env.tmp", "env"]);
    assert!(!scratch.path("env/mine").exists());
    scratch.rvenv_for(&python()).args(["--without-pip", "Env"]).silent();
    assert_eq!(scratch.names(), ["Env", "env"]);
    assert!(scratch.path("Env/mine").exists());
}

#[test]
fn an_environment_under_its_name_in_other_letters_has_not_been_moved() {
    let Some(disk) = CaseBlind::new() else { return };
    disk.rvenv("ours").silent();
    disk.scratch.venv(&python()).current_dir(&disk.place).args(["--without-pip", "theirs"]).ok();
    for name in ["ours", "OURS", "theirs", "Theirs"] {
        disk.scratch.rvenv().current_dir(&disk.place).args(["--check", name]).silent();
    }
}

#[test]
fn a_name_can_be_as_long_as_the_file_system_allows() {
    let scratch = Scratch::new();
    let longest = "x".repeat(if cfg!(windows) { 100 } else { 255 });
    leave(&scratch.path(""), &"x".repeat(100));
    for name in [&longest, &"x".repeat(101), &"x".repeat(100)] {
        scratch.rvenv_for(&python()).args(["--without-pip", name]).silent();
    }
    assert!(scratch.path("x".repeat(100)).join("mine").exists());
    assert!(scratch.names().iter().all(|name| name.starts_with('x')), "{:?}", scratch.names());
}
