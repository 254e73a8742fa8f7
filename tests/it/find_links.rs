//! `--find-links`: pip and setuptools from the wheels in a directory.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::*;
use crate::wheel_builder::{self, Entry};

/// Creates a directory with the wheels that these Pythons bundle.
pub fn wheels_of(scratch: &Scratch, name: &str, versions: &[&str]) -> Option<PathBuf> {
    let directory = scratch.path(name);
    fs::create_dir(&directory).unwrap();
    for version in versions {
        let code = "import ensurepip; print(ensurepip.__path__[0])";
        let bundled = scratch.run(pyenv(version)?.path).args(["-Ic", code]).ok();
        for wheel in names_in(&Path::new(bundled.trim()).join("_bundled")).iter().filter(|name| name.ends_with(".whl"))
        {
            fs::copy(Path::new(bundled.trim()).join("_bundled").join(wheel), directory.join(wheel)).unwrap();
        }
    }
    Some(directory)
}

/// The versions of an environment's pip and setuptools, as they report them.
fn installed(env_dir: &Path) -> (String, Option<String>) {
    let pip = in_env(env_dir, "import pip; print(pip.__version__)");
    let names = names_in(&site_packages(env_dir));
    let setuptools = names.iter().any(|name| name == "setuptools");
    (pip, setuptools.then(|| in_env(env_dir, "import setuptools; print(setuptools.__version__)")))
}

/// A Python that bundles no wheels: a real one in a wrapper that reports none.
#[cfg(unix)] // programs in sh
fn without_pip(scratch: &Scratch, python: &Python) -> PathBuf {
    let sed = r#"s|"wheels": \[[^]]*\]|"wheels": []|"#;
    scratch.write_script("bare/python3", &format!("#!/bin/sh\n{} \"$@\" | sed '{sed}'\n", python.path.display()))
}

#[test]
fn the_newest_compatible_wheel_takes_precedence_over_the_bundled_one() {
    let scratch = Scratch::new();
    let Some(directory) = wheels_of(&scratch, "wheels", &["3.13", "3.11", "3.7"]) else { return };
    for_pythons(some_pythons().into_iter().chain(pyenv("3.7")), |python| {
        let scratch = Scratch::new();
        scratch.rvenv_for(python).arg("--find-links").arg(&directory).arg("env").silent();
        // By Requires-Python: pip 24.2 needs 3.8; pip 23.2.1, pip 22.0.4 and setuptools 65.5.0 need 3.7.
        let (pip, setuptools) = match python.version {
            (3, 6) => ("18.1", Some("47.1.0")),
            (3, 7) => ("23.2.1", Some("65.5.0")),
            (3, 8..=11) => ("24.2", Some("65.5.0")),
            _ => ("24.2", None),
        };
        assert_eq!(installed(&scratch.env()), (pip.to_owned(), setuptools.map(str::to_owned)), "{python:?}");
        assert!(
            scratch.run(program_of(&scratch.env(), "pip")).arg("--version").ok().starts_with(&format!("pip {pip} "))
        );
    });
}

#[cfg(unix)] // the pip that these Pythons bundle
#[test]
fn a_project_without_a_wheel_in_any_directory_comes_from_the_python() {
    let (Some(python), scratch) = (pyenv("3.10"), Scratch::new()) else { return };
    let Some(directory) = wheels_of(&scratch, "wheels", &["3.13"]) else { return };
    scratch.rvenv_for(&python).arg("--find-links").arg(&directory).arg("env").silent();
    assert_eq!(installed(&scratch.env()), ("24.2".to_owned(), Some("65.5.0".to_owned())));
    scratch.rvenv_for(&python).args(["--no-setuptools", "--find-links"]).arg(&directory).arg("alone").silent();
    assert_eq!(installed(&scratch.path("alone")), ("24.2".to_owned(), None));
}

#[test]
fn several_directories_and_the_variable_are_supported() {
    let (Some(python), scratch) = (pyenv("3.10"), Scratch::new()) else { return };
    for (name, version) in [("new", "3.13"), ("middle", "3.11"), ("old", "3.9")] {
        if wheels_of(&scratch, name, &[version]).is_none() {
            return;
        }
    }
    let pip = |run: Run| {
        run.args(["--clear", "env"]).silent();
        installed(&scratch.env()).0
    };
    let rvenv = || scratch.rvenv_for(&python);
    assert_eq!(pip(rvenv().args(["--find-links", "middle", "--find-links=new"])), "24.2");
    assert_eq!(pip(rvenv().env("RVENV_FIND_LINKS", "middle:old:")), "23.2.1");
    assert_eq!(pip(rvenv().env("RVENV_FIND_LINKS", "/nowhere").args(["--find-links", "middle"])), "23.2.1");
    assert_eq!(pip(rvenv().env("RVENV_FIND_LINKS", "")), "23.0.1");
    // The cache keeps the directories apart, and notices when the wheels in one change.
    assert_eq!(pip(rvenv().args(["--find-links", "new"])), "24.2");
    fs::remove_file(scratch.path("new/pip-24.2-py3-none-any.whl")).unwrap();
    assert_eq!(pip(rvenv().args(["--find-links", "new"])), "23.0.1");
}

#[cfg(unix)] // programs in sh
#[test]
fn a_python_without_pip_gets_it_from_a_directory() {
    let (Some(python), scratch) = (pyenv("3.11"), Scratch::new()) else { return };
    let (Some(directory), python) = (wheels_of(&scratch, "wheels", &["3.13", "3.10"]), without_pip(&scratch, &python))
    else {
        return;
    };
    let rvenv = || scratch.rvenv().arg("-p").arg(&python).arg("--find-links");
    rvenv().arg(&directory).arg("env").silent();
    assert_eq!(installed(&scratch.env()), ("24.2".to_owned(), Some("65.5.0".to_owned())));

    fs::create_dir(scratch.path("empty")).unwrap();
    let error = rvenv().args(["empty", "new"]).error();
    assert!(
        error.contains("does not include pip: ") && error.contains("no --find-links directory has a suitable wheel"),
        "{error}"
    );
    assert!(!scratch.path("new").exists());
}

