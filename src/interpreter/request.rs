//! How users request a Python.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};

use super::installation::{numbers, without_mark};
use super::metadata::Interpreter;
use crate::error::{ParseError, one_line};
use crate::platform::Platform;

/// A request for the Python that an environment is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PythonRequest {
    /// Unspecified: the first `python3`, then the first `python`, on PATH; on Windows then the newest in the registry.
    Default,
    /// The path of an executable, or of a directory that has one: an environment or an installation. On Windows also a
    /// `COMPANY/TAG` in the registry.
    Path(PathBuf),
    /// The name of a program on PATH: `python3.12`.
    Name(OsString),
    /// Any Python of a version: `3.12`, `>=3.10`, `pypy3.9`.
    Version(VersionRequest),
}

impl From<&OsStr> for PythonRequest {
    /// Text with a directory in it is a path; a version or an implementation is a version; anything else is a name.
    fn from(text: &OsStr) -> Self {
        let path = Path::new(text);
        let first = path.components().next();
        let is_path = !matches!(first, None | Some(Component::Normal(_))) || path.components().count() > 1;
        if is_path {
            return PythonRequest::Path(path.to_owned());
        }
        match text.to_str().filter(|text| !text.starts_with("python")).map(str::parse) {
            Some(Ok(version)) => PythonRequest::Version(version),
            _ => PythonRequest::Name(text.to_owned()),
        }
    }
}

/// The version that a Python must have: an implementation, up to three numbers or PEP 440 specifiers, and whether it is
/// free-threaded or a debug build.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VersionRequest {
    text: String,
    implementation: Option<String>,
    numbers: Vec<u32>,
    /// The suffix that its version must have: `rc1`. If empty, it may have any.
    prerelease: String,
    /// Whether it has to be free-threaded. None if either will do.
    free_threaded: Option<bool>,
    /// Whether it has to be a debug build. If false it still may be one, since a machine's only Python sometimes is.
    debug: bool,
    /// The machine that it has to be built for, as the launcher `py` names it.
    machine: Option<&'static str>,
    specifiers: VersionSpecifiers,
}

/// The suffixes of requests such as `3.12-32`, for which [`is_built_for`] tells what they mean.
const MACHINES: [&str; 5] = ["-32", "-x86_64", "-64", "-arm64", "-aarch64"];

/// uv's names for the marks of builds.
const BUILDS: [(&str, &str); 3] = [("+freethreaded", "t"), ("+debug", "d"), ("+gil", "")];

/// The implementations that a request can name. `python` and virtualenv's `py` mean any.
const IMPLEMENTATIONS: [&str; 5] = ["cpython", "pypy", "graalpy", "python", "py"];

impl FromStr for VersionRequest {
    type Err = ParseError;

    /// Parses `3`, `3.12`, `312`, `3.12.1`, `3.15rc1`, `3.12.*`, `3.13t`, `3.13d`, `3.13td`, `3.13+freethreaded`, `3.12-32`,
    /// `>=3.10,<3.13`, each also after an implementation's name, and such a name alone. `==3.12` means any 3.12.x.
    fn from_str(text: &str) -> Result<VersionRequest, ParseError> {
        let unknown = || ParseError(format!("{text:?} is not a version such as 3.12, '>=3.10' or pypy3.9"));
        let lower = text.trim().to_ascii_lowercase();
        let (name, version) = split_name(&lower);
        let written = BUILDS.iter().fold(version.to_owned(), |version, (name, mark)| version.replacen(name, mark, 1));
        let version = written.as_str();
        let mut request = VersionRequest {
            text: lower.clone(),
            implementation: name.filter(|name| !["python", "py"].contains(name)).map(str::to_owned),
            free_threaded: Some(false),
            ..VersionRequest::any()
        };
        if version.is_empty() {
            // A name alone is a request, an empty text is not.
            return name.filter(|name| *name != "py").map(|_| request).ok_or_else(unknown);
        }
        if version.starts_with(['<', '>', '=', '!', '~']) {
            let parts: Vec<String> = version.split(',').map(of_any_patch).collect();
            request.specifiers = VersionSpecifiers::from_str(&parts.join(",")).map_err(|_| unknown())?;
            return Ok(request);
        }
        request.machine = MACHINES.into_iter().find(|machine| version.ends_with(machine));
        let version = version.strip_suffix(request.machine.unwrap_or_default()).unwrap_or(version);
        let (bare, is_debug) = without_mark(version.strip_suffix(".*").unwrap_or(version), 'd');
        let (bare, is_free_threaded) = without_mark(bare, 't');
        request.debug = is_debug;
        request.free_threaded = Some(is_free_threaded);
        let (bare, prerelease) = bare.split_at(bare.find(['a', 'b', 'r']).unwrap_or(bare.len()));
        let number = ["a", "b", "rc"].iter().find_map(|level| prerelease.strip_prefix(level));
        if !prerelease.is_empty() && number.is_none_or(|number| number.parse::<u32>().is_err()) {
            return Err(unknown());
        }
        request.prerelease = prerelease.to_owned();
        let bare = with_dot(bare);
        request.numbers = numbers(&bare).filter(|numbers| numbers.len() <= 3).ok_or_else(unknown)?;
        Ok(request)
    }
}

