//! `import rvenv`, and `import venv` replaced by rvenv's: the wheel's Python package, with the program under test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::find_links;
use crate::harness::*;

fn repository(name: &str) -> PathBuf {
    absolute(Path::new(env!("CARGO_MANIFEST_DIR")).join(name))
}

/// Creates an environment of `python` with the package and the program where a wheel installs them. Returns its Python.
pub fn installed(scratch: &Scratch, python: &Python) -> PathBuf {
    scratch.rvenv_for(python).arg("tools").silent();
    let tools = scratch.path("tools");
    copy_package(&site_packages(&tools));
    let (source, program) = (absolute(env!("CARGO_BIN_EXE_rvenv")), program_of(&tools, "rvenv"));
    #[cfg(unix)]
    std::os::unix::fs::symlink(source, program).unwrap();
    #[cfg(windows)]
    fs::copy(source, program).unwrap();
    tools.join(PYTHON)
}

fn copy_package(directory: &Path) {
    let source = repository("pypi");
    for entry in walkdir::WalkDir::new(&source).min_depth(1).into_iter().map(Result::unwrap) {
        let copied = directory.join(entry.path().strip_prefix(&source).unwrap());
        match entry.file_type().is_dir() {
            true => fs::create_dir(copied).unwrap(),
            false => fs::write(copied, fs::read(entry.path()).unwrap()).unwrap(),
        }
    }
}

/// Runs a Python in the scratch directory, with the tests' cache.
fn run(scratch: &Scratch, python: &Path) -> Run {
    scratch.run(python).env("RVENV_CACHE_DIR", shared_cache()).env_remove("RVENV_PYTHON")
}

#[test]
fn the_package_is_used_like_venv() {
    // The package supports 3.8 and newer.
    for_pythons(some_pythons().into_iter().filter(|python| python.version >= (3, 8)), |python| {
        let scratch = Scratch::new();
        let tools = installed(&scratch, python);
        let output = run(&scratch, &tools).arg("-B").arg(repository("tests/python/api.py")).output();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {stderr}", python.path.display());
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(said.trim_end(), r#"["CreationError", "EnvBuilder", "create", "main"]"#);
    });
}

#[test]
fn the_programs_warnings_are_logged_and_not_raised() {
    let (Some(python), scratch) = (pyenv("3.12"), Scratch::new()) else { return };
    let tools = installed(&scratch, &python);
    let code = "
import logging, rvenv
logging.basicConfig(format='%(name)s %(levelname)s %(message)s')
rvenv.create('env')
";
    let cache = scratch.write("cache", "no directory");
    let output = run(&scratch, &tools).args(["-c", code]).env("RVENV_CACHE_DIR", cache).output();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && stderr.starts_with("rvenv._builder WARNING Unable to "), "{stderr}");
}

/// The directory to put on PYTHONPATH so that `import venv` imports rvenv's.
fn venv_path(scratch: &Scratch, tools: &Path) -> String {
    run(scratch, tools).args(["-m", "rvenv", "--venv-path"]).ok().trim_end().to_owned()
}

#[cfg(unix)] // links
#[test]
fn what_a_user_of_venv_sees_is_as_with_each_pythons_own() {
    let (Some(python), scratch) = (pyenv("3.12"), Scratch::new()) else { return };
    let path = venv_path(&scratch, &installed(&scratch, &python));
    // The package supports 3.8 and newer.
    for_pythons(some_pythons().into_iter().filter(|python| python.version >= (3, 8)), |python| {
        let said = |path: &str| {
            let script = repository("tests/python/as_venv.py");
            run(&Scratch::new(), &python.path).env("PYTHONPATH", path).arg("-B").arg(script).ok()
        };
        assert_eq!(said(&path), said(""), "{}", python.path.display());
    });
}

