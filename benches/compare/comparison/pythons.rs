//! The Pythons that environments are created for, and their properties.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::comparison::machine;

/// Prints a Python's properties. The path is its base's executable, since neither a shim nor an environment's link
/// should be measured.
const QUESTION: &str = r#"
import json, os, platform, sys

def version(name, attribute):
    try:
        found = getattr(__import__(name), attribute)
        return found() if callable(found) else found
    except Exception:
        return None

base = os.path.join(sys.base_prefix, "bin", "python%d.%d" % sys.version_info[:2])
path = os.path.realpath(base if os.path.exists(base) else sys.executable)
print(json.dumps({
    "path": path,
    "version": platform.python_version(),
    "implementation": platform.python_implementation(),
    "bundled": version("ensurepip", "version"),
}))
"#;

/// A Python that environments are created for.
#[derive(Debug, Clone)]
pub struct Python {
    /// Its executable, with links resolved.
    pub path: PathBuf,
    pub version: String,
    pub implementation: String,
    /// Whether the installed pip has the same version as the one bundled for environments.
    pub has_bundled_pip: bool,
    /// Its name in pyenv, if it is installed there.
    pub pyenv_name: Option<String>,
}

/// The requested Pythons, or the first `python3` on PATH.
pub fn find(asked: &[PathBuf]) -> Result<Vec<Python>> {
    if asked.is_empty() {
        Ok(vec![Python::ask(Path::new("python3"))?])
    } else {
        asked.iter().map(|name| named(name)).collect()
    }
}

/// Finds a Python by path, or by version with rvenv's own search.
fn named(name: &Path) -> Result<Python> {
    if name.components().count() > 1 {
        return Python::ask(name);
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_rvenv"));
    let output = command.args(["--no-cache", "--list-pythons", "--format", "json", "-p"]).arg(name).output()?;
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap_or_default();
    match found.first().and_then(|python| python["path"].as_str()) {
        Some(path) => Python::ask(Path::new(path)),
        None => bail!("could not find Python {}: {}", name.display(), String::from_utf8_lossy(&output.stderr).trim()),
    }
}

impl Python {
    fn ask(path: &Path) -> Result<Python> {
        let answer = |path: &Path, question: &str| -> Result<String> {
            let output = machine::clean(path).args(["-I", "-c", question]).output();
            let output = output.with_context(|| format!("could not run {}", path.display()))?;
            let stderr = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "could not query {}: {stderr}", path.display());
            Ok(String::from_utf8(output.stdout)?.trim().to_owned())
        };
        let facts: Value = serde_json::from_str(&answer(path, QUESTION)?)?;
        let text = |key: &str| facts[key].as_str().unwrap_or_default().to_owned();
        let path = PathBuf::from(text("path"));
        let own_pip = answer(&path, "import pip; print(pip.__version__)").unwrap_or_default();
        let has_bundled_pip = !own_pip.is_empty() && own_pip == text("bundled");
        let pyenv_name = pyenv_name(&path);
        Ok(Python {
            path,
            version: text("version"),
            implementation: text("implementation"),
            has_bundled_pip,
            pyenv_name,
        })
    }

    /// Whether this Python bundles setuptools.
    pub fn has_setuptools(&self) -> bool {
        let minor = self.version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
        minor.is_some_and(|minor| minor < 12)
    }

    pub fn title(&self) -> String {
        format!("{} {}", self.implementation, self.version)
    }
}

/// The root directory of pyenv.
pub fn pyenv_root() -> PathBuf {
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    env::var_os("PYENV_ROOT").map_or_else(|| home.join(".pyenv"), PathBuf::from)
}

fn pyenv_name(path: &Path) -> Option<String> {
    let versions = pyenv_root().canonicalize().ok()?.join("versions");
    let name = path.strip_prefix(versions).ok()?.components().next()?;
    Some(name.as_os_str().to_str()?.to_owned())
}
