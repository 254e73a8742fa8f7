//! Interpreter metadata is cached, and queried again as soon as it may be outdated.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::harness::*;

/// rvenv with a cache in the scratch directory.
fn rvenv(scratch: &Scratch, python: &Path) -> Run {
    let run = scratch.rvenv().env("RVENV_CACHE_DIR", scratch.path("cache")).arg("-p").arg(python);
    run.args(["--clear", "--without-pip", "env"])
}

/// The version in the environment's pyvenv.cfg.
fn version_of(scratch: &Scratch) -> String {
    configured(&scratch.env(), "version").unwrap()
}

/// The programs that a run executes, according to strace.
fn started(scratch: &Scratch, run: Run) -> Option<Vec<String>> {
    able("strace -f")?;
    let trace = scratch.path("trace");
    let mut traced = scratch.run("strace").args(["-f", "-qq", "-e", "trace=execve,execveat", "-o"]).arg(&trace);
    traced = traced.arg(run.0.get_program()).args(run.0.get_args());
    for (name, value) in run.0.get_envs() {
        traced = match value {
            Some(value) => traced.env(name.to_str().unwrap(), value),
            None => traced.env_remove(name.to_str().unwrap()),
        };
    }
    traced.silent();
    let calls = fs::read_to_string(trace).unwrap();
    let executed = calls.lines().filter(|line| line.contains("exec") && line.ends_with("= 0"));
    Some(executed.map(|line| line.split('"').nth(1).unwrap_or(line).to_owned()).collect())
}

#[test]
fn a_warm_run_starts_no_other_process() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        rvenv(&scratch, &python.path).silent();
        let Some(started) = started(&scratch, rvenv(&scratch, &python.path)) else { return };
        assert_eq!(started, [env!("CARGO_BIN_EXE_rvenv")]);
    });
}

#[test]
fn a_warm_run_with_a_pyenv_shim_starts_no_other_process() {
    let (Some(root), Some(python)) = (pyenv_root(), pyenv("3.12")) else { return };
    let shims = root.join("shims");
    let scratch = Scratch::new();
    // An exact version: for the beginning of one, the shim is run.
    let version = python.path.ancestors().nth(2).and_then(Path::file_name).unwrap();
    let run = || {
        let run = scratch.rvenv().env("RVENV_CACHE_DIR", scratch.path("cache")).env("PYENV_VERSION", version);
        let search_path = format!("{}:/usr/bin:/bin", shims.display());
        run.env("PATH", search_path).args(["--clear", "--without-pip", "env"])
    };
    run().silent();
    let Some(started) = started(&scratch, run()) else { return };
    assert_eq!(started, [env!("CARGO_BIN_EXE_rvenv")]);
    assert_eq!(configured(&scratch.env(), "home").map(PathBuf::from).as_deref(), python.path.parent());
}

#[test]
fn without_a_writable_cache_python_is_queried_each_time() {
    let python = python();
    let scratch = Scratch::new();
    let cold = scratch.rvenv_for(&python).args(["--no-cache", "--without-pip", "env"]);
    let Some(first) = started(&scratch, cold) else { return };
    assert_eq!(first.len(), 2, "{first:?}");
    let file = scratch.write("file", "");
    for cache in [file.join("below"), "/proc/rvenv".into()] {
        let run = scratch.rvenv_for(&python).arg("--cache-dir").arg(cache).args([
            "--quiet",
            "--clear",
            "--without-pip",
            "env",
        ]);
        assert_eq!(started(&scratch, run).unwrap().len(), 2);
    }
}

