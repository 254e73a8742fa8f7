//! The cache directory: files that save work but are never required. Each is written under a temporary name and then
//! renamed.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use walkdir::WalkDir;

use crate::entries;
use crate::error::{AtPath, Result};
use crate::os;

/// The prefix of files and directories that are not complete yet.
const HALF_MADE: &[u8] = b".tmp";

/// The subdirectories of the cache.
const DIRECTORIES: [&str; 3] = ["images", "interpreters", "unpacked"];

/// The file that tells backup tools that a directory is a cache (https://bford.info/cachedir/).
const TAG: (&str, &str) = (
    "CACHEDIR.TAG",
    "Signature: 8a477f597d28d172789f06886806bc55\n# rvenv's cache, which can be deleted at any time.\n",
);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The directory where rvenv keeps results for later runs. Without a usable cache, runs take longer but do not fail.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Cache {
    directory: Option<PathBuf>,
}

/// The size of a cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CacheSize {
    /// The number of files.
    pub files: u64,
    /// Their total size in bytes.
    pub bytes: u64,
}

impl Cache {
    /// Returns a cache in this directory, which is created when the first file is stored.
    pub fn at(directory: impl AsRef<Path>) -> Cache {
        Cache { directory: Some(directory.as_ref().to_owned()) }
    }

    /// Returns a cache that stores nothing.
    pub fn none() -> Cache {
        Cache::default()
    }

    /// Returns the directory of the cache; `None` if it stores nothing.
    pub fn path(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// Returns the number and total size of its files. Unreadable files are not counted.
    pub fn size(&self) -> CacheSize {
        let mut size = CacheSize::default();
        for directory in self.directories() {
            let entries = WalkDir::new(directory).into_iter().filter_map(walkdir::Result::ok);
            for entry in entries.filter(|entry| entry.file_type().is_file()) {
                size.files += 1;
                size.bytes += entry.metadata().map_or(0, |metadata| metadata.len());
            }
        }
        size
    }

    /// Checks whether the cache can be used, and creates its directory. An unusable cache is ignored, so creating
    /// environments takes longer.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::Error::Io) if its directory or one of the subdirectories is a symbolic link, or if another
    /// user owns it or can write to it, because its contents could then come from anybody. Also if root would create it
    /// in a directory of another user, who could not use it, and if it cannot be created.
    pub fn check(&self) -> Result<()> {
        let Some(root) = &self.directory else { return Ok(()) };
        self.check_directories("use the cache", self.directories())?;
        if os::exists(root) { Ok(()) } else { os::create_private_dir(root).at("create the cache", root) }
    }

    /// Empties the cache. Files in its directory that are not rvenv's stay.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::Error::Io) if a file cannot be deleted, or is in a directory that another user owns or can
    /// write to. Everything else has been deleted by then. Also if the cache is not a directory.
    pub fn reset(&self) -> Result<()> {
        let Some(root) = self.directory.as_ref().filter(|root| os::exists(root)) else { return Ok(()) };
        fs::read_dir(root).at("empty the cache", root)?;
        let mut done = Ok(());
        for directory in self.directories() {
            done = done.and(self.empty(&directory));
            // Fails if other files are left in it.
            let _ = fs::remove_dir(directory);
        }
        let tag = root.join(TAG.0);
        if fs::read(&tag).is_ok_and(|contents| contents == TAG.1.as_bytes()) {
            let _ = fs::remove_file(tag);
        }
        done
    }

    /// Deletes rvenv's files in one of the subdirectories. Returns the first error.
    fn empty(&self, directory: &Path) -> Result<()> {
        let removed = self.entries(directory)?.into_iter().map(|path| remove(&path).at("delete", &path));
        removed.fold(Ok(()), Result::and)
    }

    /// Fails if the cache directory or one of these subdirectories is there and others could have put files there or could
    /// put another directory in its place.
    fn check_directories(&self, what: &'static str, subdirectories: Vec<PathBuf>) -> Result<()> {
        let refused =
            |directory: &Path, reason| Err(io::Error::new(io::ErrorKind::PermissionDenied, reason)).at(what, directory);
        let Some(root) = &self.directory else { return Ok(()) };
        for directory in [vec![root.clone()], subdirectories].concat() {
            if !os::is_own_directory(&directory) && os::exists(&directory) {
                return refused(&directory, "it is a link or a file, or another user owns it or can write to it");
            }
        }
        if os::is_replaceable(root) {
            return refused(root, "root does not keep a cache in another user's directory");
        }
        Ok(())
    }

    /// rvenv's own files and directories in a subdirectory.
    fn entries(&self, directory: &Path) -> Result<Vec<PathBuf>> {
        self.check_directories("empty the cache", vec![directory.to_owned()])?;
        let mut paths = entries::paths(directory)?;
        paths.retain(|path| path.file_name().is_some_and(is_ours));
        Ok(paths)
    }

    /// Returns the path of the file or directory `name` in the cache, unless other users could have put it there.
    fn place(&self, name: &str) -> Option<PathBuf> {
        let root = self.directory.as_ref()?;
        let path = root.join(name);
        (os::is_own_directory(root) && os::is_own_directory(path.parent()?)).then_some(path)
    }

    /// Opens a file for reading, and marks it as used.
    pub(crate) fn open(&self, name: &str) -> Option<File> {
        let file = os::open_own(&self.place(name)?).ok()?;
        mark_used(&file);
        Some(file)
    }

    /// Whether a file or directory of this name exists.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.directory.as_ref().is_some_and(|directory| directory.join(name).exists())
    }