#[test]
fn a_path_that_is_not_a_directory_is_an_error_before_anything_is_created() {
    let scratch = Scratch::new();
    scratch.write("file", "");
    for directory in ["missing", "file"] {
        let error = scratch.rvenv_for(&python()).args(["--find-links", directory, "env"]).error();
        let path = scratch.path(directory);
        assert!(error.starts_with(&format!("Unable to read the directory '{}': ", path.display())), "{error}");
        assert_eq!(scratch.names(), ["file"]);
    }
}

#[test]
fn an_invalid_wheel_that_would_be_chosen_is_an_error() {
    let scratch = Scratch::new();
    let path = scratch.write("wheels/pip-99.0-py3-none-any.whl", "not a zip file");
    let error = scratch.rvenv_for(&python()).args(["--find-links", "wheels", "env"]).error();
    assert!(error.starts_with(&format!("'{}' is not a valid wheel: ", path.display())), "{error}");
    assert!(!scratch.env().exists());
}

#[test]
fn wheels_for_other_pythons_are_skipped() {
    let scratch = Scratch::new();
    let metadata =
        |version: &str, requires: &str| format!("Name: pip\nVersion: {version}\nRequires-Python: {requires}\n\n");
    let make = |version: &str, requires: &str| {
        let path = scratch.write(&format!("wheels/pip-{version}-py3-none-any.whl"), "");
        let metadata = Entry::new(format!("pip-{version}.dist-info/METADATA"), metadata(version, requires));
        let recorded = format!("pip-{version}.dist-info/RECORD");
        let record = Entry::new(&recorded, format!("{}{recorded},,\n", metadata.row()));
        fs::write(&path, wheel_builder::archive(&[metadata, record])).unwrap();
    };
    make("99.0", "<3");
    make("98.0b1", ">=3.6");
    make("97.0", ">=3.6, !=3.6.0");
    make("96.0", "no such thing");
    for name in ["pip-100-cp313-cp313-linux_x86_64.whl", "pip-100.tar.gz", "README"] {
        scratch.write(&format!("wheels/{name}"), "");
    }
    fs::create_dir(scratch.path("wheels/pip-101-py3-none-any.whl")).unwrap();
    let version = || {
        scratch.rvenv_for(&python()).args(["--clear", "--find-links", "wheels", "env"]).silent();
        let record = record_of(&scratch.env(), "pip");
        record.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned()
    };
    for expected in ["97.0", "96.0", "98.0b1"] {
        assert_eq!(version(), format!("pip-{expected}.dist-info"));
        fs::remove_file(scratch.path(format!("wheels/pip-{expected}-py3-none-any.whl"))).unwrap();
    }
}

#[cfg(unix)] // sh
#[test]
fn the_command_in_pyvenv_cfg_has_absolute_directories() {
    let (Some(python), scratch) = (pyenv("3.10"), Scratch::new()) else { return };
    if wheels_of(&scratch, "wheels", &["3.13"]).is_none() {
        return;
    }
    scratch.rvenv_for(&python).env("RVENV_FIND_LINKS", "wheels").arg("env").silent();
    let command = configured(&scratch.env(), "command").unwrap();
    fs::remove_dir_all(scratch.env()).unwrap();
    scratch.run("sh").args(["-c", &command]).current_dir("/").silent();
    assert_eq!(installed(&scratch.env()).0, "24.2");
}

#[test]
fn gui_scripts_have_launchers_too() {
    let scratch = Scratch::new();
    let entry = |name: &str, contents: &str| Entry::new(name, contents);
    let entries = [
        entry("pip-99.0.dist-info/METADATA", "Name: pip\nVersion: 99.0\n\n"),
        entry(
            "pip-99.0.dist-info/entry_points.txt",
            "[console_scripts]\npip = a:main\n[gui_scripts]\nwindow = a:main\n",
        ),
        entry("a.py", "def main():\n    print('called')\n"),
        // The stubs of launchers on Windows, with a console and without.
        entry("pip/_vendor/distlib/t64.exe", "MZ with a console"),
        entry("pip/_vendor/distlib/w64.exe", "MZ without one"),
    ];
    let recorded = "pip-99.0.dist-info/RECORD";
    let rows: String = entries.iter().map(Entry::row).collect();
    let record = entry(recorded, &format!("{rows}{recorded},,\n"));
    let wheel = wheel_builder::archive(&entries.into_iter().chain([record]).collect::<Vec<_>>());
    scratch.write("wheels/pip-99.0-py3-none-any.whl", wheel);
    for name in ["cold", "warm"] {
        scratch.rvenv_for(&python()).args(["--find-links", "wheels", "--no-setuptools", name]).silent();
        let env_dir = scratch.path(name);
        if cfg!(unix) {
            assert_eq!(scratch.run(program_of(&env_dir, "window")).ok(), "called\n");
            continue;
        }
        for (name, stub, python) in [("pip", "MZ with a console", "python"), ("window", "MZ without one", "pythonw")] {
            let launcher = fs::read(program_of(&env_dir, name)).unwrap();
            let start = format!("{stub}#!{}\n", program_of(&env_dir, python).display());
            assert!(launcher.starts_with(start.as_bytes()), "{name}");
        }
        assert_eq!(in_env(&env_dir, "import a; a.main()"), "called");
    }
}
