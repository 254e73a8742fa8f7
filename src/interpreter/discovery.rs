//! Which Python a request means: looks on PATH, among pyenv's versions, and in other well-known places.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use same_file::is_same_file;

use super::pyenv::{self, Shim, digits, folders_in, numbers_in};
use super::request::{PythonRequest, VersionRequest};
use super::surroundings::Surroundings;
use super::{Interpreter, memory};
use crate::cache::Cache;
use crate::error::{Error, Quoted, Result};
use crate::interrupt::Interrupt;
use crate::os;

/// Finds Pythons, asks them about themselves and remembers what they said.
#[derive(Debug, Clone)]
pub struct Discovery {
    surroundings: Surroundings,
    cache: Cache,
    interrupt: Interrupt,
}

/// Where Homebrew keeps its programs, besides `$HOMEBREW_PREFIX`.
const HOMEBREW: [&str; 3] = ["/opt/homebrew", "/usr/local", "/home/linuxbrew/.linuxbrew"];

impl Discovery {
    /// Looks in these surroundings and remembers in this cache.
    pub fn new(surroundings: Surroundings, cache: Cache) -> Discovery {
        Discovery { surroundings, cache, interrupt: Interrupt::default() }
    }

    /// Has `interrupt` end the asking.
    pub fn with_interrupt(mut self, interrupt: Interrupt) -> Discovery {
        self.interrupt = interrupt;
        self
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
    ///
    /// Errors if there is none, with what was seen instead.
    pub fn list(&self, request: &PythonRequest) -> Result<Vec<Interpreter>> {
        match request {
            PythonRequest::Version(version) => self.search(version, usize::MAX),
            PythonRequest::Default => self.search(&VersionRequest::any(), usize::MAX),
            PythonRequest::Path(_) | PythonRequest::Name(_) => self.find(request).map(|found| vec![found]),
        }
    }

    /// Asks the program at an absolute path; a pyenv shim is asked for by the Python that it would run.
    fn ask(&self, path: &Path) -> Result<Interpreter> {
        match pyenv::look(path, &self.surroundings) {
            Shim::Runs(program) => memory::ask(&program, &self.cache, &self.interrupt),
            Shim::None | Shim::Unclear => memory::ask(path, &self.cache, &self.interrupt),
            Shim::RunsNothing => {
                let reason = "it is a shim of pyenv's, and none of the active versions has it".to_owned();
                Err(Error::Python { python: path.to_owned(), reason })
            }
        }
    }

    fn first_on_path(&self, names: &[&str]) -> Option<PathBuf> {
        names.iter().find_map(|name| self.surroundings.on_path(OsStr::new(name)).into_iter().next())
    }

    /// The executable of a path: the path itself, or where it is a folder the Python in it.
    fn program_at(&self, path: &Path) -> PathBuf {
        let path = self.surroundings.absolute(path);
        if path.is_dir() { pythons_in(&path).into_iter().next().unwrap_or(path) } else { path }
    }

    /// The first program of this name on PATH, as a shell would run it. Where there is none, or where it is a shim
    /// whose manager has none active, a name with a version in it is a request for that version. An environment here
    /// is meant by its name, even if there is a program called `env`.
    fn find_name(&self, name: &OsStr) -> Result<Interpreter> {
        let as_version = name.to_str().and_then(VersionRequest::parse);
        let folder = self.surroundings.absolute(Path::new(name));
        if as_version.is_none() && folder.join("pyvenv.cfg").is_file() {
            return self.ask(&self.program_at(&folder));
        }
        match (self.surroundings.on_path(name).into_iter().next(), as_version) {
            (Some(path), Some(version)) => match pyenv::look(&path, &self.surroundings) {
                Shim::RunsNothing => self.find_version(&version),
                Shim::Unclear => self.ask(&path).or_else(|error| self.find_version(&version).map_err(|_| error)),
                Shim::None | Shim::Runs(_) => self.ask(&path),
            },
            (Some(path), None) => self.ask(&path),
            (None, Some(version)) => self.find_version(&version),
            (None, None) if folder.is_dir() => self.ask(&self.program_at(&folder)),
            (None, None) => {
                Err(no_python(format!("there is no {} on PATH, and it is no version", Quoted(Path::new(name)))))
            }
        }
    }

    fn find_version(&self, version: &VersionRequest) -> Result<Interpreter> {
        let found = self.search(version, 1)?;
        found.into_iter().next().ok_or_else(|| no_python(format!("none is {version}")))
    }

    /// The first `most` Pythons that are as asked for, by asking one candidate after the other. Errors if there is none.
    fn search(&self, version: &VersionRequest, most: usize) -> Result<Vec<Interpreter>> {
        let (mut fit, mut unfit, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        for path in self.candidates(version) {
            match self.ask(&path) {
                Ok(interpreter) => match version.check(&interpreter) {
                    Ok(()) if seen.insert(interpreter.real_executable.clone()) => fit.push(interpreter),
                    Ok(()) => {}
                    Err(other) => unfit.push(format!("{} is {other}", Quoted(&path))),
                },
                Err(error) => unfit.push(error.to_string()),
            }
            if fit.len() == most {
                break;
            }
        }
        if !fit.is_empty() {
            return Ok(fit);
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
            candidates.extend(self.versioned_names_on_path(&version.stems()));
        }
        candidates.extend(pyenv::installed(&self.surroundings).iter().flat_map(|folder| pythons_in(folder)));
        candidates.extend(self.managed());
        candidates.extend(self.well_known());
        // A folder that is reached by two names (/bin is /usr/bin) is looked into once.
        let mut seen = BTreeSet::new();
        let place = |path: &Path| Some((path.parent()?.canonicalize().ok()?, path.file_name()?.to_owned()));
        candidates.retain(|path| seen.insert(place(path)));
        candidates
    }

    /// `python3.N` on PATH, the newest first, for each of the names before the version.
    fn versioned_names_on_path(&self, stems: &[&str]) -> Vec<PathBuf> {
        let folders = self.surroundings.search_path();
        let newest_first = |stem: &&str| {
            let mut found: Vec<_> = folders.iter().flat_map(|folder| versioned_names(folder, stem)).collect();
            found.sort_by_key(|(minor, _)| std::cmp::Reverse(*minor));
            found
        };
        stems.iter().flat_map(newest_first).map(|(_, path)| path).collect()
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
            found.extend(versions.iter().flat_map(|folder| pythons_in(folder)));
        }
        found
    }

    /// Homebrew's Pythons, and those of a system's own folders that are not on PATH.
    fn well_known(&self) -> Vec<PathBuf> {
        let mut prefixes: Vec<PathBuf> = self.surroundings.path("HOMEBREW_PREFIX").into_iter().collect();
        prefixes.extend(HOMEBREW.iter().map(PathBuf::from));
        let mut found = Vec::new();
        for prefix in prefixes {
            let mut formulas = folders_in(&prefix.join("opt"));
            formulas
                .retain(|folder| folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python@")));
            formulas.sort_by_key(|folder| std::cmp::Reverse(numbers_in(folder).1));
            found.extend(formulas.into_iter().chain([prefix]).flat_map(|prefix| pythons_in(&prefix)));
        }
        found.extend(pythons_in(Path::new("/usr")));
        found
    }
}

/// The executables of an environment or an installation: the one that it calls Python, and those with a version in
/// their names, since several installations can share a prefix, and Homebrew's formulas have no other.
fn pythons_in(folder: &Path) -> Vec<PathBuf> {
    let names = ["bin/python3", "bin/python", "bin/pypy3", "bin/graalpy", "Scripts/python.exe", "python.exe"];
    let first = names.iter().map(|name| folder.join(name)).find(|path| os::may_run(path));
    let mut versioned = versioned_names(&folder.join("bin"), "python");
    versioned.sort_by_key(|(minor, _)| std::cmp::Reverse(*minor));
    let mut pythons: Vec<PathBuf> = first.into_iter().collect();
    for path in versioned.into_iter().map(|(_, path)| path) {
        if !pythons.iter().any(|python| is_same_file(python, &path).unwrap_or(false)) {
            pythons.push(path);
        }
    }
    pythons
}

/// The programs called `python3.N` or `python3.Nt`, for `stem` python, in a folder, each with its N.
fn versioned_names(folder: &Path, stem: &str) -> Vec<(u32, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let minor = |name: &OsStr| {
        let minor = name.to_str()?.strip_prefix(stem)?.strip_prefix("3.")?;
        digits(minor.strip_suffix('t').unwrap_or(minor))
    };
    let named = entries.filter_map(|entry| Some((minor(&entry.file_name())?, entry.path())));
    named.filter(|(_, path)| os::may_run(path)).collect()
}

fn no_python(reason: String) -> Error {
    Error::NoPython { reason: format!("{reason}; name one with --python PATH") }
}
