//! What wheels come to in site-packages, .pyc included, in one file: the next environment is that image written out. First
//! there is a list in JSON, which says what the files are and where each one's bytes are, and a checksum that is held
//! against them as they are read; then there are the bytes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::distribution::{Distribution, Entry, InstalledFile};
use super::file_names::is_inside;
use super::site_packages::{self, Folder, Root};
use crate::error::{Error, Result};
use crate::os;

/// Goes up when what an image holds changes in kind.
pub(super) const FORMAT: u32 = 5;

/// The bytes before the list: its length and its checksum, four each, the lowest first.
const HEADER: usize = 8;

/// The bytes that are read in one go, unless one file has more: what the caches of a processor hold.
const MOST_AT_ONCE: u64 = 256 << 10;

/// What an image holds.
#[derive(Serialize, Deserialize)]
struct List {
    distributions: Vec<Distribution>,
    /// The time that all modules were last changed, which their .pyc have in their headers.
    modified: SystemTime,
}

/// An image, of which nothing but the list has been read and checked yet.
pub(super) struct Image {
    list: List,
    file: File,
    /// Where the files' bytes begin.
    base: u64,
    size: u64,
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
    pub(super) fn open(mut file: File) -> Option<Image> {
        let size = file.metadata().ok()?.len();
        let mut header = [0; HEADER];
        file.read_exact(&mut header).ok()?;
        let [length, checksum] = [0, 4].map(|at| u32::from_le_bytes([0, 1, 2, 3].map(|byte| header[at + byte])));
        let mut json = Vec::new();
        (&file).take(length.into()).read_to_end(&mut json).ok()?;
        (crc32fast::hash(&json) == checksum).then_some(())?;
        let list: List = serde_json::from_slice(&json).ok()?;
        let mut files = list.distributions.iter().flat_map(|distribution| &distribution.files);
        files.all(|file| is_inside(&file.name)).then_some(())?;
        Some(Image { list, file, base: (HEADER + json.len()) as u64, size, read: OnceLock::new() })
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
        if end > self.size.saturating_sub(self.base) {
            return Err(Fault::Damaged);
        }
        let length = (end - start) as usize;
        buffer.resize(buffer.len().max(length), 0);
        let bytes = &mut buffer[..length];
        os::read_at(&self.file, bytes, self.base + start).map_err(|_| Fault::Damaged)?;
        for file in files {
            let from = (file.entry.start - start) as usize;
            if crc32fast::hash(&bytes[from..from + file.entry.size as usize]) != file.entry.crc32 {
                return Err(Fault::Damaged);
            }
        }
        Ok(bytes)
    }
}

/// The bytes of an image of `distributions`, whose files are below `root`: what stands before the files', and theirs.
pub(super) fn render(
    root: &Root,
    mut distributions: Vec<Distribution>,
    modified: SystemTime,
) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut files: Vec<&mut InstalledFile> =
        distributions.iter_mut().flat_map(|distribution| &mut distribution.files).collect();
    // Those of one folder side by side: they are read in one go.
    files.sort_by(|a, b| (a.folder(), a.base_name()).cmp(&(b.folder(), b.base_name())));
    let mut bytes = Vec::new();
    for file in files {
        let contents = fs::read(root.staged.join(&file.name))?;
        file.entry =
            Entry { start: bytes.len() as u64, size: contents.len() as u64, crc32: crc32fast::hash(&contents) };
        bytes.extend(contents);
    }
    let json = serde_json::to_vec(&List { distributions, modified })?;
    let length = u32::try_from(json.len()).map_err(io::Error::other)?;
    let head = [&length.to_le_bytes(), &crc32fast::hash(&json).to_le_bytes(), json.as_slice()].concat();
    Ok((head, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_an_image_are_where_its_list_says() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::at(folder.path().into(), folder.path().into(), Default::default());
        fs::create_dir(folder.path().join("a")).unwrap();
        let texts = [("b.py", "one"), ("a/é.py", ""), ("a/c.py", "three")];
        let files = texts.map(|(name, text)| {
            fs::write(folder.path().join(name), text).unwrap();
            InstalledFile::new(name.to_owned(), false)
        });
        let distribution = Distribution {
            project: "p".to_owned(),
            version: "1".to_owned(),
            dist_info: "p-1.dist-info".to_owned(),
            files: files.to_vec(),
            record: String::new(),
            launchers: vec![],
        };
        let (head, bytes) = render(&root, vec![distribution], SystemTime::now()).unwrap();
        let rendered = [head, bytes].concat();
        fs::write(folder.path().join("image"), &rendered).unwrap();
        let image = Image::open(File::open(folder.path().join("image")).unwrap()).unwrap();
        for file in &image.distributions()[0].files {
            let text = texts.iter().find(|(name, _)| *name == file.name).unwrap().1;
            let start = image.base + file.entry.start;
            assert_eq!(&rendered[start as usize..][..file.entry.size as usize], text.as_bytes());
        }
    }
}
