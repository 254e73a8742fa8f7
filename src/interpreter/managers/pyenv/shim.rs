//! Which Python a shim of pyenv's would run, found without running it.
//!
//! A shim is a bash script that starts several others, some 100 ms each time. The rules here are those of `pyenv-exec`
//! and `pyenv-which`. Where they ask for something that is not certain to be understood here (a hook, an odd version
//! name) the answer is [`Shim::Unclear`], and the shim is run.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::hooks;
use super::version_name::{Ask, active_versions};
use crate::interpreter::surroundings::Surroundings;
use crate::os;

/// What is known of a program on PATH.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::interpreter) enum Shim {
    /// It is no shim of pyenv's.
    None,
    /// It is one, and runs this program.
    Runs(PathBuf),
    /// It is one, and no active version has the program.
    RunsNothing,
    /// It is one, and has to be run to know.
    Unclear,
}

/// Looks at the program at `path`, a script in bash.
pub(super) fn resolve(path: &Path, surroundings: &Surroundings) -> Shim {
    let Some(pyenv) = Pyenv::of_shim(path) else { return Shim::None };
    match pyenv.which(path.file_name().unwrap_or_default(), surroundings) {
        Ok(Some(program)) => Shim::Runs(program),
        Ok(None) => Shim::RunsNothing,
        Err(Ask) => Shim::Unclear,
    }
}

/// One installation of pyenv, as a shim of its names it.
struct Pyenv {
    root: PathBuf,
    /// Where pyenv itself is installed; often the same.
    prefix: PathBuf,
}

impl Pyenv {
    /// The pyenv that the program at `path` is a shim of, if it is one as `pyenv rehash` writes it.
    fn of_shim(path: &Path) -> Option<Pyenv> {
        let directory = path.parent()?;
        if !directory.ends_with("shims") {
            return None;
        }
        let text = fs::read_to_string(path).ok()?;
        let root = PathBuf::from(within_a_line(&text, "export PYENV_ROOT=\"", "\"")?);
        let pyenv = Path::new(within_a_line(&text, "exec \"", "\" exec \"$program\" \"$@\"")?);
        // A shim in a directory of its own tells pyenv so, which changes what `system` means.
        if directory != root.join("shims") {
            return None;
        }
        let prefix = pyenv.ancestors().nth(2).unwrap_or(&root).to_owned();
        Some(Pyenv { root, prefix })
    }

    /// `pyenv-which`: the program in the first active version that has it, else on the rest of PATH.
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
        // A hook looks further for what an environment among the versions does not have.
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

/// What a line has between these two ends, on the first one that has both.
fn within_a_line<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(start)?.strip_suffix(end))
}
