//! Disks and limits: full and read-only file systems, limits on the size of files and on descriptors.

use std::fs;
use std::path::Path;

use crate::harness::*;

/// A run from `sh` after `setup`, such as `ulimit`.
fn limited(scratch: &Scratch, setup: &str) -> Run {
    let command = format!("{setup}; exec \"$@\"");
    let run = scratch.run("sh").args(["-c", &command, "sh", env!("CARGO_BIN_EXE_rvenv"), "-p"]).arg(python().path);
    run.env("RVENV_CACHE_DIR", shared_cache())
}

/// Fills a file system except for this many KiB.
fn fill(scratch: &Scratch, directory: &Path, left: u64) {
    let said = scratch.run("df").args(["--output=avail", "-k"]).arg(directory).ok();
    let free: u64 = said.lines().last().unwrap().trim().parse().unwrap();
    fs::write(directory.join("ballast"), vec![0; ((free - left) * 1024) as usize]).unwrap();
}

#[test]
fn a_full_disk_is_reported_and_existing_files_stay() {
    let scratch = Scratch::new();
    let Some(mounted) = Mounted::tmpfs(&scratch) else { return };
    let env = mounted.path().join("env");
    // A cache on the same disk costs speed and does not cause a failure, until nothing fits.
    for (left, cached) in [(4, false), (64, false), (900, false), (4000, false), (900, true)] {
        fill(&scratch, mounted.path(), left);
        let run = scratch.rvenv_for(&python()).arg(&env);
        let run = if cached { run.env("RVENV_CACHE_DIR", mounted.path().join("cache")) } else { run };
        let error = run.error();
        assert!(error.contains("No space left on device"), "{left} KiB: {error}");
        assert!(error.trim_end().ends_with("; free some space there"), "{left} KiB: {error}");
        let left: Vec<String> = names_in(mounted.path()).into_iter().filter(|name| name != "cache").collect();
        assert_eq!(left, ["ballast"], "{left:?}");
        fs::remove_file(mounted.path().join("ballast")).unwrap();
    }
    scratch.rvenv_for(&python()).arg(&env).silent();
    let before = tree(&env);
    for (flag, left) in [("--clear", 40), ("--clear", 900), ("--upgrade", 0), ("--without-pip", 0)] {
        fill(&scratch, mounted.path(), left);
        let error = scratch.rvenv_for(&python()).arg(flag).arg(&env).error();
        assert!(error.contains("No space left on device"), "{flag}: {error}");
        assert!(tree(&env) == before, "{flag}");
        fs::remove_file(mounted.path().join("ballast")).unwrap();
    }
}

#[test]
fn output_onto_a_full_device_is_an_error() {
    let Some(()) = able("/dev/full") else { return };
    let scratch = Scratch::new();
    for flag in ["-h", "--help", "-V", "--version", "--cache-info", "--generate=man"] {
        let code = "exec \"$@\" >/dev/full";
        let error = scratch.run("sh").args(["-c", code, "sh", env!("CARGO_BIN_EXE_rvenv"), flag]).error();
        assert!(error.contains("Unable to write to stdout: No space left"), "{flag}: {error}");
    }
    // A reader that needs no more has closed its pipe.
    let code = "trap '' PIPE; { sleep 0.2; exec \"$@\" --help; } | true";
    scratch.run("bash").args(["-o", "pipefail", "-c", code, "bash", env!("CARGO_BIN_EXE_rvenv")]).silent();
}

#[test]
fn a_full_cache_costs_speed_but_causes_no_failure() {
    let scratch = Scratch::new();
    let Some(mounted) = Mounted::tmpfs(&scratch) else { return };
    for left in [0, 8, 5000] {
        fill(&scratch, mounted.path(), left);
        let run = scratch.rvenv_for(&python()).env("RVENV_CACHE_DIR", mounted.path().join("cache"));
        run.args(["--clear", "--link-mode=hardlink", "env"]).silent();
        scratch.rvenv().args(["--check", "env"]).silent();
        fs::remove_file(mounted.path().join("ballast")).unwrap();
    }
    scratch.run("mount").args(["-o", "remount,ro"]).arg(mounted.path()).silent();
    let run = || scratch.rvenv_for(&python()).env("RVENV_CACHE_DIR", mounted.path().join("other"));
    run().args(["--clear", "--quiet", "env"]).silent();
    let said = String::from_utf8(run().args(["--clear", "env"]).output().stderr).unwrap();
    assert!(said.starts_with("Warning: Unable to create the cache '") && said.lines().count() == 1, "{said}");
}

#[test]
fn a_read_only_file_system_is_reported() {
    let scratch = Scratch::new();
    let Some(mounted) = Mounted::tmpfs(&scratch) else { return };
    scratch.rvenv_for(&python()).arg("--without-pip").arg(mounted.path().join("env")).silent();
    scratch.run("mount").args(["-o", "remount,ro"]).arg(mounted.path()).silent();
    for name in ["env", "new", "a/b"] {
        let error = scratch.rvenv_for(&python()).arg("--without-pip").arg(mounted.path().join(name)).error();
        assert!(error.contains("cannot be written to: Read-only file system"), "{error}");
    }
}

#[test]
fn an_environment_at_a_mount_point_is_built_inside_it() {
    let scratch = Scratch::new();
    let Some(mounted) = Mounted::tmpfs(&scratch) else { return };
    let outside = scratch.names();
    scratch.rvenv_for(&python()).arg(mounted.path()).silent();
    scratch.rvenv().arg("--check").arg(mounted.path()).silent();
    scratch.rvenv_for(&python()).arg("--clear").arg(mounted.path()).silent();
    scratch.rvenv().arg("--check").arg(mounted.path()).silent();
    assert!(names_in(mounted.path()).iter().all(|name| !name.starts_with(".rvenv")));
    assert_eq!(scratch.names(), outside);
}

#[test]
fn limits_on_files_and_descriptors_are_reported_and_leave_nothing() {
    let scratch = Scratch::new();
    let python = python();
    scratch.rvenv_for(&python).arg("warm").silent();
    fs::remove_dir_all(scratch.path("warm")).unwrap();
    // At most 512 bytes per file: the unit is 512. Exceeding it raises SIGXFSZ, unless that is ignored from the start.
    for setup in ["ulimit -f 1", "trap '' XFSZ; ulimit -f 1"] {
        let error = limited(&scratch, setup).arg("env").error();
        assert!(error.contains("File too large"), "{error}");
        assert!(scratch.names().is_empty(), "{:?}", scratch.names());
    }
    let mut succeeded = false;
    // Without those that the test program was started with. To be loaded, a program needs one besides the first three.
    let inherited: String = (3..10).map(|descriptor| format!("exec {descriptor}>&-; ")).collect();
    for descriptors in 4..20 {
        let output = limited(&scratch, &format!("{inherited}ulimit -n {descriptors}")).arg("env").output();
        if output.status.success() {
            succeeded = true;
            scratch.rvenv().args(["--check", "env"]).silent();
            fs::remove_dir_all(scratch.env()).unwrap();
        } else {
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(stderr.starts_with("Error: ") && stderr.contains("Too many open files"), "{descriptors}: {stderr}");
            assert!(stderr.trim_end().ends_with("; raise the limit with `ulimit -n`"), "{descriptors}: {stderr}");
            assert!(!succeeded, "{descriptors} descriptors are too few, but fewer were enough");
        }
        assert!(scratch.names().is_empty(), "{descriptors}: {:?}", scratch.names());
    }
    assert!(succeeded);
}