#[test]
fn builders_and_errors_pass_between_processes_that_have_one_directory_on_pythonpath() {
    let (Some(python), scratch) = (pyenv("3.12"), Scratch::new()) else { return };
    let path = venv_path(&scratch, &installed(&scratch, &python));
    for python in ["3.8", "3.13"].into_iter().filter_map(pyenv) {
        let script = repository("tests/python/processes.py");
        run(&Scratch::new(), &python.path).env("PYTHONPATH", &path).arg("-B").arg(script).silent();
    }
}

#[cfg(unix)] // sh
#[test]
fn a_builder_creates_environments_for_another_python() {
    let (Some(python), Some(other), scratch) = (pyenv("3.9"), pyenv("3.12"), Scratch::new()) else { return };
    let tools = installed(&scratch, &python);
    let path = format!("{}:/usr/bin:/bin", other.path.parent().unwrap().display());
    let run = run(&scratch, &tools).arg("-B").arg(repository("tests/python/other_python.py"));
    run.arg(&other.path).arg("3.12").env("PATH", path).silent();
}

#[test]
fn in_an_archive_venv_is_the_interpreters_and_rvenv_says_that_it_does_not_run() {
    let (Some(python), scratch) = (pyenv("3.12"), Scratch::new()) else { return };
    fs::create_dir(scratch.path("archive")).unwrap();
    copy_package(&scratch.path("archive"));
    let code = "import shutil; shutil.make_archive('app', 'zip', 'archive')";
    scratch.run(&python.path).args(["-c", code]).silent();
    let in_archive = || run(&scratch, &python.path).env("PYTHONPATH", scratch.path("app.zip"));
    let path = in_archive().args(["-m", "rvenv", "--venv-path"]).ok();
    run(&scratch, &python.path).env("PYTHONPATH", path.trim_end()).args(["-m", "venv", "env"]).silent();
    assert!(configured(&scratch.env(), "rvenv").is_none() && program_of(&scratch.env(), "pip").exists());
    let error = in_archive().args(["-m", "rvenv", "new"]).error();
    assert!(error.starts_with("the rvenv program does not run from an archive"), "{error}");
    let code = "import rvenv\ntry: rvenv.create('new')\nexcept rvenv.CreationError as error: print(error)";
    assert!(in_archive().args(["-c", code]).ok().starts_with("the rvenv program does not run from an archive"));
    assert!(!scratch.path("new").exists());
}

#[test]
fn one_directory_on_pythonpath_makes_python_m_venv_rvenvs_for_each_python() {
    let (Some(python), scratch) = (pyenv("3.12"), Scratch::new()) else { return };
    let path = venv_path(&scratch, &installed(&scratch, &python));
    for_each_pip(|python| {
        let scratch = Scratch::new();
        let venv = || run(&scratch, &python.path).env("PYTHONPATH", &path).env("PYTHONDONTWRITEBYTECODE", "1");
        venv().args(["-m", "venv", "env"]).silent();
        assert!(configured(&scratch.env(), "rvenv").is_some());
        assert_eq!(configured(&scratch.env(), "home").as_deref(), python.path.parent().and_then(Path::to_str));
        let code =
            "import os, venv; venv.EnvBuilder(with_pip=True, clear=True, symlinks=os.name != 'nt').create('env')";
        venv().args(["-c", code]).silent();
        // The package supports 3.8 and newer; older Pythons use their own venv.
        assert_eq!(
            configured(&scratch.env(), "rvenv").is_some(),
            python.version >= (3, 7),
            "{}",
            python.path.display()
        );
        assert!(scratch.run(program_of(&scratch.env(), "pip")).arg("--version").ok().starts_with("pip "));
    });
}

