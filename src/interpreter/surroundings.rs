//! The environment variables and the current directory, which influence which Python is found. They are passed as
//! values, so that the library itself reads neither.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::error::{AtPath, Result};
use crate::os;
use crate::platform::Platform;

/// The environment variables and the current directory of a process.
#[derive(Debug, Clone)]
pub struct Surroundings {
    pub(super) platform: Platform,
    variables: Vec<(OsString, OsString)>,
    current_dir: Option<PathBuf>,
}

impl Surroundings {
    /// Returns surroundings with these variables, as from `std::env::vars_os()`, and this absolute path of the current
    /// directory. The path may be `None`, as for a shell whose directory was deleted: only relative paths need it.
    pub fn new(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        current_dir: impl Into<Option<PathBuf>>,
    ) -> Surroundings {
        let variables = variables.into_iter().collect();
        Surroundings { platform: Platform::current(), variables, current_dir: current_dir.into() }
    }

    /// The value of a variable. Names are case-insensitive on Windows.
    pub(super) fn var(&self, name: &str) -> Option<&OsString> {
        let is_named = |(own, _): &&(OsString, OsString)| match self.platform {
            Platform::Posix => own == name,
            Platform::Nt => own.eq_ignore_ascii_case(name),
        };
        self.variables.iter().find(is_named).map(|(_, value)| value)
    }

    /// The value of a variable, if it is an absolute path.
    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.var(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    pub(super) fn home(&self) -> Option<PathBuf> {
        self.path(self.platform.posix_or_nt("HOME", "USERPROFILE"))
    }

    /// `$XDG_DATA_HOME` or `~/.local/share`. On Windows the directory in the variable `on_windows`: APPDATA, which roams
    /// with the user, or LOCALAPPDATA, which stays on the machine.
    pub(super) fn data_home(&self, on_windows: &str) -> Option<PathBuf> {
        match self.platform {
            Platform::Posix => self.path("XDG_DATA_HOME").or_else(|| Some(self.home()?.join(".local/share"))),
            Platform::Nt => self.path(on_windows),
        }
    }

    /// The current directory under the shell's name for it, which is in PWD. None if there is no current directory.
    pub(super) fn logical_dir(&self) -> Option<PathBuf> {
        let current_dir = self.current_dir.clone()?;
        Some(self.path("PWD").filter(|pwd| os::is_same(pwd, &current_dir)).unwrap_or(current_dir))
    }

    /// The directories of PATH, as absolute paths.
    pub(super) fn search_path(&self) -> Vec<PathBuf> {
        let directories = std::env::split_paths(self.path_variable());
        // An empty entry is the current directory on POSIX, and ignored on Windows.
        let is_any = |directory: &PathBuf| self.platform == Platform::Posix || !directory.as_os_str().is_empty();
        directories.filter(is_any).filter_map(|directory| self.join(&directory)).collect()
    }

    /// All programs of this name on PATH, in PATH's order. On Windows they include batch files, since PATHEXT does.
    pub(super) fn on_path(&self, name: &OsStr) -> Vec<PathBuf> {
        let current_dir = self.current_dir.as_deref().unwrap_or(Path::new(""));
        let found = which::which_in_all(name, Some(self.path_variable()), current_dir);
        let is_program = |path: &PathBuf| self.platform == Platform::Posix || is_program_on_windows(path);
        found.into_iter().flatten().filter_map(|path| self.absolute(&path).ok()).filter(is_program).collect()
    }

    fn path_variable(&self) -> &OsStr {
        self.var("PATH").map_or(OsStr::new(os::DEFAULT_SEARCH_PATH), OsString::as_os_str)
    }

    /// `path` as an absolute path without `..`. Everything up to the last `..` becomes a real path, since after a
    /// symbolic link `..` does not lead back to the directory that the link is in.
    pub(super) fn absolute(&self, path: &Path) -> Result<PathBuf> {
        let gone = || io::Error::new(io::ErrorKind::NotFound, "the current directory no longer exists");
        let joined = self.join(path).ok_or_else(gone).at("find", path)?;
        if self.platform == Platform::Nt {
            // Windows resolves `..` by the text alone, and `C:python.exe` is in the current directory of that drive.
            return std::path::absolute(&joined).at("find", path);
        }
        let components: Vec<Component> = joined.components().collect();
        let last = components.iter().rposition(|component| *component == Component::ParentDir);
        let (above, below) = components.split_at(last.map_or(0, |last| last + 1));
        let above: PathBuf = above.iter().collect();
        Ok(above.canonicalize().unwrap_or(above).join(below.iter().collect::<PathBuf>()))
    }

    /// `path` relative to the current directory, unless it is absolute. None if there is no current directory to use.
    fn join(&self, path: &Path) -> Option<PathBuf> {
        match &self.current_dir {
            Some(current_dir) => Some(current_dir.join(path)),
            None => path.is_absolute().then(|| path.to_owned()),
        }
    }
}

fn is_program_on_windows(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| ["exe", "com", "bat", "cmd"].iter().any(|kind| extension.eq_ignore_ascii_case(kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_names_are_case_insensitive_on_windows() {
        // A path that is absolute on this system.
        let place = std::env::temp_dir();
        let variables = ["Path", "UserProfile", "appdata"].map(|name| (name.into(), place.clone().into()));
        let on = |platform| Surroundings { platform, ..Surroundings::new(variables.clone(), None) };
        let windows = on(Platform::Nt);
        assert_eq!(windows.var("PATH"), Some(&place.clone().into()));
        assert_eq!((windows.home(), windows.data_home("APPDATA")), (Some(place.clone()), Some(place.clone())));
        assert_eq!(on(Platform::Posix).var("PATH"), None);
    }

    #[test]
    fn only_files_with_a_program_extension_are_programs_on_windows() {
        for name in ["python.exe", "PYTHON.EXE", "x.com", "python.bat"] {
            assert!(is_program_on_windows(Path::new(name)), "{name}");
        }
        assert!(["python", "python3.12", "python.py"].iter().all(|name| !is_program_on_windows(Path::new(name))));
    }
}
