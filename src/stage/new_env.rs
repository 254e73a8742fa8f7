//! An ENV_DIR that does not exist. It is built in the staging directory together with its missing parent directories,
//! and all of them appear in one rename.

use std::path::{Path, PathBuf};

use super::committed::{Before, Committed};
use super::staging_dir::StagingDir;
use crate::entries::{entry_exists, join};
use crate::error::{AtPath, Error, Result};
use crate::os;

/// An ENV_DIR that does not exist, and whose environment is being built.
#[derive(Debug)]
pub(super) struct NewEnv {
    staging: StagingDir,
    /// The nearest existing directory above ENV_DIR. The staging directory is in it.
    above: PathBuf,
}

impl NewEnv {
    pub(super) fn new(staging: StagingDir, above: PathBuf) -> NewEnv {
        NewEnv { staging, above }
    }

    /// Where ENV_DIR is built.
    pub(super) fn built(&self, env_dir: &Path) -> PathBuf {
        self.staged(env_dir, env_dir)
    }

    /// Commits what was built, by renaming the outermost missing directory into place. If another program has created
    /// that directory in the meantime, tries the next one below it.
    ///
    /// Fails with [`Error::Appeared`] if all of them exist by now.
    pub(super) fn commit(self, env_dir: &Path) -> Result<Committed> {
        let inner = self.lock_to_appear(env_dir)?;
        for to in self.missing(env_dir) {
            match os::rename_new(&self.staged(to, env_dir), to) {
                Ok(()) => {
                    let before = Before::Nothing { outermost: to.to_owned() };
                    return Ok(match inner {
                        Some(inner) if to != env_dir => {
                            Committed::new(inner.moved_to(env_dir.parent().unwrap_or(to)), before)
                        }
                        None if !os::LOCK_MOVES_WITH_DIRECTORY && to != env_dir => self.locked_beside(env_dir, before),
                        _ => Committed::new(self.staging, before),
                    });
                }
                Err(error) if !entry_exists(to).at("look at", to)? => Err(error).at("create the directory", to)?,
                Err(_) => {}
            }
        }
        Err(Error::Appeared { path: env_dir.to_owned() })
    }

    /// Creates the lock that appears together with the parent directories of ENV_DIR. Once these exist, the next run
    /// looks for the lock beside ENV_DIR. Returns None if only ENV_DIR is missing, or if a locked directory cannot be
    /// renamed.
    fn lock_to_appear(&self, env_dir: &Path) -> Result<Option<StagingDir>> {
        match (env_dir.parent(), env_dir.file_name()) {
            (Some(parent), Some(name)) if parent != self.above && os::LOCK_MOVES_WITH_DIRECTORY => {
                StagingDir::lock(&self.staged(parent, env_dir), name.as_ref(), &mut || Ok(())).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Takes the lock beside ENV_DIR, where the next run looks for it, on systems where it could not appear together
    /// with the parent directories. If another run already holds it, this run may no longer remove ENV_DIR.
    fn locked_beside(self, env_dir: &Path, before: Before) -> Committed {
        let (parent, name) = (env_dir.parent().unwrap_or(env_dir), env_dir.file_name().unwrap_or_default());
        match StagingDir::lock(parent, name.as_ref(), &mut || Err(Error::Interrupted)) {
            Ok(staging) => Committed::new(staging, before),
            Err(_) => Committed::new(self.staging, Before::Same),
        }
    }

    /// The missing directories, outermost first and ENV_DIR last.
    fn missing<'a>(&self, env_dir: &'a Path) -> Vec<&'a Path> {
        let mut missing: Vec<&Path> = env_dir.ancestors().take_while(|path| *path != self.above).collect();
        missing.reverse();
        missing
    }

    /// Where `path`, one of the missing directories, is built. The outermost is at [`StagingDir::new_files`].
    fn staged(&self, path: &Path, env_dir: &Path) -> PathBuf {
        let outermost = self.missing(env_dir).first().copied().unwrap_or(env_dir);
        join(&self.staging.new_files(), path.strip_prefix(outermost).unwrap_or(path))
    }
}
