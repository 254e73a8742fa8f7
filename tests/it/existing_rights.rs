//! An ENV_DIR that exists: what it passes on to what is created in it, and who owns the files that are rewritten.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::Path;

use crate::harness::*;

/// A directory and everything in it.
fn entries(directory: &Path) -> Vec<walkdir::DirEntry> {
    walkdir::WalkDir::new(directory).sort_by_file_name().into_iter().map(Result::unwrap).collect()
}

/// A run without pip, over what is there.
fn run(scratch: &Scratch, flags: &[&str]) {
    scratch.rvenv_for(&python()).arg("--without-pip").args(flags).arg("env").silent();
}

/// The first is over an empty directory.
const RUNS: [&[&str]; 4] = [&[], &["--clear"], &[], &["--upgrade"]];

#[test]
fn what_is_created_in_a_directory_with_the_setgid_bit_has_it_and_its_group() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.env()).unwrap();
    if able("chown").is_some() {
        chown(scratch.env(), None, Some(23456)).unwrap();
    }
    let group = fs::metadata(scratch.env()).unwrap().gid();
    fs::set_permissions(scratch.env(), fs::Permissions::from_mode(0o2775)).unwrap();
    for flags in RUNS {
        run(&scratch, flags);
        assert!(entries(&scratch.env()).len() > 10);
        for entry in entries(&scratch.env()) {
            let metadata = entry.metadata().unwrap();
            assert_eq!(metadata.gid(), group, "{flags:?} {}", entry.path().display());
            assert!(!metadata.is_dir() || metadata.mode() & 0o2000 != 0, "{flags:?} {}", entry.path().display());
        }
        assert_eq!(scratch.names(), ["env"]);
        // The next run creates it again.
        fs::remove_dir_all(scratch.path("env/lib")).unwrap();
    }
}

#[test]
fn what_is_created_in_a_directory_with_a_default_access_control_list_gets_it() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.env()).unwrap();
    let Some(()) = able("setfacl") else { return };
    scratch.run("setfacl").args(["-d", "-m", "user:12345:rwx"]).arg(scratch.env()).silent();
    for flags in RUNS {
        run(&scratch, flags);
        for entry in entries(&scratch.env()).iter().filter(|entry| !entry.path_is_symlink()) {
            let rights = scratch.run("getfacl").args(["-p", "-n"]).arg(entry.path()).ok();
            let is_env_dir = entry.path() == scratch.env();
            assert!(is_env_dir || rights.contains("\nuser:12345:rwx"), "{flags:?} {rights}");
            assert!(!entry.file_type().is_dir() || rights.contains("default:user:12345:rwx"), "{flags:?} {rights}");
        }
        fs::remove_dir_all(scratch.path("env/lib")).unwrap();
    }
}