#[test]
fn without_the_program_the_package_falls_back_to_the_interpreters_venv() {
    let (Some(python), scratch) = (pyenv("3.12"), Scratch::new()) else { return };
    let tools = installed(&scratch, &python);
    let path = venv_path(&scratch, &tools);
    fs::remove_file(program_of(&scratch.path("tools"), "rvenv")).unwrap();
    let venv = || run(&scratch, &tools).env("PYTHONPATH", &path);
    venv().args(["-m", "venv", "--without-pip", "env"]).silent();
    assert_eq!(configured(&scratch.env(), "rvenv"), None);
    venv().args(["-c", "import venv; venv.create('other'); print(venv.CORE_VENV_DEPS)"]).ok();
    assert_eq!(configured(&scratch.path("other"), "rvenv"), None);
    let error = venv().args(["-m", "venv", "--upgrade", "--clear", "env"]).error();
    assert_eq!(error, "you cannot supply --upgrade and --clear together.");
    let code = "import rvenv\ntry: rvenv.create('none')\nexcept rvenv.CreationError as error: print(error)";
    let said = run(&scratch, &tools).args(["-c", code]).ok();
    assert!(
        said.starts_with("the rvenv program is missing; install it again: pip install --force-reinstall rvenv-cli"),
        "{said}"
    );
}

#[cfg(unix)] // on Windows, packages are at the same place for each version
#[test]
fn pip_only_requires_an_environment_of_the_same_python() {
    let (Some(python), Some(other), scratch) = (pyenv("3.12"), pyenv("3.10"), Scratch::new()) else { return };
    scratch.venv(&python).args(["--without-pip", "env"]).ok();
    let before = tree(&scratch.env());
    for (python, env_dir) in [(&other, "env"), (&python, "none")] {
        let error = scratch.rvenv_for(python).args(["--pip-only", env_dir]).error();
        assert_eq!(error, format!("there is no environment for this Python at {env_dir}"));
    }
    assert!(tree(&scratch.env()) == before && scratch.names() == ["env"]);
    scratch.rvenv_for(&python).args(["--pip-only", "env"]).silent();
    let after = tree(&scratch.env());
    for (path, entry) in before {
        assert!(after[&path] == entry, "{path}");
    }
    assert!(scratch.run(program_of(&scratch.env(), "pip")).arg("--version").ok().starts_with("pip "));
}

/// CPython's own venv tests that rvenv fails on purpose, with the reason.
const OTHERWISE: [(&str, &str); 3] = [
    ("test_defaults_with_str_path", "`command` in pyvenv.cfg runs rvenv"),
    ("test_defaults_with_pathlib_path", "the same"),
    ("test_defaults_with_pathlike", "the same"),
];

#[cfg(unix)] // a Python with its tests
#[test]
fn each_pythons_own_venv_tests_pass() {
    let (Some(python), scratch) = (pyenv("3.12"), Scratch::new()) else { return };
    let path = venv_path(&scratch, &installed(&scratch, &python));
    let versions = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"];
    let pythons = versions.iter().filter_map(|version| pyenv(version)).chain(debian());
    for python in pythons {
        let (scratch, version) = (Scratch::new(), format!("{}.{}", python.version.0, python.version.1));
        let tests = python.path.ancestors().nth(2).unwrap().join(format!("lib/python{version}/test/test_venv.py"));
        if !tests.exists() {
            say_missing(&format!("{}", tests.display()));
            continue;
        }
        let output = run(&scratch, &python.path).args(["-B", "-m", "unittest", "test.test_venv"]);
        let output = output.env("PYTHONPATH", &path).env("TMPDIR", scratch.path("")).output();
        let said = String::from_utf8_lossy(&output.stderr);
        let failed =
            |line: &str| ["FAIL: ", "ERROR: "].iter().find_map(|start| line.strip_prefix(start)).map(str::to_owned);
        let failed: Vec<String> = said.lines().filter_map(failed).collect();
        let unknown: Vec<&String> =
            failed.iter().filter(|name| !OTHERWISE.iter().any(|(known, _)| name.starts_with(known))).collect();
        assert!(unknown.is_empty(), "{version}: {said}");
        let ran = said.lines().find_map(|line| line.strip_prefix("Ran ")?.split(' ').next()?.parse::<u32>().ok());
        assert!(ran.is_some_and(|ran| ran >= 15), "{version}: {said}");
    }
}

