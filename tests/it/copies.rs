//! Copies of the interpreter, requested or because links are not supported: each is the same Python as its original.

use std::fs;

use crate::harness::*;

/// A Python that looks for its library in `rpath`, relative to `$ORIGIN` (ld.so), and has it in `place`.
fn relative_python(scratch: &Scratch, version: &str, rpath: &str, place: &str) -> Option<Python> {
    let patchelf = tool("patchelf")?;
    let python = copied_python(scratch, version)?;
    let library = format!("libpython{version}.so.1.0");
    fs::create_dir_all(scratch.path(place)).unwrap();
    fs::rename(scratch.path("python/lib").join(&library), scratch.path(place).join(&library)).unwrap();
    scratch.run(patchelf).args(["--set-rpath", rpath]).arg(python.path.canonicalize().unwrap()).silent();
    Some(python)
}

/// A run under strace, which makes these system calls fail with this error.
fn failing(scratch: &Scratch, calls: &str, error: &str) -> Option<Run> {
    able("strace -f")?;
    let run = scratch.run("strace").args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}")]);
    let run = run.args(["-e", &format!("inject={calls}:error={error}")]).arg(env!("CARGO_BIN_EXE_rvenv"));
    Some(run.env("RVENV_CACHE_DIR", scratch.path("cache")))
}

#[test]
fn a_copy_includes_the_libraries_that_it_loads_relative_to_itself() {
    let scratch = Scratch::new();
    let Some(python) = relative_python(&scratch, "3.11", "$ORIGIN/../lib", "python/lib") else { return };
    let code = "import sys; print(sys.version_info[:3], sys.prefix)";
    let expected =
        format!("(3, 11, {}) {}", scratch.run(&python.path).args(["-c", MICRO]).ok().trim(), scratch.env().display());
    scratch.rvenv_for(&python).args(["--copies", "env"]).silent();
    assert_eq!(in_env(&scratch.env(), code), expected);
    assert!(scratch.path("env/lib/libpython3.11.so.1.0").is_file());
    scratch.rvenv().args(["--check", "env"]).silent();
    // Copies that are made because links are not supported work too.
    let Some(run) = failing(&scratch, "symlink,symlinkat", "EPROTO") else { return };
    run.args(["-q", "--clear", "-p"]).arg(&python.path).arg("env").silent();
    assert_eq!(in_env(&scratch.env(), code), expected);
    assert!(scratch.path("env/lib/libpython3.11.so.1.0").is_file());
}

const MICRO: &str = "import sys; print(sys.version_info[2])";

#[test]
fn a_copy_made_because_links_are_not_supported_fails_with_its_own_reason() {
    let scratch = Scratch::new();
    let Some(run) = failing(&scratch, "symlink,symlinkat,copy_file_range", "EDQUOT") else { return };
    let error = run.args(["--without-pip", "-p"]).arg(&python().path).arg("env").error();
    assert!(error.starts_with("Unable to write '") && error.contains("Disk quota exceeded"), "{error}");
    assert!(scratch.names().iter().all(|name| name == "cache"));
}

#[test]
fn a_copy_that_does_not_run_or_is_another_python_is_an_error_and_leaves_nothing() {
    for version in ["3.12", "3.11"] {
        let scratch = Scratch::new();
        let place = "$ORIGIN/../../other/lib";
        let Some(python) = relative_python(&scratch, version, place, "other/lib") else { return };
        let error = scratch.rvenv_for(&python).args(["--copies", "deep/env"]).error();
        assert!(error.contains("a copy of it ") && error.contains("omit --copies"), "{error}");
        // Debian's own Python of this version has its library in the default search path, where the copy finds it.
        let is_anothers = version == "3.11" && error.contains("reports another version or prefix: 3.11.");
        assert!(is_anothers || error.contains(&format!("libpython{version}.so.1.0")), "{error}");
        assert_eq!(scratch.names(), ["other", "python"]);
        scratch.rvenv_for(&python).arg("deep/env").silent();
    }
}

#[test]
fn if_links_fail_for_any_reason_copies_are_made_with_a_warning() {
    let python = python();
    for error in ["ENODATA", "EPROTO", "EACCES", "EINVAL", "EPERM", "EOPNOTSUPP", "ENOSYS"] {
        let scratch = Scratch::new();
        let Some(run) = failing(&scratch, "symlink,symlinkat", error) else { return };
        let output = run.arg("-p").arg(&python.path).arg("env").output();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{error}: {said}");
        assert!(said.lines().all(|line| line.starts_with("Warning: unable to create a symbolic link at")), "{said}");
        assert!(said.lines().count() >= 2 && !scratch.path("env/bin/python").is_symlink(), "{error}: {said}");
        assert!(!scratch.path("env/lib64").exists());
        scratch.rvenv().args(["--check", "env"]).silent();

        // With --copies, lib64 is the only link, and is silently left out.
        let Some(run) = failing(&scratch, "symlink,symlinkat", error) else { return };
        run.args(["--copies", "--without-pip", "-p"]).arg(&python.path).arg("copied").silent();
    }
}

#[test]
fn the_pyc_are_valid_even_if_file_times_cannot_be_set() {
    for python in [pyenv("3.12"), pyenv("3.6")].into_iter().flatten() {
        let scratch = Scratch::new();
        let code = "import pip._vendor, pip._internal.utils; print(pip.__file__)";
        let run = |flags: &[&str]| {
            let run = failing(&scratch, "utimensat", "EPERM")?;
            run.args(["--clear", "-p"]).arg(&python.path).args(flags).arg("env").silent();
            let before = tree(&scratch.env());
            assert!(before.keys().any(|path| path.contains("pip/__pycache__/__init__.cpython-3")));
            // Python rewrites every .pyc that it finds stale.
            scratch.run(scratch.env().join("bin/python")).args(["-c", code]).ok();
            assert!(tree(&scratch.env()) == before, "{flags:?}");
            Some(())
        };
        // First with a cold cache, which cannot keep the image. Then with an image from a run that could set times.
        let Some(()) = run(&[]) else { return };
        assert!(names_in(&scratch.path("cache/images")).is_empty());
        scratch.rvenv_for(&python).env("RVENV_CACHE_DIR", scratch.path("cache")).arg("other").silent();
        for flags in [&[][..], &["--link-mode=clone"], &["--link-mode=hardlink"]] {
            run(flags);
        }
    }
}
