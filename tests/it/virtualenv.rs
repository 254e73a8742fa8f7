//! virtualenv with rvenv as its seeder.

use std::path::PathBuf;

use crate::harness::*;
use crate::packaging;

/// An environment with rvenv's wheel, and the virtualenv that `tests/fetch` has fetched.
struct WithPlugin {
    scratch: Scratch,
    packages: PathBuf,
}

impl WithPlugin {
    fn new() -> Option<WithPlugin> {
        let (scratch, wheel) = (Scratch::new(), packaging::wheel()?);
        let fetched = peer("python")?;
        let packages = site_packages(fetched.ancestors().nth(2)?);
        scratch.rvenv().arg("-p").arg(&fetched).arg("tools").silent();
        let pip = scratch.run(scratch.path("tools/bin/pip")).args(["--isolated", "--quiet", "install", "--no-index"]);
        pip.arg("--disable-pip-version-check").arg(wheel).silent();
        Some(WithPlugin { scratch, packages })
    }

    fn virtualenv(&self) -> Run {
        let run = self.scratch.run(self.scratch.path("tools/bin/python")).args(["-m", "virtualenv"]);
        let run =
            run.env("PYTHONPATH", &self.packages).env("RVENV_CACHE_DIR", shared_cache()).env_remove("RVENV_PYTHON");
        run.env("VIRTUALENV_APP_DATA", self.scratch.path("data"))
            .env("VIRTUALENV_OVERRIDE_APP_DATA", self.scratch.path("data"))
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
    plugin.virtualenv().arg("env").ok();
    let theirs = plugin.installed();
    assert_eq!(configured(&plugin.scratch.env(), "rvenv"), None);
    plugin.virtualenv().arg("--clear").arg("env").env("VIRTUALENV_SEEDER", "rvenv").ok();
    assert_eq!(plugin.installed(), theirs);
    let env = plugin.scratch.env();
    assert!(configured(&env, "rvenv").is_some() && configured(&env, "virtualenv").is_some());
    assert!(site_packages(&env).join("pip/__pycache__").is_dir());
    let said = plugin.scratch.run(env.join("bin/pip")).arg("--version").ok();
    assert!(theirs.iter().any(|name| said.starts_with(&name.replace("pip-", "pip "))), "{said} {theirs:?}");
    plugin.scratch.rvenv().args(["--check", "env"]).ok();
}

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
    std::fs::remove_file(plugin.scratch.path("tools/bin/rvenv")).unwrap();
    let output = plugin.virtualenv().args(["--seeder", "rvenv", "env"]).output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && said.contains("pip install --force-reinstall rvenv-cli"), "{said}");
}
