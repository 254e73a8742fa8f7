//! virtualenv with rvenv as its seeder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::*;
#[cfg(unix)] // wheels for Linux
use crate::release::packaging;
#[cfg(windows)]
use crate::release::python_api;
use crate::wheel_builder::{self, Entry};

/// The names of the programs and packages in an environment, without what only virtualenv's own seeder writes.
pub fn names(env_dir: &Path) -> Vec<String> {
    let names = [names_in(&env_dir.join(BIN)), names_in(&site_packages(env_dir))].concat();
    names.into_iter().filter(|name| name != "__pycache__" && !name.ends_with(".virtualenv")).collect()
}

/// An environment with rvenv's wheel, and the virtualenv that `tests/fetch` has fetched.
struct WithPlugin {
    scratch: Scratch,
    packages: PathBuf,
}

impl WithPlugin {
    fn new() -> Option<WithPlugin> {
        let library = absolute(peer("python")?.ancestors().nth(2)?.join("lib"));
        WithPlugin::of(library.join(&names_in(&library)[0]).join("site-packages"))
    }

    fn of_older_virtualenv() -> Option<WithPlugin> {
        let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/older-virtualenv");
        if packages.exists() { WithPlugin::of(packages) } else { missing("virtualenv 20.17") }
    }

    /// In Wine, with what a wheel would install.
    #[cfg(windows)]
    fn of(packages: PathBuf) -> Option<WithPlugin> {
        let scratch = Scratch::new();
        let site_packages = site_packages(python_api::installed(&scratch, &python()).ancestors().nth(2)?);
        let plugin = include_str!("../../../pyproject.toml").split("\"virtualenv.seed\"]\n").nth(1)?.lines().next()?;
        let entry_points = format!("[virtualenv.seed]\n{}\n", plugin.replace('"', ""));
        for (name, contents) in [
            ("METADATA", "Metadata-Version: 2.1\nName: rvenv-cli\nVersion: 1.0\n"),
            ("entry_points.txt", &entry_points),
        ] {
            scratch.write(site_packages.join("rvenv_cli-1.0.dist-info").join(name).to_str()?, contents);
        }
        Some(WithPlugin { scratch, packages })
    }

    #[cfg(unix)]
    fn of(packages: PathBuf) -> Option<WithPlugin> {
        let (scratch, wheel, fetched) = (Scratch::new(), packaging::wheel()?, peer("python")?);
        scratch.rvenv().arg("-p").arg(fetched).arg("tools").silent();
        let pip = scratch.run(scratch.path("tools/bin/pip")).args(["--isolated", "--quiet", "install", "--no-index"]);
        pip.arg("--disable-pip-version-check").arg(wheel).silent();
        Some(WithPlugin { scratch, packages })
    }

    fn virtualenv(&self) -> Run {
        let run = self.scratch.run(self.scratch.path("tools").join(PYTHON)).args(["-m", "virtualenv"]);
        let run =
            run.env("PYTHONPATH", &self.packages).env("RVENV_CACHE_DIR", shared_cache()).env_remove("RVENV_PYTHON");
        run.env("VIRTUALENV_APP_DATA", self.scratch.path("data"))
            .env("VIRTUALENV_OVERRIDE_APP_DATA", self.scratch.path("data"))
    }

    fn names(&self) -> Vec<String> {
        names(&self.scratch.env())
    }

    /// The distributions installed in `env`.
    fn installed(&self) -> Vec<String> {
        let names = names_in(&site_packages(&self.scratch.env()));
        names.into_iter().filter_map(|name| name.strip_suffix(".dist-info").map(str::to_owned)).collect()
    }
}

#[test]
fn the_seeder_installs_the_same_wheels_as_virtualenv_with_bytecode() {
    let Some(plugin) = WithPlugin::new() else { return };
    let env = plugin.scratch.env();
    let listed = || plugin.scratch.run(program_of(&env, "pip")).args(["list", "--disable-pip-version-check"]).ok();
    plugin.virtualenv().arg("env").ok();
    let theirs = (plugin.names(), listed());
    assert_eq!(configured(&env, "rvenv"), None);
    plugin.virtualenv().arg("--clear").arg("env").env("VIRTUALENV_SEEDER", "rvenv").ok();
    assert!(site_packages(&env).join("pip/__pycache__").is_dir());
    assert_eq!((plugin.names(), listed()), theirs);
    assert!(configured(&env, "rvenv").is_some() && configured(&env, "virtualenv").is_some());
    plugin.scratch.rvenv().args(["--check", "env"]).ok();
}

#[cfg(unix)]
#[test]
fn the_seeder_installs_whatever_virtualenvs_own_does_in_each_release() {
    for plugin in [WithPlugin::new(), WithPlugin::of_older_virtualenv()].into_iter().flatten() {
        // The second time there is an environment, with virtualenv's own wheels in it.
        for (version, flags) in [("3.9", &["--wheel", "bundle"]), ("3.11", &["--setuptools", "bundle"])] {
            let Some(python) = pyenv(version) else { continue };
            let create = || plugin.virtualenv().arg("-p").arg(&python.path).args(flags);
            let theirs = create().args(["--clear", "env"]).output();
            let names = theirs.status.success().then(|| plugin.names());
            create().args(["--seeder", "rvenv", "env"]).ok();
            assert_eq!(Some(plugin.names()), names, "{version}");
            create().args(["--seeder", "rvenv", "--clear", "env"]).ok();
            assert_eq!(Some(plugin.names()), names, "{version}");
            assert!(site_packages(&plugin.scratch.env()).join("pip/__pycache__").is_dir());
        }
    }
}

