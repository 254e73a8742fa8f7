//! What wheels come to in site-packages, .pyc included, kept in one file of the cache: the next environment is that
//! image written out. It is a zip file without compression, whose first entry says what the others are: where each
//! file's bytes begin, and a checksum that is held against them as they are read.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{BufReader, Cursor, Read, Seek, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use zip::read::read_zipfile_from_stream;
use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::distribution::{Distribution, InstalledFile};
use super::site_packages::{self, Folder, Root};
use super::{unpacked, wheel};
use crate::cache::{self, Cache};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::interpreter::Interpreter;
use crate::native;
use crate::options::Options;

/// Goes up when what an image holds changes in kind.
const FORMAT: u32 = 2;

/// The folder of the cache.
const FOLDER: &str = "images";

/// An image that has not been used for so long goes.
const LONGEST_UNUSED: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The entry that says what the others are.
const CONTENTS: &str = "rvenv-image.json";

/// What the entry [`CONTENTS`] says.
#[derive(Serialize, Deserialize)]
struct Contents {
    distributions: Vec<Distribution>,
    /// The time that all modules were last changed, which their .pyc have in their headers.
    modified: SystemTime,
    /// Where each file is in the image, by its name in site-packages.
    entries: BTreeMap<String, Entry>,
}

/// A file's bytes in the image.
#[derive(Clone, Serialize, Deserialize)]
struct Entry {
    /// Where they begin, counted from the end of the entry [`CONTENTS`].
    start: u64,
    size: u64,
    crc32: u32,
}

/// An image, of which nothing but its contents' names has been read and checked yet.
pub(super) struct Image {
    contents: Contents,
    file: File,
    /// Where the entry [`CONTENTS`] ends.
    base: u64,
    size: u64,
    /// What has been read and found whole, by where it begins and ends: several environments in one run are written
    /// from what was read for the first.
    read: Mutex<HashMap<Range<u64>, Arc<Vec<u8>>>>,
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

/// The name in the cache of the image of these wheels for this interpreter: all that decides its bytes.
pub(super) fn name(interpreter: &Interpreter, wheels: &[&PathBuf], options: &Options) -> String {
    let stamps: Vec<_> = wheels.iter().map(|wheel| (wheel, native::stamp(wheel))).collect();
    let bytecode = (&interpreter.cache_tag, &interpreter.magic, options.compile, options.source_date);
    let version = (FORMAT, env!("CARGO_PKG_VERSION"), interpreter.version, &interpreter.implementation);
    cache::key(format!("{version:?} {bytecode:?} {stamps:?}").as_bytes())
}

fn file_name(name: &str) -> String {
    format!("{FOLDER}/{name}.zip")
}

impl Image {
    /// The image of this name, if the cache has it and it is one. Opened once for all environments of a run.
    pub(super) fn load(cache: &Cache, name: &str) -> Option<Arc<Image>> {
        cache.shared(&file_name(name), Image::open)
    }

    fn open(file: File) -> Option<Image> {
        let size = file.metadata().ok()?.len();
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let mut json = Vec::new();
        let mut entry = read_zipfile_from_stream(&mut reader).ok()??;
        (entry.name() == CONTENTS).then_some(())?;
        entry.read_to_end(&mut json).ok()?;
        drop(entry);
        let base = reader.stream_position().ok()?;
        let contents: Contents = serde_json::from_slice(&json).ok()?;
        let mut files = contents.distributions.iter().flat_map(|distribution| &distribution.files);
        let is_sound = |file: &InstalledFile| wheel::is_inside(&file.name) && contents.entries.contains_key(&file.name);
        files.all(is_sound).then_some(())?;
        Some(Image { contents, file: reader.into_inner(), base, size, read: Mutex::default() })
    }

    pub(super) fn distributions(&self) -> &[Distribution] {
        &self.contents.distributions
    }

    /// When all modules were last changed.
    pub(super) fn modified(&self) -> SystemTime {
        self.contents.modified
    }

