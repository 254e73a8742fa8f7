//! The cache folder: files that save work, each made aside and renamed, none of them needed.

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::native;

/// Where rvenv keeps what it need not find out again. Whatever goes wrong with it costs time, not success.
#[derive(Debug, Clone, Default)]
pub struct Cache {
    folder: Option<PathBuf>,
    /// The last file that was read to be shared: several environments in one run have the same image.
    last: Arc<Mutex<Option<Named>>>,
}

/// A file's name and contents.
type Named = (String, Arc<[u8]>);

impl Cache {
    /// A cache in this folder, which is made when something is kept.
    pub fn at(folder: PathBuf) -> Cache {
        Cache { folder: Some(folder), ..Cache::default() }
    }

    /// A cache that keeps nothing.
    pub fn none() -> Cache {
        Cache::default()
    }

    /// The file of this name, relative to the cache's folder.
    pub(crate) fn read(&self, name: &str) -> Option<Vec<u8>> {
        native::read_regular(&self.folder.as_ref()?.join(name)).ok()
    }

    /// The file of this name, read once for all that ask for it in a row.
    pub(crate) fn read_shared(&self, name: &str) -> Option<Arc<[u8]>> {
        let mut last = self.last.lock().ok()?;
        if let Some((_, contents)) = last.as_ref().filter(|(last, _)| last == name) {
            return Some(contents.clone());
        }
        let contents: Arc<[u8]> = self.read(name)?.into();
        *last = Some((name.to_owned(), contents.clone()));
        Some(contents)
    }

    /// Whether it keeps anything.
    pub(crate) fn keeps(&self) -> bool {
        self.folder.is_some()
    }

    /// Keeps a file: none sees it half written.
    pub(crate) fn write(&self, name: &str, contents: &[u8]) {
        let Some(path) = self.folder.as_ref().map(|folder| folder.join(name)) else { return };
        let Some(parent) = path.parent() else { return };
        let kept = native::create_private_dir(parent)
            .and_then(|()| tempfile::NamedTempFile::new_in(parent))
            .and_then(|mut file| file.write_all(contents).map(|()| file))
            .and_then(|file| file.persist(&path).map_err(|error| error.error));
        // As said: without it, the next run takes longer.
        drop(kept);
    }
}

/// A name for what these bytes say, fit for a file's.
pub(crate) fn key(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}
