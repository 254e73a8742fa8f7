//! An ENV_DIR that is a directory. The new files go into it one by one, or replace its contents as a whole.

use std::path::{Path, PathBuf};

use super::committed::{Before, Committed};
use super::staging_dir::StagingDir;
use super::swap::Unswapped;
use super::{merge, removal, swap};
use crate::entries::{entry_exists, join};
use crate::error::{AtPath, Error, Quoted, Result};

/// An existing ENV_DIR, whose new files are being built.
#[derive(Debug)]
pub(super) struct ExistingEnv {
    staging: StagingDir,
    /// The environment's own directories, which may not be links.
    no_symlinks: Vec<PathBuf>,
    /// Files of ENV_DIR that no longer belong in the environment.
    obsolete: Vec<PathBuf>,
}

impl ExistingEnv {
    pub(super) fn new(staging: StagingDir) -> ExistingEnv {
        ExistingEnv { staging, no_symlinks: vec![], obsolete: vec![] }
    }

    /// Where the new files are built.
    pub(super) fn built(&self) -> PathBuf {
        self.staging.new_files()
    }

    /// Makes a merge fail if `path`, one of the environment's own directories, is a link.
    pub(super) fn forbid_symlink(&mut self, path: &Path) {
        self.no_symlinks.push(path.to_owned());
    }

    /// Makes a merge remove the file or link `path`, unless a new file replaces it.
    pub(super) fn mark_for_removal(&mut self, path: PathBuf) {
        self.obsolete.push(path);
    }

    /// Whether `path` has been marked for removal.
    pub(super) fn is_marked_for_removal(&self, path: &Path) -> bool {
        self.obsolete.iter().any(|obsolete| obsolete == path)
    }

    /// Moves the new files into ENV_DIR. Existing files are replaced.
    pub(super) fn merge(self, env_dir: &Path) -> Result<Committed> {
        let built = self.built();
        merge::check(&built, env_dir, &self.no_symlinks)?;
        let mut gone = Vec::new();
        for path in &self.obsolete {
            let staged = join(&built, path.strip_prefix(env_dir).unwrap_or(path));
            if !entry_exists(&staged).at("look at", path)? {
                removal::check_not_in_use(path)?;
                gone.push(path);
            }
        }
        merge::merge(&built, env_dir)?;
        removal::remove_files(&gone, env_dir)?;
        Ok(Committed::new(self.staging, Before::Same))
    }

    /// Replaces everything in ENV_DIR with the new files.
    pub(super) fn replace(self, env_dir: &Path) -> Result<Committed> {
        match swap::swap(&self.staging, env_dir) {
            Ok(swapped) => Ok(Committed::new(self.staging, Before::Another(swapped))),
            Err(Unswapped::Untouched(error)) => Err(error),
            Err(Unswapped::Scattered(error)) => {
                let kept = self.staging.keep();
                let reason =
                    format!("{error}; its previous contents are in {}, and the next run restores them", Quoted(&kept));
                Err(Error::Directory { path: env_dir.to_owned(), reason })
            }
        }
    }
}
