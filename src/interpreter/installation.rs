//! Finds installations, and the Pythons in an installation, in an environment and in a directory of programs. All of
//! them have versions in their names: `3.11.7`, `3.13t`, `pypy3.9-7.3.11`.

use std::cmp::Reverse;
use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};

use crate::entries;
use crate::error::Result;
use crate::os;

/// Paths in the order in which they were found, with an error in place of each directory that could not be read. The
/// search goes on after such an error, which is reported only if nothing is found.
pub(super) type Found = Vec<Result<PathBuf>>;

/// Where an installation has its main Python executable, on any system.
const EXECUTABLES: [&str; 8] = [
    "bin/python3",
    "bin/python",
    "bin/pypy3",
    "bin/graalpy",
    r"Scripts\python.exe",
    "python.exe",
    "pypy3.exe",
    r"bin\graalpy.exe",
];

/// The installations in a directory, newest first: the directories, and links to some, whose name `is_version`.
pub(super) fn installations_in(directory: &Path, is_version: impl Fn(&str) -> bool) -> Found {
    let mut installations = match entries::paths(directory) {
        Ok(paths) => paths,
        Err(error) => return vec![Err(error)],
    };
    let is_named = |path: &Path| path.file_name().is_some_and(|name| is_version(&name.to_string_lossy()));
    installations.retain(|path| is_named(path) && path.is_dir());
    sort_newest_first(&mut installations);
    installations.into_iter().map(Ok).collect()
}

/// The executables of an installation: the main one, then those with a version in their names. Several installations
/// can share a prefix, and Homebrew's formulas have only versioned names. Contains an error if its bin cannot be read.
pub(super) fn pythons_in(prefix: &Path) -> Found {
    let first = EXECUTABLES.map(|name| prefix.join(name)).into_iter().find(|path| os::is_executable(path));
    // On Windows they are at the top of the installation.
    let directory = if os::IS_WINDOWS { prefix.to_owned() } else { prefix.join("bin") };
    let mut others = versioned_pythons([directory], "python");
    let is_first = |path: &PathBuf| first.as_ref().is_some_and(|first| os::is_same(first, path));
    others.retain(|other| !other.as_ref().is_ok_and(is_first));
    first.map(Ok).into_iter().chain(others).collect()
}

/// The programs in these directories that are called `python3.N` (for the stem `python`), newest first.
pub(super) fn versioned_pythons(directories: impl IntoIterator<Item = PathBuf>, stem: &str) -> Found {
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    for directory in directories {
        match entries::paths(&directory) {
            Ok(paths) => found.extend(paths.into_iter().filter_map(|path| Some((minor_of(&path, stem)?, path)))),
            Err(error) => unreadable.push(Err(error)),
        }
    }
    found.retain(|(_, path)| os::is_executable(path));
    found.sort_by_key(|(minor, _)| Reverse(*minor));
    found.into_iter().map(|(_, path)| Ok(path)).chain(unreadable).collect()
}

/// The N of a program called `python3.N`, `python3.Nt`, `python3.Nd` or `python3.Ntd`.
fn minor_of(path: &Path, stem: &str) -> Option<u32> {
    let name = path.file_name()?.to_str()?.strip_suffix(EXE_SUFFIX)?;
    let version = name.strip_prefix(stem)?.strip_prefix("3.")?;
    let (version, _) = without_mark(version, 'd');
    number(without_mark(version, 't').0)
}

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
    (version.strip_suffix(mark).unwrap_or(version), version.ends_with(mark))
}

/// Sorts by name: plain versions before others, each group newest first; `Python312-32` follows `Python312`.
fn sort_newest_first(directories: &mut [PathBuf]) {
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
