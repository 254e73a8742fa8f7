//! An ENV_DIR that is not there. It is built in the hidden directory together with the directories above it that are missing,
//! and all of them appear by one rename.

use std::path::{Path, PathBuf};

use super::entries::{is_there, join};
use super::hidden::Hidden;
use super::published::{Before, Published};
use crate::error::{AtPath, Error, Result};
use crate::os;

/// An ENV_DIR that is not there, whose environment is being built.
#[derive(Debug)]
pub(super) struct Absent {
    hidden: Hidden,
    /// The nearest of the directories above ENV_DIR that is there, which the hidden directory is in.
    above: PathBuf,
}

impl Absent {
    pub(super) fn new(hidden: Hidden, above: PathBuf) -> Absent {
        Absent { hidden, above }
    }

    /// Where ENV_DIR is built.
    pub(super) fn built(&self, env_dir: &Path) -> PathBuf {
        self.staged(env_dir, env_dir)
    }

    /// Has what was built appear: by one rename of the outermost directory that is missing, or if another program has made
    /// that meanwhile, of the next one.
    ///
    /// Errors with [`Error::Appeared`] if all of them are there.
    pub(super) fn publish(self, env_dir: &Path) -> Result<Published> {
        let inner = self.lock_to_appear(env_dir)?;
        for to in self.missing(env_dir) {
            match os::rename_new(&self.staged(to, env_dir), to) {
                Ok(()) => {
                    let before = Before::Nothing { outermost: to.to_owned() };
                    return Ok(match inner {
                        Some(inner) if to != env_dir => {
                            Published::new(inner.moved_to(env_dir.parent().unwrap_or(to)), before)
                        }
                        None if !os::LOCK_MOVES_WITH_DIRECTORY && to != env_dir => self.locked_beside(env_dir, before),
                        _ => Published::new(self.hidden, before),
                    });
                }
                Err(error) if !is_there(to).at("look at", to)? => Err(error).at("create the directory", to)?,
                Err(_) => {}
            }
        }
        Err(Error::Appeared { path: env_dir.to_owned() })
    }

    /// The lock that appears with the directories above ENV_DIR: where these are, the next run looks for it beside ENV_DIR.
    /// None if ENV_DIR alone is missing.
    fn lock_to_appear(&self, env_dir: &Path) -> Result<Option<Hidden>> {
        match (env_dir.parent(), env_dir.file_name()) {
            (Some(parent), Some(name)) if parent != self.above && os::LOCK_MOVES_WITH_DIRECTORY => {
                Hidden::lock(&self.staged(parent, env_dir), name.as_ref(), &mut || Ok(())).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// With the lock for which the next run looks beside ENV_DIR, where it could not appear with the directories above that.
    /// Should another run have it already, ENV_DIR is no more this one's to take away.
    fn locked_beside(self, env_dir: &Path, before: Before) -> Published {
        let (parent, name) = (env_dir.parent().unwrap_or(env_dir), env_dir.file_name().unwrap_or_default());
        match Hidden::lock(parent, name.as_ref(), &mut || Err(Error::Interrupted)) {
            Ok(hidden) => Published::new(hidden, before),
            Err(_) => Published::new(self.hidden, Before::Same),
        }
    }

    /// The directories that are missing: the outermost first, ENV_DIR last.
    fn missing<'a>(&self, env_dir: &'a Path) -> Vec<&'a Path> {
        let mut missing: Vec<&Path> = env_dir.ancestors().take_while(|path| *path != self.above).collect();
        missing.reverse();
        missing
    }

    /// Where `path`, one of those that are missing, is built: the outermost is [`Hidden::new_files`].
    fn staged(&self, path: &Path, env_dir: &Path) -> PathBuf {
        let outermost = self.missing(env_dir).first().copied().unwrap_or(env_dir);
        join(&self.hidden.new_files(), path.strip_prefix(outermost).unwrap_or(path))
    }
}