#[test]
fn only_its_owner_can_access_the_cache() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    rvenv(&scratch, &python().path).silent();
    for (path, entry) in tree(&scratch.path("cache")) {
        match entry {
            Entry::Directory { mode } => assert_eq!(mode, 0o700, "{path}"),
            Entry::File { mode, .. } => assert_eq!(mode, 0o600, "{path}"),
            Entry::Link { .. } => panic!("{path} is a link"),
        }
    }
    assert_eq!(fs::metadata(scratch.path("cache")).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn the_cache_is_in_the_users_cache_directory() {
    let scratch = Scratch::new();
    let python = python();
    let run = || scratch.rvenv_for(&python).env_remove("RVENV_CACHE_DIR").args(["--clear", "--without-pip", "env"]);
    run().env("XDG_CACHE_HOME", scratch.path("xdg")).silent();
    assert!(scratch.path("xdg/rvenv/interpreters").is_dir());
    fs::create_dir(scratch.path("home")).unwrap();
    run().env_remove("XDG_CACHE_HOME").env("HOME", scratch.path("home")).silent();
    assert!(scratch.path("home/.cache/rvenv/interpreters").is_dir());
}

#[test]
fn an_invalid_entry_is_silently_replaced() {
    let scratch = Scratch::new();
    let python = python();
    rvenv(&scratch, &python.path).silent();
    let directory = scratch.path("cache/interpreters");
    let entry = directory.join(&names_in(&directory)[0]);
    let sound = fs::read_to_string(&entry).unwrap();
    for damage in ["", "{", "null", "[1]", &sound[..sound.len() / 2], &sound.replace("\"answer\"", "\"other\"")] {
        assert_ne!(damage, sound);
        fs::write(&entry, damage).unwrap();
        rvenv(&scratch, &python.path).silent();
        assert_eq!(fs::read_to_string(&entry).unwrap(), sound, "written again");
    }
    // An entry written by another version of the probe.
    let mut of_another: serde_json::Value = serde_json::from_str(&sound).unwrap();
    of_another["probe"] = (of_another["probe"].as_u64().unwrap() ^ 1).into();
    fs::write(&entry, of_another.to_string()).unwrap();
    rvenv(&scratch, &python.path).silent();
    assert_eq!(fs::read_to_string(&entry).unwrap(), sound);
}

#[test]
fn python_is_queried_again_when_its_link_changes() {
    let (Some(one), Some(two)) = (pyenv("3.11"), pyenv("3.12")) else { return };
    let scratch = Scratch::new();
    let link = scratch.path("python3");
    for (python, version) in [(&one, "3.11.7"), (&two, "3.12.1"), (&one, "3.11.7")] {
        let _ = fs::remove_file(&link);
        symlink(&python.path, &link).unwrap();
        rvenv(&scratch, &link).silent();
        assert_eq!(version_of(&scratch), version);
    }
}

#[test]
fn an_interpreter_replaced_by_one_with_the_same_size_and_mtime_is_queried_again() {
    let (Some(one), Some(two)) = (pyenv("3.11"), pyenv("3.12")) else { return };
    let scratch = Scratch::new();
    let installed = scratch.path("bin/python3");
    let write = |python: &Python| {
        // One installation whose executable and library are replaced as a whole.
        let _ = fs::remove_dir_all(scratch.path("bin"));
        let _ = fs::remove_file(scratch.path("lib"));
        fs::create_dir(scratch.path("bin")).unwrap();
        let real = python.path.canonicalize().unwrap();
        let size = fs::metadata(one.path.canonicalize().unwrap())
            .unwrap()
            .len()
            .max(fs::metadata(two.path.canonicalize().unwrap()).unwrap().len());
        fs::copy(&real, &installed).unwrap();
        let file = fs::File::options().write(true).open(&installed).unwrap();
        // Trailing bytes do no harm to an executable.
        file.set_len(size).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000)).unwrap();
        symlink(real.ancestors().nth(2).unwrap().join("lib"), scratch.path("lib")).unwrap();
        fs::metadata(&installed).unwrap()
    };
    let mut seen = Vec::new();
    for (python, version) in [(&one, "3.11.7"), (&two, "3.12.1"), (&one, "3.11.7")] {
        let metadata = write(python);
        seen.push((metadata.len(), metadata.modified().unwrap()));
        rvenv(&scratch, &installed).silent();
        assert_eq!(version_of(&scratch), version);
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "same size and mtime each time");
}

#[test]
fn a_python_upgraded_in_place_is_queried_again() {
    let (Some(old), Some(new)) = (pyenv("3.11"), pyenv("3.12")) else { return };
    let scratch = Scratch::new();
    let copy = |python: &Python| {
        let prefix = python.path.ancestors().nth(2).unwrap();
        for directory in ["bin", "lib"] {
            fs::create_dir_all(scratch.path("prefix")).unwrap();
            let _ = fs::remove_file(scratch.path("prefix").join(directory));
            symlink(prefix.join(directory), scratch.path("prefix").join(directory)).unwrap();
        }
    };
    let executable = scratch.path("prefix/bin/python3");
    for (python, version) in [(&old, "3.11.7"), (&new, "3.12.1")] {
        copy(python);
        rvenv(&scratch, &executable).silent();
        assert_eq!(version_of(&scratch), version);
    }
}

