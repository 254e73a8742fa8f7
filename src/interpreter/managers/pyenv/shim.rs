//! Finds out which Python a pyenv shim would run, without running it.
//!
//! A shim is a bash script that starts several others, which takes some 100 ms each time. The rules here are those of
//! `pyenv-exec` and `pyenv-which`. Where something may be misunderstood here (a hook, an unusual version name), the
//! result is [`Shim::Unclear`], and the shim is run.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::hooks;
use super::version_name::{Ask, active_versions};
use crate::interpreter::surroundings::Surroundings;
use crate::os;

/// What is known about a program on PATH.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::interpreter) enum Shim {
    /// It is not a pyenv shim.
    None,
    /// It is a shim that runs this program.
    Runs(PathBuf),
    /// It is a shim, but no active version has the program.
    RunsNothing,
    /// It is a shim that has to be run to find out.
    Unclear,
}

/// Finds out what the program at `path` would run. A shim is a bash script.
pub(super) fn resolve(path: &Path, surroundings: &Surroundings) -> Shim {
    let Some(pyenv) = Pyenv::of_shim(path) else { return Shim::None };
    match pyenv.which(path.file_name().unwrap_or_default(), surroundings) {
        Ok(Some(program)) => Shim::Runs(program),
        Ok(None) => Shim::RunsNothing,
        Err(Ask) => Shim::Unclear,
    }
}

/// An installation of pyenv, as one of its shims refers to it.
struct Pyenv {
    root: PathBuf,
    /// Where pyenv itself is installed; often the same directory.
    prefix: PathBuf,
}

impl Pyenv {
    /// The pyenv that the program at `path` belongs to, if it is a shim as written by `pyenv rehash`.
    fn of_shim(path: &Path) -> Option<Pyenv> {
        let directory = path.parent()?;
        if !directory.ends_with("shims") {
            return None;
        }
        let text = fs::read_to_string(path).ok()?;
        let root = PathBuf::from(within_a_line(&text, "export PYENV_ROOT=\"", "\"")?);
        let pyenv = Path::new(within_a_line(&text, "exec \"", "\" exec \"$program\" \"$@\"")?);
        // A shim in another directory passes that directory to pyenv, which changes what `system` means.
        if directory != root.join("shims") {
            return None;
        }
        let prefix = pyenv.ancestors().nth(2).unwrap_or(&root).to_owned();
        Some(Pyenv { root, prefix })
    }

    /// As `pyenv-which`: the program in the first active version that has it, else on the rest of PATH.
    fn which(&self, program: &OsStr, surroundings: &Surroundings) -> Result<Option<PathBuf>, Ask> {
        let starts_nowhere = |directory: &OsStr| !directory.is_empty() && !Path::new(directory).is_dir();
        if surroundings.var("PYENV_DIR").is_some_and(|directory| starts_nowhere(directory)) {
            return Err(Ask);
        }
        match hooks::are_harmless(&self.root, &self.prefix, surroundings) {
            Ok(true) => {}
            Ok(false) | Err(_) => return Err(Ask),
        }
        let versions = active_versions(&self.root, surroundings)?;
        for version in &versions {
            let found = match version.as_str() {
                "system" => self.on_the_rest_of_path(program, surroundings),
                version => Some(self.bin_of(version).join(program)).filter(|path| os::may_run(path)),
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        let found = self.on_the_rest_of_path(program, surroundings);
        // If a version is an environment without the program, a hook looks for it elsewhere.
        if found.is_none() && versions.iter().any(|version| self.bin_of(version).join("activate").exists()) {
            return Err(Ask);
        }
        Ok(found)
    }

    fn bin_of(&self, version: &str) -> PathBuf {
        self.root.join("versions").join(version).join("bin")
    }

    /// The program as `command -v` finds it on PATH without pyenv's shims.
    fn on_the_rest_of_path(&self, program: &OsStr, surroundings: &Surroundings) -> Option<PathBuf> {
        let shims = self.root.join("shims");
        surroundings.on_path(program).into_iter().find(|path| path.parent() != Some(&shims))
    }
}

/// The text between `start` and `end` on the first line that has both.
fn within_a_line<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(start)?.strip_suffix(end))
}
