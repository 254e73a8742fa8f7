//! An environment that stands at ENV_DIR and is not finished: nobody else may work on it, and should what is left to do fail,
//! ENV_DIR can become what it was.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::hidden::Hidden;
use super::removal;
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
    Nothing {
        outermost: PathBuf,
    },
    Something,
}

impl Published {
    pub(super) fn new(hidden: Hidden, before: Before) -> Published {
        Published { hidden, before }
    }

    /// Takes the environment away again if there was nothing before.
    pub(super) fn withdraw(self, env_dir: &Path) {
        let Before::Nothing { outermost } = self.before else { return };
        let _ = removal::remove_tree(env_dir);
        // It may be in one of the directories that go now.
        drop(self.hidden);
        let parents = env_dir.ancestors().skip(1).take_while(|parent| parent.starts_with(&outermost));
        // Up to the first in which somebody else has put something.
        let _ = parents.map(fs::remove_dir).take_while(io::Result::is_ok).count();
    }

    /// Ends the work on ENV_DIR. Returns a warning if what was there before could not be deleted.
    pub(super) fn release(self) -> Option<String> {
        let path = self.hidden.path().to_owned();
        let error = self.hidden.remove().err()?;
        Some(format!("what was in the environment before could not be deleted from {}: {error}", Quoted(&path)))
    }
}
