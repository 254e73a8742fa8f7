//! The programs in `examples/`, built and run.

use std::fs;

use crate::harness::*;

/// An example, run by cargo, because `cargo test --test it` alone does not build it.
fn example(scratch: &Scratch, name: &str) -> Run {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let cargo = scratch.run(env!("CARGO")).args(["run", "--quiet", "--locked", "--manifest-path", manifest]);
    cargo.args(["--example", name, "--"])
}

fn with_packages(scratch: &Scratch, python: &Python) -> Run {
    example(scratch, "with_packages").arg("-p").arg(&python.path)
}

#[cfg(unix)] // programs in sh
#[test]
fn own_scripts_overrides_one_step_installs_scripts_and_is_short() {
    let scratch = Scratch::new();
    scratch.write_script("own/common/tool", "#!/bin/sh\necho __VENV_PROMPT__\n");
    let bin = example(&scratch, "own_scripts").args(["env", "own"]).ok();
    assert_eq!(bin.trim_end(), scratch.env().join("bin").display().to_string());
    assert_eq!(scratch.run(program_of(&scratch.env(), "tool")).ok(), "env\n");
    assert!(scratch.env().join("bin/activate").is_file());
    assert!(include_str!("../../examples/own_scripts.rs").lines().count() < 40);
}

#[test]
fn with_packages_installs_setuptools_and_pip_with_scripts_and_prints_dots() {
    let Some(python) = pyenv("3.11") else { return };
    let scratch = Scratch::new();
    let output = with_packages(&scratch, &python).arg("env").output();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{stderr}");
    let [setuptools, pip] = stderr.lines().collect::<Vec<_>>()[..] else { panic!("{stderr}") };
    for (line, project) in [(setuptools, "setuptools"), (pip, "pip")] {
        let dots = line.strip_prefix(&format!("Installing {project} ")).and_then(|line| line.strip_suffix("done."));
        assert!(dots.is_some_and(|dots| !dots.is_empty() && dots.bytes().all(|byte| byte == b'.')), "{line}");
    }
    let listed = scratch.run(program_of(&scratch.env(), "pip")).args(["--isolated", "list", "--format=freeze"]).ok();
    assert_eq!(listed, "pip==23.2.1\nsetuptools==65.5.0\n");
    assert!(names_in(&scratch.env().join("bin")).iter().all(|name| !name.starts_with("install_")));
}

#[test]
fn flags_of_with_packages_choose_what_is_installed_and_printed() {
    let Some(python) = pyenv("3.11") else { return };
    let scratch = Scratch::new();
    let output = with_packages(&scratch, &python).args(["--no-setuptools", "--verbose", "env"]).output();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && stderr.contains("\nSuccessfully installed pip-23.2.1\n"), "{stderr}");
    assert!(!site_packages(&scratch.env()).join("setuptools").exists());
    with_packages(&scratch, &python).args(["--no-setuptools", "--no-pip", "bare"]).silent();
    assert!(names_in(&site_packages(&scratch.path("bare"))).is_empty());
}

#[test]
fn a_failing_script_of_with_packages_leaves_no_environment() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("none")).unwrap();
    let output = with_packages(&scratch, &python()).args(["--packages", "none", "env"]).output();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    let last = stderr.lines().last().unwrap();
    assert!(last.starts_with("Error: Command '") && last.contains("there is no pip wheel in "), "{stderr}");
    assert_eq!(scratch.names(), ["none"]);
}