#[test]
fn an_environments_python_is_queried_again_when_its_pyvenv_cfg_changes() {
    let (Some(one), Some(two)) = (pyenv("3.11"), pyenv("3.12")) else { return };
    let scratch = Scratch::new();
    for (python, version) in [(&one, "3.11.7"), (&two, "3.12.1")] {
        scratch.rvenv_for(python).args(["--clear", "--without-pip", "inner"]).silent();
        rvenv(&scratch, &scratch.path("inner/bin/python")).silent();
        assert_eq!(version_of(&scratch), version);
        assert_eq!(configured(&scratch.env(), "home").map(PathBuf::from).as_deref(), python.path.parent());
    }
}

#[test]
fn a_python_that_gains_or_loses_pip_is_queried_again() {
    let Some(python) = pyenv("3.12") else { return };
    let scratch = Scratch::new();
    let prefix = python.path.ancestors().nth(2).unwrap();
    assert!(scratch.run("cp").arg("-a").arg(prefix).arg("python").output().status.success());
    let ensurepip = scratch.path("python/lib/python3.12/ensurepip");
    fs::rename(&ensurepip, scratch.path("away")).unwrap();
    let executable = scratch.path("python/bin/python3");
    let run = || scratch.rvenv().env("RVENV_CACHE_DIR", scratch.path("cache")).arg("-p").arg(&executable).arg("env");
    assert!(run().error().contains("does not include pip"));
    fs::rename(scratch.path("away"), &ensurepip).unwrap();
    run().silent();
    // A bundled wheel that disappears is noticed as well.
    let bundled = ensurepip.join("_bundled");
    fs::rename(bundled.join("pip-23.2.1-py3-none-any.whl"), scratch.path("wheel")).unwrap();
    assert!(
        scratch
            .rvenv()
            .env("RVENV_CACHE_DIR", scratch.path("cache"))
            .arg("-p")
            .arg(&executable)
            .arg("new")
            .error()
            .contains("does not include pip")
    );
}

/// A run in which this system call fails on `path`. `fault` is strace's expression for how, and from which call on.
/// None without strace.
fn with_fault(scratch: &Scratch, run: Run, call: &str, path: &Path, fault: &str) -> Option<Run> {
    able("strace -f")?;
    let mut traced = scratch.run("strace").args(["-f", "-qq", "-o", "/dev/null", "-P"]).arg(path);
    traced = traced.args(["-e", &format!("trace={call}"), "-e", &format!("inject={call}:{fault}")]);
    traced = traced.arg(run.0.get_program()).args(run.0.get_args());
    for (name, value) in run.0.get_envs().filter_map(|(name, value)| Some((name, value?))) {
        traced = traced.env(name.to_str().unwrap(), value);
    }
    Some(traced.env_remove("RVENV_PYTHON"))
}

#[test]
fn a_failed_import_of_ensurepip_is_not_cached() {
    let scratch = Scratch::new();
    let Some(python) = copied_python(&scratch, "3.12") else { return };
    let ensurepip = "python/lib/python3.12/ensurepip/__init__.py";
    let sound = fs::read_to_string(scratch.path(ensurepip)).unwrap();
    let fails = scratch.write("fails", "");
    let reason = "libz.so.1: failed to map segment from shared object";
    let failing = format!("import os\nif os.path.exists({:?}): raise ImportError({reason:?})\n", fails.display());
    scratch.write(ensurepip, failing + &sound);
    let run = || {
        let run = scratch.rvenv().env("RVENV_CACHE_DIR", scratch.path("cache")).arg("-p").arg(&python.path);
        run.args(["--clear", "env"])
    };
    run().arg("--without-pip").silent();
    let error = run().error();
    assert!(error.contains(&format!("does not include pip: its ensurepip cannot be imported: {reason}")), "{error}");
    fs::remove_file(&fails).unwrap();
    run().silent();
}

#[test]
fn the_absence_of_ensurepip_is_cached() {
    // Debian packages ensurepip separately.
    let Some(python) = unstable("3.13d") else { return };
    let scratch = Scratch::new();
    rvenv(&scratch, &python.path).silent();
    let Some(started) = started(&scratch, rvenv(&scratch, &python.path)) else { return };
    assert_eq!(started, [env!("CARGO_BIN_EXE_rvenv")]);
}