#[cfg(unix)]
#[test]
fn the_seeder_takes_the_wheel_that_an_update_of_virtualenv_has_found() {
    let (Some(plugin), Some(python)) = (WithPlugin::new(), pyenv("3.12")) else { return };
    // What --upgrade-embed-wheels leaves.
    let (house, name) = ("data/wheel/house", "pip-99.0-py3-none-any.whl");
    fs::create_dir_all(plugin.scratch.path(house)).unwrap();
    fs::create_dir_all(plugin.scratch.path("data/wheel/3.12/embed/3")).unwrap();
    fs::write(plugin.scratch.path(house).join(name), newer_pip()).unwrap();
    let time = "2020-01-01T00:00:00.000000Z";
    let found =
        format!(r#"{{"filename": "{name}", "found_date": "{time}", "release_date": "{time}", "source": "manual"}}"#);
    let log = format!(r#"{{"started": "{time}", "completed": "{time}", "periodic": false, "versions": [{found}]}}"#);
    plugin.scratch.write("data/wheel/3.12/embed/3/pip.json", log);
    for seeder in ["app-data", "rvenv"] {
        let run = plugin.virtualenv().args(["--no-periodic-update", "--clear", "--seeder", seeder]);
        run.arg("-p").arg(&python.path).arg("env").ok();
        assert_eq!(plugin.installed(), ["pip-99.0"], "{seeder}");
    }
}

/// A wheel of a pip that is newer than any.
fn newer_pip() -> Vec<u8> {
    let info = |name, contents| Entry::new(format!("pip-99.0.dist-info/{name}"), contents);
    let entries = [
        Entry::new("pip/__init__.py", ""),
        info("METADATA", "Metadata-Version: 2.1\nName: pip\nVersion: 99.0\n"),
        info("WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
    ];
    let rows: String = entries.iter().map(Entry::row).collect();
    wheel_builder::archive(&[&entries[..], &[info("RECORD", &(rows + "pip-99.0.dist-info/RECORD,,\n"))]].concat())
}

#[cfg(unix)]
#[test]
fn the_seeder_leaves_links_into_app_data_to_virtualenv() {
    let Some(plugin) = WithPlugin::new() else { return };
    plugin.virtualenv().args(["--symlink-app-data", "--seeder", "rvenv", "env"]).ok();
    assert!(site_packages(&plugin.scratch.env()).join("pip").is_symlink());
}

#[cfg(unix)]
#[test]
fn the_seeder_refuses_the_pythons_that_virtualenv_cannot_create() {
    let (Some(plugin), Some(python)) = (WithPlugin::new(), pyenv("3.7")) else { return };
    let output = plugin.virtualenv().args(["--seeder", "rvenv", "-p"]).arg(&python.path).arg("env").output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && said.contains("Python 3.7"), "{said}");
    assert!(!plugin.scratch.env().exists());
}

#[cfg(unix)]
#[test]
fn the_seeder_respects_virtualenvs_flags() {
    let Some(plugin) = WithPlugin::new() else { return };
    let with = |flags: &[&str]| {
        plugin.virtualenv().args(["--seeder", "rvenv", "--clear"]).args(flags).arg("env").ok();
        plugin.installed()
    };
    assert!(with(&["--no-seed"]).is_empty());
    let pip_alone = with(&["--no-setuptools"]);
    assert!(pip_alone.len() == 1 && pip_alone[0].starts_with("pip-"), "{pip_alone:?}");
    assert!(with(&["--no-pip"]).iter().all(|name| !name.starts_with("pip-")));
    if let Some(python) = pyenv("3.13") {
        let both = with(&["-p", python.path.to_str().unwrap(), "--setuptools", "bundle"]);
        assert!(both.len() == 2 && both[1].starts_with("setuptools-"), "{both:?}");
    }
    // Another Python, including one that virtualenv has no wheels for.
    for version in ["3.13", "3.8"] {
        let Some(python) = pyenv(version) else { continue };
        let pip = with(&["-p", python.path.to_str().unwrap()]);
        assert!(pip.iter().any(|name| name.starts_with("pip-")), "{version}: {pip:?}");
        assert!(plugin.scratch.run(plugin.scratch.path("env/bin/pip")).arg("--version").ok().starts_with("pip "));
    }
}

#[test]
fn virtualenv_reports_the_programs_errors() {
    let Some(plugin) = WithPlugin::new() else { return };
    fs::remove_file(program_of(&plugin.scratch.path("tools"), "rvenv")).unwrap();
    let output = plugin.virtualenv().args(["--seeder", "rvenv", "env"]).output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && said.contains("pip install --force-reinstall rvenv-cli"), "{said}");
}
