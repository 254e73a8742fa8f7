//! Which Python a request means: looks on PATH, among pyenv's versions, and in other well-known places.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::pyenv::{self, Shim, folders_in, numbers_in};
use super::request::{PythonRequest, VersionRequest};
use super::surroundings::Surroundings;
use super::{Interpreter, memory};
use crate::cache::Cache;
use crate::error::{Error, Quoted, Result};
use crate::native;

/// Finds Pythons, asks them about themselves and remembers what they said.
#[derive(Debug, Clone)]
pub struct Discovery {
    surroundings: Surroundings,
    cache: Cache,
}

/// Where Homebrew keeps its programs, besides `$HOMEBREW_PREFIX`.
const HOMEBREW: [&str; 3] = ["/opt/homebrew", "/usr/local", "/home/linuxbrew/.linuxbrew"];

impl Discovery {
    /// Looks in these surroundings and remembers in this cache.
    pub fn new(surroundings: Surroundings, cache: Cache) -> Discovery {
        Discovery { surroundings, cache }
    }

    /// The Python that `request` means. An environment's Python answers for its base.
    ///
    /// Errors if there is none, if it cannot be run, is older than Python 3.6, or does not answer in time.
    pub fn find(&self, request: &PythonRequest) -> Result<Interpreter> {
        match request {
            PythonRequest::Path(path) => self.ask(&self.program_at(path)),
            PythonRequest::Version(version) => self.find_version(version),
            PythonRequest::Name(name) => self.find_name(name),
            PythonRequest::Default => match self.first_on_path(&["python3", "python"]) {
                Some(path) => self.ask(&path),
                None => Err(no_python("there is neither python3 nor python on PATH".to_owned())),
            },
        }
    }

    /// All Pythons that `request` would be chosen from, in that order, each once.
    pub fn list(&self, request: &PythonRequest) -> Vec<Interpreter> {
        let any = VersionRequest::parse(">=3.6");
        let wanted = match request {
            PythonRequest::Version(version) => Some(version),
            PythonRequest::Default => any.as_ref(),
            PythonRequest::Path(_) | PythonRequest::Name(_) => return self.find(request).into_iter().collect(),
        };
        let mut seen = BTreeSet::new();
        let Some(wanted) = wanted else { return vec![] };
        let found = self.candidates(wanted).into_iter().filter_map(|path| self.ask(&path).ok());
        found.filter(|found| wanted.check(found).is_ok() && seen.insert(found.real_executable.clone())).collect()
    }

    /// Asks the program at an absolute path; a pyenv shim is asked for by the Python that it would run.
    fn ask(&self, path: &Path) -> Result<Interpreter> {
        match pyenv::look(path, &self.surroundings) {
            Shim::Runs(program) => memory::ask(&program, &self.cache),
            Shim::None | Shim::Unclear => memory::ask(path, &self.cache),
        }
    }

    fn first_on_path(&self, names: &[&str]) -> Option<PathBuf> {
        names.iter().find_map(|name| self.surroundings.on_path(OsStr::new(name)).into_iter().next())
    }

    /// The executable of a path: the path itself, or where it is a folder the Python in it.
    fn program_at(&self, path: &Path) -> PathBuf {
        let path = self.surroundings.absolute(path);
        if path.is_dir() { python_in(&path).unwrap_or(path) } else { path }
    }

    /// The first program of this name on PATH, as a shell would run it. Where there is none, or where it is a
    /// shim whose manager has none active, a name with a version in it is a request for that version.
    fn find_name(&self, name: &OsStr) -> Result<Interpreter> {
        let found = self.surroundings.on_path(name).into_iter().next();
        let as_version = name.to_str().and_then(VersionRequest::parse);
        let folder = self.surroundings.absolute(Path::new(name));
        match (found, as_version) {
            (Some(path), Some(version)) if pyenv::look(&path, &self.surroundings) == Shim::Unclear => {
                self.ask(&path).or_else(|error| self.find_version(&version).map_err(|_| error))
            }
            (Some(path), _) => self.ask(&path),
            (None, Some(version)) => self.find_version(&version),
            (None, None) if folder.is_dir() => self.ask(&self.program_at(&folder)),
            (None, None) => Err(no_python(format!("there is no {} on PATH", Quoted(Path::new(name))))),
        }
    }

