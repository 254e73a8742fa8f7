//! Another architecture and another libc: the released program compared with the Python there (`tests/roots`).

use std::fs;
use std::path::{Path, PathBuf};

use crate::drop_in::{INSIDE, Snapshot, compare_snapshots};
use crate::harness::*;
use crate::release::files::{self, TARGETS};
use crate::release::packaging::distribution;

/// A system in `target/roots`, with a scratch directory whose environment `tools` has rvenv, installed by pip.
struct Root {
    name: &'static str,
    python: &'static str,
    scratch: Scratch,
}

impl Root {
    /// The system of this name, with rvenv for the target at this index of `TARGETS`.
    fn with_rvenv(name: &'static str, python: &'static str, target: usize) -> Option<Root> {
        let dist = files::dist()?;
        let there = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/roots").join(name).join("complete").exists();
        if !there {
            return missing(&format!("the system {name}"));
        }
        let root = Root { name, python, scratch: Scratch::new() };
        root.run(python).args(["-m", "venv", "tools"]).silent();
        // The other system sees only the scratch directory.
        fs::create_dir(root.scratch.path("wheels")).unwrap();
        for (_, platforms, _) in TARGETS {
            let name = files::wheel_for(platforms);
            fs::copy(dist.join(&name), root.scratch.path("wheels").join(&name)).unwrap();
        }
        let pip = root.run("tools/bin/pip").args(["--isolated", "--quiet", "--disable-pip-version-check", "install"]);
        pip.args(["--no-index", "--find-links", "wheels", "--only-binary=:all:", distribution()]).silent();
        TARGETS[target].2.check(&fs::read(root.scratch.path("tools/bin/rvenv")).unwrap());
        Some(root)
    }

    /// A program run there in the scratch directory, which has the same path in both systems.
    fn run(&self, program: &str) -> Run {
        let enter = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/roots/enter");
        let run = self.scratch.run(enter).arg(self.name).arg(program);
        run.env("RVENV_CACHE_DIR", self.scratch.path("cache")).env_remove("RVENV_PYTHON")
    }

    fn rvenv(&self) -> Run {
        self.run("tools/bin/rvenv").arg("-p").arg(self.python)
    }

    fn snapshot(&self) -> Snapshot {
        let python = self.env().join("bin/python").display().to_string();
        Snapshot::new(&self.env(), || self.run(&python).args(["-I", "-c", INSIDE]).ok())
    }

    fn env(&self) -> PathBuf {
        self.scratch.env()
    }

    /// Creates both environments at the same path with the same flags, and compares them.
    fn compare(&self, flags: &[&str]) {
        self.run(self.python).args(["-m", "venv"]).args(flags).arg(self.env()).silent();
        let theirs = self.snapshot();
        fs::remove_dir_all(self.env()).unwrap();
        self.rvenv().args(flags).arg(self.env()).silent();
        compare_snapshots(&theirs, &self.snapshot(), &format!("{} {flags:?}", self.name));
        fs::remove_dir_all(self.env()).unwrap();
    }

    fn compare_each_flag(&self) {
        for flags in [
            &[][..],
            &["--system-site-packages"],
            &["--copies"],
            &["--symlinks"],
            &["--clear"],
            &["--prompt", "a 'prompt'"],
        ] {
            self.compare(&[flags, &["--without-pip"]].concat());
        }
        self.compare(&[]);
    }
}

#[test]
fn on_arm64_the_environment_is_the_same_as_with_debians_venv() {
    let Some(root) = Root::with_rvenv("arm64", "/usr/bin/python3", 1) else { return };
    root.compare_each_flag();
}

#[test]
fn with_musl_the_environment_is_the_same_as_with_venv() {
    let Some(root) = Root::with_rvenv("musl", "/usr/local/bin/python3", 0) else { return };
    root.compare_each_flag();
    let said = root.rvenv().args(["--list-pythons", "--format", "json"]).ok();
    assert!(said.contains("/usr/local/bin/python3"), "{said}");
}

#[test]
fn with_musl_copies_pip_and_the_cache_work() {
    let Some(root) = Root::with_rvenv("musl", "/usr/local/bin/python3", 0) else { return };
    for flags in [&["--copies"][..], &["--clear"], &["--link-mode", "hardlink", "--clear"]] {
        root.rvenv().args(flags).arg("env").silent();
        assert!(root.run("env/bin/pip").arg("--version").ok().starts_with("pip "));
        root.run("tools/bin/rvenv").args(["--check", "env"]).ok();
    }
}
