//! An image: the installed files of wheels, with bytecode, in a single file, which is written out to fill the next
//! environment. The files' bytes come first. A JSON list follows, with each file's name, the position of its bytes,
//! and a checksum that they are compared with when they are read.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use super::list::{List, MOST_AT_ONCE};
use crate::error::{Error, Result};
use crate::os;
use crate::seed::distribution::{Distribution, InstalledFile};
use crate::seed::names::is_inside;
use crate::seed::site_packages::{self, Directory, Root};

/// An image. When it is opened, only the list is read and checked.
pub(crate) struct Image {
    list: List,
    file: File,
    /// The offset where the files' bytes end.
    end: u64,
    /// The pieces that have been read and verified, by their start and end. If unset, nothing is kept: for a single
    /// environment, that would only take memory.
    read: OnceLock<Mutex<Pieces>>,
}

type Pieces = HashMap<(u64, u64), Arc<Vec<u8>>>;

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
        let mut files = list.distributions.iter().flat_map(|distribution| &distribution.files);
        files.all(|file| is_inside(&file.name)).then_some(())?;
        Some(Image { list, file, end, read: OnceLock::new() })
    }

    /// Keeps everything that is read from now on in memory, for further environments.
    pub(super) fn keep_what_is_read(&self) {
        self.read.get_or_init(Mutex::default);
    }

    /// The distributions that it installs.
    pub(crate) fn distributions(&self) -> &[Distribution] {
        &self.list.distributions
    }

    /// The modification time of all modules.
    pub(super) fn modified(&self) -> SystemTime {
        self.list.modified
    }

    /// Writes the files of `distributions` below `root`.
    pub(crate) fn write(&self, root: &Root, distributions: &[&Distribution]) -> Result<(), Fault> {
        let files: Vec<&InstalledFile> = distributions.iter().flat_map(|distribution| &distribution.files).collect();
        site_packages::write(root, &files, |directory, _, files| {
            self.write_directory(directory, files, InstalledFile::is_module)
        })
    }

    /// Writes `files`, which are all in one directory. Those that are `dated` get the modification time of the
    /// modules.
    pub(super) fn write_directory(
        &self,
        directory: &Directory,
        files: &[&InstalledFile],
        dated: impl Fn(&InstalledFile) -> bool,
    ) -> Result<(), Fault> {
        // The bytes of files in one directory are adjacent.
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
                    directory.write(file, contents, dated(file).then_some(self.list.modified))?;
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

    /// Reads the bytes from `start` to `end`, and checks the files in them against the checksums in the list.
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
