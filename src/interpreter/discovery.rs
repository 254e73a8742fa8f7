//! Finds the Python that a request means: on PATH, in the registry, among other tools' installations, and in /usr/bin.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::iter;
use std::path::{Path, PathBuf};

use super::cached;
use super::installation::{Found, pythons_in, versioned_pythons};
use super::managers::{self, Shim, is_batch, resolve_shim};
use super::metadata::Interpreter;
use super::placeholders::{decides_by, lack_tools};
use super::request::{PythonRequest, VersionRequest};
use super::surroundings::Surroundings;
use crate::cache::Cache;
use crate::error::{Error, Quoted, Result};
use crate::interrupt::Interrupt;
use crate::os;
use crate::platform::Platform;

/// Finds Pythons, queries their metadata, and keeps it in a cache.
#[derive(Debug, Clone)]
pub struct Discovery {
    surroundings: Surroundings,
    cache: Cache,
    interrupt: Interrupt,
}

impl Discovery {
    /// Returns a `Discovery` that searches these surroundings, without a cache or an interrupt.
    pub fn new(surroundings: Surroundings) -> Discovery {
        Discovery { surroundings, cache: Cache::none(), interrupt: Interrupt::default() }
    }

    /// Keeps metadata in `cache`.
    pub fn cache(mut self, cache: Cache) -> Discovery {
        self.cache = cache;
        self
    }

    /// Lets `interrupt` stop the search.
    pub fn interrupt(mut self, interrupt: Interrupt) -> Discovery {
        self.interrupt = interrupt;
        self
    }

    /// Returns the Python that `request` means. If that is an environment's Python, its base is returned.
    ///
    /// # Errors
    ///
    /// [`Error::NoPython`] if there is none; [`Error::Python`] if it cannot be run, is older than Python 3.6, or does
    /// not respond within 30 seconds; [`Error::Interrupted`] if it was stopped.
    pub fn find(&self, request: &PythonRequest) -> Result<Interpreter> {
        match request {
            PythonRequest::Path(path) => self.query(&self.program_at(path)?),
            PythonRequest::Version(version) => self.find_version(version),
            PythonRequest::Name(name) => self.find_name(name),
            PythonRequest::Default => self.find_default(),
        }
    }

    /// Returns all Pythons from which `request` could choose, in order of preference, each once.
    ///
    /// # Errors
    ///
    /// [`Error::NoPython`] if there is none, with what was found instead; [`Error::Interrupted`] if it was stopped.
    pub fn list(&self, request: &PythonRequest) -> Result<Vec<Interpreter>> {
        match request {
            PythonRequest::Version(version) => self.search(version, usize::MAX),
            PythonRequest::Default => self.search(&VersionRequest::any(), usize::MAX),
            PythonRequest::Path(_) | PythonRequest::Name(_) => self.find(request).map(|found| vec![found]),
        }
    }

    /// Queries the program at an absolute path, or if that is a pyenv shim, the Python that it would run.
    fn query(&self, path: &Path) -> Result<Interpreter> {
        let unfit = |reason: &str| Err(Error::Python { python: path.to_owned(), reason: reason.to_owned() });
        let program = match resolve_shim(path, &self.surroundings) {
            Shim::None | Shim::Unclear => path.to_owned(),
            Shim::Runs(program) => program,
            Shim::RunsNothing => {
                return unfit("it is a pyenv shim, and no active version provides it; pass --python VERSION");
            }
        };
        let decides_by = decides_by(&program, &self.surroundings);
        if decides_by.as_deref().is_some_and(lack_tools) {
            return unfit("it is Apple's placeholder for tools that are not installed; run `xcode-select --install`");
        }
        cached::query(&program, decides_by.as_deref(), &self.cache, &self.interrupt)
    }

