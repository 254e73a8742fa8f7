//! The packages that `packaging/release` has built for dpkg and rpm, each installed into a root of its own.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::*;
use crate::release::files::{self, TARGETS, check_installed};

/// What the files of a package contain.
enum Contents {
    Program,
    /// What `rvenv --generate` prints for this.
    Generated(&'static str),
    /// This file of the repository.
    Source(&'static str),
}
use Contents::{Generated, Program, Source};

/// A package manager.
struct Manager {
    name: &'static str,
    /// Its names for the machines of the first targets in `TARGETS`.
    architectures: [&'static str; 2],
    /// The name of the package's file for one of them.
    package: fn(&str) -> String,
    install: &'static [&'static str],
    remove: &'static [&'static str],
    list: &'static [&'static str],
    /// The paths in the package that depend on the manager.
    files: &'static [(&'static str, Contents)],
}

const DPKG: Manager = Manager {
    name: "dpkg",
    architectures: ["amd64", "arm64"],
    package: |architecture| format!("rvenv_{}-1_{architecture}.deb", files::VERSION),
    // Containers often exclude documentation.
    install: &["--log=/dev/null", "--path-include=/*", "--force-architecture", "--install"],
    remove: &["--log=/dev/null", "--purge"],
    list: &["--get-selections"],
    files: &[
        ("usr/share/doc/rvenv/changelog.gz", Source("CHANGELOG.md")),
        ("usr/share/doc/rvenv/copyright", Source("LICENSE")),
        ("usr/share/zsh/vendor-completions/_rvenv", Generated("completions=zsh")),
    ],
};

const RPM: Manager = Manager {
    name: "rpm",
    architectures: ["x86_64", "aarch64"],
    package: |architecture| format!("rvenv-{}-1.{architecture}.rpm", files::VERSION),
    install: &["--dbpath=/var/lib/rpm", "--ignorearch", "--install"],
    remove: &["--dbpath=/var/lib/rpm", "--erase"],
    list: &["--dbpath=/var/lib/rpm", "--query", "--all"],
    files: &[
        ("usr/share/doc/rvenv/CHANGELOG.md", Source("CHANGELOG.md")),
        ("usr/share/licenses/rvenv/LICENSE", Source("LICENSE")),
        ("usr/share/zsh/site-functions/_rvenv", Generated("completions=zsh")),
    ],
};

/// The paths in each package.
const FILES: [(&str, Contents); 5] = [
    ("usr/bin/rvenv", Program),
    ("usr/share/bash-completion/completions/rvenv", Generated("completions=bash")),
    ("usr/share/doc/rvenv/README.md", Source("README.md")),
    ("usr/share/fish/vendor_completions.d/rvenv.fish", Generated("completions=fish")),
    ("usr/share/man/man1/rvenv.1.gz", Generated("man")),
];

/// The names of the files of all packages.
pub fn names() -> Vec<String> {
    [DPKG, RPM].iter().flat_map(|manager| manager.architectures.map(|name| (manager.package)(name))).collect()
}

/// A system with a package manager and no packages, in the scratch directory `root`.
struct System {
    manager: &'static Manager,
    scratch: Scratch,
}

impl System {
    fn new(manager: &'static Manager) -> Option<System> {
        tool(manager.name)?;
        let system = System { manager, scratch: Scratch::new() };
        let root = system.scratch.run("unshare").args(["--user", "--map-root-user", "true"]).output();
        if !root.status.success() {
            return missing("a user namespace");
        }
        // The directories that packages share have files of others.
        for file in ["bin/other", "share/doc/other", "share/licenses/other", "share/man/man1/other.1.gz"] {
            system.scratch.write(&format!("root/usr/{file}"), "");
        }
        system.scratch.write("root/var/lib/dpkg/status", "");
        for directory in ["dpkg/info", "dpkg/updates", "rpm"] {
            fs::create_dir(system.root().join("var/lib").join(directory)).unwrap();
        }
        Some(system)
    }

    fn root(&self) -> PathBuf {
        self.scratch.path("root")
    }

    /// The package manager, as root of this system.
    fn run(&self, arguments: &[&str]) -> Run {
        let run = self.scratch.run("unshare").args(["--user", "--map-root-user", self.manager.name]);
        // dpkg requires programs of sbin.
        let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap());
        run.env("PATH", path).arg(format!("--root={}", self.root().display())).args(arguments)
    }

    /// Everything except the package manager's own database.
    fn snapshot(&self) -> Tree {
        let mut tree = tree(&self.root());
        tree.retain(|path, _| !path.starts_with("var/"));
        tree
    }
}

