//! Finding Pythons on Windows: on PATH, in the registry (PEP 514), and among those installed by other tools.

use std::path::Path;

use crate::harness::*;

/// A Python in this user's registry, removed on drop.
struct Registered<'a> {
    scratch: &'a Scratch,
    path: String,
}

impl<'a> Registered<'a> {
    fn new(scratch: &'a Scratch, company: &str, tag: &str) -> Registered<'a> {
        Registered { scratch, path: format!(r"HKCU\Software\Python\{company}\{tag}") }
    }

    fn set(&self, key: &str, name: &str, value: impl AsRef<Path>) {
        let run = self.scratch.run("reg").arg("add").arg(format!("{}{key}", self.path));
        let run = if name.is_empty() { run.arg("/ve") } else { run.args(["/v", name]) };
        run.args(["/d"]).arg(value.as_ref()).arg("/f").ok();
    }
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.scratch.run("reg").args(["delete", &self.path, "/f"]).output();
    }
}

fn home(env_dir: &Path) -> String {
    configured(env_dir, "home").unwrap()
}

fn directory(python: &Python) -> String {
    python.path.parent().unwrap().display().to_string()
}

/// rvenv with nothing on PATH.
fn rvenv(scratch: &Scratch) -> Run {
    let run = scratch.rvenv().env("PATH", scratch.path("")).env("RVENV_CACHE_DIR", scratch.path("cache"));
    // An empty home, so that no Pythons of other tools are found.
    ["USERPROFILE", "APPDATA", "LOCALAPPDATA"].into_iter().fold(run, |run, name| run.env(name, scratch.path("home")))
}

// A single test, because all tests share the registry.
#[test]
fn the_registry_is_searched_as_by_the_py_launcher() {
    let (Some(old), Some(new)) = (pyenv("3.10"), pyenv("3.12")) else { return };
    let scratch = Scratch::new();
    if rvenv(&scratch).arg("--list-pythons").output().status.success() {
        say_missing("a registry that has no Pythons");
        return;
    }
    let error = rvenv(&scratch).arg("env").error();
    assert!(error.contains("neither python3 nor python is on PATH, and no Python is registered"), "{error}");

    let named = Registered::new(&scratch, "RvenvTest", "3.10");
    named.set(r"\InstallPath", "ExecutablePath", &old.path);
    let odd = Registered::new(&scratch, "RvenvTest", "Odd");
    odd.set(r"\InstallPath", "", directory(&new));
    odd.set("", "SysVersion", "3.12");
    // Entries for missing or unspecified executables are skipped.
    let gone = Registered::new(&scratch, "RvenvTest", "3.14");
    gone.set(r"\InstallPath", "ExecutablePath", scratch.path("gone/python.exe"));
    let broken = Registered::new(&scratch, "RvenvTest", "3.15");
    broken.set("", "DisplayName", "broken");
    let run = |arguments: &[&str]| rvenv(&scratch).args(["--clear", "--without-pip", "env"]).args(arguments).silent();
    let expected = [(&[][..], &new), (&["-p", "3.10"], &old), (&["-p", "3.10-64"], &old), (&["-p", "<3.12"], &old)];
    for (arguments, python) in expected {
        run(arguments);
        assert_eq!(home(&scratch.env()), directory(python), "{arguments:?}");
    }
    // COMPANY/TAG as in `py -V:RvenvTest/3.10`; an existing path of that name takes precedence.
    run(&["-p", "rvenvtest/3.10"]);
    assert_eq!(home(&scratch.env()), directory(&old));
    scratch.rvenv_for(&new).args(["--without-pip", "RvenvTest/3.10"]).silent();
    run(&["-p", "RvenvTest/3.10"]);
    assert_eq!(home(&scratch.env()), directory(&new));
    let error = rvenv(&scratch).args(["-p", "RvenvTest/3.11", "other"]).error();
    assert!(error.ends_with("there is no such file"), "{error}");
    // The Store's empty alias is skipped even if it is named.
    let alias = scratch.write("WindowsApps/python.exe", "");
    rvenv(&scratch)
        .env("PATH", alias.parent().unwrap())
        .args(["--clear", "--without-pip", "-p", "python", "env"])
        .silent();
    assert_eq!(home(&scratch.env()), directory(&new));
    let error = rvenv(&scratch).args(["-p", "3.12-32", "other"]).error();
    assert!(
        error.contains("searched PATH, the registry, and ") && error.contains("CPython 3.12.9 for win-amd64"),
        "{error}"
    );
    let listed = rvenv(&scratch).arg("--list-pythons").ok();
    assert_eq!(listed.lines().count(), 2, "{listed}");

    // A relative path in the registry is not looked up in the current directory.
    let relative = Registered::new(&scratch, "RvenvTest", "3.20");
    relative.set(r"\InstallPath", "ExecutablePath", "relative.exe");
    scratch.write("relative.exe", "");
    assert_eq!(rvenv(&scratch).arg("--list-pythons").ok(), listed);

    // python.org's Python takes precedence over another company's.
    let core = Registered::new(&scratch, "PythonCore", "rvenv-test");
    core.set(r"\InstallPath", "", directory(&old));
    core.set("", "SysVersion", "3.10");
    run(&["-p", ">=3.10"]);
    assert_eq!(home(&scratch.env()), directory(&old));
}

