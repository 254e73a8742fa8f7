//! What a base Python says about itself.

mod discovery;
mod memory;
mod probe;
mod pyenv;
mod request;
mod surroundings;

use std::path::PathBuf;

use serde::Deserialize;

use crate::platform::Platform;
use probe::{native_pairs, native_path, native_paths};

pub use discovery::Discovery;
pub(crate) use probe::{fixed, without_python_variables};
pub use request::{PythonRequest, VersionRequest};
pub use surroundings::Surroundings;

/// A base Python, one that is no environment's, as it describes itself. Everything that depends on the Python
/// is asked of it, so that distributors' changes and versions yet to come need nothing here.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Interpreter {
    /// `sys.implementation.name`: `cpython`, `pypy`.
    pub implementation: String,
    /// Whether it is built without the global interpreter lock (PEP 703).
    pub free_threaded: bool,
    /// `sys.version_info[:3]`.
    pub version: [u32; 3],
    /// The system it runs on.
    #[serde(rename = "os_name")]
    pub platform: Platform,
    /// `sys.executable` of the Python that was asked, which may be an environment's.
    #[serde(deserialize_with = "native_path")]
    pub asked: PathBuf,
    /// `sys._base_executable`: the absolute path it was started by, with its links, outside any environment.
    #[serde(deserialize_with = "native_path")]
    pub executable: PathBuf,
    /// The file that [`executable`](Self::executable) leads to.
    #[serde(deserialize_with = "native_path")]
    pub real_executable: PathBuf,
    /// What stands after the version of one that is not final: `rc1`.
    pub prerelease: String,
    /// The paths that decide these answers, there or not.
    #[serde(deserialize_with = "native_paths")]
    pub(crate) depends: Vec<PathBuf>,
    /// Where an environment has its files.
    pub scheme: Scheme,
    /// The names under which bin has the interpreter besides its own: `python`, `python3`, `python3.13`.
    #[serde(deserialize_with = "native_paths")]
    pub link_names: Vec<PathBuf>,
    /// Whether an environment has a link `lib64` to `lib` (bpo-21197).
    pub lib64: bool,
    /// What has to stand beside a copy of the executable: files, and the folders of the environment they go to.
    #[serde(deserialize_with = "native_pairs")]
    pub companions: Vec<(PathBuf, PathBuf)>,
    /// `sys.implementation.cache_tag`: `cpython-313`. None where it keeps no .pyc.
    pub cache_tag: Option<String>,
    /// `importlib.util.MAGIC_NUMBER`, in hexadecimal: what its .pyc begin with.
    pub magic: String,
    /// Where its own packages are, sysconfig's purelib.
    #[serde(deserialize_with = "native_path")]
    pub site_packages: PathBuf,
    /// The wheels that its ensurepip installs, pip's among them.
    #[serde(deserialize_with = "native_paths")]
    pub wheels: Vec<PathBuf>,
    /// Why there are none.
    pub wheels_missing: Option<String>,
}

/// The folders of an environment relative to it: sysconfig's `venv` scheme.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Scheme {
    /// `bin` or `Scripts`.
    #[serde(deserialize_with = "native_path")]
    pub scripts: PathBuf,
    /// `include/python3.13`.
    #[serde(deserialize_with = "native_path")]
    pub include: PathBuf,
    /// site-packages: `lib/python3.13/site-packages`.
    #[serde(deserialize_with = "native_path")]
    pub purelib: PathBuf,
    /// The same as `purelib`, except where the system keeps compiled modules apart.
    #[serde(deserialize_with = "native_path")]
    pub platlib: PathBuf,
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

    /// `CPython 3.13.0`, `free-threaded CPython 3.13.0`.
    pub fn description(&self) -> String {
        let free_threaded = if self.free_threaded { "free-threaded " } else { "" };
        format!("{free_threaded}{} {}", self.implementation_name(), self.full_version())
    }

    /// A CPython 3.13 for tests to vary.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn for_tests() -> Interpreter {
        Interpreter {
            implementation: "cpython".to_owned(),
            free_threaded: false,
            version: [3, 13, 0],
            platform: Platform::Posix,
            asked: "/usr/bin/python3".into(),
            executable: "/usr/bin/python3".into(),
            real_executable: "/usr/bin/python3.13".into(),
            prerelease: String::new(),
            depends: vec![],
            scheme: Scheme {
                scripts: "bin".into(),
                include: "include/python3.13".into(),
                purelib: "lib/python3.13/site-packages".into(),
                platlib: "lib/python3.13/site-packages".into(),
            },
            link_names: vec!["python".into(), "python3".into(), "python3.13".into()],
            lib64: true,
            companions: vec![],
            cache_tag: Some("cpython-313".to_owned()),
            magic: "f30d0d0a".to_owned(),
            site_packages: "/usr/lib/python3.13/site-packages".into(),
            wheels: vec![],
            wheels_missing: None,
        }
    }
}
