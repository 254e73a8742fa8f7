//! An ENV_DIR that is a directory. What is built goes into it file by file, or as a whole in the place of what it holds.

use std::path::{Path, PathBuf};

use super::entries::{is_there, join};
use super::hidden::Hidden;
use super::published::{Before, Published};
use super::swap::Unswapped;
use super::{in_use, merge, removal, swap};
use crate::error::{AtPath, Error, Quoted, Result};

/// An ENV_DIR that is there, whose new files are being built.
#[derive(Debug)]
pub(super) struct Present {
    hidden: Hidden,
    /// The environment's own directories, which may not be links.
    own: Vec<PathBuf>,
    /// Files of ENV_DIR which have no place in the environment any more.
    retired: Vec<PathBuf>,
}

impl Present {
    pub(super) fn new(hidden: Hidden) -> Present {
        Present { hidden, own: vec![], retired: vec![] }
    }

    /// Where the new files are built.
    pub(super) fn built(&self) -> PathBuf {
        self.hidden.new_files()
    }

    /// Has a merge refuse a link at `path`, a directory of the environment's own.
    pub(super) fn own(&mut self, path: &Path) {
        self.own.push(path.to_owned());
    }

    /// Has a merge remove the file or link `path`, unless there is a new one in its place.
    pub(super) fn retire(&mut self, path: PathBuf) {
        self.retired.push(path);
    }

    /// Whether a merge removes `path`.
    pub(super) fn is_retired(&self, path: &Path) -> bool {
        self.retired.iter().any(|retired| retired == path)
    }

    /// Moves the new files into ENV_DIR, each in place of the one that is there.
    pub(super) fn merge(self, env_dir: &Path) -> Result<Published> {
        let built = self.built();
        merge::check(&built, env_dir, &self.own)?;
        let mut gone = Vec::new();
        for path in &self.retired {
            let staged = join(&built, path.strip_prefix(env_dir).unwrap_or(path));
            if !is_there(&staged).at("look at", path)? {
                in_use::check(path)?;
                gone.push(path);
            }
        }
        merge::merge(&built, env_dir)?;
        removal::remove_files(&gone, env_dir)?;
        Ok(Published::new(self.hidden, Before::Same))
    }

    /// Puts the new files in the place of all that ENV_DIR holds.
    pub(super) fn replace(self, env_dir: &Path) -> Result<Published> {
        match swap::swap(self.hidden.path(), env_dir) {
            Ok(swapped) => Ok(Published::new(self.hidden, Before::Another(swapped))),
            Err(Unswapped::Untouched(error)) => Err(error),
            Err(Unswapped::Scattered(error)) => {
                let kept = self.hidden.keep();
                let reason = format!("{error}; what was there is in {}, and the next run puts it right", Quoted(&kept));
                Err(Error::Directory { path: env_dir.to_owned(), reason })
            }
        }
    }
}
