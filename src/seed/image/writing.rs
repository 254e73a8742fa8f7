//! An image that is being created: whatever is written into site-packages is also sent to a thread, which writes it
//! into the cache.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::mem;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::reading::{List, MOST_AT_ONCE};
use crate::cache::NewFile;
use crate::seed::distribution::{Distribution, Entry, InstalledFile};
use crate::seed::site_packages::{Copier, FileCopier};

/// Files of one directory, with their bytes one after another.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    /// Their names, relative to site-packages, and their sizes in bytes.
    files: Vec<(String, usize)>,
}

/// An image that is being created. If it is dropped before it is [finished](Self::finish), nothing of it is kept.
pub(crate) struct NewImage {
    /// None once everything has been sent.
    sender: Option<SyncSender<Batch>>,
    spare: Spare,
    writer: Option<JoinHandle<io::Result<Written>>>,
}

/// Buffers of batches that have been written, for reuse.
type Spare = Arc<Mutex<Vec<Vec<u8>>>>;

/// The part of an image that has been written.
struct Written {
    file: NewFile,
    length: u64,
    entries: HashMap<String, Entry>,
}

impl NewImage {
    /// Starts to write an image into `file`. None if no thread can be started for it.
    pub(super) fn begin(file: NewFile) -> Option<NewImage> {
        // Threads that fill batches wait until the last but one is written, so that memory does not fill up with them.
        let (sender, receiver) = mpsc::sync_channel(1);
        let written = Written { file, length: 0, entries: HashMap::new() };
        let spare = Spare::default();
        let emptied = spare.clone();
        let writer = thread::Builder::new().spawn(move || written.receive(&receiver, &emptied)).ok()?;
        Some(NewImage { sender: Some(sender), spare, writer: Some(writer) })
    }

    /// Completes the image of `distributions`. Files that have not been added to it are read from below `staged`.
    pub(super) fn finish(
        mut self,
        staged: &Path,
        mut distributions: Vec<Distribution>,
        modified: SystemTime,
    ) -> io::Result<()> {
        let mut written = self.join().unwrap_or_else(|| Err(io::ErrorKind::BrokenPipe.into()))?;
        let mut files: Vec<&mut InstalledFile> =
            distributions.iter_mut().flat_map(|distribution| &mut distribution.files).collect();
        // Keep the files of a directory adjacent, so that they are read at once.
        files.sort_by(|a, b| (a.directory(), a.base_name()).cmp(&(b.directory(), b.base_name())));
        for file in files {
            if !written.entries.contains_key(&file.name) {
                let bytes = fs::read(staged.join(&file.name))?;
                let files = vec![(file.name.clone(), bytes.len())];
                written.add(&Batch { bytes, files })?;
            }
            file.entry = written.entries[&file.name];
        }
        // Not every file system has fractions of a second, and unpacked files are to have this very time.
        let seconds = modified.duration_since(UNIX_EPOCH).map_err(io::Error::other)?.as_secs();
        let modified = UNIX_EPOCH + Duration::from_secs(seconds);
        written.file.write_all(&List { distributions, modified }.render()?)?;
        written.file.keep()
    }

    /// Waits until the writer has written everything that was sent.
    fn join(&mut self) -> Option<io::Result<Written>> {
        self.sender = None;
        self.writer.take()?.join().ok()
    }
}

impl Drop for NewImage {
    /// Waits for the thread, so that none is left writing.
    fn drop(&mut self) {
        self.join();
    }
}

impl Written {
    /// Writes the batches until no more arrive.
    fn receive(mut self, receiver: &Receiver<Batch>, emptied: &Spare) -> io::Result<Written> {
        for mut batch in receiver {
            self.add(&batch)?;
            batch.bytes.clear();
            emptied.lock().unwrap_or_else(PoisonError::into_inner).push(batch.bytes);
        }
        Ok(self)
    }

    fn add(&mut self, batch: &Batch) -> io::Result<()> {
        self.file.write_all(&batch.bytes)?;
        let mut rest = batch.bytes.as_slice();
        for (name, size) in &batch.files {
            let (contents, others) = rest.split_at(*size);
            let entry = Entry { start: self.length, size: *size as u64, crc32: crc32fast::hash(contents) };
            self.entries.insert(name.clone(), entry);
            self.length += entry.size;
            rest = others;
        }
        Ok(())
    }
}

impl Copier for NewImage {
    fn directory(&self) -> FileCopier<'_> {
        let mut part = Part { image: self, batch: Batch::default() };
        Box::new(move |name, contents| part.add(name, contents))
    }
}

/// The part of an image that comes from one directory.
struct Part<'a> {
    image: &'a NewImage,
    batch: Batch,
}

impl Part<'_> {
    fn add(&mut self, name: &str, contents: &[u8]) {
        if self.batch.bytes.len() + contents.len() > MOST_AT_ONCE as usize {
            self.send();
        }
        if self.batch.files.is_empty() {
            self.batch.bytes =
                self.image.spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        }
        self.batch.bytes.extend(contents);
        self.batch.files.push((name.to_owned(), contents.len()));
    }

    fn send(&mut self) {
        let batch = mem::take(&mut self.batch);
        if let Some(sender) = self.image.sender.as_ref().filter(|_| !batch.files.is_empty()) {
            // Sending fails if the writer has failed, and then there will be no image.
            let _ = sender.send(batch);
        }
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        self.send();
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
        let new = NewImage::begin(cache.create("images/x").unwrap()).unwrap();
        // The first file is read from the directory.
        let mut part = new.directory();
        texts[1..].iter().for_each(|(name, text)| part(name, text.as_bytes()));
        drop(part);
        new.finish(directory.path(), vec![distribution], SystemTime::now()).unwrap();

        let bytes = fs::read(directory.path().join("cache/images/x")).unwrap();
        let image = Image::open(cache.open("images/x").unwrap()).unwrap();
        for file in &image.distributions()[0].files {
            let text = texts.iter().find(|(name, _)| *name == file.name).unwrap().1;
            assert_eq!(&bytes[file.entry.start as usize..][..file.entry.size as usize], text.as_bytes());
        }
    }

    #[test]
    fn an_unfinished_image_leaves_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::at(directory.path().join("cache"));
        let new = NewImage::begin(cache.create("images/x").unwrap()).unwrap();
        let mut part = new.directory();
        for number in 0..8 {
            part(&format!("{number}.py"), &[0; MOST_AT_ONCE as usize]);
        }
        drop(part);
        drop(new);
        assert_eq!(fs::read_dir(directory.path().join("cache/images")).unwrap().count(), 0);
    }
}
