//! The states of an environment that is being built: for an ENV_DIR that does not exist, or for one that does, and then
//! committed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::staging_dir::{StagingDir, Waiting};
use super::{merge, removal, swap};
use crate::entries::{self, entry_exists, join};
use crate::error::{AtPath, Error, Quoted, Result};
use crate::os;

/// How long to wait for a program that has a new file open. Virus scanners and indexers take seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// An ENV_DIR that does not exist. It is built in the staging directory together with its missing parent directories,
/// and all of them appear in one rename.
#[derive(Debug)]
pub(super) struct NewEnv {
    pub(super) staging: StagingDir,
    /// The nearest existing directory above ENV_DIR. The staging directory is in it.
    pub(super) above: PathBuf,
}

impl NewEnv {
    /// Where ENV_DIR is built.
    pub(super) fn built(&self, env_dir: &Path) -> PathBuf {
        self.staged(env_dir, env_dir)
    }

    /// Commits what was built, by renaming the outermost missing directory into place. If another program has created
    /// that directory in the meantime, tries the next one below it. Waits until no program has a file in it open.
    ///
    /// Returns None if all of them exist by now.
    pub(super) fn commit(self, env_dir: &Path, waiting: Waiting) -> Result<Option<Committed>> {
        let inner = self.lock_to_appear(env_dir)?;
        let begun = Instant::now();
        for to in self.missing(env_dir) {
            let built = self.staged(to, env_dir);
            let mut renamed = os::rename_new(&built, to);
            while renamed.as_ref().is_err_and(os::may_be_in_use) && !os::exists(to) && begun.elapsed() < PATIENCE {
                waiting()?;
                renamed = os::rename_new(&built, to);
            }
            match renamed {
                Ok(()) => {
                    let before = Before::Nothing { outermost: to.to_owned() };
                    return Ok(Some(match inner {
                        Some(inner) if to != env_dir => {
                            Committed { staging: inner.moved_to(env_dir.parent().unwrap_or(to)), before }
                        }
                        None if !os::LOCK_MOVES_WITH_DIRECTORY && to != env_dir => self.locked_beside(env_dir, before),
                        _ => Committed { staging: self.staging, before },
                    }));
                }
                Err(error) if !entry_exists(to).at("look at", to)? => {
                    Err(removal::explain_unmoved(error, &built)).at("create the directory", to)?
                }
                Err(_) => {}
            }
        }
        Ok(None)
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
            Ok(staging) => Committed { staging, before },
            Err(_) => Committed { staging: self.staging, before: Before::Same },
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

/// An ENV_DIR that is a directory. Its new files are built, and then go into it one by one, or replace its contents as
/// a whole.
#[derive(Debug)]
pub(super) struct ExistingEnv {
    pub(super) staging: StagingDir,
    /// A directory in ENV_DIR where the new files are built, rather than in `staging`.
    inner: Option<StagingDir>,
    /// Whether nothing else remains in ENV_DIR.
    clear: bool,
    /// The environment's own directories, which may not be links.
    pub(super) no_symlinks: Vec<PathBuf>,
    /// Files and links of ENV_DIR that are removed, unless a new file replaces them.
    pub(super) obsolete: Vec<PathBuf>,
}

impl ExistingEnv {
    pub(super) fn new(staging: StagingDir, inner: Option<StagingDir>, clear: bool) -> ExistingEnv {
        ExistingEnv { staging, inner, clear, no_symlinks: vec![], obsolete: vec![] }
    }

    /// Where the new files are built.
    pub(super) fn built(&self) -> PathBuf {
        self.inner.as_ref().unwrap_or(&self.staging).new_files()
    }

    /// Puts the new files in place.
    pub(super) fn commit(self, env_dir: &Path) -> Result<Committed> {
        if self.clear {
            return Ok(Committed { staging: swap::swap(self.staging, env_dir)?, before: Before::Another });
        }
        let names = entries::names(env_dir).at("read the directory", env_dir)?;
        if !names.iter().all(|name| name == self.staging.name()) {
            self.merge(env_dir)?;
            return Ok(Committed { staging: self.staging, before: Before::Same });
        }
        // Nothing else is in it, so that all of it can appear at once.
        if !swap::take_place(&self.built(), env_dir) {
            self.merge(env_dir)?;
        }
        Ok(Committed { staging: self.staging, before: Before::Empty })
    }

    /// Moves the new files into ENV_DIR. Existing files are replaced.
    fn merge(&self, env_dir: &Path) -> Result<()> {
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
        removal::remove_files(&gone, env_dir)
    }
}

/// An environment that is in place at ENV_DIR but not finished. No other run may work on it yet, and if one of the
/// remaining steps fails, ENV_DIR can be restored to what it was.
#[derive(Debug)]
pub(super) struct Committed {
    /// The lock, and what was in ENV_DIR before.
    pub(super) staging: StagingDir,
    before: Before,
}

/// What ENV_DIR was before.
#[derive(Debug)]
enum Before {
    /// It did not exist, nor did the directories from `outermost` down to it.
    Nothing { outermost: PathBuf },
    /// An empty directory.
    Empty,
    /// The same environment, into which new files were merged.
    Same,
    /// Another one, which is now in the staging directory.
    Another,
}

impl Committed {
    /// Removes the environment if there was nothing before, or puts back the one that it replaced.
    ///
    /// Returns a warning if that fails.
    pub(super) fn roll_back(self, env_dir: &Path) -> Option<String> {
        let removed = match self.before {
            Before::Same => Ok(()),
            Before::Empty => removal::remove_entries(env_dir, self.staging.name(), &self.staging.workers),
            Before::Nothing { outermost } => remove(env_dir, &outermost, self.staging),
            Before::Another => {
                let error = swap::undo(&self.staging, env_dir).err()?;
                let kept = self.staging.keep();
                return Some(format!(
                    "{error}; the previous environment is in {}: move it elsewhere before you run rvenv again",
                    Quoted(&kept)
                ));
            }
        };
        Some(format!("the unfinished environment {} could not be removed: {}", Quoted(env_dir), removed.err()?))
    }

    /// Ends the work on ENV_DIR. Returns a warning if the previous contents could not be deleted.
    pub(super) fn release(self) -> Option<String> {
        let path = self.staging.path.clone();
        let error = self.staging.remove().err()?;
        Some(format!("the previous contents of the environment could not be deleted from {}: {error}", Quoted(&path)))
    }
}

/// Removes the environment, and the parent directories that appeared with it unless something else is in them by now.
fn remove(env_dir: &Path, outermost: &Path, staging: StagingDir) -> io::Result<()> {
    let removed = removal::remove_tree(env_dir, &staging.workers);
    // The staging directory may be in one of the parents that are removed next.
    drop(staging);
    let parents = env_dir.ancestors().skip(1).take_while(|parent| parent.starts_with(outermost));
    // Stops at the first that is not empty.
    let _ = parents.map(fs::remove_dir).take_while(io::Result::is_ok).count();
    removed
}
