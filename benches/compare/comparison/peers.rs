//! The rivals from PyPI, uv and virtualenv, installed once into an environment below the benchmark's directory, with
//! their caches next to it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::comparison::machine;

/// uv and virtualenv. If they could not be installed, their runs fail, and the report shows that.
#[derive(Debug)]
pub struct Peers {
    bin: PathBuf,
    /// The program that is measured.
    pub rvenv: PathBuf,
    /// Whether it comes from a wheel, which includes a seeder for virtualenv.
    pub has_seeder: bool,
    uv_cache: PathBuf,
    /// virtualenv's cache, for warm runs.
    pub app_data: PathBuf,
}

impl Peers {
    /// Installs them below `dir` unless they are there, and this wheel of rvenv.
    pub fn install(dir: &Path, wheel: Option<&Path>) -> Result<Peers> {
        let root = dir.join("peers");
        if !root.join("complete").exists() {
            eprintln!("Installing uv and virtualenv into {}", root.display());
            match install_into(&root) {
                Ok(()) => fs::write(root.join("complete"), "")?,
                Err(error) => eprintln!("Warning: Unable to install uv and virtualenv; their runs will fail: {error}"),
            }
        }
        let (bin, cache) = (root.join("bin"), |name: &str| dir.join("caches").join(name));
        if let Some(wheel) = wheel {
            let mut pip = machine::clean(bin.join("pip"));
            run(pip.args(["--quiet", "install", "--no-index", "--no-deps", "--force-reinstall"]).arg(wheel))?;
        }
        Ok(Peers {
            rvenv: if wheel.is_some() { bin.join("rvenv") } else { env!("CARGO_BIN_EXE_rvenv").into() },
            has_seeder: wheel.is_some(),
            bin,
            uv_cache: cache("uv"),
            app_data: cache("virtualenv"),
        })
    }

    pub fn uv(&self) -> Command {
        let mut command = machine::clean(self.bin.join("uv"));
        command.env("UV_CACHE_DIR", &self.uv_cache);
        command
    }

    /// virtualenv with this cache.
    pub fn virtualenv(&self, app_data: &Path) -> Command {
        let mut command = machine::clean(self.bin.join("virtualenv"));
        command.env("VIRTUALENV_OVERRIDE_APP_DATA", app_data);
        command
    }

    /// Makes uv download what `--seed` needs for this Python, so that later runs need no network.
    pub fn prime(&self, python: &Path, env_dir: &Path) {
        let output = self.uv().args(["venv", "--seed", "-p"]).arg(python).arg(env_dir).output();
        if !output.is_ok_and(|output| output.status.success()) {
            eprintln!("Warning: uv was unable to download pip");
        }
    }

    /// The rivals' names and versions.
    pub fn versions(&self) -> [(&'static str, String); 2] {
        let uv = machine::first_line(self.uv().arg("--version"));
        let python = machine::clean(self.bin.join("python"))
            .args(["-Ic", "import virtualenv; print(virtualenv.__version__)"])
            .output();
        let virtualenv = python.ok().filter(|output| output.status.success()).map(|output| output.stdout);
        let virtualenv = virtualenv.map(|version| String::from_utf8_lossy(&version).trim().to_owned());
        let uv = uv.and_then(|line| line.split_whitespace().nth(1).map(str::to_owned));
        let or_missing = |version: Option<String>| version.unwrap_or_else(|| "missing".to_owned());
        [("uv", or_missing(uv)), ("virtualenv", or_missing(virtualenv))]
    }
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

fn install_into(root: &Path) -> Result<()> {
    run(machine::clean("python3").args(["-m", "venv", "--clear"]).arg(root))?;
    run(machine::clean_with_pip_settings(root.join("bin/pip")).args(["--quiet", "install", "uv", "virtualenv"]))
}
