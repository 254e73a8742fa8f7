//! The metadata of a Python interpreter, which is the output of the probe script.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};

use crate::os;
use crate::platform::Platform;

/// A base Python (one that is not an environment's), as it describes itself. Everything that depends on the Python is
/// queried from it, so that distributors' changes and future versions need no changes here. A
/// [`Discovery`](crate::Discovery) finds it. What it is deserialized from is internal, and can change.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[non_exhaustive]
pub struct Interpreter {
    /// `sys.implementation.name`: `cpython`, `pypy`.
    pub implementation: String,
    /// `sys.version_info[:3]`.
    pub version: [u32; 3],
    /// Whether it is built without the global interpreter lock (PEP 703).
    pub free_threaded: bool,
    /// Whether it is a debug build (`--with-pydebug`).
    pub debug: bool,
    /// The size of a pointer in bits: 32 or 64.
    pub bits: u32,
    /// The system it runs on.
    #[serde(rename = "os_name")]
    pub platform: Platform,
    /// `sys._base_executable`: the absolute path it was started by, outside any environment. Links are not resolved.
    #[serde(deserialize_with = "path")]
    pub executable: PathBuf,
    /// [`executable`](Self::executable) with all links resolved.
    #[serde(deserialize_with = "path")]
    pub real_executable: PathBuf,
    /// The directories of an environment.
    pub scheme: Scheme,
    /// The wheels that its ensurepip installs, including pip's. Empty if it has none.
    #[serde(deserialize_with = "paths")]
    pub wheels: Vec<PathBuf>,
    /// Why it has no wheels.
    #[serde(deserialize_with = "text")]
    pub(crate) wheels_missing: Option<String>,
    /// Whether it has the module zlib, without which pip cannot start.
    pub(crate) zlib: bool,
    /// The suffix of a version that is not final: `rc1`.
    pub(crate) prerelease: String,
    /// `sys.executable` of the Python that was queried, which may be an environment's.
    #[serde(deserialize_with = "path")]
    pub(crate) asked: PathBuf,
    /// The paths that all of this depends on, whether they exist or not.
    #[serde(deserialize_with = "paths")]
    pub(crate) depends: Vec<PathBuf>,
    /// The names that the interpreter gets in bin besides its own: `python`, `python3`, `python3.13`.
    #[serde(deserialize_with = "paths")]
    pub(crate) link_names: Vec<PathBuf>,
    /// `sysconfig.get_platform()`: `linux-x86_64`, `win-amd64`, `win32`.
    pub(crate) machine: String,
    /// The programs that Scripts has on Windows instead of such links.
    pub(crate) programs: Programs,
    /// Whether an environment has a link `lib64` to `lib` (bpo-21197).
    pub(crate) lib64: bool,
    /// The files that a copy of the executable needs, each with the directory of the environment that it goes to.
    #[serde(deserialize_with = "pairs")]
    pub(crate) companions: Vec<(PathBuf, PathBuf)>,
    /// `sys.implementation.cache_tag`: `cpython-313`. None if it writes no .pyc files.
    pub(crate) cache_tag: Option<String>,
    /// `importlib.util.MAGIC_NUMBER`, in hexadecimal: the start of its .pyc files.
    pub(crate) magic: String,
    /// Its own site-packages directory, sysconfig's `purelib`.
    #[serde(deserialize_with = "path")]
    pub(crate) site_packages: PathBuf,
}

/// The directories of an environment, relative to ENV_DIR: sysconfig's `venv` scheme.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[non_exhaustive]
pub struct Scheme {
    /// `bin` or `Scripts`.
    #[serde(deserialize_with = "path")]
    pub scripts: PathBuf,
    /// `include/python3.13`.
    #[serde(deserialize_with = "path")]
    pub include: PathBuf,
    /// site-packages: `lib/python3.13/site-packages`.
    #[serde(deserialize_with = "path")]
    pub purelib: PathBuf,
    /// The same as `purelib`, except on systems that keep compiled modules in a separate directory.
    #[serde(deserialize_with = "path")]
    pub platlib: PathBuf,
}

/// The programs of an environment on Windows: names in Scripts, each with its source file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub(crate) struct Programs {
    /// Launchers, which start the base's executable as the environment's, or else its executables and libraries.
    #[serde(deserialize_with = "pairs")]
    pub(crate) copied: Vec<(PathBuf, PathBuf)>,
    /// What to link to if links are requested.
    #[serde(deserialize_with = "pairs")]
    pub(crate) linked: Vec<(PathBuf, PathBuf)>,
}

impl Interpreter {
    /// Returns the path of the Python that was queried, its `sys.executable`. It may be an environment's.
    pub fn asked(&self) -> &Path {
        &self.asked
    }

    /// Returns the version as `X.Y`.
    pub fn short_version(&self) -> String {
        format!("{}.{}", self.version[0], self.version[1])
    }

    /// Returns the version as `X.Y.Z`, or as `X.Y.Zrc1` if it is not final.
    pub fn full_version(&self) -> String {
        self.version.map(|number| number.to_string()).join(".") + &self.prerelease
    }

    /// Returns the implementation's name in its usual spelling: `CPython`, `PyPy`.
    pub fn implementation_name(&self) -> &str {
        match self.implementation.as_str() {
            "cpython" => "CPython",
            "pypy" => "PyPy",
            "graalpy" => "GraalPy",
            other => other,
        }
    }

    /// A CPython 3.13 for tests to vary.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn for_tests() -> Interpreter {
        serde_json::from_str(include_str!("../../tests/python3.13.json")).expect("a probe's output")
    }
}

impl fmt::Display for Interpreter {
    /// Writes a description for users: `CPython 3.13.0`, `free-threaded CPython 3.13.0`, `CPython 3.13.0 (32-bit)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let free_threaded = if self.free_threaded { "free-threaded " } else { "" };
        let bits = if self.bits == 32 { " (32-bit)" } else { "" };
        write!(f, "{free_threaded}{} {}{bits}", self.implementation_name(), self.full_version())
    }
}

/// A path as the script writes it. JSON has no bytes, so the character with code N means the byte N.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct NativePath(pub(super) PathBuf);

impl TryFrom<String> for NativePath {
    type Error = &'static str;

    fn try_from(text: String) -> Result<NativePath, &'static str> {
        let bytes: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
        let bytes = bytes.map_err(|_| "a path has a character that is not a byte")?;
        os::os_string(bytes).map(|path| NativePath(path.into())).ok_or("a path is not UTF-8")
    }
}

fn path<'de, D: Deserializer<'de>>(answer: D) -> Result<PathBuf, D::Error> {
    NativePath::deserialize(answer).map(|path| path.0)
}

fn paths<'de, D: Deserializer<'de>>(answer: D) -> Result<Vec<PathBuf>, D::Error> {
    Vec::<NativePath>::deserialize(answer).map(|paths| paths.into_iter().map(|path| path.0).collect())
}

fn pairs<'de, D: Deserializer<'de>>(answer: D) -> Result<Vec<(PathBuf, PathBuf)>, D::Error> {
    let pairs = Vec::<(NativePath, NativePath)>::deserialize(answer)?;
    Ok(pairs.into_iter().map(|(one, two)| (one.0, two.0)).collect())
}

/// A text that contains such paths.
pub(super) fn text<'de, D: Deserializer<'de>>(answer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<NativePath>::deserialize(answer)?;
    Ok(text.map(|text| text.0.to_string_lossy().into_owned()))
}
