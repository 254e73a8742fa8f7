//! Versions as they appear in names: `3.11.7`, `3.13t`, `pypy3.9-7.3.11`.

use std::path::{Path, PathBuf};

/// Parses a number that consists of digits only, so not `+3`.
pub(super) fn number(text: &str) -> Option<u32> {
    text.chars().all(|c| c.is_ascii_digit()).then(|| text.parse().ok())?
}

/// The numbers of a version that consists of numbers only.
pub(super) fn numbers(version: &str) -> Option<Vec<u32>> {
    version.split('.').map(number).collect()
}

/// A version without the letter that marks a build (`t`: free-threaded, `d`: debug), and whether it had that letter.
pub(super) fn without_mark(version: &str, mark: char) -> (&str, bool) {
    match version.strip_suffix(mark) {
        Some(bare) => (bare, true),
        None => (version, false),
    }
}

/// Sorts the directories of versions by name: plain final versions before all others, and each group by number, newest
/// first; `Python312-32` follows `Python312`.
pub(super) fn sort_newest_first(directories: &mut [PathBuf]) {
    directories.sort();
    directories.sort_by_key(|directory| std::cmp::Reverse(rank(directory)));
}

fn rank(directory: &Path) -> (bool, Vec<u32>) {
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    let (bare, _) = without_mark(&name, 't');
    let is_plain = bare.chars().all(|c| c.is_ascii_digit() || c == '.');
    let version = ["-32", "-arm64"].iter().find_map(|build| name.strip_suffix(build)).unwrap_or(&name);
    let numbers = version.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok());
    (is_plain, numbers.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_versions_sort_before_others_and_by_number() {
        let mut names = ["3.9.18", "miniconda3-4.7", "3.11.7", "3.6.15", "pypy3.9-7.3.11"].map(PathBuf::from);
        sort_newest_first(&mut names);
        assert_eq!(names, ["3.11.7", "3.9.18", "3.6.15", "pypy3.9-7.3.11", "miniconda3-4.7"].map(PathBuf::from));
    }

    #[test]
    fn a_version_is_numbers_and_dots() {
        assert_eq!(numbers("3.11.7"), Some(vec![3, 11, 7]));
        for other in ["", "3.", "+3", "3.x", "3.-1", "３"] {
            assert_eq!(numbers(other), None, "{other}");
        }
    }
}
