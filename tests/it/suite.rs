//! The test suite's own command, `tests/run`, and its effects on the machine.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::harness::*;

/// A machine without shells and tools. Programs that would change it only log their command lines.
fn bare_machine() -> Scratch {
    let scratch = Scratch::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run");
    scratch.write("tests/run", fs::read(&source).unwrap());
    scratch.write("tests/able", fs::read(source.with_file_name("able")).unwrap());
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
    assert_eq!(called, ["cargo test --locked --test it cli:: -- --skip release::"]);
    for line in ["activation: bash zsh ", "Pythons of pyenv: 3.6 3.7 ", "a terminal: script -qec"] {
        assert!(said.contains(&format!("\n  {line}")), "{line} in {said}");
    }
    assert!(said.contains("Left out of this run, because it is not built (packaging/release): a release"), "{said}");
    assert!(said.contains("sh tests/run --install"), "{said}");
}

#[test]
fn the_suite_installs_and_fetches_on_request_and_in_ci() {
    for (arguments, ci) in [(&["--install", "--test", "it"][..], ""), (&["--test", "it"], "true")] {
        let (called, said) = suite(arguments, ci);
        let [update, install, fetched @ .., test] = &called[..] else { panic!("{called:?}") };
        assert_eq!(update, "apt-get update -qq");
        // In CI, a release has to be there, or else be left out by name.
        let (expected, filter) = match ci {
            "" => (&["tests/fetch"][..], " -- --skip release::"),
            _ => (&["tests/fetch", "tests/fetch for-release"][..], ""),
        };
        assert_eq!(fetched, expected);
        assert_eq!(test, &format!("cargo test --locked --test it{filter}"));
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

/// The exit code of `tests/able WHAT` with these programs first on PATH.
fn able_with(bin: &Path, what: &str) -> Option<i32> {
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let able = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/able");
    Scratch::new().run("/bin/sh").arg(able).arg(what).env("PATH", path).output().status.code()
}

#[test]
fn a_tool_that_refuses_what_the_tests_need_of_it_is_not_used() {
    let scratch = Scratch::new();
    let stand_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bsd/stand-in");
    for name in scratch.run(&stand_in).ok().split_whitespace() {
        fs::create_dir_all(scratch.path("bsd")).unwrap();
        symlink(&stand_in, scratch.path("bsd").join(name)).unwrap();
    }
    fs::create_dir(scratch.path("none")).unwrap();
    for what in ["script -qec", "strace -f", "taskset -c", "prlimit --nproc", "ulimit -v", "unshare --mount"] {
        assert_eq!(able_with(&scratch.path("bsd"), what), Some(1), "{what}");
        let here = able_with(&scratch.path("none"), what);
        assert_eq!(here == Some(0), able(what).is_some(), "{what}");
    }
    assert_eq!(able_with(&scratch.path("none"), "flying"), Some(64));
    // Whatever else they are asked for, they do.
    let sed = scratch.run(scratch.path("bsd/sed")).args(["-n", "s/^tests/&/p", "tests"]);
    fs::write(scratch.path("tests"), "tests\n").unwrap();
    assert_eq!(sed.ok(), "tests\n");
    assert_eq!(scratch.run(scratch.path("bsd/sed")).args(["-i", "s/t/T/", "tests"]).output().status.code(), Some(64));
}

#[test]
fn rust_of_another_version_than_that_of_the_lints_is_refused() {
    let scratch = Scratch::new();
    scratch.write_script("bin/rustc", "#!/bin/sh\necho 'rustc 1.2.3 (4 5)'\n");
    let path = format!("{}:{}", scratch.path("bin").display(), std::env::var("PATH").unwrap());
    for script in [".ci/check-rust", "packaging/standard-library"] {
        let run = scratch.run(Path::new(env!("CARGO_MANIFEST_DIR")).join(script)).env("PATH", &path).output();
        let said = String::from_utf8(run.stderr).unwrap();
        assert!(!run.status.success() && said.ends_with("(.ci/rust-version), but rustc is 1.2.3\n"), "{said}");
    }
}

#[test]
fn the_versions_that_debian_has_are_named_once_the_sources_of_the_rust_in_use_are_gone() {
    let scratch = Scratch::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rust = fs::read_to_string(root.join(".ci/rust-version")).unwrap();
    for file in [".ci/rust-version", ".ci/check-rust", "packaging/standard-library", "tests/apt"] {
        let copy = scratch.write_script(file, &fs::read_to_string(root.join(file)).unwrap());
        assert!(copy.exists());
    }
    scratch.write_script("bin/rustc", &format!("#!/bin/sh\necho 'rustc {} (4 5)'\n", rust.trim()));
    scratch.write_script("bin/apt-get", "#!/bin/sh\n");
    scratch.write_script("bin/dpkg", "#!/bin/sh\necho amd64\n");
    let madison = "rust-src | 9.9.1+dfsg1-1 | sid\nrust-src | 9.8.0+dfsg1-1~bpo13+1 | trixie-backports";
    scratch.write_script("bin/apt-cache", &format!("#!/bin/sh\necho '{madison}'\n"));
    let path = format!("{}:{}", scratch.path("bin").display(), std::env::var("PATH").unwrap());
    let run = scratch.run(scratch.path("packaging/standard-library")).arg("a-target").env("PATH", path).output();
    let said = String::from_utf8(run.stderr).unwrap();
    let [what, way_out] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
    assert!(what.contains(&format!("the sources of Rust {} (.ci/rust-version)", rust.trim())), "{said}");
    assert!(what.ends_with(": 9.8.0+dfsg1-1~bpo13+1 9.9.1+dfsg1-1"), "{said}");
    assert!(way_out.starts_with("Set .ci/rust-version to "), "{said}");
    assert!(!run.status.success());
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
    assert_eq!(called, ["cargo test --locked --test it -- --skip release::"]);
    assert!(said.contains("Left out of this run, because it is unchanged: a release"), "{said}");
    assert!(!said.contains("packaging/release") && !said.contains("wheel: target/packagers/complete"), "{said}");
    let (called, _) = suite_with(&["--test", "it", "--", "cli::"], "", "unchanged");
    assert_eq!(called, ["cargo test --locked --test it -- cli:: --skip release::"]);
}

#[test]
fn programs_started_by_tests_ignore_no_signals() {
    let Some(()) = able("/proc/self/status") else { return };
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