#[test]
fn scripts_and_empty_files_on_path_are_skipped() {
    let python = python();
    let scratch = Scratch::new();
    scratch.write("shims/python3.bat", "@echo a shim\r\n");
    scratch.write("WindowsApps/python.exe", "");
    let path = |names: &[&str]| {
        let names = names.iter().map(|name| scratch.path(name).into_os_string());
        std::env::join_paths(names.chain([python.path.parent().unwrap().into()])).unwrap()
    };
    // Found as `python`, whatever the case of the variable's name.
    let run = rvenv(&scratch).env_remove("PATH").env("pAtH", path(&["shims", "WindowsApps"]));
    run.args(["--without-pip", "env"]).silent();
    assert_eq!(home(&scratch.env()), directory(&python));
}

#[test]
fn pythons_installed_by_other_tools_are_found_by_version() {
    let (Some(old), Some(new)) = (pyenv("3.10"), pyenv("3.12")) else { return };
    let scratch = Scratch::new();
    // An environment in place of an installation, which would be large.
    let places = ["home/.pyenv/pyenv-win/versions/3.10.11", "home/uv/python/cpython-3.12.9-windows-x86_64-none"];
    for (python, place) in [(&old, places[0]), (&new, places[1])] {
        scratch.rvenv_for(python).args(["--without-pip", place]).silent();
    }
    for (version, python) in [("3.10", &old), ("3.12", &new)] {
        rvenv(&scratch).args(["--clear", "--without-pip", "-p", version, "env"]).silent();
        assert_eq!(home(&scratch.env()), directory(python));
    }
    let python_org = "home/Programs/Python/Python313";
    let Some(newest) = pyenv("3.13") else { return };
    scratch.rvenv_for(&newest).args(["--without-pip", python_org]).silent();
    rvenv(&scratch).args(["--clear", "--without-pip", "-p", "3.13", "env"]).silent();
    assert_eq!(home(&scratch.env()), directory(&newest));
}

/// Puts a launcher for `python` at `prefix`, which behaves like an installation without its size.
fn install(scratch: &Scratch, python: &Python, prefix: &str) {
    scratch.rvenv_for(python).args(["--clear", "--without-pip", "launcher"]).silent();
    let launcher = scratch.path("launcher");
    for (file, name) in [(launcher.join(PYTHON), "python.exe"), (launcher.join("pyvenv.cfg"), "pyvenv.cfg")] {
        scratch.write(&format!("{prefix}/{name}"), std::fs::read(file).unwrap());
    }
}

