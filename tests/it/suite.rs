//! The test suite's own command, `tests/run`, and its effects on the machine.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::harness::*;

/// A machine without shells and tools. Programs that would change it only log their command lines.
fn bare_machine() -> Scratch {
    let scratch = Scratch::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run");
    scratch.write("tests/run", fs::read(source).unwrap());
    scratch.write("tests/fetch", "echo tests/fetch \"$@\" >>called\n");
    for name in ["apt-get", "cargo"] {
        scratch.write_script(&format!("bin/{name}"), &format!("#!/bin/sh\necho {name} \"$@\" >>called\n"));
    }
    scratch.write_script("bin/id", "#!/bin/sh\necho 0\n");
    for name in ["sh", "dirname"] {
        symlink(tool(name).unwrap(), scratch.path("bin").join(name)).unwrap();
    }
    scratch
}

/// Runs `tests/run` on it. Returns the commands that it ran, and its stderr.
fn suite(arguments: &[&str], ci: &str) -> (Vec<String>, String) {
    suite_with(arguments, ci, "")
}

fn suite_with(arguments: &[&str], ci: &str, release: &str) -> (Vec<String>, String) {
    let scratch = bare_machine();
    let run = scratch.run("/bin/sh").arg("tests/run").args(arguments).env("CI", ci).env("RVENV_TEST_RELEASE", release);
    // So that it finds nothing of this machine.
    let run = run.env("PATH", scratch.path("bin")).env("HOME", scratch.path("")).env("TMPDIR", scratch.path(""));
    let output = run.env_remove("PYENV_ROOT").output();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let called = fs::read_to_string(scratch.path("called")).unwrap();
    (called.lines().map(str::to_owned).collect(), said)
}

#[test]
fn by_default_the_suite_installs_nothing_and_lists_what_is_untested() {
    let (called, said) = suite(&["--test", "it", "cli::"], "");
    assert_eq!(called, ["cargo test --locked --test it cli::"]);
    for line in [
        "activation: bash zsh ",
        "Pythons of pyenv: 3.6 3.7 ",
        "wheel: target/tools/complete",
        "files of a release (packaging/release): target/dist/SHA256SUMS",
    ] {
        assert!(said.contains(&format!("\n  {line}")), "{line} in {said}");
    }
    assert!(said.contains("sh tests/run --install"), "{said}");
}

#[test]
fn the_suite_installs_and_fetches_on_request_and_in_ci() {
    for (arguments, ci) in [(&["--install", "--test", "it"][..], ""), (&["--test", "it"], "true")] {
        let (called, said) = suite(arguments, ci);
        let [update, install, fetch, test] = &called[..] else { panic!("{called:?}") };
        assert_eq!(
            [update.as_str(), fetch, test],
            ["apt-get update -qq", "tests/fetch", "cargo test --locked --test it"]
        );
        let (command, packages) = install.split_once(" --no-install-recommends ").unwrap();
        assert_eq!(command, "apt-get install -qq -y");
        let packages: Vec<&str> = packages.split(' ').collect();
        for package in ["zsh", "ksh93u+m", "csh", "pypy3-venv", "strace"] {
            assert!(packages.contains(&package), "{package} in {packages:?}");
        }
        assert!(packages.iter().all(|package| !package.is_empty() && !package.contains(['/', '='])), "{packages:?}");
        // The programs are still missing, which is reported.
        assert!(said.contains("\n  activation: bash zsh ") && !said.contains("--install"), "{said}");
    }
}

#[test]
fn a_release_is_tested_for_a_tag_and_if_what_it_depends_on_has_changed() {
    let (Some(git), Some(_), scratch) = (tool("git"), tool("rustc"), Scratch::new()) else { return };
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    scratch.write(".ci/needs-release", fs::read(repository.join(".ci/needs-release")).unwrap());
    scratch.write(".ci/released", "");
    scratch.write("packaging/release", "");
    scratch.write("src/cli.rs", "");
    let git = |arguments: &[&str]| {
        let names = ["-c", "user.name=Someone", "-c", "user.email=someone@example.org"];
        scratch.run(&git).args(names).args(arguments).env("HOME", scratch.path("")).ok()
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "first"]);
    let script = |arguments: &[&str]| scratch.run("sh").arg(".ci/needs-release").args(arguments);
    let is_needed = || {
        let output = script(&[]).output();
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
        output.status.success()
    };
    assert!(is_needed());
    script(&["--tested"]).silent();
    assert!(!is_needed());
    scratch.write("src/cli.rs", "changed");
    assert!(!is_needed(), "it is tested without a release");
    scratch.write("packaging/release", "changed");
    assert!(is_needed());
    script(&["--tested"]).silent();
    assert!(!is_needed());
    git(&["tag", "v1"]);
    assert!(is_needed());
}

#[test]
fn what_is_left_out_of_a_run_is_listed() {
    let (called, said) = suite_with(&["--test", "it"], "", "unchanged");
    assert_eq!(called, ["cargo test --locked --test it"]);
    assert!(said.contains("Left out of this run, because it is unchanged: a release"), "{said}");
    assert!(!said.contains("packaging/release") && said.contains("wheel: target/tools/complete"), "{said}");
}

#[test]
fn programs_started_by_tests_ignore_no_signals() {
    let status = Scratch::new().run("cat").arg("/proc/self/status").ok();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    // Signals 32 and 33 are reserved by the C library.
    assert_eq!(u64::from_str_radix(ignored.trim(), 16).unwrap() & 0x7fff_ffff, 0, "{status}");
}

#[test]
fn programs_started_by_tests_do_not_inherit_ignored_signals() {
    let tests = std::env::current_exe().unwrap();
    // The signals that `nohup` and `sh tests/run &` ignore, and more.
    let ignoring = "trap '' HUP INT QUIT ALRM TERM USR1 USR2 TSTP TTIN TTOU; exec \"$@\"";
    let scratch = Scratch::new();
    let run = scratch.run("sh").args(["-c", ignoring, "sh"]).arg(tests);
    let said = run.args(["--exact", "suite::programs_started_by_tests_ignore_no_signals"]).ok();
    assert!(said.contains("1 passed"), "{said}");
}
