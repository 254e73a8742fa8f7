//! Which Python is found on Windows: on PATH, in the registry (PEP 514), among what other tools have installed.

use std::path::Path;

use crate::harness::*;

/// A Python in this user's registry, which goes when this is dropped.
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

/// rvenv that finds nothing on PATH.
fn rvenv(scratch: &Scratch) -> Run {
    let run = scratch.rvenv().env("PATH", scratch.path("")).env("RVENV_CACHE_DIR", scratch.path("cache"));
    // What tools have installed in a home that has nothing.
    ["USERPROFILE", "APPDATA", "LOCALAPPDATA"].into_iter().fold(run, |run, name| run.env(name, scratch.path("home")))
}

// One test, since all see the same registry.
#[test]
fn the_registry_is_gone_by_as_the_launcher_does() {
    let (Some(old), Some(new)) = (pyenv("3.10"), pyenv("3.12")) else { return };
    let scratch = Scratch::new();
    if rvenv(&scratch).arg("--list-pythons").output().status.success() {
        say_missing("a registry that has no Pythons");
        return;
    }
    let error = rvenv(&scratch).arg("env").error();
    assert!(error.contains("there is neither python3 nor python on PATH, and none is registered"), "{error}");

    let named = Registered::new(&scratch, "RvenvTest", "3.10");
    named.set(r"\InstallPath", "ExecutablePath", &old.path);
    let odd = Registered::new(&scratch, "RvenvTest", "Odd");
    odd.set(r"\InstallPath", "", directory(&new));
    odd.set("", "SysVersion", "3.12");
    // What is not there is passed over, and so is what says too little.
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
    let error = rvenv(&scratch).args(["-p", "3.12-32", "other"]).error();
    assert!(error.contains("in the registry") && error.contains("is CPython 3.12.9 for win-amd64"), "{error}");
    let listed = rvenv(&scratch).arg("--list-pythons").ok();
    assert_eq!(listed.lines().count(), 2, "{listed}");

    // python.org's goes before another company's of the same version.
    let core = Registered::new(&scratch, "PythonCore", "rvenv-test");
    core.set(r"\InstallPath", "", directory(&old));
    core.set("", "SysVersion", "3.12");
    run(&["-p", ">=3.10"]);
    assert_eq!(home(&scratch.env()), directory(&old));
}

#[test]
fn scripts_and_empty_files_on_path_are_no_pythons() {
    let python = python();
    let scratch = Scratch::new();
    scratch.write("shims/python3.bat", "@echo a shim\r\n");
    scratch.write("WindowsApps/python.exe", "");
    let path = |names: &[&str]| {
        let names = names.iter().map(|name| scratch.path(name).into_os_string());
        std::env::join_paths(names.chain([python.path.parent().unwrap().into()])).unwrap()
    };
    // Found under `python`, whatever the variable is called.
    let run = rvenv(&scratch).env_remove("PATH").env("pAtH", path(&["shims", "WindowsApps"]));
    run.args(["--without-pip", "env"]).silent();
    assert_eq!(home(&scratch.env()), directory(&python));
}

#[test]
fn what_other_tools_have_installed_is_found_by_its_version() {
    let (Some(old), Some(new)) = (pyenv("3.10"), pyenv("3.12")) else { return };
    let scratch = Scratch::new();
    // An environment stands for an installation, which would be large.
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
