//! The environments with pip that the interpreters' own `-m venv` create. That takes seconds for each Python, so all
//! tests share them.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::running::program;
use super::{Python, Run, Tree, absolute, tree};

/// An environment with pip that a Python's own `-m venv` has created.
pub struct Theirs {
    pub env_dir: PathBuf,
    /// Its files before anything was run in it: Python writes .pyc, which an old pip has not compiled.
    pub tree: Tree,
}

/// The environments of this process, by Python. None until one is needed.
static CREATED: Mutex<BTreeMap<PathBuf, Arc<Mutex<Option<Theirs>>>>> = Mutex::new(BTreeMap::new());

impl Theirs {
    /// Calls `test` with the environment of a Python, which it must leave as it is. No other test uses it meanwhile.
    pub fn with<T>(python: &Python, test: impl FnOnce(&Theirs) -> T) -> T {
        let slot = CREATED.lock().unwrap().entry(python.path.clone()).or_default().clone();
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        test(slot.get_or_insert_with(|| Theirs::create(python)))
    }

    fn create(python: &Python) -> Theirs {
        let directory = place_for(python);
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).expect("a directory");
        let env_dir = directory.join("env");
        let mut venv = program(&python.path);
        venv.current_dir(&directory).args(["-m", "venv"]).arg(&env_dir);
        Run(venv).ok();
        let tree = tree(&env_dir);
        Theirs { env_dir, tree }
    }

    /// Moves the environment aside, so that another can be created at its path.
    pub fn moved_aside(&self) -> MovedAside<'_> {
        let aside = self.env_dir.with_file_name("theirs");
        fs::rename(&self.env_dir, &aside).expect("a free name");
        MovedAside { env_dir: &self.env_dir, aside }
    }
}

/// A directory for the environment of this Python, which the next process replaces.
fn place_for(python: &Python) -> PathBuf {
    let all = match cfg!(windows) {
        true => env::temp_dir().join("rvenv-test-theirs"),
        false => absolute(env!("CARGO_TARGET_TMPDIR")).join("theirs"),
    };
    let mut hasher = DefaultHasher::new();
    python.path.hash(&mut hasher);
    let (major, minor) = python.version;
    all.join(format!("{major}.{minor}-{:x}", hasher.finish()))
}

/// When this is dropped, the environment is put back in place of what was created there.
pub struct MovedAside<'a> {
    env_dir: &'a Path,
    aside: PathBuf,
}

impl Drop for MovedAside<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.env_dir);
        let restored = fs::rename(&self.aside, self.env_dir);
        assert!(restored.is_ok() || std::thread::panicking(), "{restored:?}");
    }
}