impl VersionRequest {
    /// A request that every Python matches.
    pub(super) fn any() -> VersionRequest {
        VersionRequest {
            text: "any".to_owned(),
            implementation: None,
            numbers: vec![],
            prerelease: String::new(),
            free_threaded: None,
            debug: false,
            machine: None,
            specifiers: VersionSpecifiers::empty(),
        }
    }

    /// The names that such a Python may have on PATH, the most specific first.
    pub(super) fn names(&self, platform: Platform) -> Vec<String> {
        let is_free_threaded = self.free_threaded == Some(true);
        let mark = [if is_free_threaded { "t" } else { "" }, if self.debug { "d" } else { "" }].concat();
        let mut names = Vec::new();
        for stem in self.stems() {
            if let [major, minor, ..] = self.numbers[..] {
                names.extend([&*mark, ""].map(|mark| format!("{stem}{major}.{minor}{mark}")));
            }
            names.extend(platform.suffixes().map(|suffix| format!("{stem}{suffix}")));
        }
        // Without a mark, the first two are the same.
        names.dedup();
        names
    }

    /// What such names begin with: the implementation's own name, and `python`, which may be any implementation.
    pub(super) fn stems(&self) -> Vec<&str> {
        match self.implementation.as_deref() {
            None if self.free_threaded.is_none() => vec!["python", "pypy", "graalpy"],
            None | Some("cpython") => vec!["python"],
            Some(other) => vec![other, "python"],
        }
    }

    /// Whether programs with other versions in their names, such as `python3.11`, may match too.
    pub(super) fn is_range(&self) -> bool {
        self.numbers.len() < 2
    }

    /// Checks that `interpreter` matches. Fails with a description of it if not.
    pub(super) fn check(&self, interpreter: &Interpreter) -> Result<(), String> {
        let [major, minor, micro] = interpreter.version;
        let version = Version::new([major, minor, micro].map(u64::from));
        let is_implementation =
            self.implementation.as_ref().is_none_or(|implementation| *implementation == interpreter.implementation);
        let is_version = interpreter.version.starts_with(&self.numbers)
            && self.specifiers.contains(&version)
            && (self.prerelease.is_empty() || self.prerelease == interpreter.prerelease);
        let is_threading = self.free_threaded.is_none_or(|wanted| wanted == interpreter.free_threaded);
        if !is_implementation || !is_version || (!is_threading && interpreter.free_threaded) {
            Err(interpreter.to_string())
        } else if !is_threading {
            Err(format!("{interpreter}, not free-threaded"))
        } else if self.debug && !interpreter.debug {
            Err(format!("{interpreter}, not a debug build"))
        } else if self.machine.is_some_and(|machine| !is_built_for(machine, interpreter)) {
            Err(format!("{interpreter} for {}", interpreter.machine))
        } else {
            Ok(())
        }
    }
}

fn is_built_for(machine: &str, interpreter: &Interpreter) -> bool {
    let is_any = |names: [&str; 2]| names.iter().any(|name| interpreter.machine.ends_with(name));
    match machine {
        "-32" => interpreter.bits == 32,
        "-64" => interpreter.bits == 64,
        "-x86_64" => is_any(["x86_64", "amd64"]),
        _ => is_any(["arm64", "aarch64"]),
    }
}

/// The specifier `==3.12` as `==3.12.*`, which it would not mean by PEP 440; any other as it is.
fn of_any_patch(specifier: &str) -> String {
    let numbers = specifier.trim().strip_prefix("==").and_then(|version| numbers(version.trim()));
    let is_short = numbers.is_some_and(|numbers| numbers.len() < 3);
    format!("{}{}", specifier.trim(), if is_short { ".*" } else { "" })
}

/// The version `312` as `3.12`; any other as it is.
fn with_dot(version: &str) -> String {
    match version.split_at_checked(1) {
        Some((major @ ("2" | "3"), minor)) if matches!(minor.len(), 1 | 2) && !minor.contains('.') => {
            format!("{major}.{minor}")
        }
        _ => version.to_owned(),
    }
}

/// Splits a request into the implementation's name at its start and what follows.
fn split_name(text: &str) -> (Option<&'static str>, &str) {
    for name in IMPLEMENTATIONS {
        if let Some(version) = text.strip_prefix(name) {
            return (Some(name), version.trim_start_matches(['-', '@', ' ']));
        }
    }
    (None, text)
}