    /// The first on PATH of the usual name, or else the other; on Windows then the newest registered, in `py`'s order.
    fn find_default(&self) -> Result<Interpreter> {
        let mut unfit = Vec::new();
        let names = self.surroundings.platform.suffixes().map(|suffix| format!("python{suffix}"));
        let on_path = names.iter().flat_map(|name| self.on_path(OsStr::new(name))).map(|path| (path, false));
        let registered = iter::once_with(managers::registered).flatten().map(|path| (path, true));
        for (path, is_registered) in on_path.chain(registered) {
            match self.query(&path) {
                // A registered Python may no longer work.
                Err(error @ Error::Python { .. })
                    if is_registered || decides_by(&path, &self.surroundings).is_some() =>
                {
                    unfit.push(error.to_string());
                }
                queried => return queried,
            }
        }
        let nowhere = match self.surroundings.platform {
            Platform::Posix => "neither python3 nor python is on PATH",
            Platform::Nt => "neither python3 nor python is on PATH, and no Python is registered",
        };
        Err(no_python([vec![nowhere.to_owned()], unfit].concat().join("; ")))
    }

    /// The programs of this name on PATH that can be queried. Batch files are left out, unless they are shims.
    fn on_path(&self, name: &OsStr) -> Vec<PathBuf> {
        let is_queried = |path: &PathBuf| !is_batch(path) || resolve_shim(path, &self.surroundings) != Shim::None;
        self.surroundings.on_path(name).into_iter().filter(is_queried).collect()
    }

    /// The executable that a path means: the path itself, or the Python in it if it is a directory, such as an
    /// environment or its bin. If the path does not exist, it may be a `COMPANY/TAG` in the registry.
    fn program_at(&self, path: &Path) -> Result<PathBuf> {
        let absolute = self.surroundings.absolute(path)?;
        if absolute.is_dir() {
            let above = absolute.parent().filter(|_| ["bin", "Scripts"].iter().any(|bin| absolute.ends_with(bin)));
            let mut pythons = [Some(&*absolute), above].into_iter().flatten().flat_map(pythons_in);
            return pythons.next().unwrap_or_else(|| Ok(absolute.clone()));
        }
        let registered = if os::exists(&absolute) { None } else { managers::executable_of_tag(path) };
        Ok(registered.unwrap_or(absolute))
    }

    /// The Python that a name means. A name with a version in it is also a request for that version.
    fn find_name(&self, name: &OsStr) -> Result<Interpreter> {
        if name.is_empty() {
            return Err(Error::NoPython { reason: "--python is empty; pass a path, a name or a version".to_owned() });
        }
        let program = self.on_path(name).into_iter().next();
        match name.to_str().map(str::parse) {
            Some(Ok(version)) => self.find_versioned(program, &version),
            _ => self.find_unversioned(name, program),
        }
    }

    /// The program called `python3.12`, say. If there is none, or if it is a shim or a placeholder and does not start
    /// one, any Python of that version.
    fn find_versioned(&self, program: Option<PathBuf>, version: &VersionRequest) -> Result<Interpreter> {
        let Some(program) = program else { return self.find_version(version) };
        let shim = resolve_shim(&program, &self.surroundings);
        let is_that = matches!(shim, Shim::None | Shim::Runs(_)) && decides_by(&program, &self.surroundings).is_none();
        match self.query(&program) {
            Err(error @ Error::Python { .. }) if !is_that => match self.find_version(version) {
                // The shim's error explains better than the search's why there is none.
                Err(Error::NoPython { .. }) if shim == Shim::Unclear => Err(error),
                found => found,
            },
            queried => queried,
        }
    }