#[cfg(unix)] // 2 minutes in Wine
#[test]
fn the_example_installs_packages_from_a_directory_and_reports_progress() {
    let (Some(python), scratch) = (pyenv("3.10"), Scratch::new()) else { return };
    let tools = installed(&scratch, &python);
    find_links::wheels_of(&scratch, "wheels", &["3.10"]).unwrap();
    let example = || {
        let run = run(&scratch, &tools).arg(repository("examples/with_packages.py"));
        run.args(["--wheels", "wheels"])
    };
    let said = |run: Run| {
        let output = run.output();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && output.stdout.is_empty(), "{stderr}");
        stderr
    };
    let quiet = said(example().arg("env"));
    assert!(quiet.starts_with("Installing setuptools\n.") && quiet.contains("Installing pip\n."), "{quiet}");
    assert!(in_env(&scratch.env(), "import setuptools").is_empty());
    let verbose = said(example().args(["--verbose", "--no-setuptools", "--no-pip", "env2"]));
    assert_eq!(verbose, "");
    let verbose = said(example().args(["--verbose", "--no-pip", "env3"]));
    assert!(verbose.contains("Requirement already satisfied: setuptools"), "{verbose}");
    scratch.write("a file", "");
    let error = example().arg("a file").error();
    assert!(error.ends_with("it exists and is not a directory"), "{error}");
}

#[cfg(unix)] // the types are the same everywhere
#[test]
fn the_packages_types_are_complete() {
    let (Some(mypy), scratch) = (peer("mypy"), Scratch::new()) else { return };
    let mypy = scratch.run(mypy).args(["--strict", "--cache-dir", "cache", "--package", "rvenv"]);
    let said = mypy.env("MYPYPATH", repository("pypi")).output();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
    scratch.write("user.py", "import rvenv\n\nrvenv.EnvBuilder(with_pip='yes')\nrvenv.create('env', clear=True)\n");
    let mypy = scratch.run(peer("mypy").unwrap()).args(["--strict", "--cache-dir", "cache", "user.py"]);
    let said = mypy.env("MYPYPATH", repository("pypi")).output();
    let said = String::from_utf8(said.stdout).unwrap();
    let errors: BTreeSet<&str> = said.lines().filter(|line| line.contains("error:")).collect();
    assert!(errors.len() == 1 && said.contains("user.py:3: error: Argument \"with_pip\""), "{said}");
}

#[cfg(windows)] // elsewhere, packaging.rs does
#[test]
fn pip_installs_the_released_wheel_and_the_program_and_module_work() {
    let dist = absolute(Path::new(env!("CARGO_MANIFEST_DIR")).join("target/dist"));
    if !dist.join("SHA256SUMS").exists() {
        return missing("a release built by packaging/release").unwrap_or_default();
    }
    let scratch = Scratch::new();
    let python = python();
    scratch.rvenv_for(&python).arg("tools").silent();
    let pip = scratch.run(program_of(&scratch.path("tools"), "pip")).args(["--isolated", "--quiet"]);
    let pip = pip.args(["--disable-pip-version-check", "install", "--only-binary=:all:", "--no-index", "--find-links"]);
    pip.arg(&dist).arg("rvenv-cli").ok();
    let program = program_of(&scratch.path("tools"), "rvenv");
    let version = format!("rvenv {}", env!("CARGO_PKG_VERSION"));
    assert_eq!(scratch.run(program).arg("--version").ok().trim_end(), version);
    let module = scratch.run(scratch.path("tools").join(PYTHON)).args(["-m", "rvenv", "env"]);
    module.env("RVENV_CACHE_DIR", scratch.path("cache")).env_remove("RVENV_PYTHON").ok();
    assert!(scratch.run(program_of(&scratch.env(), "pip")).arg("--version").ok().starts_with("pip "));
}
