//! What wheels come to in site-packages, .pyc included, kept in one file of the cache: the next environment is that
//! image written out. It is a zip file without compression, whose first entry says what the others are: where each
//! file's bytes begin, and a checksum that is held against them as they are read.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, Read, Seek, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use zip::read::read_zipfile_from_stream;
use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::distribution::{Distribution, Entry, InstalledFile};
use super::site_packages::{self, Folder, Root};
use super::{parallel, unpacked, wheel};
use crate::cache::{self, Cache};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::interpreter::Interpreter;
use crate::options::Options;
use crate::os;

/// Goes up when what an image holds changes in kind.
const FORMAT: u32 = 3;

/// The folder of the cache.
const FOLDER: &str = "images";

/// An image that has not been used for so long goes.
const LONGEST_UNUSED: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The bytes before an entry's name, which is followed by its contents at once (APPNOTE.TXT, 4.3.7).
const LOCAL_HEADER: u64 = 30;

/// The entry that says what the others are.
const CONTENTS: &str = "rvenv-image.json";

/// What the entry [`CONTENTS`] says.
#[derive(Serialize, Deserialize)]
struct Contents {
    distributions: Vec<Distribution>,
    /// The time that all modules were last changed, which their .pyc have in their headers.
    modified: SystemTime,
}

/// Pieces of an image, by where they begin and end.
type Pieces = HashMap<Range<u64>, Arc<Vec<u8>>>;

/// An image, of which nothing but its contents' names has been read and checked yet.
pub(super) struct Image {
    contents: Contents,
    file: File,
    /// Where the entry [`CONTENTS`] ends.
    base: u64,
    size: u64,
    /// Where several environments are made of it: what has been read and found whole, by where it begins and ends. For
    /// one it would only take memory.
    read: Option<Mutex<Pieces>>,
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
    let stamps: Vec<_> = wheels.iter().map(|wheel| (wheel, os::stamp(wheel))).collect();
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
        cache.shared(&file_name(name), |file| Image::open(file, cache.is_for_many()))
    }

    fn open(file: File, for_many: bool) -> Option<Image> {
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
        files.all(|file| wheel::is_inside(&file.name)).then_some(())?;
        Some(Image { contents, file: reader.into_inner(), base, size, read: for_many.then(Mutex::default) })
    }

    pub(super) fn distributions(&self) -> &[Distribution] {
        &self.contents.distributions
    }

    /// When all modules were last changed.
    pub(super) fn modified(&self) -> SystemTime {
        self.contents.modified
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
        let start = files.iter().map(|file| file.entry.start).min().unwrap_or_default();
        let bytes = self.read(files)?;
        for file in files {
            let from = (file.entry.start - start) as usize;
            let contents = &bytes[from..from + file.entry.size as usize];
            folder.write(file, contents, dated(file).then_some(self.contents.modified))?;
        }
        Ok(())
    }

    /// The bytes from the first to the last of `files`, which are those of one folder and so stand side by side.
    fn read(&self, files: &[&InstalledFile]) -> Result<Arc<Vec<u8>>, Fault> {
        let ends = files.iter().map(|file| file.entry.start.checked_add(file.entry.size));
        let end = ends.collect::<Option<Vec<u64>>>().and_then(|ends| ends.into_iter().max()).ok_or(Fault::Damaged)?;
        let start = files.iter().map(|file| file.entry.start).min().unwrap_or_default();
        let mut known = self.read.as_ref().map(|read| read.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(bytes) = known.as_mut().and_then(|known| known.get(&(start..end)).cloned()) {
            return Ok(bytes);
        }
        drop(known);
        if end > self.size - self.base {
            return Err(Fault::Damaged);
        }
        let mut bytes = vec![0; (end - start) as usize];
        os::read_at(&self.file, &mut bytes, self.base + start).map_err(|_| Fault::Damaged)?;
        let is_whole = |file: &&InstalledFile| {
            let from = (file.entry.start - start) as usize;
            crc32fast::hash(&bytes[from..from + file.entry.size as usize]) == file.entry.crc32
        };
        if !files.iter().all(is_whole) {
            return Err(Fault::Damaged);
        }
        let bytes = Arc::new(bytes);
        if let Some(read) = &self.read {
            read.lock().unwrap_or_else(PoisonError::into_inner).insert(start..end, bytes.clone());
        }
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

fn render(root: &Root, mut distributions: Vec<Distribution>, modified: SystemTime) -> ZipResult<Vec<u8>> {
    let mut files: Vec<&mut InstalledFile> =
        distributions.iter_mut().flat_map(|distribution| &mut distribution.files).collect();
    // Those of one folder side by side: they are read in one go.
    files.sort_by(|a, b| (a.folder(), a.base_name()).cmp(&(b.folder(), b.base_name())));
    let end = locate(root, &mut files)?;
    let names: Vec<String> = files.into_iter().map(|file| file.name.clone()).collect();
    let contents = serde_json::to_vec(&Contents { distributions, modified }).map_err(std::io::Error::other)?;

    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    // At the end each name stands once more.
    let capacity = end as usize + contents.len() + names.len() * 256;
    let mut zip = ZipWriter::new(Cursor::new(Vec::with_capacity(capacity)));
    zip.start_file(CONTENTS, options)?;
    zip.write_all(&contents)?;
    for name in names {
        zip.start_file(&name, options)?;
        zip.write_all(&fs::read(root.staged.join(name))?)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// Decides where each file will be in the image, and returns where the last one ends. They are read twice in all, which
/// takes less time than memory for all of them at once.
fn locate(root: &Root, files: &mut [&mut InstalledFile]) -> io::Result<u64> {
    let read: Vec<OnceLock<(u64, u32)>> = files.iter().map(|_| OnceLock::new()).collect();
    let all: Vec<(&str, &OnceLock<_>)> = files.iter().map(|file| file.name.as_str()).zip(&read).collect();
    parallel::each(&all, |(name, slot)| {
        let contents = fs::read(root.staged.join(name))?;
        slot.set((contents.len() as u64, crc32fast::hash(&contents))).map_err(|_| io::Error::other("read twice"))
    })?;
    let mut end = 0;
    for (file, (size, crc32)) in files.iter_mut().zip(read.into_iter().filter_map(OnceLock::into_inner)) {
        let start = end + LOCAL_HEADER + file.name.len() as u64;
        file.entry = Entry { start, size, crc32 };
        end = start + size;
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use zip::ZipArchive;

    use super::*;

    #[test]
    fn the_entries_of_an_image_are_where_its_list_says() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root { staged: folder.path().into(), path: folder.path().into(), interrupt: Default::default() };
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
        let rendered = render(&root, vec![distribution], SystemTime::now()).unwrap();
        fs::write(folder.path().join("image"), &rendered).unwrap();
        let image = Image::open(File::open(folder.path().join("image")).unwrap(), false).unwrap();
        for file in &image.distributions()[0].files {
            let text = texts.iter().find(|(name, _)| *name == file.name).unwrap().1;
            let start = image.base + file.entry.start;
            assert_eq!(&rendered[start as usize..][..file.entry.size as usize], text.as_bytes());
            let mut archive = ZipArchive::new(Cursor::new(&rendered)).unwrap();
            let entry = archive.by_name(&file.name).unwrap();
            assert_eq!(
                (entry.data_start(), entry.crc32()),
                (Some(start), file.entry.crc32),
                "anybody can look into it"
            );
        }
    }
}
