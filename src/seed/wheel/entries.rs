//! A wheel's entries: their names, none of which may lead elsewhere, and what they hold, none of it larger than it says.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::Arc;

use flate2::{Decompress, FlushDecompress, Status};
use zip::{CompressionMethod, ZipArchive};

use crate::seed::file_names::is_inside;

/// A wheel's bytes as a zip file.
pub(super) type Archive = ZipArchive<Cursor<Arc<[u8]>>>;

/// The bytes that a wheel may have, and may unpack to; pip's has two million, and ten million unpacked.
pub(super) const LARGEST_WHEEL: u64 = 128 << 20;

/// The bytes that one entry may unpack to; pip's largest file has one million.
const LARGEST_ENTRY: u64 = 64 << 20;

/// The files of an archive, by name. Errors with the name of an entry that leads out of the folder that the
/// archive is unpacked to, that would be written over another, or that is too large.
pub(super) fn checked_names(archive: &mut Archive) -> Result<BTreeMap<String, usize>, String> {
    let mut files = BTreeMap::new();
    // By what they are compared by, on a file system that knows no case. The separator sorts before all that a name
    // may hold, so what is below a file comes right behind it.
    let mut seen = BTreeMap::new();
    let mut left = LARGEST_WHEEL;
    for index in 0..archive.len() {
        let Some((name, size)) = checked_entry(archive, index)? else { continue };
        left = left
            .checked_sub(size)
            .ok_or_else(|| format!("up to its entry {name} it unpacks to more than {LARGEST_WHEEL} bytes"))?;
        if seen.insert(name.to_lowercase().replace('/', "\0"), name.clone()).is_some() {
            return Err(format!("it has more than one entry {name}"));
        }
        files.insert(name, index);
    }
    for ((file, name), (below, name_below)) in seen.iter().zip(seen.iter().skip(1)) {
        if below.strip_prefix(file.as_str()).is_some_and(|rest| rest.starts_with('\0')) {
            return Err(format!("its entry {name_below} is below its entry {name}, which is a file"));
        }
    }
    if files.is_empty() { Err("it is empty".to_owned()) } else { Ok(files) }
}

/// The name of an entry and the size that it says it has; None if it is a folder.
fn checked_entry(archive: &mut Archive, index: usize) -> Result<Option<(String, u64)>, String> {
    let name = archive.name_for_index(index).unwrap_or_default().to_owned();
    if !is_inside(&name) {
        return Err(format!("its entry {name:?} leads out of site-packages, or is no file on every system"));
    }
    let entry = archive.by_index_raw(index).map_err(|error| format!("its entry {name}: {error}"))?;
    if entry.is_symlink() {
        return Err(format!("its entry {name} is a symbolic link"));
    }
    if entry.size() > LARGEST_ENTRY {
        return Err(format!("its entry {name} is larger than {LARGEST_ENTRY} bytes"));
    }
    Ok((!entry.is_dir()).then_some((name, entry.size())))
}

/// What the entry of this index holds.
pub(super) fn contents(archive: &mut Archive, index: usize) -> Result<Vec<u8>, String> {
    with_contents(archive, index, <[u8]>::to_vec)
}

/// Calls `done`, which unpacks no other entry, with what the entry of this index holds.
pub(super) fn with_contents<T>(
    archive: &mut Archive,
    index: usize,
    done: impl FnOnce(&[u8]) -> T,
) -> Result<T, String> {
    let name = archive.name_for_index(index).unwrap_or_default().to_owned();
    UNPACKING.with_borrow_mut(|unpacking| {
        let contents = unpacking.unpack(archive, index).map_err(|reason| format!("its entry {name} {reason}"))?;
        Ok(done(contents))
    })
}

thread_local! {
    static UNPACKING: RefCell<Unpacking> = RefCell::new(Unpacking::new());
}

/// What a thread unpacks entries with, one after the other: memory that the system has to provide once.
struct Unpacking {
    inflate: Decompress,
    packed: Vec<u8>,
    contents: Vec<u8>,
}

impl Unpacking {
    fn new() -> Unpacking {
        Unpacking { inflate: Decompress::new(false), packed: Vec::new(), contents: Vec::new() }
    }

    /// What an entry holds. Errors with the reason if that has not the size or the checksum that the entry says.
    fn unpack(&mut self, archive: &mut Archive, index: usize) -> Result<&[u8], String> {
        let mut entry = archive.by_index_raw(index).map_err(|error| format!("cannot be read: {error}"))?;
        if entry.encrypted() {
            return Err("is encrypted".to_owned());
        }
        let (method, size, crc32) = (entry.compression(), entry.size(), entry.crc32());
        self.packed.clear();
        entry.read_to_end(&mut self.packed).map_err(|error| format!("cannot be read: {error}"))?;
        let contents = match method {
            CompressionMethod::Stored => self.packed.as_slice(),
            CompressionMethod::Deflated => self.inflated(size)?,
            method => return Err(format!("is compressed in a way that rvenv does not know, {method}")),
        };
        if contents.len() as u64 != size {
            return Err(format!("does not have the {size} bytes that it says it has"));
        }
        if crc32fast::hash(contents) != crc32 {
            return Err("does not have the checksum that it says it has".to_owned());
        }
        Ok(contents)
    }

    /// What is packed, inflated to `size` bytes; what is longer is not inflated to its end.
    fn inflated(&mut self, size: u64) -> Result<&[u8], String> {
        self.inflate.reset(false);
        // One more, by which it is found out.
        let room = size as usize + 1;
        self.contents.resize(self.contents.len().max(room), 0);
        let inflated = self.inflate.decompress(&self.packed, &mut self.contents[..room], FlushDecompress::Finish);
        let contents = &self.contents[..self.inflate.total_out() as usize];
        match inflated {
            Ok(Status::StreamEnd) => Ok(contents),
            Ok(_) if contents.len() == room => Ok(contents),
            Ok(_) => Err("ends before it is whole".to_owned()),
            Err(error) => Err(format!("cannot be inflated: {error}")),
        }
    }
}