    /// The size of a file of the image, in bytes.
    pub(super) fn size_of(&self, file: &InstalledFile) -> u64 {
        self.contents.entries[&file.name].size
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
        if files.is_empty() {
            return Ok(());
        }
        let entries: Vec<&Entry> = files.iter().map(|file| &self.contents.entries[&file.name]).collect();
        let start = entries.iter().map(|entry| entry.start).min().unwrap_or_default();
        let bytes = self.read(&entries)?;
        for (file, entry) in files.iter().zip(entries) {
            let from = (entry.start - start) as usize;
            let contents = &bytes[from..from + entry.size as usize];
            folder.write(file, contents, dated(file).then_some(self.contents.modified))?;
        }
        Ok(())
    }

    /// The bytes from the first to the last of `entries`, which are those of one folder and so stand side by side.
    fn read(&self, entries: &[&Entry]) -> Result<Arc<Vec<u8>>, Fault> {
        let ends = entries.iter().map(|entry| entry.start.checked_add(entry.size));
        let end = ends.collect::<Option<Vec<u64>>>().and_then(|ends| ends.into_iter().max()).ok_or(Fault::Damaged)?;
        let start = entries.iter().map(|entry| entry.start).min().unwrap_or_default();
        let known = |read: &mut HashMap<Range<u64>, Arc<Vec<u8>>>| read.get(&(start..end)).cloned();
        if let Some(bytes) = known(&mut self.read.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(bytes);
        }
        if end > self.size - self.base {
            return Err(Fault::Damaged);
        }
        let mut bytes = vec![0; (end - start) as usize];
        native::read_at(&self.file, &mut bytes, self.base + start).map_err(|_| Fault::Damaged)?;
        let is_whole = |entry: &&Entry| {
            let from = (entry.start - start) as usize;
            crc32fast::hash(&bytes[from..from + entry.size as usize]) == entry.crc32
        };
        if !entries.iter().all(is_whole) {
            return Err(Fault::Damaged);
        }
        let bytes = Arc::new(bytes);
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(start..end, bytes.clone());
        Ok(bytes)
    }
}

/// Keeps what has been installed into the environment that is built as an image.
pub(super) fn keep(
    context: &Context,
    cache: &Cache,
    name: &str,
    distributions: Vec<Distribution>,
    modified: SystemTime,
) {
    if cache.keeps() {
        // As with all of the cache: without it, the next run takes longer.
        let image = render(&Root::of(context), distributions, modified);
        drop(image.map(|image| cache.write(&file_name(name), &image)));
        cache.sweep(FOLDER, |_, unused| unused > LONGEST_UNUSED);
        unpacked::sweep(cache, |name| cache.has(&file_name(name)));
    }
}

fn render(root: &Root, distributions: Vec<Distribution>, modified: SystemTime) -> ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut files: Vec<&InstalledFile> = distributions.iter().flat_map(|distribution| &distribution.files).collect();
    // Those of one folder side by side: they are read in one go.
    files.sort_by_key(|file| (file.folder(), file.base_name()));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for file in &files {
        zip.start_file(&file.name, options)?;
        zip.write_all(&fs::read(root.staged.join(&file.name))?)?;
    }
    let mut archive = zip.finish_into_readable()?;
    let entries = (0..archive.len()).map(|index| describe(&mut archive, index)).collect::<ZipResult<_>>()?;
    let contents = Contents { distributions, modified, entries };
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(CONTENTS, options)?;
    zip.write_all(&serde_json::to_vec(&contents).map_err(std::io::Error::other)?)?;
    // Behind that they stand as they stood from the beginning.
    zip.merge_archive(archive)?;
    Ok(zip.finish()?.into_inner())
}

fn describe(archive: &mut ZipArchive<Cursor<Vec<u8>>>, index: usize) -> ZipResult<(String, Entry)> {
    let file = archive.by_index_raw(index)?;
    let start = file.data_start().ok_or(zip::result::ZipError::FileNotFound)?;
    Ok((file.name().to_owned(), Entry { start, size: file.size(), crc32: file.crc32() }))
}