impl fmt::Display for VersionRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&one_line(&self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str) -> PythonRequest {
        PythonRequest::from(OsStr::new(text))
    }

    #[test]
    fn text_with_a_directory_in_it_is_a_path() {
        for path in ["./python3", "../python3", "/usr/bin/python3", "bin/3.12", ".", ".."] {
            assert_eq!(request(path), PythonRequest::Path(path.into()));
        }
    }

    #[test]
    fn versions_and_names_are_distinguished() {
        let versions = "3 3.12 3.12.1 3.13t >=3.10 >=3.10,<3.13 ~=3.10 ==3.11.* pypy pypy3.9 cpython3.11 graalpy \
                pypy>=3.9 3.12.* PyPy CPython-3.12 cpython@3.12 3.13d 3.13td cpython3.13d 3.12-32 3-64 \
                3.13t-arm64 312 py312 3.13+gil 3.13+freethreaded 3.13+freethreaded+debug 3.12-x86_64 3.12-aarch64 \
                3.15rc1 3.15.0b2 3.15a1t 315rc1";
        for version in versions.split(' ') {
            assert!(matches!(request(version), PythonRequest::Version(_)), "{version}");
        }
        let names = "python3.12 python python3 3.12.1.4 3.x mypy 3. .venv pypy-c >=x +3 3.+12 3.13dt d 3.12-16 py 3.13+x 3.15rc 3.15c1 3.15b1x rc1";
        for name in names.split(' ') {
            assert_eq!(request(name), PythonRequest::Name(name.into()));
        }
    }

    #[test]
    fn the_most_specific_name_comes_first() {
        let names = |text: &str| text.parse::<VersionRequest>().unwrap().names(Platform::Posix);
        assert_eq!(names("3.12.1"), ["python3.12", "python3", "python"]);
        assert_eq!(names("3.13t"), ["python3.13t", "python3.13", "python3", "python"]);
        assert_eq!(names("3.13d"), ["python3.13d", "python3.13", "python3", "python"]);
        assert_eq!(names("3.13td"), ["python3.13td", "python3.13", "python3", "python"]);
        assert_eq!(names(">=3.10"), ["python3", "python"]);
        assert_eq!(names("py310"), ["python3.10", "python3", "python"]);
        assert_eq!(names("3.13+freethreaded"), ["python3.13t", "python3.13", "python3", "python"]);
        assert_eq!(names("pypy3.9"), ["pypy3.9", "pypy3", "pypy", "python3.9", "python3", "python"]);
    }

    #[test]
    fn a_python_that_does_not_match_is_described() {
        let python = |version, implementation: &str, free_threaded| Interpreter {
            version,
            implementation: implementation.to_owned(),
            free_threaded,
            ..Interpreter::for_tests()
        };
        let cpython = &python([3, 12, 1], "cpython", false);
        let candidate = &Interpreter { prerelease: "rc1".to_owned(), ..cpython.clone() };
        let free_threaded = &python([3, 13, 0], "cpython", true);
        let pypy = &python([3, 9, 16], "pypy", false);
        let debug = &Interpreter { debug: true, ..Interpreter::for_tests() };
        let small = &Interpreter { bits: 32, machine: "win32".to_owned(), ..Interpreter::for_tests() };
        for (interpreter, requests, expected) in [
            (cpython, "3 3.12 312 3.12.1 cpython python3 >=3.10,<3.13 ~=3.12 ==3.12 ==3", Ok(())),
            (cpython, "2 3.1 3.12.10 pypy <3.12 ==3.11.* ==3.11 ==3.12.0 31 3.12rc1", Err("CPython 3.12.1")),
            (cpython, "3.12t", Err("CPython 3.12.1, not free-threaded")),
            (cpython, "3.12d", Err("CPython 3.12.1, not a debug build")),
            (candidate, "3.12rc1 3.12.1rc1 3.12", Ok(())),
            (candidate, "3.12rc2 3.12b1", Err("CPython 3.12.1rc1")),
            (free_threaded, "3.13t", Ok(())),
            (free_threaded, "3.13", Err("free-threaded CPython 3.13.0")),
            (pypy, "pypy3.9", Ok(())),
            (debug, "3.13d 3.13 cpython 3.13-64 3.13-x86_64", Ok(())),
            (debug, "3.13td", Err("CPython 3.13.0, not free-threaded")),
            (debug, "3.13-arm64", Err("CPython 3.13.0 for linux-x86_64")),
            (small, "3.13-32 3.13", Ok(())),
            (small, "3.13-64", Err("CPython 3.13.0 (32-bit) for win32")),
        ] {
            for text in requests.split(' ') {
                let checked = text.parse::<VersionRequest>().unwrap().check(interpreter);
                assert_eq!(checked, expected.map_err(str::to_owned), "{text}");
            }
        }
    }
}
