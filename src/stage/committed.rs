//! An environment that is in place at ENV_DIR but not finished. No other run may work on it yet, and if one of the
//! remaining steps fails, ENV_DIR can be restored to what it was.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::removal;
use super::staging_dir::StagingDir;
use super::swap::Swapped;
use crate::error::Quoted;

/// An environment that is in place at ENV_DIR.
#[derive(Debug)]
pub(super) struct Committed {
    /// The lock, and what was in ENV_DIR before.
    staging: StagingDir,
    before: Before,
}

/// What ENV_DIR was before.
#[derive(Debug)]
pub(super) enum Before {
    /// It did not exist, nor did the directories from `outermost` down to it.
    Nothing { outermost: PathBuf },
    /// The same environment, into which new files were merged.
    Same,
    /// Another one, which is now in the staging directory.
    Another(Swapped),
}

impl Committed {
    pub(super) fn new(staging: StagingDir, before: Before) -> Committed {
        Committed { staging, before }
    }

    /// Removes the environment if there was nothing before, or puts back the one that it replaced.
    ///
    /// Returns a warning if that fails.
    pub(super) fn roll_back(self, env_dir: &Path) -> Option<String> {
        match self.before {
            Before::Same => None,
            Before::Nothing { outermost } => remove(env_dir, &outermost, self.staging),
            Before::Another(swapped) => {
                let error = swapped.undo(&self.staging, env_dir).err()?;
                let kept = self.staging.keep();
                Some(format!(
                    "{error}; the previous environment is in {}: move it elsewhere before you run rvenv again",
                    Quoted(&kept)
                ))
            }
        }
    }

    /// Ends the work on ENV_DIR. Returns a warning if the previous contents could not be deleted.
    pub(super) fn release(self) -> Option<String> {
        let path = self.staging.path().to_owned();
        let error = self.staging.remove().err()?;
        Some(format!("the previous contents of the environment could not be deleted from {}: {error}", Quoted(&path)))
    }
}

/// Removes the environment, and the parent directories that appeared with it unless something else is in them by now.
/// Returns a warning if the environment could not be removed.
fn remove(env_dir: &Path, outermost: &Path, staging: StagingDir) -> Option<String> {
    let removed = removal::remove_tree(env_dir);
    // The staging directory may be in one of the parents that are removed next.
    drop(staging);
    let parents = env_dir.ancestors().skip(1).take_while(|parent| parent.starts_with(outermost));
    // Stops at the first that is not empty.
    let _ = parents.map(fs::remove_dir).take_while(io::Result::is_ok).count();
    let error = removed.err()?;
    Some(format!("the unfinished environment {} could not be removed: {error}", Quoted(env_dir)))
}
