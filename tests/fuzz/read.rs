//! A wheel of arbitrary bytes, tried in memory: it is rejected with a reason, or everything that it would install is
//! inside site-packages. A module of the crate (`seed::wheel::fuzz_read`) for its unit tests and the fuzz target.

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
    let launchers = wheel.launchers(&Interpreter::for_tests(), false).map_err(|error| error.to_string());
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
    for launcher in entry_points::launchers(text, &Interpreter::for_tests(), false)? {
        assert!(is_inside(&launcher.name) && !launcher.name.contains('/'), "{:?}", launcher.name);
        let program = launcher.render(b"#!/env/bin/python\n");
        assert_eq!(program.iter().filter(|byte| **byte == b'\n').count(), 7, "it only imports and calls");
    }
    Ok(())
}

/// The parts of names, chosen so that names often contain `..`, collide, or are those that a wheel needs.
#[cfg(test)]
const PARTS: [&str; 16] =
    ["a", "A", "b.py", "é", "É", "a.b", "..", ".", "", "/", "\\", "c:", "\n", "x.data", "RECORD", "pip-1.0.dist-info"];

#[cfg(test)]
#[path = "../it/wheel_builder.rs"]
#[allow(dead_code)]
mod wheel_builder;

/// A wheel with arbitrary names, contents and RECORD is rejected with a reason, or writes nothing outside site-packages.
#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::UNIX_EPOCH;

    use proptest::prelude::*;
    use proptest::sample::Index;
    use proptest::strategy::ValueTree;

    use super::wheel_builder::{self, Entry};
    use super::*;
    use crate::error::Error;
    use crate::seed::site_packages::Root;

    fn name() -> impl Strategy<Value = String> {
        let parts = prop::collection::vec(prop::sample::select(&PARTS[..]), 1..4).prop_map(|parts| parts.join("/"));
        prop_oneof![8 => "[a-z]{1,3}(/[a-z]{1,3}){0,2}", 2 => parts, 1 => any::<String>()]
    }

    fn entry() -> impl Strategy<Value = Entry> {
        let mode = prop_oneof![8 => Just(0o100_644), 1 => Just(0o120_777), 1 => 0..=0o177_777_u32];
        let lie = prop_oneof![15 => Just(None), 1 => any::<u32>().prop_map(Some)];
        (name(), prop::collection::vec(any::<u8>(), 0..9), mode, lie).prop_map(|(name, contents, mode, lie)| {
            let entry = Entry::new(name, contents);
            Entry { mode, size: lie.unwrap_or(entry.size), ..entry }
        })
    }

    /// The text of entry_points.txt: mostly valid.
    fn entry_points() -> impl Strategy<Value = String> {
        let line = prop_oneof![4 => "[a-z]{1,4} = [a-z]:[a-z]", 1 => ".{0,8} ?= ?.{0,8}", 1 => "[./a]{1,5} = a:b"];
        prop::collection::vec(line, 0..3).prop_map(|lines| format!("[console_scripts]\n{}\n", lines.join("\n")))
    }

    /// RECORD with a line added, without its first line, with a wrong hash, or unchanged.
    fn told(truth: String, lie: &str, kind: u8) -> String {
        match kind {
            0 => truth + lie,
            1 => truth.lines().skip(1).map(|line| format!("{line}\n")).collect(),
            2 => truth.replacen("sha256=", lie, 1),
            _ => truth,
        }
    }

    fn wheel() -> impl Strategy<Value = Vec<u8>> {
        (prop::collection::vec(entry(), 0..6), entry_points(), ".{0,9}", 0..12_u8).prop_map(
            |(mut entries, text, lie, kind)| {
                entries.push(Entry::new("pip-1.0.dist-info/entry_points.txt", text));
                let truth: String = entries.iter().filter(|entry| !entry.name.ends_with('/')).map(Entry::row).collect();
                wheel_builder::wheel_recorded(&entries, told(truth, &lie, kind))
            },
        )
    }

    /// Tries a wheel in memory, then on disk, and asserts that both give the same result. Returns whether it is accepted.
    fn try_out(bytes: &[u8]) -> bool {
        let read = read(bytes.into());
        let directory = tempfile::tempdir().unwrap();
        // Deep enough that names with `..` stay inside the temporary directory.
        let site_packages = directory.path().join("a/way/down/to/lib/site-packages");
        fs::create_dir_all(&site_packages).unwrap();
        let root = Root::at(site_packages.clone(), UNIX_EPOCH);
        let written = Wheel::read(Path::new(NAME), bytes.into()).map(|wheel| wheel.unpack(&root));
        let files = files_in(directory.path());
        assert!(files.iter().all(|file| file.starts_with("a/way/down/to/lib/site-packages/")), "{files:?}");
        match (&read, written) {
            (Ok(count), Ok(written)) => {
                written.unwrap();
                assert_eq!(files.len(), *count, "{files:?}");
            }
            (Err(reason), written) => {
                assert!(!reason.is_empty());
                assert!(
                    written.is_err() || !matches!(written, Ok(Err(Error::Io { .. }))),
                    "a bad wheel fails with an I/O error"
                );
            }
            (Ok(_), Err(reason)) => panic!("{reason}"),
        }
        read.is_ok()
    }

    /// All files below a directory, by their relative paths. Links are not followed.
    fn files_in(directory: &Path) -> Vec<String> {
        let walk = walkdir::WalkDir::new(directory).into_iter().map(Result::unwrap);
        let files = walk.filter(|entry| !entry.file_type().is_dir());
        let name = |path: &Path| {
            path.strip_prefix(directory).unwrap().to_str().unwrap().replace(std::path::MAIN_SEPARATOR, "/")
        };
        files.map(|entry| name(entry.path())).collect()
    }

    /// Files are slow in Wine.
    const CASES: u32 = if cfg!(windows) { 40 } else { 400 };

    proptest! {
        #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_wheel_writes_outside_or_panics(wheel in wheel()) {
            try_out(&wheel);
        }

        #[test]
        fn damaged_wheels_do_not_write_outside_or_panic(
            mut wheel in wheel(),
            damage in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
            length in any::<Index>(),
            cut in prop::bool::weighted(0.2),
        ) {
            damage.into_iter().for_each(|(at, byte)| *at.get_mut(&mut wheel) = byte);
            let length = if cut { length.index(wheel.len()) } else { wheel.len() };
            try_out(&wheel[..length]);
        }

        #[test]
        fn arbitrary_text_does_not_cause_a_panic(text in any::<Vec<u8>>(), lines in entry_points()) {
            run(&text);
            run(lines.as_bytes());
        }
    }

    #[test]
    fn many_of_these_wheels_are_accepted() {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let wheels = (0..200).map(|_| wheel().new_tree(&mut runner).unwrap().current());
        let taken = wheels.filter(|wheel| try_out(wheel)).count();
        assert!((20..180).contains(&taken), "{taken} of 200");
    }

    #[test]
    fn truncated_wheels_are_rejected() {
        let whole = wheel_builder::wheel(&[Entry::new("pip-1.0.dist-info/METADATA", ""), Entry::new("a.py", "pass\n")]);
        assert!(try_out(&whole));
        assert!((0..whole.len()).all(|length| read(whole[..length].into()).is_err()));
    }

    /// The corpus of the fuzz target: its seeds, and the inputs that it has found.
    #[test]
    fn the_fuzz_corpus_is_read_without_a_panic() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wheels");
        let files: Vec<_> = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(files.len() > 10, "{files:?}");
        for file in files {
            let bytes = fs::read(file).unwrap();
            run(&bytes);
            try_out(&bytes);
        }
    }
}
