//! Files in the current directory, which may come from anybody, are neither installed nor run.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::*;
use crate::wheel_builder::{self, Entry};

/// A valid wheel of a version that no Python bundles.
fn wheel_99(project: &str) -> Vec<u8> {
    let dist_info = format!("{project}-99.0.dist-info");
    let mut entries = vec![
        Entry::new(format!("{project}/__init__.py"), "__version__ = '99.0'\n"),
        Entry::new(format!("{dist_info}/METADATA"), format!("Metadata-Version: 2.1\nName: {project}\nVersion: 99.0\n")),
        Entry::new(format!("{dist_info}/WHEEL"), "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
    ];
    let rows: String = entries.iter().map(Entry::row).collect();
    entries.push(Entry::new(format!("{dist_info}/RECORD"), rows + &format!("{dist_info}/RECORD,,\n")));
    wheel_builder::archive(&entries)
}

fn plant_wheels(scratch: &Scratch, directory: &str) {
    for project in ["pip", "setuptools"] {
        scratch.write(&format!("{directory}/{project}-99.0-py3-none-any.whl"), wheel_99(project));
    }
}

/// The `.dist-info` directories of an environment.
fn distributions(env_dir: &Path) -> Vec<String> {
    names_in(&site_packages(env_dir)).into_iter().filter(|name| name.ends_with(".dist-info")).collect()
}

#[test]
fn a_wheel_in_the_current_directory_is_not_installed() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        for directory in ["cloned", "cloned/env", "home", "tmp"] {
            plant_wheels(&scratch, directory);
        }
        let run = |directory: &str| {
            let run = scratch.rvenv_for(python).env("RVENV_CACHE_DIR", scratch.path("cache"));
            run.env("HOME", scratch.path("home"))
                .env("TMPDIR", scratch.path("tmp"))
                .current_dir(scratch.path(directory))
        };
        run("cloned").arg("env").silent();
        // Using the cache from the run there.
        run("").arg("env").silent();
        let theirs = Theirs::with(python, |theirs| distributions(&theirs.env_dir));
        for env_dir in ["cloned/env", "env"] {
            assert_eq!(distributions(&scratch.path(env_dir)), theirs, "{env_dir}");
        }
    });
}

/// Copies a Python and replaces its ensurepip with one whose wheel is at this path.
fn python_with_pip_from(scratch: &Scratch, path: &str) -> Option<PathBuf> {
    let python = copied_python(scratch, "3.13")?;
    let code = format!(
        "import contextlib, pathlib\n\
         def _get_pip_whl_path_ctx(): return contextlib.nullcontext(pathlib.Path(\"{path}\").resolve())\n"
    );
    scratch.write("python/lib/python3.13/ensurepip/__init__.py", code);
    Some(python.path)
}

#[test]
fn a_wheel_outside_the_directories_of_ensurepip_is_refused() {
    let scratch = Scratch::new();
    plant_wheels(&scratch, "cloned");
    let elsewhere = scratch.path("cloned/pip-99.0-py3-none-any.whl");
    let Some(python) = python_with_pip_from(&scratch, elsewhere.to_str().unwrap()) else { return };
    let error = scratch.rvenv().arg("-p").arg(python).args(["--no-cache", "env"]).error();
    assert!(
        error.contains(&format!("its ensurepip names a wheel outside of its own directories: {}", elsewhere.display()))
    );
}

#[test]
fn python_is_not_queried_in_the_current_directory() {
    let scratch = Scratch::new();
    plant_wheels(&scratch, "cloned");
    let Some(python) = python_with_pip_from(&scratch, "pip-99.0-py3-none-any.whl") else { return };
    let run = scratch.rvenv().current_dir(scratch.path("cloned")).arg("-p").arg(python);
    let error = run.args(["--no-cache", "env"]).error();
    let path = scratch.path("python/lib/python3.13/pip-99.0-py3-none-any.whl");
    assert!(error.contains(&format!("the wheels of its ensurepip are missing: {}", path.display())), "{error}");
}

#[test]
fn an_error_with_a_non_utf8_path_is_shown() {
    let scratch = Scratch::new();
    let Some(python) = python_with_pip_from(&scratch, "/nowhere/pip-\\udcff.whl") else { return };
    let error = scratch.rvenv().arg("-p").arg(python).args(["--no-cache", "env"]).error();
    assert!(error.contains("the wheels of its ensurepip are missing: /nowhere/pip-\u{fffd}.whl"), "{error}");
}

#[test]
fn no_module_in_the_current_directory_is_imported() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        let code = "import os; print(os.path.dirname(os.__file__))";
        let stdlib = scratch.run(&python.path).args(["-Ic", code]).ok();
        let imported = scratch.path("imported");
        for name in names_in(Path::new(stdlib.trim())) {
            let module = name.strip_suffix(".py").unwrap_or(&name);
            let trace = format!("open({:?}, 'a').write({module:?} + ' ')\n", imported.display());
            scratch.write(&format!("cloned/{module}.py"), trace);
        }
        // Python is queried, modules are compiled (all of them, because .pyc files are hash-based), and pip is run.
        let wheels = scratch.path("wheels");
        fs::create_dir(&wheels).unwrap();
        let run = scratch.rvenv_for(python).env("SOURCE_DATE_EPOCH", "1000000000");
        let run = run.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", &wheels);
        let ran = run.current_dir(scratch.path("cloned")).args(["--no-cache", "--upgrade-deps", "."]).output();
        assert!(!imported.exists(), "{:?}", fs::read_to_string(imported));
        assert!(String::from_utf8_lossy(&ran.stderr).is_empty() && ran.status.success(), "{ran:?}");
    });
}
