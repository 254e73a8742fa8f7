//! Which Python a request means: looks on PATH, in the registry, among the installations of other tools, and in /usr/bin.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::installation::{pythons_in, versioned_pythons};
use super::listing::Found;
use super::managers::{self, Shim, is_batch, resolve_shim};
use super::memory;
use super::metadata::Interpreter;
use super::request::{PythonRequest, VersionRequest};
use super::stand_ins::{is_apples, is_stand_in};
use super::surroundings::Surroundings;
use crate::cache::Cache;
use crate::error::{Error, Quoted, Result};
use crate::interrupt::Interrupt;
use crate::os;
use crate::platform::Platform;

/// Finds Pythons, asks them about themselves and remembers what they said.
#[derive(Debug, Clone)]
pub struct Discovery {
    surroundings: Surroundings,
    cache: Cache,
    interrupt: Interrupt,
}

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
    /// # Errors
    ///
    /// [`Error::NoPython`] if there is none; [`Error::Python`] if it cannot be run, is older than Python 3.6, or does not
    /// answer within 30 seconds; [`Error::Interrupted`].
    pub fn find(&self, request: &PythonRequest) -> Result<Interpreter> {
        match request {
            PythonRequest::Path(path) => self.ask(&self.program_at(path)?),
            PythonRequest::Version(version) => self.find_version(version),
            PythonRequest::Name(name) => self.find_name(name),
            PythonRequest::Default => self.find_default(),
        }
    }

    /// All Pythons that `request` would be chosen from, in that order, each once.
    ///
    /// # Errors
    ///
    /// [`Error::NoPython`] if there is none, with what was found instead; [`Error::Interrupted`].
    pub fn list(&self, request: &PythonRequest) -> Result<Vec<Interpreter>> {
        match request {
            PythonRequest::Version(version) => self.search(version, usize::MAX),
            PythonRequest::Default => self.search(&VersionRequest::any(), usize::MAX),
            PythonRequest::Path(_) | PythonRequest::Name(_) => self.find(request).map(|found| vec![found]),
        }
    }

    /// Asks the program at an absolute path; a pyenv shim is asked for by the Python that it would run.
    fn ask(&self, path: &Path) -> Result<Interpreter> {
        if is_apples(path, &self.surroundings) {
            let reason = "it is Apple's, and stands in for tools that `xcode-select --install` installs".to_owned();
            return Err(Error::Python { python: path.to_owned(), reason });
        }
        match resolve_shim(path, &self.surroundings) {
            Shim::Runs(program) => memory::ask(&program, &self.cache, &self.interrupt),
            Shim::None | Shim::Unclear => memory::ask(path, &self.cache, &self.interrupt),
            Shim::RunsNothing => {
                let reason = "it is a shim of pyenv's, and none of the active versions has it".to_owned();
                Err(Error::Python { python: path.to_owned(), reason })
            }
        }
    }

    /// The first on PATH; on Windows, if there is none, the newest that is registered, as the launcher `py` has it.
    fn find_default(&self) -> Result<Interpreter> {
        let mut unfit = Vec::new();
        for path in ["python3", "python"].iter().flat_map(|name| self.on_path(OsStr::new(name))) {
            match self.ask(&path) {
                Err(error @ Error::Python { .. }) if is_stand_in(&path, &self.surroundings) => {
                    unfit.push(error.to_string())
                }
                asked => return asked,
            }
        }
        for path in managers::registered() {
            match self.ask(&path) {
                // What was registered once may not work any more.
                Err(error @ Error::Python { .. }) => unfit.push(error.to_string()),
                asked => return asked,
            }
        }
        let nowhere = match self.surroundings.platform() {
            Platform::Posix => "there is neither python3 nor python on PATH",
            Platform::Nt => "there is neither python3 nor python on PATH, and none is registered",
        };
        Err(no_python([vec![nowhere.to_owned()], unfit].concat().join("; ")))
    }

    /// The programs of this name on PATH that can be asked: no batch file, unless it is a shim.
    fn on_path(&self, name: &OsStr) -> Vec<PathBuf> {
        let is_to_ask = |path: &PathBuf| !is_batch(path) || resolve_shim(path, &self.surroundings) != Shim::None;
        self.surroundings.on_path(name).into_iter().filter(is_to_ask).collect()
    }

    /// The executable of a path: the path itself, or if it is a directory the Python in it. Where there is nothing, that of
    /// a company's tag in the registry.
    fn program_at(&self, path: &Path) -> Result<PathBuf> {
        let absolute = self.surroundings.absolute(path)?;
        if absolute.is_dir() {
            return pythons_in(&absolute).into_iter().next().unwrap_or(Ok(absolute));
        }
        let registered = if os::is_there(&absolute) { None } else { managers::executable_of_tag(path) };
        Ok(registered.unwrap_or(absolute))
    }

    /// What a name means: one with a version in it is also a request for that version.
    fn find_name(&self, name: &OsStr) -> Result<Interpreter> {
        if name.is_empty() {
            return Err(no_python("its name is empty".to_owned()));
        }
        let program = self.on_path(name).into_iter().next();
        match name.to_str().and_then(VersionRequest::parse) {
            Some(version) => self.find_versioned(program, &version),
            None => self.find_unversioned(name, program),
        }
    }

    /// The program that is called `python3.12`. If there is none, or if it is a shim whose manager has none active, any
    /// Python of that version.
    fn find_versioned(&self, program: Option<PathBuf>, version: &VersionRequest) -> Result<Interpreter> {
        let Some(program) = program else { return self.find_version(version) };
        match resolve_shim(&program, &self.surroundings) {
            Shim::RunsNothing => self.find_version(version),
            Shim::None if is_stand_in(&program, &self.surroundings) => {
                self.ask(&program).or_else(|error| match error {
                    Error::Python { .. } => self.find_version(version),
                    error => Err(error),
                })
            }
            Shim::None | Shim::Runs(_) => self.ask(&program),
            Shim::Unclear => match self.ask(&program) {
                // The shim says better than the search why there is none.
                Err(error @ Error::Python { .. }) => match self.find_version(version) {
                    Err(Error::NoPython { .. }) => Err(error),
                    found => found,
                },
                asked => asked,
            },
        }
    }

    /// The program of this name, as a shell would run it. An environment here is meant by its name, even if there is a
    /// program called `env`; another directory here, if there is no such program.
    fn find_unversioned(&self, name: &OsStr, program: Option<PathBuf>) -> Result<Interpreter> {
        // Without a current directory, nothing is here.
        let here = self.surroundings.absolute(Path::new(name)).ok().filter(|here| here.is_dir());
        match (here, program) {
            (Some(here), _) if here.join("pyvenv.cfg").is_file() => self.ask(&self.program_at(&here)?),
            (_, Some(program)) => self.ask(&program),
            (Some(here), None) => self.ask(&self.program_at(&here)?),
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
        for candidate in self.candidates(version) {
            self.interrupt.check()?;
            match candidate.and_then(|path| Ok((self.ask(&path)?, path))) {
                Ok((interpreter, path)) => match version.check(&interpreter) {
                    Ok(()) if seen.insert(os::folded(interpreter.real_executable.as_os_str())) => fit.push(interpreter),
                    Ok(()) => {}
                    Err(other) => unfit.push(format!("{} is {other}", Quoted(&path))),
                },
                Err(Error::Interrupted) => return Err(Error::Interrupted),
                Err(error) => unfit.push(error.to_string()),
            }
            if fit.len() == most {
                break;
            }
        }
        if !fit.is_empty() {
            return Ok(fit);
        }
        let looked = match self.surroundings.platform() {
            Platform::Posix => {
                "looked on PATH, among the versions of pyenv, uv, asdf, mise and Homebrew, and in /usr/bin"
            }
            Platform::Nt => {
                "looked on PATH, in the registry, and among the versions of python.org, pyenv-win, uv and mise"
            }
        };
        let seen = if unfit.is_empty() { "nothing".to_owned() } else { unfit.join("; ") };
        Err(no_python(format!("none is {version}: {looked}, and found {seen}")))
    }

    /// All that may be such a Python, in the order in which they are asked, each path once.
    fn candidates(&self, version: &VersionRequest) -> Found {
        let mut candidates = Vec::new();
        for name in version.names() {
            candidates.extend(self.on_path(OsStr::new(&name)).into_iter().map(Ok));
        }
        if version.is_range() {
            for stem in version.stems() {
                candidates.extend(self.versioned_on_path(stem));
            }
        }
        candidates.extend(managers::registered().into_iter().map(Ok));
        for installation in managers::installations(&self.surroundings) {
            match installation {
                Ok(prefix) => candidates.extend(pythons_in(&prefix)),
                Err(error) => candidates.push(Err(error)),
            }
        }
        if self.surroundings.platform() == Platform::Posix {
            candidates.extend(pythons_in(Path::new("/usr")));
        }
        // A directory that is reached by two names (/bin is /usr/bin) is looked into once.
        let mut seen = BTreeSet::new();
        let place = |path: &PathBuf| Some((path.parent()?.canonicalize().ok()?, os::folded(path.file_name()?)));
        candidates.retain(|candidate| candidate.as_ref().map_or(true, |path| seen.insert(place(path))));
        candidates
    }

    /// `python3.N` on PATH, for the stem `python`, the newest first.
    fn versioned_on_path(&self, stem: &str) -> Found {
        let (mut found, mut unreadable) = (Vec::new(), Vec::new());
        for directory in self.surroundings.search_path() {
            match versioned_pythons(&directory, stem) {
                Ok(pythons) => found.extend(pythons),
                Err(error) => unreadable.push(Err(error)),
            }
        }
        found.sort_by_key(|(minor, _)| Reverse(*minor));
        found.into_iter().map(|(_, path)| Ok(path)).chain(unreadable).collect()
    }
}

fn no_python(reason: String) -> Error {
    Error::NoPython { reason: format!("{reason}; name one with --python PATH") }
}
