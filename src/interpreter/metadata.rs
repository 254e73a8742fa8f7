//! The metadata of a Python interpreter.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::platform::Platform;

/// A base Python (one that is not an environment's), as it describes itself. Everything that depends on the Python is
/// queried from it, so that distributors' changes and future versions need no changes here. A
/// [`Discovery`](crate::Discovery) finds it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
    pub platform: Platform,
    /// `sys._base_executable`: the absolute path it was started by, outside any environment. Links are not resolved.
    pub executable: PathBuf,
    /// [`executable`](Self::executable) with all links resolved.
    pub real_executable: PathBuf,
    /// The directories of an environment.
    pub scheme: Scheme,
    /// The wheels that its ensurepip installs, including pip's. Empty if it has none.
    pub wheels: Vec<PathBuf>,
    /// Why it has no wheels.
    pub(crate) wheels_missing: Option<String>,
    /// Whether it has the module zlib, without which pip cannot start.
    pub(crate) zlib: bool,
    /// The suffix of a version that is not final: `rc1`.
    pub(crate) prerelease: String,
    /// `sys.executable` of the Python that was queried, which may be an environment's.
    pub(crate) asked: PathBuf,
    /// The paths that all of this depends on, whether they exist or not.
    pub(crate) depends: Vec<PathBuf>,
    /// The names that the interpreter gets in bin besides its own: `python`, `python3`, `python3.13`.
    pub(crate) link_names: Vec<PathBuf>,
    /// `sysconfig.get_platform()`: `linux-x86_64`, `win-amd64`, `win32`.
    pub(crate) machine: String,
    /// The programs that Scripts has on Windows instead of such links.
    pub(crate) programs: Programs,
    /// Whether an environment has a link `lib64` to `lib` (bpo-21197).
    pub(crate) lib64: bool,
    /// The files that a copy of the executable needs, each with the directory of the environment that it goes to.
    pub(crate) companions: Vec<(PathBuf, PathBuf)>,
    /// `sys.implementation.cache_tag`: `cpython-313`. None if it writes no .pyc files.
    pub(crate) cache_tag: Option<String>,
    /// `importlib.util.MAGIC_NUMBER`, in hexadecimal: the start of its .pyc files.
    pub(crate) magic: String,
    /// Its own site-packages directory, sysconfig's `purelib`.
    pub(crate) site_packages: PathBuf,
}

/// The directories of an environment, relative to ENV_DIR: sysconfig's `venv` scheme.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Scheme {
    /// `bin` or `Scripts`.
    pub scripts: PathBuf,
    /// `include/python3.13`.
    pub include: PathBuf,
    /// site-packages: `lib/python3.13/site-packages`.
    pub purelib: PathBuf,
    /// The same as `purelib`, except on systems that keep compiled modules in a separate directory.
    pub platlib: PathBuf,
}

/// The programs of an environment on Windows: names in Scripts, each with its source file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Programs {
    /// Launchers, which start the base's executable as the environment's. If the installation has none, its executables
    /// and libraries.
    pub(crate) copied: Vec<(PathBuf, PathBuf)>,
    /// What to link to if links are requested.
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
        Interpreter {
            implementation: "cpython".to_owned(),
            version: [3, 13, 0],
            free_threaded: false,
            debug: false,
            platform: Platform::Posix,
            executable: "/usr/bin/python3".into(),
            real_executable: "/usr/bin/python3.13".into(),
            scheme: Scheme {
                scripts: "bin".into(),
                include: "include/python3.13".into(),
                purelib: "lib/python3.13/site-packages".into(),
                platlib: "lib/python3.13/site-packages".into(),
            },
            wheels: vec![],
            wheels_missing: None,
            zlib: true,
            prerelease: String::new(),
            asked: "/usr/bin/python3".into(),
            depends: vec![],
            link_names: vec!["python".into(), "python3".into(), "python3.13".into()],
            machine: "linux-x86_64".to_owned(),
            bits: 64,
            programs: Programs::default(),
            lib64: true,
            companions: vec![],
            cache_tag: Some("cpython-313".to_owned()),
            magic: "f30d0d0a".to_owned(),
            site_packages: "/usr/lib/python3.13/site-packages".into(),
        }
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
