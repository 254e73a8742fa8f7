//! What there is to know of a Python.

use std::path::{Path, PathBuf};

use crate::platform::Platform;

/// A base Python, one that is not an environment's, as it describes itself. All that depends on the Python is asked of
/// it, so that distributors' changes and versions yet to come need nothing here. Found by a
/// [`Discovery`](crate::Discovery).
#[derive(Debug, Clone)]
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
    /// The bits of an address: 32 or 64.
    pub bits: u32,
    /// The system it runs on.
    pub platform: Platform,
    /// `sys._base_executable`: the absolute path it was started by, with its links, outside any environment.
    pub executable: PathBuf,
    /// The file that [`executable`](Self::executable) leads to.
    pub real_executable: PathBuf,
    /// Where an environment has its files.
    pub scheme: Scheme,
    /// The wheels that its ensurepip installs, pip's among them. Empty if it has none.
    pub wheels: Vec<PathBuf>,
    /// Why it has no wheels.
    pub(crate) wheels_missing: Option<String>,
    /// What follows the version of one that is not final: `rc1`.
    pub(crate) prerelease: String,
    /// `sys.executable` of the Python that was asked, which may be an environment's.
    pub(crate) asked: PathBuf,
    /// The paths that decide all of this, whether they exist or not.
    pub(crate) depends: Vec<PathBuf>,
    /// The names under which bin has the interpreter besides its own: `python`, `python3`, `python3.13`.
    pub(crate) link_names: Vec<PathBuf>,
    /// `sysconfig.get_platform()`: `linux-x86_64`, `win-amd64`, `win32`.
    pub(crate) machine: String,
    /// What Scripts has on Windows in place of such links.
    pub(crate) programs: Programs,
    /// Whether an environment has a link `lib64` to `lib` (bpo-21197).
    pub(crate) lib64: bool,
    /// What a copy of the executable needs beside it: files, and the directories of the environment they go to.
    pub(crate) companions: Vec<(PathBuf, PathBuf)>,
    /// `sys.implementation.cache_tag`: `cpython-313`. None if it keeps no .pyc.
    pub(crate) cache_tag: Option<String>,
    /// `importlib.util.MAGIC_NUMBER`, in hexadecimal: what its .pyc begin with.
    pub(crate) magic: String,
    /// Where its own packages are, sysconfig's purelib.
    pub(crate) site_packages: PathBuf,
}

impl Interpreter {
    /// The Python that was asked, which may be an environment's: `sys.executable` there.
    pub fn asked(&self) -> &Path {
        &self.asked
    }
}

/// The directories of an environment relative to it: sysconfig's `venv` scheme.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Scheme {
    /// `bin` or `Scripts`.
    pub scripts: PathBuf,
    /// `include/python3.13`.
    pub include: PathBuf,
    /// site-packages: `lib/python3.13/site-packages`.
    pub purelib: PathBuf,
    /// The same as `purelib`, except where the system keeps compiled modules apart.
    pub platlib: PathBuf,
}

/// The programs of an environment on Windows: names in Scripts, each with the file that it comes from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Programs {
    /// Launchers, which start the base's executable as the environment's; where the installation has none, its executables
    /// and libraries.
    pub(crate) copied: Vec<(PathBuf, PathBuf)>,
    /// What is linked to where links are asked for.
    pub(crate) linked: Vec<(PathBuf, PathBuf)>,
}

impl Interpreter {
    /// `X.Y`.
    pub fn short_version(&self) -> String {
        format!("{}.{}", self.version[0], self.version[1])
    }

    /// `X.Y.Z`, `X.Y.Zrc1`.
    pub fn full_version(&self) -> String {
        self.version.map(|number| number.to_string()).join(".") + &self.prerelease
    }

    /// The implementation's name as people write it.
    pub fn implementation_name(&self) -> &str {
        match self.implementation.as_str() {
            "cpython" => "CPython",
            "pypy" => "PyPy",
            "graalpy" => "GraalPy",
            other => other,
        }
    }

    /// `CPython 3.13.0`, `free-threaded CPython 3.13.0`, `CPython 3.13.0 (32-bit)`.
    pub fn description(&self) -> String {
        let free_threaded = if self.free_threaded { "free-threaded " } else { "" };
        let bits = if self.bits == 32 { " (32-bit)" } else { "" };
        format!("{free_threaded}{} {}{bits}", self.implementation_name(), self.full_version())
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