#[test]
fn a_pyenv_win_shim_resolves_to_the_active_version() {
    let (Some(old), Some(new)) = (pyenv("3.10"), pyenv("3.12")) else { return };
    let scratch = Scratch::new();
    let root = "home/.pyenv/pyenv-win";
    install(&scratch, &old, &format!("{root}/versions/3.10.11"));
    install(&scratch, &new, &format!("{root}/versions/3.12.9"));
    let shim = scratch.write(&format!("{root}/shims/python.bat"), "@echo off\r\ncall pyenv exec %~n0 %*\r\n");
    scratch.write(&format!("{root}/shims/python"), "#!/bin/sh\n");
    scratch.write(&format!("{root}/version"), "3.10.11\r\n");
    let shims = || rvenv(&scratch).env("PATH", shim.parent().unwrap());
    let python = |run: Run| {
        run.args(["--clear", "--without-pip", "env"]).silent();
        home(&scratch.env())
    };
    assert_eq!(python(shims()), directory(&old));
    assert_eq!(python(shims().env("Pyenv_Version", "3.12.9")), directory(&new));
    scratch.write(".python-version", "3.12.9\n");
    assert_eq!(python(shims()), directory(&new));
    assert_eq!(python(shims().args(["-p", "python"])), directory(&new));
    assert_eq!(python(shims().arg("-p").arg(&shim)), directory(&new));
    scratch.write(".python-version", "3.11.2\n");
    let error = shims().arg("other").error();
    assert!(error.contains("it is a pyenv shim, and no active version provides it"), "{error}");
}

#[test]
fn an_environments_python_resolves_to_its_base_under_any_name() {
    for version in ["3.8", "3.13"] {
        let Some(python) = pyenv(version) else { continue };
        let scratch = Scratch::new();
        scratch.rvenv_for(&python).args(["--without-pip", "other"]).silent();
        scratch.rvenv().args(["--without-pip", "-p", "other", "chained"]).silent();
        let launcher = scratch.path("other").join(PYTHON);
        std::fs::copy(&launcher, launcher.with_file_name("mine.exe")).unwrap();
        let shouted = scratch.path("CHAINED/SCRIPTS/PYTHON.EXE").display().to_string();
        // The last directory of a path is taken as written, not as resolved.
        for named in ["chained", r"other\Scripts\mine.exe", r"other\..\chained", r".\chained", &shouted, r"chained\"] {
            scratch.rvenv().args(["--clear", "--without-pip", "-p", named, "env"]).silent();
            assert_eq!(home(&scratch.env()), directory(&python), "{named}");
        }
    }
}

#[test]
fn an_environments_python_without_a_launcher_resolves_to_its_base() {
    for version in ["3.8", "3.13"] {
        let Some(python) = pyenv(version) else { continue };
        let scratch = Scratch::new();
        let base = python.path.parent().unwrap();
        // As venv copies it where there are no launchers, but under another name.
        for entry in std::fs::read_dir(base).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "dll") {
                let name = format!("copied/Scripts/{}", path.file_name().unwrap().display());
                scratch.write(&name, std::fs::read(&path).unwrap());
            }
        }
        scratch.write("copied/Scripts/mine.exe", std::fs::read(&python.path).unwrap());
        scratch.write("copied/pyvenv.cfg", format!("home = {}\n", base.display()));
        scratch.rvenv().args(["--clear", "--without-pip", "-p", r"copied\Scripts\mine.exe", "env"]).silent();
        assert_eq!(home(&scratch.env()), directory(&python), "{version}");
    }
}

#[test]
fn launcher_variables_do_not_mislead_another_python() {
    let python = python();
    let scratch = Scratch::new();
    for (name, value) in
        [("__PYVENV_LAUNCHER__", r"C:\gone\python.exe"), ("__pyvenv_launcher__", "x"), ("pythonhome", "x")]
    {
        let run = scratch.rvenv_for(&python).env(name, value).env("RVENV_CACHE_DIR", scratch.path("cache"));
        run.args(["--clear", "env", "--no-cache"]).silent();
        assert_eq!(home(&scratch.env()), directory(&python), "{name}");
    }
}

#[test]
fn an_environment_whose_home_changed_resolves_to_the_new_base() {
    let (Some(old), Some(new)) = (pyenv("3.12"), pyenv("3.13")) else { return };
    let scratch = Scratch::new();
    scratch.rvenv_for(&old).args(["--without-pip", "other"]).silent();
    let launcher = scratch.path("other").join(PYTHON);
    let configuration = scratch.path("other/pyvenv.cfg");
    for python in [&old, &new] {
        std::fs::write(&configuration, format!("home = {}\r\n", directory(python))).unwrap();
        // The earlier answer is cached.
        for _ in 0..2 {
            let run = scratch.rvenv().env("RVENV_CACHE_DIR", scratch.path("cache"));
            run.args(["--clear", "--without-pip", "env", "-p"]).arg(&launcher).silent();
            assert_eq!(home(&scratch.env()), directory(python));
        }
    }
}
