//! An image that is being created: whatever is written into site-packages is also written into the cache.

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::NamedTempFile;

use super::reading::{List, MOST_AT_ONCE};
use crate::seed::distribution::{Distribution, Entry, InstalledFile};
use crate::seed::site_packages::Copier;

/// An image that is being created. If it is dropped before it is [finished](Self::finish), nothing of it is kept.
pub(crate) struct NewImage {
    /// None once a write has failed.
    written: Mutex<Option<Written>>,
}

/// The part of an image that has been written.
struct Written {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
    length: u64,
    entries: HashMap<String, Entry>,
}

impl NewImage {
    /// Starts to write an image into `file`, which gets this path once it is complete.
    pub(super) fn begin((file, path): (NamedTempFile, PathBuf)) -> NewImage {
        let file = BufWriter::with_capacity(MOST_AT_ONCE as usize, file);
        let written = Written { file, path, length: 0, entries: HashMap::new() };
        NewImage { written: Mutex::new(Some(written)) }
    }

    /// Completes the image of `distributions`. Files that have not been added to it are read from below `staged`.
    pub(super) fn finish(
        self,
        staged: &Path,
        mut distributions: Vec<Distribution>,
        modified: SystemTime,
    ) -> io::Result<()> {
        let written = self.written.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut written = written.ok_or(io::ErrorKind::BrokenPipe)?;
        let mut files: Vec<&mut InstalledFile> =
            distributions.iter_mut().flat_map(|distribution| &mut distribution.files).collect();
        // Keep the files of a directory adjacent, so that they are read at once.
        files.sort_by(|a, b| (a.directory(), a.base_name()).cmp(&(b.directory(), b.base_name())));
        for file in files {
            if !written.entries.contains_key(&file.name) {
                written.add(&file.name, &fs::read(staged.join(&file.name))?)?;
            }
            file.entry = written.entries[&file.name];
        }
        // Not every file system has fractions of a second, and unpacked files are to have this very time.
        let seconds = modified.duration_since(UNIX_EPOCH).map_err(io::Error::other)?.as_secs();
        let modified = UNIX_EPOCH + Duration::from_secs(seconds);
        written.file.write_all(&List { distributions, modified }.render()?)?;
        written.file.into_inner()?.persist(written.path)?;
        Ok(())
    }
}

impl Written {
    fn add(&mut self, name: &str, contents: &[u8]) -> io::Result<()> {
        let entry = Entry { start: self.length, size: contents.len() as u64, crc32: crc32fast::hash(contents) };
        self.entries.insert(name.to_owned(), entry);
        self.length = entry.end();
        self.file.write_all(contents)
    }
}

impl Copier for NewImage {
    fn add(&self, files: &[(String, Vec<u8>)]) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let add = |written: &mut Written| files.iter().try_for_each(|(name, contents)| written.add(name, contents));
        if written.as_mut().is_some_and(|written| add(written).is_err()) {
            // Makes room on a disk that is full.
            *written = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Cache;
    use crate::seed::image::reading::Image;

    #[test]
    fn the_files_of_an_image_are_at_the_positions_in_its_list() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::at(directory.path().join("cache"));
        fs::create_dir(directory.path().join("a")).unwrap();
        let texts = [("b.py", "one"), ("a/é.py", ""), ("a/c.py", "three"), ("a/d.py", "four")];
        let files = texts.map(|(name, text)| {
            fs::write(directory.path().join(name), text).unwrap();
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
        let new = NewImage::begin(cache.create("images/x").unwrap());
        // The first file is read from the directory.
        new.add(&texts.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))[1..]);
        new.finish(directory.path(), vec![distribution], SystemTime::now()).unwrap();

        let bytes = fs::read(directory.path().join("cache/images/x")).unwrap();
        let image = Image::open(cache.open("images/x").unwrap()).unwrap();
        for file in &image.list.distributions[0].files {
            let text = texts.iter().find(|(name, _)| *name == file.name).unwrap().1;
            assert_eq!(&bytes[file.entry.start as usize..][..file.entry.size as usize], text.as_bytes());
        }
    }

    #[test]
    fn an_unfinished_image_leaves_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::at(directory.path().join("cache"));
        let new = NewImage::begin(cache.create("images/x").unwrap());
        for number in 0..8 {
            new.add(&[(format!("{number}.py"), vec![0; MOST_AT_ONCE as usize])]);
        }
        drop(new);
        assert_eq!(fs::read_dir(directory.path().join("cache/images")).unwrap().count(), 0);
    }
}
