//! The list at the end of an image, by which its bytes are files.

use std::fs::File;
use std::io;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::distribution::Distribution;
use crate::os;

/// Goes up when what an image holds changes in kind.
pub(super) const FORMAT: u32 = 6;

/// The bytes behind the list, the last ones: its length and its checksum, four each, the lowest first.
const FOOTER: usize = 8;

/// The bytes that are written and read in one go, unless one file has more: what the caches of a processor hold.
pub(super) const MOST_AT_ONCE: u64 = 256 << 10;

/// What an image holds.
#[derive(Serialize, Deserialize)]
pub(super) struct List {
    pub(super) distributions: Vec<Distribution>,
    /// The time that all modules were last changed, which their .pyc have in their headers.
    pub(super) modified: SystemTime,
}

impl List {
    /// The end of an image.
    pub(super) fn render(&self) -> io::Result<Vec<u8>> {
        let mut end = serde_json::to_vec(self)?;
        let (length, checksum) = (u32::try_from(end.len()).map_err(io::Error::other)?, crc32fast::hash(&end));
        end.extend([length, checksum].map(u32::to_le_bytes).concat());
        Ok(end)
    }

    /// The list at the end of a file, and where it begins. None if there is none.
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
