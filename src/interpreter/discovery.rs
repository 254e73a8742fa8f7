//! Which Python is meant.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::error::{AtPath, Error, Result};

/// What a shell looks through when PATH is unset.
const DEFAULT_SEARCH_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// How a user says which Python an environment is for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PythonRequest {
    /// Nothing was said: the first `python3`, then the first `python`, on PATH.
    Default,
    /// A name to be found on PATH.
    Name(OsString),
    /// The path of an executable.
    Path(PathBuf),
}

impl From<&OsStr> for PythonRequest {
    /// A text with a folder in it is a path, any other a name, as in a shell.
    fn from(text: &OsStr) -> Self {
        let path = Path::new(text);
        if path.components().count() > 1 || path.is_absolute() || path.starts_with(".") || path.starts_with("..") {
            PythonRequest::Path(path.to_owned())
        } else {
            PythonRequest::Name(text.to_owned())
        }
    }
}

/// The executable that `request` means, as an absolute path with its links.
pub(super) fn find(request: &PythonRequest, search_path: Option<&OsString>) -> Result<PathBuf> {
    match request {
        PythonRequest::Path(path) => absolute(path),
        PythonRequest::Name(name) => on_path(name, search_path)
            .ok_or_else(|| not_found(format!("there is no {} on PATH", crate::error::Quoted(Path::new(name)))))
            .and_then(|path| absolute(&path)),
        PythonRequest::Default => ["python3", "python"]
            .iter()
            .find_map(|name| on_path(name.as_ref(), search_path))
            .ok_or_else(|| not_found("there is neither python3 nor python on PATH".to_owned()))
            .and_then(|path| absolute(&path)),
    }
}

fn on_path(name: &OsStr, search_path: Option<&OsString>) -> Option<PathBuf> {
    let search_path = search_path.map_or(OsStr::new(DEFAULT_SEARCH_PATH), OsString::as_os_str);
    which::which_in(name, Some(search_path), std::env::current_dir().unwrap_or_default()).ok()
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).at("make absolute", path)
}

fn not_found(reason: String) -> Error {
    Error::NoPython { reason: format!("{reason}; name one with --python PATH") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_a_folder_in_it_is_a_path() {
        for path in ["./python3", "../python3", "/usr/bin/python3", "bin/python3", "."] {
            assert_eq!(PythonRequest::from(OsStr::new(path)), PythonRequest::Path(path.into()));
        }
        assert_eq!(PythonRequest::from(OsStr::new("python3.12")), PythonRequest::Name("python3.12".into()));
    }
}
