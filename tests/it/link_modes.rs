//! `--link-mode`: however files come from the cache, the environment is the same.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::harness::*;

/// Makes `env` in `scratch`, whose cache is its own.
fn make(scratch: &Scratch, python: &Python, mode: &str) {
    let run = scratch.rvenv_for(python).env("RVENV_CACHE_DIR", scratch.path("cache"));
    run.args(["--clear", "--link-mode", mode, "env"]).silent();
}

/// The environment, but for the one line of pyvenv.cfg that says how it was made.
fn made(scratch: &Scratch, python: &Python, mode: &str) -> Tree {
    make(scratch, python, mode);
    let mut tree = tree(&scratch.env());
    tree.remove("pyvenv.cfg");
    tree
}

fn module(env: &Path) -> PathBuf {
    site_packages(env).join("pip/__main__.py")
}

#[test]
fn an_environment_is_the_same_with_each_link_mode() {
    for_each_python(|python| {
        let scratch = Scratch::new();
        make(&scratch, python, "copy");
        let copied = made(&scratch, python, "copy");
        for mode in ["clone", "hardlink", "hardlink"] {
            assert!(made(&scratch, python, mode) == copied, "{mode}");
        }
    });
}

#[test]
fn hard_links_are_made_only_when_asked_for_and_no_environment_shares_what_names_it() {
    let scratch = Scratch::new();
    let python = python();
    let links = || fs::metadata(module(&scratch.env())).unwrap().nlink();
    make(&scratch, &python, "copy");
    assert_eq!(links(), 1);
    make(&scratch, &python, "hardlink");
    assert_eq!(links(), 2, "the cache has the other one");
    for name in ["bin/pip", "bin/activate", "pyvenv.cfg"] {
        assert_eq!(fs::metadata(scratch.env().join(name)).unwrap().nlink(), 1, "{name}");
    }
    make(&scratch, &python, "copy");
    assert_eq!(links(), 1);
}

#[test]
fn a_file_changed_through_a_hard_link_is_in_no_later_environment() {
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
fn what_lacks_in_the_unpacked_copy_is_copied_and_made_anew() {
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
fn a_hard_link_has_the_mode_that_the_umask_asks_for() {
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
fn another_file_system_gets_copies_without_a_word() {
    let scratch = Scratch::new();
    let python = python();
    let Some(mounted) = Mounted::tmpfs(&scratch) else { return };
    make(&scratch, &python, "copy");
    let run = scratch.rvenv_for(&python).env("RVENV_CACHE_DIR", scratch.path("cache"));
    run.args(["--link-mode=hardlink"]).arg(mounted.path().join("env")).silent();
    assert_eq!(fs::metadata(module(&mounted.path().join("env"))).unwrap().nlink(), 1);
}

#[test]
fn clones_share_their_blocks_and_not_their_changes() {
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
