//! Checks of an archive's central directory that the zip crate does not make: it drops all but the last entry of a
//! name, and allocates memory for each header before their number can be queried.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::iter;
use std::sync::Arc;

use zip::ZipArchive;

/// The signature of a header in the directory (APPNOTE.TXT, 4.3.12).
const SIGNATURE: &[u8; 4] = b"PK\x01\x02";

/// The size of a header in bytes, without its name, extra fields and comment.
const HEADER: usize = 46;

/// Whether an archive of these bytes could have more than `most` entries. Counting the signatures is enough: outside
/// of headers, a position has the signature by chance once in four billion.
pub(super) fn may_have_more_than(most: usize, bytes: &[u8]) -> bool {
    bytes.len() / HEADER > most && bytes.windows(SIGNATURE.len()).filter(|window| window == SIGNATURE).count() > most
}

/// Fails with the name of an entry that is in the directory but is not returned by the archive: another entry has the
/// same name, or there are more entries than the end of the archive says.
pub(super) fn check_complete(archive: &mut ZipArchive<Cursor<Arc<[u8]>>>) -> Result<(), String> {
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
