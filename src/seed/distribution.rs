//! An installed distribution: everything about it except the contents of its files.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::launcher::Launcher;

/// The files of one project, its RECORD and its launchers. None of them depends on the environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Distribution {
    /// The name, normalized (PEP 503).
    pub(super) project: String,
    pub(super) version: String,
    /// The name of the directory `NAME-VERSION.dist-info`.
    pub(super) dist_info: String,
    /// The files, relative to site-packages, including .pyc but not RECORD.
    pub(super) files: Vec<InstalledFile>,
    /// RECORD without the rows of launchers, rendered.
    pub(super) record: String,
    pub(super) launchers: Vec<Launcher>,
}

/// A file in site-packages. In an image's list it is a row of unnamed fields, which is faster to parse: serde
/// reads those too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Row")]
pub(super) struct InstalledFile {
    pub(super) name: String,
    pub(super) executable: bool,
    /// Where its bytes are in an image; zero as long as there is no image.
    pub(super) entry: Entry,
}

/// The location, size and checksum of a file's bytes in an image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Entry {
    pub(super) start: u64,
    pub(super) size: u64,
    pub(super) crc32: u32,
}

type Row = (String, bool, (u64, u64, u32));

impl From<InstalledFile> for Row {
    fn from(InstalledFile { name, executable, entry }: InstalledFile) -> Row {
        (name, executable, (entry.start, entry.size, entry.crc32))
    }
}

/// The directory that a file or directory is in.
pub(super) fn directory_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(directory, _)| directory)
}

impl Entry {
    pub(super) fn end(&self) -> u64 {
        self.start + self.size
    }

    /// Where the file is in the bytes of an image from `start` on.
    pub(super) fn within(&self, start: u64) -> Range<usize> {
        (self.start - start) as usize..(self.end() - start) as usize
    }
}

impl InstalledFile {
    pub(super) fn new(name: String, executable: bool) -> InstalledFile {
        InstalledFile { name, executable, entry: Entry::default() }
    }

    /// The directory that it is in, relative to site-packages; empty for site-packages itself.
    pub(super) fn directory(&self) -> &str {
        directory_of(&self.name)
    }

    /// Its name without the directory.
    pub(super) fn base_name(&self) -> &str {
        self.name.rsplit_once('/').map_or(&self.name, |(_, name)| name)
    }

    /// Its mode before the umask is applied.
    pub(super) fn mode(&self) -> u32 {
        if self.executable { 0o777 } else { 0o666 }
    }

    /// Whether it is a module. The modification time of a module is in the header of its .pyc.
    pub(super) fn is_module(&self) -> bool {
        self.name.ends_with(".py")
    }
}
