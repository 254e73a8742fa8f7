//! `--link-mode`: the environment is the same however its files come from the cache.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::harness::*;

/// Creates `env` in `scratch`, with a cache of its own.
fn make(scratch: &Scratch, python: &Python, mode: &str) {
    let run = scratch.rvenv_for(python).env("RVENV_CACHE_DIR", scratch.path("cache"));
    run.args(["--clear", "--link-mode", mode, "env"]).silent();
}

/// The environment, except pyvenv.cfg, which records the command that created it.
fn made(scratch: &Scratch, python: &Python, mode: &str) -> Tree {
    make(scratch, python, mode);
    let mut tree = tree_without_times(&scratch.env());
    tree.remove("pyvenv.cfg");
    tree
}

fn module(env: &Path) -> PathBuf {
    site_packages(env).join("pip/__main__.py")
}

#[test]
fn an_environment_is_the_same_with_each_link_mode() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        make(&scratch, python, "copy");
        let copied = made(&scratch, python, "copy");
        for mode in ["clone", "hardlink", "hardlink"] {
            assert!(made(&scratch, python, mode) == copied, "{mode}");
        }
    });
}

#[test]
fn hard_links_are_made_only_on_request_and_never_of_files_that_name_the_environment() {
    let scratch = Scratch::new();
    let python = python();
    let links = || fs::metadata(module(&scratch.env())).unwrap().nlink();
    make(&scratch, &python, "copy");
    assert_eq!(links(), 1);
    make(&scratch, &python, "hardlink");
    assert_eq!(links(), 2, "the other link is in the cache");
    for name in ["bin/pip", "bin/activate", "pyvenv.cfg"] {
        assert_eq!(fs::metadata(scratch.env().join(name)).unwrap().nlink(), 1, "{name}");
    }
    make(&scratch, &python, "copy");
    assert_eq!(links(), 1);
}

#[test]
fn changes_through_a_hard_link_do_not_reach_later_environments() {
    let scratch = Scratch::new();
    let python = python();
    make(&scratch, &python, "copy");
    let sound = fs::read(module(&scratch.env())).unwrap();
    make(&scratch, &python, "hardlink");
    let mut file = OpenOptions::new().append(true).open(module(&scratch.env())).unwrap();
    file.write_all(b"raise SystemExit('changed')\n").unwrap();
    for mode in ["hardlink", "hardlink", "clone", "copy"] {
        let run = scratch.rvenv_for(&python).env("RVENV_CACHE_DIR", scratch.path("cache"));
        run.args(["--clear", "--link-mode", mode, "other"]).silent();
        assert_eq!(fs::read(module(&scratch.path("other"))).unwrap(), sound, "{mode}");
    }
}

#[test]
fn files_missing_from_the_unpacked_copy_are_copied_and_restored() {
    let scratch = Scratch::new();
    let python = python();
    let whole = made(&scratch, &python, "copy");
    make(&scratch, &python, "hardlink");
    let unpacked = scratch.path("cache/unpacked");
    let copy = unpacked.join(&names_in(&unpacked)[0]);
    fs::remove_dir_all(copy.join("pip/_vendor")).unwrap();
    fs::remove_file(copy.join("pip/__main__.py")).unwrap();
    assert!(made(&scratch, &python, "hardlink") == whole);
    assert!(made(&scratch, &python, "hardlink") == whole);
    assert!(copy.join("pip/__main__.py").is_file());
}

#[test]
fn hard_linked_files_have_the_mode_given_by_the_umask() {
    let scratch = Scratch::new();
    let python = python();
    make(&scratch, &python, "copy");
    make(&scratch, &python, "hardlink");
    let run = scratch.run("sh").args(["-c", "umask 077; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_rvenv"), "-p"]);
    let run = run.arg(&python.path).args(["--link-mode=hardlink", "private"]);
    run.env("RVENV_CACHE_DIR", scratch.path("cache")).silent();
    for (env, mode) in [("env", 0o644), ("private", 0o600)] {
        let found = fs::metadata(module(&scratch.path(env))).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{env}");
    }
}

#[test]
fn on_another_file_system_files_are_copied_silently() {
    let scratch = Scratch::new();
    let python = python();
    let Some(mounted) = Mounted::tmpfs(&scratch) else { return };
    make(&scratch, &python, "copy");
    let run = scratch.rvenv_for(&python).env("RVENV_CACHE_DIR", scratch.path("cache"));
    run.args(["--link-mode=hardlink"]).arg(mounted.path().join("env")).silent();
    assert_eq!(fs::metadata(module(&mounted.path().join("env"))).unwrap().nlink(), 1);
}

#[test]
fn clones_share_blocks_but_not_changes() {
    let scratch = Scratch::new();
    let python = python();
    let Some(mounted) = Mounted::xfs(&scratch) else { return };
    let used = || {
        scratch.run("sync").arg("-f").arg(mounted.path()).silent();
        let said = scratch.run("df").args(["--output=used", "-k"]).arg(mounted.path()).ok();
        said.lines().last().unwrap().trim().parse::<u64>().unwrap()
    };
    let make = |mode: &str, env: &str| {
        let run = scratch.rvenv_for(&python).env("RVENV_CACHE_DIR", mounted.path().join("cache"));
        run.args(["--link-mode", mode]).arg(mounted.path().join(env)).silent();
        used()
    };
    make("copy", "first");
    let before = make("clone", "one");
    let cloned = make("clone", "two") - before;
    let copied = make("copy", "three") - cloned - before;
    assert!(cloned * 2 < copied, "{cloned} KiB for a clone, {copied} KiB for a copy");
    let (one, two) = (module(&mounted.path().join("one")), module(&mounted.path().join("two")));
    fs::write(&one, "changed").unwrap();
    assert_ne!(fs::read(two).unwrap(), b"changed");
}
