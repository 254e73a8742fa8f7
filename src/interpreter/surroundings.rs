//! What decides, outside the command line, which Python is found: the environment's variables and the current
//! folder, as values, so that the library reads neither by itself.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use super::pyenv;
use crate::os;

/// A process's environment and current folder.
#[derive(Debug, Clone)]
pub struct Surroundings {
    variables: BTreeMap<OsString, OsString>,
    current_dir: PathBuf,
}

impl Surroundings {
    /// From variables, as of `std::env::vars_os()`, and the absolute path of a folder.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>, current_dir: PathBuf) -> Surroundings {
        Surroundings { variables: variables.into_iter().collect(), current_dir }
    }

    pub(super) fn var(&self, name: &str) -> Option<&OsString> {
        self.variables.get(OsStr::new(name))
    }

    /// A variable that holds an absolute path; others are passed over.
    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.var(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    pub(super) fn home(&self) -> Option<PathBuf> {
        self.path("HOME")
    }

    /// `$XDG_DATA_HOME`.
    pub(super) fn data_home(&self) -> Option<PathBuf> {
        self.path("XDG_DATA_HOME").or_else(|| Some(self.home()?.join(".local/share")))
    }

    /// The current folder under the name that the shell has for it.
    pub(super) fn logical_dir(&self) -> PathBuf {
        pyenv::logical_dir(self.var("PWD"), &self.current_dir)
    }

    /// The folders of PATH, as absolute paths.
    pub(super) fn search_path(&self) -> Vec<PathBuf> {
        std::env::split_paths(self.path_variable()).map(|folder| self.current_dir.join(folder)).collect()
    }

    /// All programs of this name on PATH, in its order.
    pub(super) fn on_path(&self, name: &OsStr) -> Vec<PathBuf> {
        let found = which::which_in_all(name, Some(self.path_variable()), &self.current_dir);
        found.map(|found| found.map(|path| self.absolute(&path)).collect()).unwrap_or_default()
    }

    fn path_variable(&self) -> &OsStr {
        self.var("PATH").map_or(OsStr::new(os::DEFAULT_SEARCH_PATH), OsString::as_os_str)
    }

    /// `path` as an absolute one that has no `..` in it: the folder that the last one leads to is named by its real
    /// path, since after a link `..` is not what it looks like.
    pub(super) fn absolute(&self, path: &Path) -> PathBuf {
        let path: PathBuf = self.current_dir.join(path).components().collect();
        let components: Vec<Component> = path.components().collect();
        match components.iter().rposition(|component| *component == Component::ParentDir) {
            Some(last) => {
                let (above, below) = components.split_at(last + 1);
                let above: PathBuf = above.iter().collect();
                above.canonicalize().unwrap_or(above).join(below.iter().collect::<PathBuf>())
            }
            None => path,
        }
    }
}
