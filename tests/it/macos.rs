//! macOS installations, imitated with a real Python on Linux: a sitecustomize sets the values that Python has there.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::drop_in::compare_trees;
use crate::harness::*;

/// Makes a copied Python, with its library in `lib`, run this code at startup.
fn customize(scratch: &Scratch, lib: &str, code: &str) {
    scratch.write(&format!("{lib}/python3.12/site-packages/sitecustomize.py"), code);
}

/// A framework installation from python.org: a launcher in bin that starts the executable in an application bundle.
struct Framework {
    scratch: Scratch,
    python: Python,
}

impl Framework {
    const VERSION: &str = "Python.framework/Versions/3.12";

    fn new() -> Option<Framework> {
        let scratch = Scratch::new();
        let python = copied_python(&scratch, "3.12")?;
        fs::create_dir(scratch.path("Python.framework")).unwrap();
        fs::create_dir(scratch.path("Python.framework/Versions")).unwrap();
        let version = scratch.path(Self::VERSION);
        fs::rename(scratch.path("python"), &version).unwrap();
        let application = version.join("Resources/Python.app/Contents/MacOS");
        fs::create_dir_all(&application).unwrap();
        fs::rename(version.join("bin/python3.12"), application.join("Python")).unwrap();
        let launcher = format!(
            "#!/bin/sh\n: \"${{__PYVENV_LAUNCHER__:=$0}}\"\nexport __PYVENV_LAUNCHER__\nexec \"{}\" \"$@\"\n",
            application.join("Python").display()
        );
        scratch.write_script(&format!("{}/bin/python3.12", Self::VERSION), &launcher);
        // __PYVENV_LAUNCHER__ is honoured on every system; only a framework build takes its base from the framework's
        // bin.
        let launcher = version.join("bin/python3.12");
        let code = format!("import sys\nsys.platform, sys._base_executable = 'darwin', '{}'\n", launcher.display());
        customize(&scratch, &format!("{}/lib", Self::VERSION), &code);
        for name in names_in(&version.join("lib/python3.12")) {
            if name.starts_with("_sysconfigdata__linux_") {
                let library = version.join("lib/python3.12");
                symlink(&name, library.join(name.replace("_linux_", "_darwin_"))).unwrap();
            }
        }
        let python = Python { path: version.join("bin/python3.12"), ..python };
        Some(Framework { scratch, python })
    }

    /// Compares what Python's own venv creates with the launcher at this path and what rvenv creates. Returns the
    /// `home` in pyvenv.cfg, which is the same in both.
    fn compare(&self, launcher: &Path) -> PathBuf {
        let env = self.scratch.env();
        let made = |run: Run| {
            run.arg("--without-pip").arg(&env).silent();
            let made = (tree(&env), configured(&env, "home"));
            fs::remove_dir_all(&env).unwrap();
            made
        };
        let (theirs, home) = made(self.scratch.run(launcher).args(["-m", "venv"]));
        let (ours, our_home) = made(self.scratch.rvenv().arg("-p").arg(launcher));
        compare_trees(&theirs, &ours, &launcher.display().to_string());
        assert!(!ours.contains_key("lib64"));
        assert_eq!(home, our_home);
        home.unwrap().into()
    }
}

#[test]
fn a_frameworks_base_is_the_launcher_in_its_bin_and_there_is_no_lib64() {
    let Some(framework) = Framework::new() else { return };
    let bin = framework.scratch.path(Framework::VERSION).join("bin");
    assert_eq!(framework.compare(&framework.python.path), bin);
    assert_eq!(framework.compare(&bin.join("python3")), bin);
}

#[test]
fn the_launcher_that_started_rvenv_does_not_affect_which_python_is_queried() {
    let Some(framework) = Framework::new() else { return };
    let scratch = &framework.scratch;
    scratch
        .rvenv_for(&framework.python)
        .env("__PYVENV_LAUNCHER__", "/nowhere/bin/python3.9")
        .arg("--without-pip")
        .arg("env")
        .silent();
    assert_eq!(
        configured(&scratch.env(), "home"),
        scratch.path(Framework::VERSION).join("bin").to_str().map(str::to_owned)
    );
}

#[test]
fn a_homebrew_python_is_recorded_by_the_link_that_survives_upgrades() {
    let scratch = Scratch::new();
    let Some(python) = copied_python(&scratch, "3.12") else { return };
    let keg = scratch.path("brew/Cellar/python@3.12/3.12.1");
    for directory in ["brew/Cellar/python@3.12", "brew/opt", "brew/bin"] {
        fs::create_dir_all(scratch.path(directory)).unwrap();
    }
    fs::rename(scratch.path("python"), &keg).unwrap();
    let stable = scratch.path("brew/opt/python@3.12");
    symlink("../Cellar/python@3.12/3.12.1", &stable).unwrap();
    symlink("../Cellar/python@3.12/3.12.1/bin/python3.12", scratch.path("brew/bin/python3.12")).unwrap();
    let code = format!(
        "import sys\nif sys.prefix == sys.base_prefix:\n    sys.executable = sys._base_executable = '{}'\n",
        stable.join("bin/python3.12").display()
    );
    customize(&scratch, "brew/opt/python@3.12/lib", &code);
    for path in
        ["brew/bin/python3.12", "brew/opt/python@3.12/bin/python3.12", "brew/Cellar/python@3.12/3.12.1/bin/python3.12"]
    {
        let python = Python { path: scratch.path(path), ..python.clone() };
        scratch.rvenv_for(&python).args(["--clear", "--without-pip", "env"]).silent();
        assert_eq!(configured(&scratch.env(), "home").as_deref(), stable.join("bin").to_str(), "{path}");
    }
    fs::rename(&keg, keg.with_file_name("3.12.2")).unwrap();
    fs::remove_file(&stable).unwrap();
    symlink("../Cellar/python@3.12/3.12.2", &stable).unwrap();
    assert_eq!(in_env(&scratch.env(), "import sys; print(sys.prefix)"), scratch.env().to_str().unwrap());
    scratch.rvenv().args(["--check", "env"]).ok();
}
