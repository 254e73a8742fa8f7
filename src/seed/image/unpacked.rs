//! An image's files unpacked in the cache, for environments that get hard links to them or clones of them.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::UNIX_EPOCH;

use super::reading::{Fault, Image};
use crate::cache::Cache;
use crate::options::LinkMode;
use crate::os;
use crate::seed::distribution::InstalledFile;
use crate::seed::site_packages::{self, Directory, Root};

/// The subdirectory of the cache.
pub(super) const DIRECTORY: &str = "unpacked";

/// The unpacked copy of one image. All its files have the modification time of the image's modules. A file with
/// another time or size has been changed through a hard link, and is no longer used.
pub(crate) struct Unpacked<'a> {
    image: &'a Image,
    path: PathBuf,
    link_mode: LinkMode,
    /// Whether links or clones from one directory to the other work at all.
    serves: AtomicBool,
    /// Whether a file is missing or has changed since it was unpacked.
    damaged: AtomicBool,
}

impl<'a> Unpacked<'a> {
    /// The unpacked copy of the image, created if the cache has none. None if that fails, or files are to be copied.
    pub(crate) fn of(image: &'a Image, cache: &Cache, name: &str, link_mode: LinkMode) -> Option<Unpacked<'a>> {
        if link_mode == LinkMode::Copy {
            return None;
        }
        let path = cache.directory(&format!("{DIRECTORY}/{name}"), |directory| {
            let root = Root { is_dated: |_| true, ..Root::at(directory.to_owned(), image.list.modified) };
            image.write(&root, &image.files().collect::<Vec<_>>()).is_ok() && !root.is_incomplete()
        })?;
        Some(Unpacked { image, path, link_mode, serves: true.into(), damaged: false.into() })
    }

    /// Writes `files` below `root`. Those that cannot be linked or cloned are copied.
    pub(crate) fn write(&self, root: &Root, files: &[&InstalledFile]) -> Result<(), Fault> {
        let written = site_packages::write(root, files, |directory, files| {
            let left = self.place_all(directory, files);
            self.image.write_directory(directory, &left)
        });
        if self.damaged.load(Ordering::Relaxed) {
            // The next run unpacks it again.
            let _ = fs::remove_dir_all(&self.path);
        }
        written
    }

    /// Links or clones the files for which that works, and returns the others.
    fn place_all<'f>(&self, directory: &Directory, files: &[&'f InstalledFile]) -> Vec<&'f InstalledFile> {
        let source = os::Directory::open(&self.path.join(directory.name));
        let (Ok(source), Ok(mode)) = (source, directory.open.mode()) else {
            self.damaged.store(true, Ordering::Relaxed);
            return files.to_vec();
        };
        files.iter().copied().filter(|file| !self.place(&source, directory, file, mode)).collect()
    }

    /// Links or clones a file, and returns whether that worked. The mode of the directory shows the umask.
    fn place(&self, source: &os::Directory, directory: &Directory, file: &InstalledFile, directory_mode: u32) -> bool {
        if !self.serves.load(Ordering::Relaxed) {
            return false;
        }
        let name = file.base_name();
        let state = source.state(name).ok().filter(|state| self.is_as_unpacked(file, state));
        let Some(state) = state else {
            self.damaged.store(true, Ordering::Relaxed);
            return false;
        };
        let mode = directory_mode & file.mode();
        let placed = match self.link_mode {
            // A link has the mode that the umask allowed when the file was unpacked.
            LinkMode::Hardlink if !state.has_permissions(mode) => return false,
            LinkMode::Hardlink => directory.open.link_from(source, name),
            _ => directory.open.clone_from(source, name, mode, self.image.list.modified),
        };
        self.serves.fetch_and(placed.is_ok(), Ordering::Relaxed);
        placed.is_ok()
    }

    fn is_as_unpacked(&self, file: &InstalledFile, state: &os::FileState) -> bool {
        let unpacked = self.image.list.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        let modified = (unpacked.as_secs() as i64, unpacked.subsec_nanos());
        state.is_regular && state.size == file.entry.size && state.modified == modified
    }
}