/// Checks the files of the installed package against what is generated and what is in the repository.
fn check_files(system: &System, before: &Tree, target: usize) {
    let installed = system.snapshot();
    let is_new =
        |(path, entry): &(&String, &Entry)| matches!(entry, Entry::File { .. }) && !before.contains_key(path.as_str());
    let paths: BTreeSet<&str> = installed.iter().filter(is_new).map(|(path, _)| path.as_str()).collect();
    let expected = || FILES.iter().chain(system.manager.files);
    assert_eq!(paths, expected().map(|(path, _)| *path).collect());
    for (path, contents) in expected() {
        let Entry::File { mode, contents: bytes } = &installed[*path] else { unreachable!() };
        assert_eq!(*mode, if matches!(contents, Program) { 0o755 } else { 0o644 }, "{path}");
        let text = || match path.ends_with(".gz") {
            true => system.scratch.run("gzip").arg("-dc").arg(system.root().join(path)).ok(),
            false => String::from_utf8(bytes.clone()).unwrap(),
        };
        match contents {
            Program => TARGETS[target].2.check(bytes),
            Generated(what) => assert_eq!(text(), system.scratch.rvenv().args(["--generate", what]).ok(), "{path}"),
            Source(name) => {
                let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
                assert_eq!(text(), fs::read_to_string(source).unwrap(), "{path}");
            }
        }
    }
}

/// Runs the installed program on its machine.
fn check_program(system: &System, target: usize) {
    let bin = system.root().join("usr/bin");
    if target == 0 {
        return check_installed(&system.scratch, &bin);
    }
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    if !repository.join("target/roots/arm64/complete").exists() {
        missing::<()>("the system arm64");
        return;
    }
    let run = || system.scratch.run(repository.join("tests/roots/enter")).arg("arm64").arg(bin.join("rvenv"));
    assert_eq!(run().arg("--version").ok(), format!("rvenv {}\n", files::VERSION));
    run().args(["--no-cache", "-p", "/usr/bin/python3", "env"]).silent();
    assert!(system.scratch.path("env/bin/pip").exists());
}

/// Installs, runs and removes the package for each machine.
fn check_packages(manager: &'static Manager) {
    let Some(dist) = files::dist() else { return };
    for (target, architecture) in manager.architectures.into_iter().enumerate() {
        let Some(system) = System::new(manager) else { return };
        let before = system.snapshot();
        let package = dist.join((manager.package)(architecture));
        system.run(manager.install).arg(package).ok();
        assert!(system.run(manager.list).ok().contains("rvenv"));
        check_files(&system, &before, target);
        check_program(&system, target);
        system.run(manager.remove).arg("rvenv").ok();
        assert_eq!(system.run(manager.list).ok(), "");
        assert_eq!(system.snapshot(), before);
    }
}

#[test]
fn dpkg_installs_a_program_that_runs_and_removes_it_without_a_trace() {
    check_packages(&DPKG);
}

#[test]
fn rpm_installs_a_program_that_runs_and_removes_it_without_a_trace() {
    check_packages(&RPM);
}

#[test]
fn on_debian_zsh_and_fish_find_the_completions_of_the_package() {
    let (Some(dist), Some(zsh), Some(fish), Some(dpkg)) = (files::dist(), tool("zsh"), tool("fish"), tool("dpkg-deb"))
    else {
        return;
    };
    if !Path::new("/etc/debian_version").exists() {
        missing::<()>("Debian");
        return;
    }
    let scratch = Scratch::new();
    scratch.run(dpkg).arg("--extract").arg(dist.join(&names()[0])).arg("root").silent();
    let directories = scratch.run(zsh).args(["-fc", "print -l $fpath"]).ok();
    assert!(directories.lines().any(|line| line == "/usr/share/zsh/vendor-completions"), "{directories}");
    let fish = scratch.run(fish).args(["-c", "complete --do-complete 'rvenv --reloc'"]);
    let path = format!("{}:/usr/bin:/bin", scratch.path("root/usr/bin").display());
    let fish = fish.env("HOME", scratch.path("")).env("PATH", path);
    let completed = fish.env("XDG_DATA_DIRS", scratch.path("root/usr/share")).ok();
    assert!(completed.starts_with("--relocatable"), "{completed}");
}
