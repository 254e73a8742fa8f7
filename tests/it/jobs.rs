//! Real work in a new environment: pip installs, upgrades and uninstalls packages, and a C extension is built.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::harness::*;

/// Writes a wheel with one module and a console script.
pub fn small_wheel(directory: &Path, version: &str) -> PathBuf {
    let name = format!("smallest-{version}");
    let info = format!("{name}.dist-info");
    let files = [
        ("smallest.py".to_owned(), format!("version = '{version}'\ndef main():\n    print(version)\n")),
        (format!("{info}/METADATA"), format!("Metadata-Version: 2.1\nName: smallest\nVersion: {version}\n")),
        (
            format!("{info}/WHEEL"),
            "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n".to_owned(),
        ),
        (format!("{info}/entry_points.txt"), "[console_scripts]\nsmallest = smallest:main\n".to_owned()),
    ];
    let record: String = files.iter().map(|(name, _)| format!("{name},,\n")).collect();
    let path = directory.join(format!("{name}-py3-none-any.whl"));
    let mut zip = ZipWriter::new(fs::File::create(&path).unwrap());
    for (name, contents) in files.into_iter().chain([(format!("{info}/RECORD"), record + &info + "/RECORD,,\n")]) {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(contents.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    path
}

/// Runs pip without the network and without this machine's configuration.
pub fn pip(scratch: &Scratch, env_dir: &Path, args: &[&str]) -> String {
    // Windows cannot remove a running program, so pip.exe cannot uninstall itself there.
    let is_itself = cfg!(windows) && args.contains(&"uninstall");
    let run = match is_itself {
        true => scratch.run(program_of(env_dir, "python")).args(["-m", "pip"]),
        false => scratch.run(program_of(env_dir, "pip")),
    };
    let run = run.args(["--isolated", "--disable-pip-version-check"]).args(args);
    run.env("PYTHONWARNINGS", "ignore").env_remove("PYTHONDONTWRITEBYTECODE").ok()
}

#[test]
fn pip_installs_a_wheel_upgrades_it_and_removes_it() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        fs::create_dir(scratch.path("wheels")).unwrap();
        small_wheel(&scratch.path("wheels"), "1.0");
        scratch.rvenv_for(python).arg("env").silent();
        let env_dir = scratch.env();
        let install = ["install", "--no-index", "--find-links", "wheels", "smallest"];
        pip(&scratch, &env_dir, &install);
        assert_eq!(scratch.run(program_of(&env_dir, "smallest")).ok(), "1.0\n");
        small_wheel(&scratch.path("wheels"), "2.0");
        pip(&scratch, &env_dir, &[&install[..], &["--upgrade"]].concat());
        assert_eq!(in_env(&env_dir, "import smallest; print(smallest.version)"), "2.0");
        assert!(pip(&scratch, &env_dir, &["check"]).contains("No broken requirements found"));
        pip(&scratch, &env_dir, &["uninstall", "-y", "smallest"]);
        assert!(!program_of(&env_dir, "smallest").exists());
    });
}

#[test]
fn pip_lists_and_completely_uninstalls_itself() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        scratch.rvenv_for(python).arg("env").silent();
        let env_dir = scratch.env();
        assert!(
            pip(&scratch, &env_dir, &["--version"])
                .contains(&format!("python {}.{})", python.version.0, python.version.1))
        );
        let listed = pip(&scratch, &env_dir, &["list", "--format=freeze"]);
        assert!(listed.contains("pip=="), "{listed}");
        let site_packages = site_packages(&env_dir);
        let mut projects = vec!["uninstall", "-y", "pip"];
        if listed.contains("setuptools==") {
            projects.push("setuptools");
        }
        pip(&scratch, &env_dir, &projects);
        // pip also removes the directory if nothing else is in it.
        std::fs::create_dir_all(&site_packages).unwrap();
        let left: Vec<String> =
            tree(&site_packages).into_keys().filter(|path| !path.ends_with("__pycache__")).collect();
        assert!(left.is_empty(), "{left:?}");
        let names = names_in(&env_dir.join(BIN));
        assert!(
            names.iter().all(|name| ["activate", "deactivate", "python"]
                .iter()
                .any(|own| name.to_lowercase().starts_with(own))),
            "{names:?}"
        );
    });
}

#[test]
fn pip_upgrades_itself() {
    let (Some(old), Some(new)) = (pyenv("3.10"), pyenv("3.11")) else { return };
    let scratch = Scratch::new();
    scratch.rvenv_for(&old).arg("env").silent();
    let bundled = scratch.run(&new.path).args(["-Ic", "import ensurepip; print(ensurepip.__path__[0])"]).ok();
    let wheels = format!("{}/_bundled", bundled.trim());
    pip(&scratch, &scratch.env(), &["install", "--no-index", "--find-links", &wheels, "--upgrade", "pip"]);
    assert!(pip(&scratch, &scratch.env(), &["--version"]).starts_with("pip 23.2.1 "));
    assert_eq!(record_of(&scratch.env(), "pip").parent().unwrap().file_name().unwrap(), "pip-23.2.1.dist-info");
}

#[cfg(unix)] // tabs in names, paths too long to start programs from on Windows
#[test]
fn launchers_run_from_paths_with_special_characters_and_very_long_paths() {
    let python = python();
    for name in ["a b\tc".to_owned(), "x".repeat(200), "it's \"so\" \\ $HOME `id` '''é".to_owned()] {
        let scratch = Scratch::new();
        let env_dir = scratch.path(&name);
        scratch.rvenv_for(&python).arg(&env_dir).silent();
        for launcher in ["pip", "pip3", "pip3.13"] {
            let output = scratch.run(env_dir.join("bin").join(launcher)).arg("--version").output();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && stderr.is_empty(), "{name}: {stderr}");
        }
    }
}

