//! A wheel's archive: its names must stay inside site-packages, its contents must have the sizes and checksums that it
//! gives, and its central directory must be what the zip crate reads of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};
use std::iter;
use std::sync::Arc;

use flate2::{Decompress, FlushDecompress, Status};
use zip::{CompressionMethod, ZipArchive};

use crate::seed::names::is_inside;

/// A wheel's bytes, opened as a zip file.
pub(super) type Archive = ZipArchive<Cursor<Arc<[u8]>>>;

/// The maximum size of a wheel in bytes, packed and unpacked. pip's has two million bytes, and ten million unpacked.
pub(super) const LARGEST_WHEEL: u64 = 128 << 20;

/// The maximum number of entries in a wheel. pip's has one thousand.
const MOST_ENTRIES: usize = 1 << 16;

/// The maximum size of an unpacked entry in bytes. pip's largest file has one million.
const LARGEST_ENTRY: u64 = 64 << 20;

/// The signature of a header in the directory (APPNOTE.TXT, 4.3.12).
const SIGNATURE: &[u8; 4] = b"PK\x01\x02";

/// The size of a header in bytes, without its name, extra fields and comment.
const HEADER: usize = 46;

/// Opens a wheel's bytes as a zip file, and returns it with its files by name.
pub(super) fn open(bytes: Arc<[u8]>) -> Result<(Archive, BTreeMap<String, usize>), String> {
    if may_have_too_many_entries(&bytes) {
        return Err(format!("it has more than {MOST_ENTRIES} entries"));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    check_complete(&mut archive)?;
    let files = checked_names(&mut archive)?;
    Ok((archive, files))
}

/// The files of an archive, by name. Fails with the name of an entry that would be unpacked outside the target
/// directory, would overwrite another entry, or is too large.
fn checked_names(archive: &mut Archive) -> Result<BTreeMap<String, usize>, String> {
    let mut files = BTreeMap::new();
    // Keyed by the names as a case-insensitive file system compares them. The separator is replaced by a character
    // that sorts before all others, so the entries below a file come right after it.
    let mut seen = BTreeMap::new();
    let mut left = LARGEST_WHEEL;
    for index in 0..archive.len() {
        let Some((name, size)) = checked_entry(archive, index)? else { continue };
        left = left
            .checked_sub(size)
            .ok_or_else(|| format!("it unpacks to more than {LARGEST_WHEEL} bytes, at its entry {name}"))?;
        if seen.insert(name.to_lowercase().replace('/', "\0"), name.clone()).is_some() {
            return Err(format!("it has more than one entry named {name}"));
        }
        files.insert(name, index);
    }
    for ((file, name), (below, name_below)) in seen.iter().zip(seen.iter().skip(1)) {
        if below.strip_prefix(file.as_str()).is_some_and(|rest| rest.starts_with('\0')) {
            return Err(format!("its entry {name_below} is below its entry {name}, which is a file"));
        }
    }
    if files.is_empty() { Err("it contains no files".to_owned()) } else { Ok(files) }
}

/// The name of an entry and its size according to the archive. None for a directory.
fn checked_entry(archive: &mut Archive, index: usize) -> Result<Option<(String, u64)>, String> {
    let name = archive.name_for_index(index).unwrap_or_default().to_owned();
    if !is_inside(&name) {
        return Err(format!("its entry {name:?} is outside site-packages or not a valid name on every system"));
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

/// Whether an archive of these bytes could have more than [`MOST_ENTRIES`]. Counting the signatures is enough: outside
/// of headers, a position has the signature by chance once in four billion.
fn may_have_too_many_entries(bytes: &[u8]) -> bool {
    let signatures = || bytes.windows(SIGNATURE.len()).filter(|window| window == SIGNATURE).count();
    bytes.len() / HEADER > MOST_ENTRIES && signatures() > MOST_ENTRIES
}

/// Fails with the name of an entry that is in the directory but is not returned by the archive: another entry has the
/// same name, or there are more entries than the end of the archive says.
fn check_complete(archive: &mut Archive) -> Result<(), String> {
    let start = archive.central_directory_start();
    let mut given = BTreeSet::new();
    for index in 0..archive.len() {
        let name = archive.name_for_index(index).unwrap_or_default().to_owned();
        let entry = archive.by_index_raw(index).map_err(|error| format!("its entry {name}: {error}"))?;
        given.insert(entry.central_header_start());
    }
    let bytes = archive.clone().into_inner().into_inner();
    match headers(&bytes, start).find(|(at, _)| !given.contains(at)) {
        Some((_, name)) => Err(format!("it has more than one entry named {}", String::from_utf8_lossy(name))),
        None => Ok(()),
    }
}

/// The position and name of each header of the directory that begins at `start`.
fn headers(bytes: &[u8], start: u64) -> impl Iterator<Item = (u64, &[u8])> {
    let mut next = usize::try_from(start).ok();
    iter::from_fn(move || {
        let at = next?;
        let (header, rest) = bytes.get(at..)?.split_at_checked(HEADER)?;
        let length = |field: usize| usize::from(u16::from_le_bytes([header[field], header[field + 1]]));
        let name = rest.get(..length(28))?;
        next = Some(at + HEADER + length(28) + length(30) + length(32));
        header.starts_with(SIGNATURE).then_some((at as u64, name))
    })
}

/// The contents of the entry with this index.
pub(super) fn contents(archive: &mut Archive, index: usize) -> Result<Vec<u8>, String> {
    with_contents(archive, index, <[u8]>::to_vec)
}

/// Calls `done` with the contents of the entry with this index. `done` must not unpack another entry.
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

/// The buffers with which a thread unpacks one entry after another, so that memory is allocated only once.
struct Unpacking {
    inflate: Decompress,
    packed: Vec<u8>,
    contents: Vec<u8>,
}

impl Unpacking {
    fn new() -> Unpacking {
        Unpacking { inflate: Decompress::new(false), packed: Vec::new(), contents: Vec::new() }
    }

    /// Unpacks an entry. Fails with the reason if its size or checksum differs from what the archive gives.
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
            method => return Err(format!("has an unsupported compression method, {method}")),
        };
        if contents.len() as u64 != size {
            return Err(format!("does not have the {size} bytes that the archive gives as its size"));
        }
        if crc32fast::hash(contents) != crc32 {
            return Err("does not match its checksum".to_owned());
        }
        Ok(contents)
    }

    /// Inflates the packed data to `size` bytes. Data that is longer is not inflated to its end.
    fn inflated(&mut self, size: u64) -> Result<&[u8], String> {
        self.inflate.reset(false);
        // One byte more, to detect data that is too long.
        let room = size as usize + 1;
        self.contents.resize(self.contents.len().max(room), 0);
        let inflated = self.inflate.decompress(&self.packed, &mut self.contents[..room], FlushDecompress::Finish);
        let contents = &self.contents[..self.inflate.total_out() as usize];
        match inflated {
            Ok(Status::StreamEnd) => Ok(contents),
            Ok(_) if contents.len() == room => Ok(contents),
            Ok(_) => Err("is truncated".to_owned()),
            Err(error) => Err(format!("cannot be inflated: {error}")),
        }
    }
}
