//! The list at the end of an image, which says where each file's bytes are.

use std::fs::File;
use std::io;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::os;
use crate::seed::distribution::Distribution;

/// The version of the image format, increased whenever the format changes.
pub(super) const FORMAT: u32 = 6;

/// The size in bytes of the footer, which comes after the list and ends the image: the list's length and its checksum,
/// four bytes each, little-endian.
const FOOTER: usize = 8;

/// The number of bytes written and read at once, unless a single file is larger: what fits in a processor's caches.
pub(super) const MOST_AT_ONCE: u64 = 256 << 10;

/// The contents of an image.
#[derive(Serialize, Deserialize)]
pub(super) struct List {
    pub(super) distributions: Vec<Distribution>,
    /// The modification time of all modules, which is also in the headers of their .pyc.
    pub(super) modified: SystemTime,
}

impl List {
    /// Renders the end of an image: the list and the footer.
    pub(super) fn render(&self) -> io::Result<Vec<u8>> {
        let mut end = serde_json::to_vec(self)?;
        let (length, checksum) = (u32::try_from(end.len()).map_err(io::Error::other)?, crc32fast::hash(&end));
        end.extend([length, checksum].map(u32::to_le_bytes).concat());
        Ok(end)
    }

    /// Reads the list at the end of a file, and returns it with the offset where it begins. None if there is no valid
    /// one.
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
