//! An image: the installed files of wheels, with bytecode, in a single file, which is written out to fill the next
//! environment. The files' bytes come first. A JSON list follows, with each file's name, the position of its bytes,
//! and a checksum that they are compared with when they are read.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::os;
use crate::seed::distribution::{Distribution, InstalledFile};
use crate::seed::names::is_inside;
use crate::seed::site_packages::{self, Directory, Root};

/// An image. When it is opened, only the list is read and checked.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) list: List,
    file: File,
    /// The pieces that have been read and verified, by their start and end. If unset, nothing is kept: for a single
    /// environment, that would only take memory.
    read: OnceLock<Mutex<Pieces>>,
}

type Pieces = HashMap<Range<u64>, Arc<Vec<u8>>>;

thread_local! {
    /// The buffer that a thread reads into if nothing is kept, so that memory is allocated only once.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The reason why an image could not be written out.
pub(crate) enum Fault {
    /// The image differs from what was stored.
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
    /// Opens the image in this file. None if it is not a valid image.
    pub(super) fn open(file: File) -> Option<Image> {
        let (list, end) = List::read(&file)?;
        let image = Image { list, file, read: OnceLock::new() };
        let is_valid = |file: &InstalledFile| {
            is_inside(&file.name) && file.entry.start.checked_add(file.entry.size).is_some_and(|of_file| of_file <= end)
        };
        let is_whole = image.files().all(is_valid);
        is_whole.then_some(image)
    }

    /// Keeps everything that is read from now on in memory, for further environments.
    pub(super) fn keep_what_is_read(&self) {
        self.read.get_or_init(Mutex::default);
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &InstalledFile> {
        self.list.distributions.iter().flat_map(|distribution| &distribution.files)
    }

    /// Writes `files` of it below `root`.
    pub(crate) fn write(&self, root: &Root, files: &[&InstalledFile]) -> Result<(), Fault> {
        site_packages::write(root, files, |directory, files| self.write_directory(directory, files))
    }

    /// Writes `files`, which are all in one directory.
    pub(super) fn write_directory(&self, directory: &mut Directory, files: &[&InstalledFile]) -> Result<(), Fault> {
        // The bytes of files in one directory are adjacent.
        let mut files = files.to_vec();
        files.sort_by_key(|file| file.entry.start);
        let mut rest = files.as_slice();
        while let Some(first) = rest.first() {
            let is_near = |file: &&&InstalledFile| file.entry.end() - first.entry.start <= MOST_AT_ONCE;
            let (files, others) = rest.split_at(rest.iter().take_while(is_near).count().max(1));
            self.with_contents(files, |file, contents| directory.write(file, contents))?;
            rest = others;
        }
        Ok(())
    }

    /// Calls `done` with each of `files`, which are sorted by where they start, and its contents.
    fn with_contents(
        &self,
        files: &[&InstalledFile],
        mut done: impl FnMut(&InstalledFile, &[u8]) -> Result<()>,
    ) -> Result<(), Fault> {
        let start = files.iter().map(|file| file.entry.start).min().unwrap_or_default();
        let end = files.iter().map(|file| file.entry.end()).max().unwrap_or_default();
        let mut pass_on =
            |piece: &[u8]| files.iter().try_for_each(|file| Ok(done(file, &piece[file.entry.within(start)])?));
        let Some(read) = self.read.get() else {
            return BUFFER.with_borrow_mut(|buffer| pass_on(self.read_piece(files, start..end, buffer)?));
        };
        let kept = || read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(piece) = kept().get(&(start..end)).cloned() {
            return pass_on(&piece);
        }
        let mut piece = Vec::new();
        self.read_piece(files, start..end, &mut piece)?;
        let piece = Arc::new(piece);
        kept().insert(start..end, piece.clone());
        pass_on(&piece)
    }

    /// Reads a piece, and checks `files`, which are in it, against the checksums in the list.
    fn read_piece<'a>(
        &self,
        files: &[&InstalledFile],
        at: Range<u64>,
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], Fault> {
        let length = (at.end - at.start) as usize;
        buffer.resize(buffer.len().max(length), 0);
        let piece = &mut buffer[..length];
        os::read_at(&self.file, piece, at.start).map_err(|_| Fault::Damaged)?;
        let is_as_stored =
            |file: &&InstalledFile| crc32fast::hash(&piece[file.entry.within(at.start)]) == file.entry.crc32;
        if files.iter().all(is_as_stored) { Ok(piece) } else { Err(Fault::Damaged) }
    }
}

/// The version of the image format, increased whenever the format changes.
pub(super) const FORMAT: u32 = 7;

/// The size of the footer, which ends the image: the list's length and checksum, four bytes each, little-endian.
const FOOTER: usize = 8;

/// The number of bytes read at once, unless a single file is larger: what fits in a processor's caches.
pub(super) const MOST_AT_ONCE: u64 = 256 << 10;

/// The contents of an image.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct List {
    pub(crate) distributions: Vec<Distribution>,
    /// The modification time of all modules, which is also in the headers of their .pyc. In whole seconds.
    pub(crate) modified: SystemTime,
}

impl List {
    /// Renders the end of an image: the list and the footer.
    pub(super) fn render(&self) -> io::Result<Vec<u8>> {
        let mut end = serde_json::to_vec(self)?;
        let (length, checksum) = (u32::try_from(end.len()).map_err(io::Error::other)?, crc32fast::hash(&end));
        end.extend([length, checksum].map(u32::to_le_bytes).concat());
        Ok(end)
    }

    /// Reads the list at the end of a file, and returns it with its offset. None if there is no valid one.
    pub(super) fn read(file: &File) -> Option<(List, u64)> {
        let end = file.metadata().ok()?.len().checked_sub(FOOTER as u64)?;
        let mut footer = [0; FOOTER];
        os::read_at(file, &mut footer, end).ok()?;
        let [length, checksum] = [0, 4].map(|at| u32::from_le_bytes([0, 1, 2, 3].map(|byte| footer[at + byte])));
        let start = end.checked_sub(length.into())?;
        let mut json = vec![0; length as usize];
        os::read_at(file, &mut json, start).ok()?;
        (crc32fast::hash(&json) == checksum).then_some(())?;
        Some((serde_json::from_slice(&json).ok()?, start))
    }
}
