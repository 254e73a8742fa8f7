//! An environment that stands at ENV_DIR and is not finished: nobody else may work on it, and should what is left to do fail,
//! ENV_DIR can become what it was.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::hidden::Hidden;
use super::removal;
use super::swap::Swapped;
use crate::error::Quoted;

/// An environment that stands at ENV_DIR.
#[derive(Debug)]
pub(super) struct Published {
    /// The lock, and what was in ENV_DIR before.
    hidden: Hidden,
    before: Before,
}

/// What ENV_DIR was before.
#[derive(Debug)]
pub(super) enum Before {
    /// It was not there, nor were the directories from `outermost` down to it.
    Nothing { outermost: PathBuf },
    /// The same environment, which new files have gone into.
    Same,
    /// Another one, which is in the hidden directory now.
    Another(Swapped),
}

impl Published {
    pub(super) fn new(hidden: Hidden, before: Before) -> Published {
        Published { hidden, before }
    }

    /// Takes the environment away again if there was nothing before, and puts back the one whose place it has taken.
    ///
    /// Returns a warning if that could not be done.
    pub(super) fn withdraw(self, env_dir: &Path) -> Option<String> {
        match self.before {
            Before::Same => None,
            Before::Nothing { outermost } => take_away(env_dir, &outermost, self.hidden),
            Before::Another(swapped) => {
                let error = swapped.undo(self.hidden.path(), env_dir).err()?;
                let kept = self.hidden.keep();
                Some(format!(
                    "{error}; the environment that was there before is in {}: take it from there before rvenv is run again",
                    Quoted(&kept)
                ))
            }
        }
    }

    /// Ends the work on ENV_DIR. Returns a warning if what was there before could not be deleted.
    pub(super) fn release(self) -> Option<String> {
        let path = self.hidden.path().to_owned();
        let error = self.hidden.remove().err()?;
        Some(format!("what was in the environment before could not be deleted from {}: {error}", Quoted(&path)))
    }
}

/// Removes the environment, and the directories above it that have come with it unless somebody else has put something
/// there. Returns a warning if the environment could not be removed.
fn take_away(env_dir: &Path, outermost: &Path, hidden: Hidden) -> Option<String> {
    let removed = removal::remove_tree(env_dir);
    // It may be in one of the directories that go now.
    drop(hidden);
    let parents = env_dir.ancestors().skip(1).take_while(|parent| parent.starts_with(outermost));
    // Up to the first that is not empty.
    let _ = parents.map(fs::remove_dir).take_while(io::Result::is_ok).count();
    let error = removed.err()?;
    Some(format!("the unfinished environment {} could not be removed: {error}", Quoted(env_dir)))
}