    /// Stores a file atomically: other processes never see a partial one.
    pub(crate) fn write(&self, name: &str, contents: &[u8]) {
        // On failure, the next run takes longer.
        let _ = self.create(name).map(|(mut file, path)| file.write_all(contents).map(|()| file.persist(path)));
    }

    /// Creates a temporary file, to be renamed to the returned path of `name`. An existing file is then replaced.
    pub(crate) fn create(&self, name: &str) -> Option<(NamedTempFile, PathBuf)> {
        let path = self.create_place(name)?;
        Some((NamedTempFile::new_in(path.parent()?).ok()?, path))
    }

    /// Returns the path for the file or directory `name`, whose directory is created if necessary.
    fn create_place(&self, name: &str) -> Option<PathBuf> {
        let root = self.directory.as_ref()?;
        let path = root.join(name);
        self.check_directories("use the cache", vec![path.parent()?.to_owned()]).ok()?;
        // A directory that has the user's files too is not marked, since these need their backup.
        let is_new = !os::exists(root) || entries::is_empty(root).ok()?;
        os::create_private_dir(path.parent()?).ok()?;
        if is_new {
            // Without it, backups contain the cache.
            let _ = os::create_file(&root.join(TAG.0), 0o600).and_then(|mut file| file.write_all(TAG.1.as_bytes()));
        }
        self.place(name)
    }

    /// Returns the directory `name`. `fill` fills a new one before other processes see it. None if that fails.
    pub(crate) fn directory(&self, name: &str, fill: impl FnOnce(&Path) -> bool) -> Option<PathBuf> {
        let is_there = || self.place(name).filter(|path| os::is_directory(path));
        if let Some(path) = is_there() {
            return Some(path);
        }
        let path = self.create_place(name)?;
        let aside = tempfile::tempdir_in(path.parent()?).ok()?;
        // Its mode records the umask that its files were created with, as an environment's does.
        let filled = aside.path().join("files");
        fs::create_dir(&filled).ok()?;
        if !fill(&filled) {
            return None;
        }
        // Fails if another run was faster.
        let _ = fs::rename(&filled, &path);
        is_there()
    }

    /// Removes entries that are `obsolete`, by path and time since their last use, and partial files of killed runs.
    pub(crate) fn sweep(&self, directory: &str, obsolete: impl Fn(&Path, Duration) -> bool) {
        let Some(directory) = self.directory.as_ref().map(|root| root.join(directory)) else { return };
        // If the directory cannot be read now, a later run sweeps it.
        for path in self.entries(&directory).unwrap_or_default() {
            let used = path.symlink_metadata().and_then(|metadata| metadata.modified());
            let unused = used.ok().and_then(|used| SystemTime::now().duration_since(used).ok()).unwrap_or_default();
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            if if name.starts_with(HALF_MADE) { unused > DAY } else { obsolete(&path, unused) } {
                let _ = remove(&path);
            }
        }
    }

    fn directories(&self) -> Vec<PathBuf> {
        self.directory.iter().flat_map(|root| DIRECTORIES.map(|name| root.join(name))).collect()
    }
}

/// Whether this is one of rvenv's names: a [`key`], or a temporary name. Other files belong to the user.
fn is_ours(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    let suffixes: [&[u8]; 2] = [b".image", b".json"];
    let stem = suffixes.iter().find_map(|suffix| name.strip_suffix(*suffix)).unwrap_or(name);
    let is_key = BASE64_URL_SAFE_NO_PAD.decode(stem).is_ok_and(|hash| hash.len() == Sha256::output_size());
    is_key || name.starts_with(HALF_MADE)
}

/// Removes a file, or a directory and its contents.
fn remove(path: &Path) -> io::Result<()> {
    if os::is_directory(path) { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

/// Sets the file's modification time to now, at most once a day, to record its last use.
fn mark_used(file: &File) {
    let modified = file.metadata().and_then(|metadata| metadata.modified());
    let now = SystemTime::now();
    if modified.is_ok_and(|modified| now.duration_since(modified).is_ok_and(|unused| unused > DAY)) {
        let _ = file.set_modified(now);
    }
}

/// Returns a hash of these bytes that can be used as a file name.
pub(crate) fn key(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}
