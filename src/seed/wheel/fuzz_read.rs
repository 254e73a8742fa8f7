//! A wheel of arbitrary bytes, tried in memory: it is rejected with a reason, or everything that it would install is
//! inside site-packages. For the tests and the fuzz target.

use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use zip::ZipArchive;

use super::{Wheel, entry_points, is_generated};
use crate::interpreter::Interpreter;
use crate::seed::names::is_inside;
use crate::seed::record::Record;

/// The file name of the wheel.
pub(super) const NAME: &str = "pip-1.0-py3-none-any.whl";

/// The offset of the checksum in a header of the directory.
const CHECKSUM: usize = 16;

/// Reads `bytes` as a wheel, as a wheel with corrected checksums, and as each of the text files that rvenv reads from
/// a wheel. Panics if an accepted one leads outside site-packages.
pub(crate) fn run(bytes: &[u8]) {
    let _ = read(bytes.into());
    let _ = read(with_true_checksums(bytes.to_vec()).into());
    if let Ok(record) = Record::parse(bytes) {
        assert_eq!(
            Record::parse(record.render().as_bytes()).as_ref(),
            Ok(&record),
            "a rendered RECORD has the same rows when it is parsed again"
        );
    }
    let _ = check_launchers(&String::from_utf8_lossy(bytes));
}

/// Writes the correct checksum of each uncompressed entry into the directory: no fuzzer would guess it.
fn with_true_checksums(mut bytes: Vec<u8>) -> Vec<u8> {
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes.as_slice())) else { return bytes };
    let count = archive.len();
    let true_checksum = |index| {
        let mut entry = archive.by_index_raw(index).ok()?;
        let mut contents = Vec::new();
        entry.read_to_end(&mut contents).ok()?;
        Some((entry.central_header_start() as usize + CHECKSUM, crc32fast::hash(&contents)))
    };
    let checksums: Vec<_> = (0..count).filter_map(true_checksum).collect();
    for (at, checksum) in checksums {
        bytes[at..at + 4].copy_from_slice(&checksum.to_le_bytes());
    }
    bytes
}

/// Reads a whole wheel, and returns the number of files that it would install.
pub(super) fn read(bytes: Arc<[u8]>) -> Result<usize, String> {
    let wheel = Wheel::read(Path::new(NAME), bytes)?;
    let mut archive = wheel.archive.clone();
    let files = wheel.installed_files();
    let launchers = wheel.launchers(&Interpreter::for_tests()).map_err(|error| error.to_string());
    for file in &files {
        assert!(is_inside(&file.name) && !is_generated(&file.name, &wheel.dist_info), "{:?}", file.name);
        wheel.with_contents(&mut archive, &file.name, |_| Ok(())).map_err(|error| error.to_string())?;
    }
    for path in wheel.record.paths() {
        assert!(wheel.files.contains_key(path), "{path:?} is only in RECORD");
    }
    assert!(wheel.modules().all(|module| wheel.files.contains_key(module)));
    launchers.map(|_| files.len())
}

/// Checks the launchers for the text of an entry_points.txt: each must be a single file in bin.
fn check_launchers(text: &str) -> Result<(), String> {
    for launcher in entry_points::launchers(text, &Interpreter::for_tests())? {
        assert!(is_inside(&launcher.name) && !launcher.name.contains('/'), "{:?}", launcher.name);
        let program = launcher.render(b"#!/env/bin/python\n");
        assert_eq!(program.iter().filter(|byte| **byte == b'\n').count(), 7, "it only imports and calls");
    }
    Ok(())
}
