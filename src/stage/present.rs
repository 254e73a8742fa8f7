//! An ENV_DIR that is a directory. The new files go into it one by one, or replace its contents as a whole.

use std::path::{Path, PathBuf};

use super::hidden::Hidden;
use super::published::{Before, Published};
use super::swap::Unswapped;
use super::{in_use, merge, removal, swap};
use crate::entries::{is_there, join};
use crate::error::{AtPath, Error, Quoted, Result};

/// An existing ENV_DIR, whose new files are being built.
#[derive(Debug)]
pub(super) struct Present {
    hidden: Hidden,
    /// The environment's own directories, which may not be links.
    own: Vec<PathBuf>,
    /// Files of ENV_DIR that no longer belong in the environment.
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

    /// Makes a merge fail if `path`, one of the environment's own directories, is a link.
    pub(super) fn own(&mut self, path: &Path) {
        self.own.push(path.to_owned());
    }

    /// Makes a merge remove the file or link `path`, unless a new file replaces it.
    pub(super) fn retire(&mut self, path: PathBuf) {
        self.retired.push(path);
    }

    /// Whether `path` has been retired.
    pub(super) fn is_retired(&self, path: &Path) -> bool {
        self.retired.iter().any(|retired| retired == path)
    }

    /// Moves the new files into ENV_DIR. Existing files are replaced.
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

    /// Replaces everything in ENV_DIR with the new files.
    pub(super) fn replace(self, env_dir: &Path) -> Result<Published> {
        match swap::swap(&self.hidden, env_dir) {
            Ok(swapped) => Ok(Published::new(self.hidden, Before::Another(swapped))),
            Err(Unswapped::Untouched(error)) => Err(error),
            Err(Unswapped::Scattered(error)) => {
                let kept = self.hidden.keep();
                let reason =
                    format!("{error}; its previous contents are in {}, and the next run restores them", Quoted(&kept));
                Err(Error::Directory { path: env_dir.to_owned(), reason })
            }
        }
    }
}