#[cfg(unix)] // Debian's Python
#[test]
fn system_site_packages_are_visible_only_on_request() {
    let Some(python) = debian() else { return };
    let scratch = Scratch::new();
    scratch.rvenv_for(&python).args(["--without-pip", "alone"]).silent();
    scratch.rvenv_for(&python).args(["--without-pip", "--system-site-packages", "with"]).silent();
    let code = "import sys; print(any(p.endswith('dist-packages') for p in sys.path))";
    assert_eq!(in_env(&scratch.path("alone"), code), "False");
    assert_eq!(in_env(&scratch.path("with"), code), "True");
}

#[test]
fn a_c_extension_is_built_and_imported() {
    let Some(cc) = tool("cc") else { return };
    const SOURCE: &str = r#"
#include <Python.h>
static PyObject *answer(PyObject *self, PyObject *args) { return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "built", "", -1, methods};
PyMODINIT_FUNC PyInit_built(void) { return PyModule_Create(&module); }
"#;
    const WHERE: &str = "
import sysconfig
paths = sysconfig.get_paths()
for path in (paths['include'], paths['platinclude'], paths['platlib'], sysconfig.get_config_var('EXT_SUFFIX')):
    print(path)
";
    for_each_python(|python| {
        let scratch = Scratch::new();
        scratch.write("built.c", SOURCE);
        scratch.rvenv_for(python).args(["--without-pip", "env"]).silent();
        let said = in_env(&scratch.env(), WHERE);
        let [include, platinclude, platlib, suffix] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
        let target = Path::new(platlib).join(format!("built{suffix}"));
        scratch
            .run(&cc)
            .args(["-shared", "-fPIC", "-w", "built.c", "-I", include, "-I", platinclude, "-o"])
            .arg(&target)
            .ok();
        assert_eq!(in_env(&scratch.env(), "import built; print(built.answer())"), "42");
    });
}

#[test]
fn upgrade_deps_runs_the_environments_pip_and_shows_its_output() {
    let (Some(old), Some(new)) = (pyenv("3.10"), pyenv("3.11")) else { return };
    let scratch = Scratch::new();
    let bundled = scratch.run(&new.path).args(["-Ic", "import ensurepip; print(ensurepip.__path__[0])"]).ok();
    let index = |run: Run| run.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", format!("{}/_bundled", bundled.trim()));
    let output = index(scratch.rvenv_for(&old).args(["--upgrade-deps", "--verbose", "env"])).output();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{stderr}");
    assert!(stderr.contains("Successfully installed pip-23.2.1"), "{stderr}");
    assert!(pip(&scratch, &scratch.env(), &["--version"]).starts_with("pip 23.2.1 "));
    assert_eq!(in_env(&scratch.env(), "import setuptools; print(setuptools.__version__)"), "65.5.0");

    index(scratch.rvenv_for(&old).args(["--upgrade-deps", "quiet"])).silent();
}

#[cfg(unix)] // on Windows, site puts ENV_DIR itself on sys.path
#[test]
fn upgrade_deps_imports_nothing_from_env_dir() {
    let scratch = Scratch::new();
    for module in ["pip.py", "warnings.py", "sitecustomize.py"] {
        scratch.write(module, "raise SystemExit('imported from ENV_DIR')");
    }
    let run = scratch.rvenv_for(&python()).args(["--upgrade-deps", "."]).env("PYTHONPATH", scratch.path(""));
    let wheels = scratch.run(python().path).args(["-Ic", "import ensurepip; print(ensurepip.__path__[0])"]).ok();
    run.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", format!("{}/_bundled", wheels.trim())).silent();
}

#[test]
fn a_failed_upgrade_deps_shows_pips_error_and_removes_a_new_environment() {
    let scratch = Scratch::new();
    let run = scratch.rvenv_for(&python()).args(["--upgrade-deps", "new/env"]);
    let error = run.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", "/nowhere").env("PIP_TARGET", "/dev/null/x").error();
    assert!(error.contains("-m pip install --upgrade pip' returned non-zero exit status"), "{error}");
    assert!(error.contains("ERROR"), "{error}");
    assert!(scratch.names().is_empty());

    scratch.rvenv_for(&python()).arg("env").silent();
    let before = tree(&scratch.env()).len();
    let run = scratch.rvenv_for(&python()).args(["--upgrade-deps", "env"]);
    run.env("PIP_NO_INDEX", "1").env("PIP_TARGET", "/dev/null/x").error();
    assert!(tree(&scratch.env()).len() >= before, "an existing environment is kept");
}

#[test]
fn clear_restores_the_old_environment_if_upgrade_deps_fails() {
    let scratch = Scratch::new();
    let python = python();
    scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
    scratch.write("env/mine", "");
    let before = tree(&scratch.env());
    let failing = |env_dir: &str| {
        let run = scratch.rvenv_for(&python).args(["--clear", "--upgrade-deps", env_dir]);
        run.env("PIP_NO_INDEX", "1").env("PIP_TARGET", "/dev/null/x")
    };
    assert!(failing("env").error().contains("returned non-zero exit status"));
    assert!(tree(&scratch.env()) == before);
    // From inside ENV_DIR, the entries were moved one by one, and they are moved back.
    assert!(failing("../env").current_dir(scratch.env()).error().contains("returned non-zero exit status"));
    assert!(tree(&scratch.env()) == before);
    assert_eq!(scratch.names(), ["env"]);
}
