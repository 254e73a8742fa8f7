//! The cache folder: files that save work, each made aside and renamed, none of them needed.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
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

/// What is said of a directory that is not used.
const FOREIGN: &str = "it is a link, or somebody else owns it or may write to it";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Where rvenv keeps what it need not find out again. Whatever goes wrong with it costs time, not success.
#[derive(Debug, Clone, Default)]
pub struct Cache {
    folder: Option<PathBuf>,
}

/// A file of the cache that is being written. Dropped before it is kept, it is gone.
pub(crate) struct NewFile {
    file: tempfile::NamedTempFile,
    path: PathBuf,
}

impl NewFile {
    /// Puts it in its place, whole.
    pub(crate) fn keep(self) -> io::Result<()> {
        self.file.persist(self.path)?;
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
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
        Cache { folder: Some(folder) }
    }

    /// A cache that keeps nothing.
    pub fn none() -> Cache {
        Cache::default()
    }

    /// Where it is; none if it keeps nothing.
    pub fn path(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// How much it holds.
    pub fn size(&self) -> CacheSize {
        let mut size = CacheSize::default();
        for folder in self.folders() {
            // What cannot be looked at is not counted.
            let entries = WalkDir::new(folder).into_iter().filter_map(walkdir::Result::ok);
            for entry in entries.filter(|entry| entry.file_type().is_file()) {
                size.files += 1;
                size.bytes += entry.metadata().map_or(0, |metadata| metadata.len());
            }
        }
        size
    }

    /// Whether it can be used at all.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::Error::Io) if its directory or one of those in it is a link, or if somebody else owns it
    /// or may write to it, as what it says could be anybody's then; and if root would make it in a directory of
    /// somebody else, who could not use it. What needs the cache takes more time instead.
    pub fn check(&self) -> Result<()> {
        let Some(root) = &self.folder else { return Ok(()) };
        let refused = |path: &Path, reason| {
            Err(io::Error::new(io::ErrorKind::PermissionDenied, reason)).at("use the cache", path)
        };
        for directory in [&[root.clone()][..], &self.folders()].concat() {
            if !os::is_own_folder(&directory) && os::is_there(&directory) {
                return refused(&directory, FOREIGN);
            }
        }
        match os::would_be_roots_at_anothers(root) {
            true => refused(root, "root makes none in a directory of another user"),
            false => Ok(()),
        }
    }

    /// Empties it. What is in its directory besides, and is not rvenv's, stays.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::Error::Io) if something cannot be deleted, or is in a directory that somebody else owns or
    /// may write to. All else has been deleted then.
    pub fn reset(&self) -> Result<()> {
        let mut done = Ok(());
        for folder in self.folders().iter().filter(|folder| os::is_there(folder)) {
            done = done.and(self.empty(folder));
            // Unless something else is in it.
            let _ = fs::remove_dir(folder);
        }
        done
    }

    /// Deletes what is rvenv's in one of the directories. Errors with the first thing that could not be.
    fn empty(&self, folder: &Path) -> Result<()> {
        if !self.is_own(folder) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, FOREIGN)).at("empty the cache", folder);
        }
        let mut done = Ok(());
        for entry in fs::read_dir(folder).at("empty the cache", folder)? {
            let entry = entry.at("empty the cache", folder)?;
            if is_ours(&entry.file_name()) {
                done = done.and(remove(&entry.path()).at("delete", &entry.path()));
            }
        }
        done
    }

    /// The file or directory of this name, which is relative to the cache's, if nobody else has a say in where it is.
    fn place(&self, name: &str) -> Option<PathBuf> {
        let path = self.folder.as_ref()?.join(name);
        path.parent().is_some_and(|folder| self.is_own(folder)).then_some(path)
    }

    /// Whether one of the directories, and the cache's own, are the user's and nobody else may write to them.
    fn is_own(&self, folder: &Path) -> bool {
        self.folder.as_deref().is_some_and(os::is_own_folder) && os::is_own_folder(folder)
    }

    /// The contents of the file of this name.
    pub(crate) fn read(&self, name: &str) -> Option<Vec<u8>> {
        let mut contents = Vec::new();
        os::open_own(&self.place(name)?).ok()?.read_to_end(&mut contents).ok()?;
        Some(contents)
    }

    /// The file of this name, to be read, and marked as used.
    pub(crate) fn open(&self, name: &str) -> Option<File> {
        let file = os::open_own(&self.place(name)?).ok()?;
        mark_used(&file);
        Some(file)
    }

    /// Whether there is a file of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.folder.as_ref().is_some_and(|folder| folder.join(name).exists())
    }

    /// Keeps a file of these contents: none sees it half written.
    pub(crate) fn write(&self, name: &str, contents: &[u8]) {
        // As said: without it, the next run takes longer.
        drop(self.try_write(name, contents));
    }

    fn try_write(&self, name: &str, contents: &[u8]) -> io::Result<()> {
        let mut file = self.create(name)?;
        file.write_all(contents)?;
        file.keep()
    }

    /// A new file that is to be the one of this name, or to take its place.
    pub(crate) fn create(&self, name: &str) -> io::Result<NewFile> {
        let (path, folder) = self.create_place(name)?;
        Ok(NewFile { file: tempfile::NamedTempFile::new_in(folder)?, path })
    }

    /// Where the file or directory of this name is to be, and the directory that it is in, made if it is not there.
    fn create_place(&self, name: &str) -> io::Result<(PathBuf, PathBuf)> {
        let nothing = || io::Error::from(io::ErrorKind::Unsupported);
        let path = self.folder.as_ref().ok_or_else(nothing)?.join(name);
        let folder = path.parent().ok_or_else(nothing)?.to_owned();
        if os::would_be_roots_at_anothers(&folder) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        os::create_private_dir(&folder)?;
        match self.is_own(&folder) {
            true => Ok((path, folder)),
            false => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }

    /// The directory of this name, filled by `fill` if it is not there yet; none sees it half filled. None if it cannot
    /// be had.
    pub(crate) fn folder(&self, name: &str, fill: impl FnOnce(&Path) -> bool) -> Option<PathBuf> {
        let is_there = || self.place(name).filter(|path| os::is_folder(path));
        if let Some(path) = is_there() {
            return Some(path);
        }
        let (path, folder) = self.create_place(name).ok()?;
        let aside = tempfile::tempdir_in(folder).ok()?;
        // Its mode tells which umask its files were made with, as an environment's does.
        let filled = aside.path().join("files");
        fs::create_dir(&filled).ok()?;
        if !fill(&filled) {
            return None;
        }
        // Another run may have been faster.
        let _ = fs::rename(&filled, &path);
        is_there()
    }

    /// Removes, among what is in one of its folders, what is `obsolete` by its path and by how long ago it was last
    /// used; and what runs that were killed have left half made.
    pub(crate) fn sweep(&self, folder: &str, obsolete: impl Fn(&Path, Duration) -> bool) {
        let Some(folder) = self.folder.as_ref().map(|root| root.join(folder)) else { return };
        if !self.is_own(&folder) {
            return;
        }
        // What cannot be read now is swept by another run.
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries.filter_map(io::Result::ok).filter(|entry| is_ours(&entry.file_name())) {
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
}

/// Whether rvenv gives such names: a key, or what it is written under first. Whatever else is there is somebody's.
fn is_ours(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    // Images were zip files until version 0.1.
    let suffixes: [&[u8]; 3] = [b".image", b".json", b".zip"];
    let stem = suffixes.iter().find_map(|suffix| name.strip_suffix(*suffix)).unwrap_or(name);
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
