//! The cache folder: files that save work, each made aside and renamed, none of them needed.

use std::any::Any;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use crate::error::{AtPath, Result};
use crate::os;

/// What a file or folder is called until it is whole.
const HALF_MADE: &[u8] = b".tmp";

/// The characters of a [`key`].
const KEY_LENGTH: usize = 43;

/// The folders that it has.
const FOLDERS: [&str; 3] = ["images", "interpreters", "unpacked"];

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Where rvenv keeps what it need not find out again. Whatever goes wrong with it costs time, not success.
#[derive(Debug, Clone, Default)]
pub struct Cache {
    folder: Option<PathBuf>,
    /// Whether several environments are made with it.
    for_many: bool,
    /// What has been opened, for all environments of a run.
    opened: Arc<Mutex<HashMap<String, Arc<dyn Any + Send + Sync>>>>,
}

/// How much a cache holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheSize {
    /// The number of its files.
    pub files: u64,
    /// The sum of their sizes in bytes.
    pub bytes: u64,
}

impl Cache {
    /// A cache in this folder, which is made when something is kept.
    pub fn at(folder: PathBuf) -> Cache {
        Cache { folder: Some(folder), ..Cache::default() }
    }

    /// A cache that keeps nothing.
    pub fn none() -> Cache {
        Cache::default()
    }

    /// Has what is read stay in memory, for several environments in one run.
    pub fn for_many(mut self, for_many: bool) -> Cache {
        self.for_many = for_many;
        self
    }

    pub(crate) fn is_for_many(&self) -> bool {
        self.for_many
    }

    /// Where it is; none if it keeps nothing.
    pub fn path(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// How much it holds.
    pub fn size(&self) -> CacheSize {
        let mut size = CacheSize::default();
        for folder in self.folders() {
            for entry in WalkDir::new(folder).into_iter().flatten().filter(|entry| entry.file_type().is_file()) {
                size.files += 1;
                size.bytes += entry.metadata().map_or(0, |metadata| metadata.len());
            }
        }
        size
    }

    /// Empties it. What is in its folder besides, and is not rvenv's, stays.
    ///
    /// Errors if something cannot be deleted.
    pub fn reset(&self) -> Result<()> {
        for folder in self.folders().iter().filter(|folder| os::is_own_folder(folder)) {
            for entry in fs::read_dir(folder).at("empty the cache", folder)?.flatten() {
                if is_ours(&entry.file_name()) {
                    remove(&entry.path()).at("empty the cache", &entry.path())?;
                }
            }
            // Unless something else is in it.
            let _ = fs::remove_dir(folder);
        }
        self.opened().clear();
        Ok(())
    }

    /// The file of this name, relative to the cache's folder.
    pub(crate) fn read(&self, name: &str) -> Option<Vec<u8>> {
        let mut contents = Vec::new();
        os::open_own(&self.folder.as_ref()?.join(name)).ok()?.read_to_end(&mut contents).ok()?;
        Some(contents)
    }

    /// What `open` makes of the file of this name, the first time that this run asks for it.
    pub(crate) fn shared<T: Any + Send + Sync>(
        &self,
        name: &str,
        open: impl FnOnce(File) -> Option<T>,
    ) -> Option<Arc<T>> {
        if let Some(opened) = self.opened().get(name).cloned() {
            return opened.downcast().ok();
        }
        let file = os::open_own(&self.folder.as_ref()?.join(name)).ok()?;
        mark_used(&file);
        let opened = Arc::new(open(file)?);
        self.opened().insert(name.to_owned(), opened.clone());
        Some(opened)
    }

    /// Whether there is a file of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.folder.as_ref().is_some_and(|folder| folder.join(name).exists())
    }

    /// Whether it keeps anything.
    pub(crate) fn keeps(&self) -> bool {
        self.folder.is_some()
    }

    /// Keeps a file: none sees it half written.
    pub(crate) fn write(&self, name: &str, contents: &[u8]) {
        self.opened().remove(name);
        let Some(path) = self.folder.as_ref().map(|folder| folder.join(name)) else { return };
        let Some(parent) = path.parent() else { return };
        let kept = os::create_private_dir(parent)
            .and_then(|()| tempfile::NamedTempFile::new_in(parent))
            .and_then(|mut file| file.write_all(contents).map(|()| file))
            .and_then(|file| file.persist(&path).map_err(|error| error.error));
        // As said: without it, the next run takes longer.
        drop(kept);
    }

    /// The folder of this name, filled by `fill` if it is not there yet; none sees it half filled. None if it cannot
    /// be had.
    pub(crate) fn folder(&self, name: &str, fill: impl FnOnce(&Path) -> bool) -> Option<PathBuf> {
        let path = self.folder.as_ref()?.join(name);
        let parent = path.parent()?;
        let is_there = || os::is_own_folder(parent) && os::is_folder(&path);
        if is_there() {
            return Some(path);
        }
        os::create_private_dir(parent).ok()?;
        let aside = tempfile::tempdir_in(parent).ok()?;
        // Its mode tells which umask its files were made with, as an environment's does.
        let filled = aside.path().join("files");
        fs::create_dir(&filled).ok()?;
        if !fill(&filled) {
            return None;
        }
        // Another run may have been faster.
        let _ = fs::rename(&filled, &path);
        is_there().then_some(path)
    }

    /// Removes, among what is in one of its folders, what is `obsolete` by its path and by how long ago it was last
    /// used; and what runs that were killed have left half made.
    pub(crate) fn sweep(&self, folder: &str, obsolete: impl Fn(&Path, Duration) -> bool) {
        let Some(folder) = self.folder.as_ref().map(|root| root.join(folder)) else { return };
        if !os::is_own_folder(&folder) {
            return;
        }
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| is_ours(&entry.file_name())) {
            let used = entry.metadata().and_then(|metadata| metadata.modified());
            let unused = used.ok().and_then(|used| SystemTime::now().duration_since(used).ok()).unwrap_or_default();
            let is_half_made = entry.file_name().as_encoded_bytes().starts_with(HALF_MADE);
            if if is_half_made { unused > DAY } else { obsolete(&entry.path(), unused) } {
                let _ = remove(&entry.path());
            }
        }
    }

    fn folders(&self) -> Vec<PathBuf> {
        self.folder.iter().flat_map(|root| FOLDERS.map(|name| root.join(name))).collect()
    }

    fn opened(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<dyn Any + Send + Sync>>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether rvenv gives such names: a key, or what it is written under first. Whatever else is there is somebody's.
fn is_ours(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    let stem = name.strip_suffix(b".zip").or_else(|| name.strip_suffix(b".json")).unwrap_or(name);
    let is_key =
        stem.len() == KEY_LENGTH && stem.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte));
    is_key || name.starts_with(HALF_MADE)
}

/// Removes a file, or a folder with all that is in it.
fn remove(path: &Path) -> io::Result<()> {
    if os::is_folder(path) { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

/// A file's time is that of its last use, to the day.
fn mark_used(file: &File) {
    let modified = file.metadata().and_then(|metadata| metadata.modified());
    let now = SystemTime::now();
    if modified.is_ok_and(|modified| now.duration_since(modified).is_ok_and(|unused| unused > DAY)) {
        let _ = file.set_modified(now);
    }
}

/// A name for what these bytes say, fit for a file's.
pub(crate) fn key(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}
