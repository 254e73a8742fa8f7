//! What wheels come to in site-packages, .pyc included, in one file: the next environment is that image written out. First
//! there are the files' bytes; then a list in JSON, which says what the files are and where each one's bytes are, and a checksum
//! that is held against them as they are read.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use super::distribution::{Distribution, InstalledFile};
use super::file_names::is_inside;
use super::image_list::{List, MOST_AT_ONCE};
use super::site_packages::{self, Folder, Root};
use crate::error::{Error, Result};
use crate::os;

/// An image, of which nothing but the list has been read and checked yet.
pub(super) struct Image {
    list: List,
    file: File,
    /// Where the files' bytes end.
    end: u64,
    /// What has been read and found whole, by where it begins and ends. Unset, nothing is kept: for one environment it
    /// would only take memory.
    read: OnceLock<Mutex<Pieces>>,
}

type Pieces = HashMap<(u64, u64), Arc<Vec<u8>>>;

thread_local! {
    /// What a thread reads into where nothing is kept: memory that the system has to provide once.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What went wrong while an image was written out.
pub(super) enum Fault {
    /// The image is not what was kept.
    Damaged,
    /// The environment cannot be written.
    Failed(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Failed(error)
    }
}

impl Image {
    /// The image in this file, if it is one.
    pub(super) fn open(file: File) -> Option<Image> {
        let (list, end) = List::read(&file)?;
        let mut files = list.distributions.iter().flat_map(|distribution| &distribution.files);
        files.all(|file| is_inside(&file.name)).then_some(())?;
        Some(Image { list, file, end, read: OnceLock::new() })
    }

    /// Has what is read from now on stay in memory, for further environments.
    pub(super) fn keep_what_is_read(&self) {
        self.read.get_or_init(Mutex::default);
    }

    /// What it installs.
    pub(super) fn distributions(&self) -> &[Distribution] {
        &self.list.distributions
    }

    /// When all modules were last changed.
    pub(super) fn modified(&self) -> SystemTime {
        self.list.modified
    }

    /// Writes the files of `distributions` below `root`.
    pub(super) fn write(&self, root: &Root, distributions: &[&Distribution]) -> Result<(), Fault> {
        let files: Vec<&InstalledFile> = distributions.iter().flat_map(|distribution| &distribution.files).collect();
        site_packages::write(root, &files, |folder, _, files| {
            self.write_folder(folder, files, InstalledFile::is_module)
        })
    }

    /// Writes `files` of one folder; those that are `dated` as changed when the modules were.
    pub(super) fn write_folder(
        &self,
        folder: &Folder,
        files: &[&InstalledFile],
        dated: impl Fn(&InstalledFile) -> bool,
    ) -> Result<(), Fault> {
        // Those of one folder stand side by side.
        let mut files = files.to_vec();
        files.sort_by_key(|file| file.entry.start);
        let mut rest = files.as_slice();
        while let Some(first) = rest.first() {
            let start = first.entry.start;
            let end_of = |file: &InstalledFile| file.entry.start.checked_add(file.entry.size);
            let is_near = |file: &&&InstalledFile| end_of(file).is_some_and(|end| end - start <= MOST_AT_ONCE);
            let (piece, others) = rest.split_at(rest.iter().take_while(is_near).count().max(1));
            let end = piece.iter().try_fold(start, |end, file| Some(end.max(end_of(file)?))).ok_or(Fault::Damaged)?;
            self.with_bytes(piece, start, end, |bytes| {
                for file in piece {
                    let from = (file.entry.start - start) as usize;
                    let contents = &bytes[from..from + file.entry.size as usize];
                    folder.write(file, contents, dated(file).then_some(self.list.modified))?;
                }
                Ok(())
            })?;
            rest = others;
        }
        Ok(())
    }

    /// Calls `done` with the bytes from `start` to `end`, which are those of `files`.
    fn with_bytes(
        &self,
        files: &[&InstalledFile],
        start: u64,
        end: u64,
        done: impl FnOnce(&[u8]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let Some(read) = self.read.get() else {
            return BUFFER.with_borrow_mut(|buffer| done(self.read_piece(files, start, end, buffer)?));
        };
        let kept = || read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = kept().get(&(start, end)).cloned() {
            return done(&bytes);
        }
        let mut bytes = Vec::new();
        self.read_piece(files, start, end, &mut bytes)?;
        let bytes = Arc::new(bytes);
        kept().insert((start, end), bytes.clone());
        done(&bytes)
    }

    /// Reads the bytes from `start` to `end`, in which the files have the checksums of the list.
    fn read_piece<'a>(
        &self,
        files: &[&InstalledFile],
        start: u64,
        end: u64,
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], Fault> {
        if end > self.end {
            return Err(Fault::Damaged);
        }
        let length = (end - start) as usize;
        buffer.resize(buffer.len().max(length), 0);
        let bytes = &mut buffer[..length];
        os::read_at(&self.file, bytes, start).map_err(|_| Fault::Damaged)?;
        for file in files {
            let from = (file.entry.start - start) as usize;
            if crc32fast::hash(&bytes[from..from + file.entry.size as usize]) != file.entry.crc32 {
                return Err(Fault::Damaged);
            }
        }
        Ok(bytes)
    }
}