#[test]
fn a_failed_lookup_of_a_wheel_is_not_cached() {
    let Some(python) = pyenv("3.12") else { return };
    let scratch = Scratch::new();
    let wheel = "lib/python3.12/ensurepip/_bundled/pip-23.2.1-py3-none-any.whl";
    let wheel = python.path.ancestors().nth(2).unwrap().join(wheel);
    let run = || rvenv(&scratch, &python.path);
    let Some(faulty) = with_fault(&scratch, run(), "newfstatat", &wheel, "error=ENOMEM") else { return };
    faulty.silent();
    scratch.rvenv_for(&python).env("RVENV_CACHE_DIR", scratch.path("cache")).args(["--clear", "env"]).silent();
}

#[test]
fn an_unreadable_pyvenv_cfg_does_not_make_an_environment_a_base() {
    let Some(python) = pyenv("3.9") else { return };
    let scratch = Scratch::new();
    scratch.rvenv_for(&python).args(["--without-pip", "inner"]).silent();
    let run = || rvenv(&scratch, &scratch.path("inner/bin/python"));
    let cfg = scratch.path("inner/pyvenv.cfg");
    // Python itself opens the file first, and would exit with such an error.
    let Some(faulty) = with_fault(&scratch, run(), "openat", &cfg, "error=ENFILE:when=2+") else { return };
    let error = faulty.error();
    let reason = format!("[Errno 23] Too many open files in system: '{}'", cfg.display());
    assert!(
        error.ends_with(&format!("cannot be used: it could not examine its own installation: {reason}")),
        "{error}"
    );
    run().silent();
    assert_eq!(configured(&scratch.env(), "home").map(PathBuf::from).as_deref(), python.path.parent());
}

#[test]
fn python_is_queried_again_when_an_intermediate_link_changes() {
    let Some(python) = pyenv("3.12") else { return };
    let scratch = Scratch::new();
    // Two paths to one file: only an intermediate link changes.
    for place in ["stable", "other"] {
        fs::create_dir(scratch.path(place)).unwrap();
        symlink(python.path.parent().unwrap(), scratch.path(place).join("bin")).unwrap();
        symlink(python.path.ancestors().nth(2).unwrap().join("lib"), scratch.path(place).join("lib")).unwrap();
    }
    let link = scratch.path("python3");
    for place in ["stable", "other"] {
        let _ = fs::remove_file(&link);
        symlink(scratch.path(place).join("bin/python3"), &link).unwrap();
        rvenv(&scratch, &link).silent();
        let cached = configured(&scratch.env(), "home");
        rvenv(&scratch, &link).arg("--no-cache").silent();
        assert_eq!(cached, configured(&scratch.env(), "home"), "{place}");
    }
}

#[test]
fn the_python_that_apples_starts_is_remembered_until_other_tools_are_chosen() {
    let (Some(one), Some(two), Some(_)) = (pyenv("3.11"), pyenv("3.12"), able("mount")) else { return };
    let scratch = Scratch::new();
    // macOS's /usr/bin, with the developer tools in $DEVELOPER_DIR.
    scratch.write("bin/xcode-select", "");
    let asked = scratch.path("asked");
    let start = format!("#!/bin/sh\necho >>{}\nexec \"$DEVELOPER_DIR/bin/python3\" \"$@\"\n", asked.display());
    scratch.write_script("bin/python3", &start);
    let twice = "mount -t overlay -o lowerdir=bin:/usr/bin overlay /usr/bin && \"$@\" && exec \"$@\"";
    for (times, (tools, version)) in [(&one, "3.11.7"), (&two, "3.12.1"), (&one, "3.11.7")].into_iter().enumerate() {
        let run = scratch.run("unshare").args(["--mount", "sh", "-c", twice, "sh", env!("CARGO_BIN_EXE_rvenv")]);
        let run = run.args(["-p", "/usr/bin/python3", "--clear", "--without-pip", "env"]);
        let run = run.env("DEVELOPER_DIR", tools.path.ancestors().nth(2).unwrap());
        run.env("RVENV_CACHE_DIR", scratch.path("cache")).silent();
        assert_eq!(version_of(&scratch), version);
        assert_eq!(fs::read_to_string(&asked).unwrap().lines().count(), times + 1);
    }
}
