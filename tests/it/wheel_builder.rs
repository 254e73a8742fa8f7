//! Creates zip files that no ordinary tool would: tests choose each name, size and mode.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// An entry of an archive.
#[derive(Debug, Clone)]
pub struct Entry {
    pub name: String,
    /// The bytes in the archive, compressed according to `method`.
    pub stored: Vec<u8>,
    /// The compression method: 0 for none, 8 for deflate.
    pub method: u16,
    /// The size and the checksum that the entry claims for its contents.
    pub size: u32,
    pub crc32: u32,
    pub mode: u32,
}

impl Entry {
    /// A valid, uncompressed file.
    pub fn new(name: impl Into<String>, contents: impl AsRef<[u8]>) -> Entry {
        let stored = contents.as_ref().to_vec();
        let (size, crc32) = (stored.len() as u32, crc32fast::hash(&stored));
        Entry { name: name.into(), stored, method: 0, size, crc32, mode: 0o100_644 }
    }

    /// A symbolic link.
    pub fn link(name: &str, target: &str) -> Entry {
        Entry { mode: 0o120_777, ..Entry::new(name, target) }
    }

    /// Its row in RECORD.
    pub fn row(&self) -> String {
        let hash = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&self.stored));
        let name = self.name.replace('"', "\"\"");
        format!("\"{name}\",sha256={hash},{}\n", self.stored.len())
    }
}

/// A wheel of pip 1.0 with these entries and a correct RECORD.
pub fn wheel(entries: &[Entry]) -> Vec<u8> {
    let rows: String = entries.iter().filter(|entry| !entry.name.ends_with('/')).map(Entry::row).collect();
    wheel_recorded(entries, &(rows + "pip-1.0.dist-info/RECORD,,\n"))
}

/// A wheel of pip 1.0 with these entries and this RECORD.
pub fn wheel_recorded(entries: &[Entry], record: impl AsRef<[u8]>) -> Vec<u8> {
    let record = Entry::new("pip-1.0.dist-info/RECORD", record);
    archive(&entries.iter().cloned().chain([record]).collect::<Vec<_>>())
}

/// An archive of these entries (APPNOTE.TXT, 4.3), with a zip64 end record if there are more than 65535.
pub fn archive(entries: &[Entry]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let start = bytes.len() as u32;
        bytes.extend(b"PK\x03\x04\x14\0");
        bytes.extend(common(entry));
        bytes.extend(entry.name.as_bytes());
        bytes.extend(&entry.stored);
        directory.extend(b"PK\x01\x02\x14\x03\x14\0");
        directory.extend(common(entry));
        directory.extend([0; 6]); // comment, disk, kind
        directory.extend([(entry.mode << 16).to_le_bytes(), start.to_le_bytes()].concat());
        directory.extend(entry.name.as_bytes());
    }
    let (start, size, count) = (bytes.len() as u64, directory.len() as u64, entries.len() as u64);
    bytes.extend(directory);
    let end64 = bytes.len() as u64;
    if count > 0xFFFF {
        bytes.extend([b"PK\x06\x06".as_slice(), &44_u64.to_le_bytes(), &[45, 0, 45, 0], &[0; 8]].concat());
        bytes.extend([count, count, size, start].map(u64::to_le_bytes).concat());
        bytes.extend([b"PK\x06\x07".as_slice(), &[0; 4], &end64.to_le_bytes(), &[1, 0, 0, 0]].concat());
    }
    let count = u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
    bytes.extend([b"PK\x05\x06".as_slice(), &[0; 4], &count, &count].concat());
    bytes.extend([(size as u32).to_le_bytes(), (start as u32).to_le_bytes()].concat());
    bytes.extend([0; 2]);
    bytes
}

/// The fields that both headers of an entry share: flags (the name is UTF-8), method, time, checksum, sizes, lengths.
fn common(entry: &Entry) -> Vec<u8> {
    let numbers = [entry.crc32, entry.stored.len() as u32, entry.size].map(u32::to_le_bytes).concat();
    let method = entry.method.to_le_bytes();
    let lengths = [(entry.name.len() as u16).to_le_bytes(), [0; 2]].concat();
    [&[0, 8], &method[..], &[0, 0, 0x21, 0x58], &numbers, &lengths].concat()
}

/// An entry of one zero byte and `times` times 2064 more, each deflated by hand to 13 bytes. Its size is correct.
pub fn bomb(name: &str, times: u32) -> Entry {
    // The last block (1), with fixed codes (01, low bit first): a zero, then runs of 258 at a distance of 1.
    let mut bits = vec![1, 1, 0];
    let zero = [0, 0, 1, 1, 0, 0, 0, 0];
    let run = [1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0];
    bits.extend(zero);
    bits.extend(run.repeat(times as usize * 8));
    bits.extend([0; 7]); // the end of the block
    let byte = |bits: &[u8]| bits.iter().enumerate().fold(0, |byte, (at, bit)| byte | bit << at);
    let stored = bits.chunks(8).map(byte).collect();
    Entry { stored, method: 8, size: 1 + times * 8 * 258, ..Entry::new(name, "") }
}
