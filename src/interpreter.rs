//! What a base Python says about itself.

mod discovery;
mod probe;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::Result;
use crate::platform::Platform;
use probe::{native_path, native_paths};

pub use discovery::PythonRequest;
pub(crate) use probe::isolated;

/// A base Python, one that is no environment's, as it describes itself. Everything that depends on the Python
/// is asked of it, so that distributors' changes and versions yet to come need nothing here.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Interpreter {
    /// `sys.version_info[:3]`.
    pub version: [u32; 3],
    /// The system it runs on.
    #[serde(rename = "os_name")]
    pub platform: Platform,
    /// `sys._base_executable`: the absolute path it was started by, with its links, outside any environment.
    #[serde(deserialize_with = "native_path")]
    pub executable: PathBuf,
    /// The file that [`executable`](Self::executable) leads to.
    #[serde(deserialize_with = "native_path")]
    pub real_executable: PathBuf,
    /// Where an environment has its files.
    pub scheme: Scheme,
    /// The names under which bin has the interpreter besides its own: `python`, `python3`, `python3.13`.
    #[serde(deserialize_with = "native_paths")]
    pub link_names: Vec<PathBuf>,
    /// Whether an environment has a link `lib64` to `lib` (bpo-21197).
    pub lib64: bool,
    /// `sys.implementation.cache_tag`: `cpython-313`. None where it keeps no .pyc.
    pub cache_tag: Option<String>,
    /// The wheels that its ensurepip installs, pip's among them.
    #[serde(deserialize_with = "native_paths")]
    pub wheels: Vec<PathBuf>,
    /// Why there are none.
    pub wheels_missing: Option<String>,
}

/// The folders of an environment relative to it: sysconfig's `venv` scheme.
#[derive(Debug, Clone, Deserialize)]
pub struct Scheme {
    /// `bin` or `Scripts`.
    #[serde(deserialize_with = "native_path")]
    pub scripts: PathBuf,
    /// `include/python3.13`.
    #[serde(deserialize_with = "native_path")]
    pub include: PathBuf,
    /// `lib/python3.13/site-packages`.
    #[serde(deserialize_with = "native_path")]
    pub purelib: PathBuf,
}

impl Interpreter {
    /// Finds the Python that `request` means and asks it about itself. `search_path` is PATH's value.
    pub fn find(request: &PythonRequest, search_path: Option<&OsString>) -> Result<Interpreter> {
        Interpreter::ask(&discovery::find(request, search_path)?)
    }

    /// Asks the Python at `executable` about itself. An environment's Python answers for its base.
    ///
    /// Errors if it cannot be run, is older than Python 3.6, or does not answer in time.
    pub fn ask(executable: &Path) -> Result<Interpreter> {
        probe::ask(executable)
    }

    /// `X.Y`.
    pub fn short_version(&self) -> String {
        format!("{}.{}", self.version[0], self.version[1])
    }
}