    /// The program of this name, as a shell would run it. An environment of this name in the current directory takes
    /// precedence (`env` is also a program); any other directory is used only if there is no such program.
    fn find_unversioned(&self, name: &OsStr, program: Option<PathBuf>) -> Result<Interpreter> {
        // There may be no current directory.
        let here = self.surroundings.absolute(Path::new(name)).ok().filter(|here| here.is_dir());
        match (here, program) {
            (Some(here), program) if program.is_none() || here.join("pyvenv.cfg").is_file() => {
                self.query(&self.program_at(&here)?)
            }
            (_, Some(program)) => self.query(&program),
            (_, None) => {
                let is_like_one = name.as_encoded_bytes().first().is_some_and(u8::is_ascii_digit);
                let hint = if is_like_one { " such as 3.12, 3.13t or '>=3.10'" } else { "" };
                Err(no_python(format!("{} is neither a program on PATH nor a version{hint}", Quoted(Path::new(name)))))
            }
        }
    }

    fn find_version(&self, version: &VersionRequest) -> Result<Interpreter> {
        let found = self.search(version, 1)?;
        found.into_iter().next().ok_or_else(|| no_python(format!("none matches {version}")))
    }

    /// The first `most` Pythons that match. Queries one candidate after the other, and fails if none matches.
    fn search(&self, version: &VersionRequest, most: usize) -> Result<Vec<Interpreter>> {
        let (mut fit, mut others, mut unfit) = (Vec::<Interpreter>::new(), Vec::new(), Vec::new());
        for candidate in self.candidates(version) {
            self.interrupt.check()?;
            match candidate.and_then(|path| self.query(&path)) {
                Ok(interpreter) => match version.check(&interpreter) {
                    Ok(()) if fit.iter().any(|known| is_same(known, &interpreter)) => {}
                    Ok(()) => fit.push(interpreter),
                    Err(other) if others.contains(&other) => {}
                    Err(other) => others.push(other),
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
        let looked = match self.surroundings.platform {
            Platform::Posix => "searched PATH, the installations of pyenv, uv, asdf, mise and Homebrew, and /usr/bin",
            Platform::Nt => "searched PATH, the registry, and the installations of python.org, pyenv-win, uv and mise",
        };
        let found = match &others[..] {
            [] => "nothing".to_owned(),
            others => format!("{} (`rvenv --list-pythons` shows where)", others.join(", ")),
        };
        let reasons = [vec![format!("none matches {version}: {looked}; found: {found}")], unfit].concat();
        Err(no_python(reasons.join("; ")))
    }

    /// The paths that may be such a Python, in the order in which to query them, each once.
    fn candidates(&self, version: &VersionRequest) -> Found {
        let mut candidates = Vec::new();
        for name in version.names(self.surroundings.platform) {
            candidates.extend(self.on_path(OsStr::new(&name)).into_iter().map(Ok));
        }
        if version.is_range() {
            for stem in version.stems() {
                candidates.extend(versioned_pythons(self.surroundings.search_path(), stem));
            }
        }
        candidates.extend(managers::registered().into_iter().map(Ok));
        for installation in managers::installations(&self.surroundings) {
            candidates.extend(installation.map_or_else(|error| vec![Err(error)], |prefix| pythons_in(&prefix)));
        }
        if self.surroundings.platform == Platform::Posix {
            candidates.extend(pythons_in(Path::new("/usr")));
        }
        // A directory with two names (/bin is /usr/bin) counts once. No program is looked for that has a capital letter.
        let mut seen = BTreeSet::new();
        let place =
            |path: &PathBuf| Some((path.parent()?.canonicalize().ok()?, path.file_name()?.to_ascii_lowercase()));
        candidates.retain(|candidate| candidate.as_ref().map_or(true, |path| seen.insert(place(path))));
        candidates
    }
}

/// Whether both are the same file. Hard links in two installations are two Pythons.
fn is_same(one: &Interpreter, other: &Interpreter) -> bool {
    let (one, other) = (&one.real_executable, &other.real_executable);
    one == other
        || os::is_same(one, other)
            && one.parent().zip(other.parent()).is_some_and(|(one, other)| os::is_same(one, other))
}

fn no_python(reason: String) -> Error {
    Error::NoPython { reason: format!("{reason}; specify one with --python PATH") }
}