    fn find_version(&self, version: &VersionRequest) -> Result<Interpreter> {
        let mut unfit = Vec::new();
        for path in self.candidates(version) {
            match self.ask(&path) {
                Ok(interpreter) => match version.check(&interpreter) {
                    Ok(()) => return Ok(interpreter),
                    Err(other) => unfit.push(format!("{} is {other}", Quoted(&path))),
                },
                Err(error) => unfit.push(error.to_string()),
            }
        }
        let looked = "looked on PATH, among the versions of pyenv, uv, asdf, mise and Homebrew, and in /usr/bin";
        let seen = if unfit.is_empty() { "nothing".to_owned() } else { unfit.join("; ") };
        Err(no_python(format!("none is {version}: {looked}, and found {seen}")))
    }

    /// All that may be such a Python, in the order in which they are asked, each path once.
    fn candidates(&self, version: &VersionRequest) -> Vec<PathBuf> {
        let mut candidates = Vec::new();
        for name in version.names() {
            candidates.extend(self.surroundings.on_path(OsStr::new(&name)));
        }
        if version.is_range() {
            candidates.extend(self.versioned_names_on_path());
        }
        candidates.extend(pyenv::installed(&self.surroundings).iter().filter_map(|folder| python_in(folder)));
        candidates.extend(self.managed());
        candidates.extend(self.well_known());
        let mut seen = BTreeSet::new();
        candidates.retain(|path| seen.insert(path.clone()));
        candidates
    }

    /// `python3.N` on PATH, the newest first.
    fn versioned_names_on_path(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for folder in self.surroundings.search_path() {
            let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
            let names = entries.map(|entry| entry.file_name()).filter_map(|name| Some((minor_version(&name)?, name)));
            found.extend(names.map(|(minor, name)| (minor, folder.join(name))));
        }
        found.sort_by_key(|(minor, _)| std::cmp::Reverse(*minor));
        found.into_iter().map(|(_, path)| path).filter(|path| native::may_run(path)).collect()
    }

    /// The Pythons that uv, asdf and mise have installed, the newest first for each.
    fn managed(&self) -> Vec<PathBuf> {
        let of = |variable: &str, default: Option<PathBuf>| self.surroundings.path(variable).or(default);
        let (home, data_home) = (self.surroundings.home(), self.surroundings.data_home());
        let uv = of("UV_PYTHON_INSTALL_DIR", data_home.as_ref().map(|data| data.join("uv/python")));
        let asdf = of("ASDF_DATA_DIR", home.map(|home| home.join(".asdf"))).map(|data| data.join("installs/python"));
        let mise =
            of("MISE_DATA_DIR", data_home.map(|data| data.join("mise"))).map(|data| data.join("installs/python"));
        let mut found = Vec::new();
        for folder in [uv, asdf, mise].into_iter().flatten() {
            let mut versions = folders_in(&folder);
            versions.sort_by_key(|folder| std::cmp::Reverse(numbers_in(folder).1));
            found.extend(versions.iter().filter_map(|folder| python_in(folder)));
        }
        found
    }

    /// Homebrew's Pythons, and those of a system's own folders that are not on PATH.
    fn well_known(&self) -> Vec<PathBuf> {
        let mut prefixes: Vec<PathBuf> = self.surroundings.path("HOMEBREW_PREFIX").into_iter().collect();
        prefixes.extend(HOMEBREW.iter().map(PathBuf::from));
        let mut found = Vec::new();
        for prefix in prefixes {
            let formulas = folders_in(&prefix.join("opt"))
                .into_iter()
                .filter(|folder| folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python@")));
            found.extend(formulas.rev().chain([prefix]).filter_map(|prefix| python_in(&prefix)));
        }
        found.extend(python_in(Path::new("/usr")));
        found
    }
}

/// The executable of an environment or an installation.
fn python_in(folder: &Path) -> Option<PathBuf> {
    let names = ["bin/python3", "bin/python", "bin/pypy3", "bin/graalpy", "Scripts/python.exe", "python.exe"];
    let found = names.iter().map(|name| folder.join(name)).find(|path| native::may_run(path));
    found.or_else(|| {
        // Homebrew's formulas have only `python3.12`.
        let entries = std::fs::read_dir(folder.join("bin")).ok()?.flatten();
        entries.map(|entry| entry.path()).find(|path| path.file_name().and_then(minor_version).is_some())
    })
}

/// 12, of `python3.12` and `python3.12t`.
fn minor_version(name: &OsStr) -> Option<u32> {
    let minor = name.to_str()?.strip_prefix("python3.")?;
    minor.strip_suffix('t').unwrap_or(minor).parse().ok()
}

fn no_python(reason: String) -> Error {
    Error::NoPython { reason: format!("{reason}; name one with --python PATH") }
}