#[test]
fn a_run_over_an_environment_keeps_the_owner_group_and_mode_of_the_files_that_it_rewrites() {
    let scratch = Scratch::new();
    run(&scratch, &[]);
    let restricted = [("pyvenv.cfg", 0o664), ("bin/activate", 0o640)];
    for (name, mode) in restricted {
        fs::set_permissions(scratch.env().join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    if able("chown").is_some() {
        for entry in entries(&scratch.env()) {
            lchown(entry.path(), Some(12345), Some(23456)).unwrap();
        }
    }
    let owners = || {
        let owner = |entry: &walkdir::DirEntry| entry.metadata().map(|there| (there.uid(), there.gid())).unwrap();
        entries(&scratch.env()).iter().map(|entry| (entry.path().to_owned(), owner(entry))).collect::<Vec<_>>()
    };
    let before = owners();
    for flags in [&[][..], &["--prompt", "other"], &["--upgrade"]] {
        scratch.write("env/bin/activate.csh", "stale");
        let rvenv = scratch.run("sh").args(["-c", "umask 077; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_rvenv"), "-p"]);
        rvenv.arg(&python().path).arg("--without-pip").args(flags).arg("env").silent();
        assert_eq!(owners(), before, "{flags:?}");
        for (name, mode) in restricted {
            let metadata = fs::metadata(scratch.env().join(name)).unwrap();
            assert_eq!(metadata.mode() & 0o777, mode, "{flags:?} {name}");
        }
    }
}

#[test]
fn a_run_over_an_environment_keeps_the_access_control_lists_of_the_files_that_it_rewrites() {
    let Some(()) = able("setfacl") else { return };
    let scratch = Scratch::new();
    run(&scratch, &[]);
    let names = ["pyvenv.cfg", "bin/activate"];
    for name in names {
        // The permissions of the list's user are in the place of the group's in the mode.
        scratch.run("setfacl").args(["-m", "user:12345:rwx,group::---"]).arg(scratch.env().join(name)).silent();
    }
    let lists = || names.map(|name| scratch.run("getfacl").args(["-p", "-n"]).arg(scratch.env().join(name)).ok());
    let before = lists();
    for flags in [&[][..], &["--prompt", "other"], &["--upgrade"]] {
        run(&scratch, flags);
        assert_eq!(lists(), before, "{flags:?}");
    }
}

#[test]
fn a_pyvenv_cfg_that_is_a_link_is_written_through() {
    let scratch = Scratch::new();
    run(&scratch, &[]);
    fs::rename(scratch.path("env/pyvenv.cfg"), scratch.path("elsewhere.cfg")).unwrap();
    fs::set_permissions(scratch.path("elsewhere.cfg"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("../elsewhere.cfg", scratch.path("env/pyvenv.cfg")).unwrap();
    run(&scratch, &["--system-site-packages"]);
    assert_eq!(fs::read_link(scratch.path("env/pyvenv.cfg")).unwrap(), Path::new("../elsewhere.cfg"));
    assert_eq!(configured(&scratch.env(), "include-system-site-packages").as_deref(), Some("true"));
    assert_eq!(fs::metadata(scratch.path("elsewhere.cfg")).unwrap().mode() & 0o777, 0o640);
    assert_eq!(names_in(&scratch.path("")), ["elsewhere.cfg", "env"]);

    // A broken one too: as in CPython, the environment has a configuration afterwards.
    fs::remove_file(scratch.path("elsewhere.cfg")).unwrap();
    run(&scratch, &[]);
    assert_eq!(configured(&scratch.env(), "include-system-site-packages").as_deref(), Some("false"));

    // So has one that led to a pipe or a device, which is not replaced.
    fs::remove_file(scratch.path("env/pyvenv.cfg")).unwrap();
    scratch.run("mkfifo").arg("elsewhere").silent();
    symlink("../elsewhere", scratch.path("env/pyvenv.cfg")).unwrap();
    run(&scratch, &["--system-site-packages"]);
    assert_eq!(configured(&scratch.env(), "include-system-site-packages").as_deref(), Some("true"));
    assert!(fs::symlink_metadata(scratch.path("elsewhere")).unwrap().file_type().is_fifo());
}

#[test]
fn a_run_that_is_killed_leaves_an_empty_directory_empty_or_a_complete_environment() {
    let Some(()) = able("strace -f") else { return };
    for number in 1.. {
        let scratch = Scratch::new();
        fs::create_dir(scratch.env()).unwrap();
        let calls = "rename,renameat,renameat2";
        let inject = format!("inject={calls}:signal=SIGKILL:when={number}");
        let trace = ["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}"), "-e", &inject].map(String::from);
        let rvenv = scratch.run("strace").args(trace).arg(env!("CARGO_BIN_EXE_rvenv")).arg("-p").arg(&python().path);
        let output = rvenv.args(["--without-pip", "--no-cache", "env"]).output();
        let left = names_in(&scratch.env()).into_iter().filter(|name| !name.starts_with(".rvenv-")).count();
        if left > 0 {
            scratch.rvenv().args(["--check", "env"]).silent();
        }
        run(&scratch, &[]);
        assert!(names_in(&scratch.env()).iter().all(|name| !name.starts_with(".rvenv-")));
        assert_eq!(scratch.names(), ["env"]);
        if output.status.success() {
            assert!(number > 1, "something is renamed");
            return;
        }
        assert!(number < 20, "{output:?}");
    }
}

#[test]
fn a_directory_that_was_empty_is_empty_again_if_a_later_step_fails() {
    let scratch = Scratch::new();
    for env_dir in ["env", "."] {
        fs::create_dir_all(scratch.env()).unwrap();
        let place = scratch.path(if env_dir == "." { "env" } else { "" });
        let run = scratch.rvenv_for(&python()).current_dir(&place).args(["--upgrade-deps", env_dir]);
        run.env("PIP_NO_INDEX", "1").env("PIP_TARGET", "/dev/null/x").error();
        assert!(names_in(&scratch.env()).is_empty(), "{env_dir}");
        assert_eq!(scratch.names(), ["env"]);
    }
}

#[test]
fn a_file_that_appears_in_an_empty_directory_meanwhile_is_kept() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.env()).unwrap();
    let Some(()) = able("strace -f") else { return };
    let trace = scratch.path("trace");
    let stop = ["-f", "-qq", "-e", "trace=symlink", "-e", "inject=symlink:signal=SIGSTOP:when=1", "-o"];
    let rvenv = scratch.run("strace").args(stop).arg(&trace).arg(env!("CARGO_BIN_EXE_rvenv")).arg("-p");
    let mut child = rvenv.arg(&python().path).args(["--without-pip", "--no-cache", "env"]).start();
    let stopped = || {
        let text = fs::read_to_string(&trace).unwrap_or_default();
        Some(text[..text.find(" --- stopped by SIGSTOP")?].lines().last()?.trim().to_owned())
    };
    child.wait_until("it stops", || stopped().is_some());
    scratch.write("env/mine", "precious");
    scratch.run("kill").arg("-CONT").arg(stopped().unwrap()).silent();
    assert!(child.output().status.success());
    assert_eq!(fs::read_to_string(scratch.path("env/mine")).unwrap(), "precious");
    scratch.rvenv().args(["--check", "env"]).silent();
}

#[test]
fn a_directory_that_others_can_write_to_is_closed_to_them_before_what_is_in_it_is_removed() {
    let Some(()) = able("strace -f") else { return };
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
    scratch.write("env/shared/theirs/file", "");
    for name in ["env/shared", "env/shared/theirs"] {
        fs::set_permissions(scratch.path(name), fs::Permissions::from_mode(0o777)).unwrap();
    }
    let trace = scratch.path("trace");
    let run = scratch.run("strace").args(["-f", "-qq", "-e", "trace=chmod,unlink,rmdir", "-o"]).arg(&trace);
    let run = run.arg(env!("CARGO_BIN_EXE_rvenv")).arg("-p").arg(python().path);
    run.args(["--without-pip", "--no-cache", "--clear", "env"]).silent();
    let trace = fs::read_to_string(trace).unwrap();
    let at =
        |call: &str| trace.lines().position(|line| line.contains(call)).unwrap_or_else(|| panic!("{call}: {trace}"));
    assert!(at("/shared\", 0700)") < at("/shared/theirs\", 0700)"));
    assert!(at("/shared/theirs\", 0700)") < at("/shared/theirs/file\")"));
}
