//! Which pyenv versions are active in the current directory, by the rules of `pyenv-version-name`,
//! `pyenv-version-file`, `pyenv-version-file-read` and `pyenv-latest`.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::interpreter::listing::directories;
use crate::interpreter::surroundings::Surroundings;
use crate::interpreter::versions::{numbers, without_mark};

/// pyenv has to be run, since it is not certain here what it would do.
pub(super) struct Ask;

/// As `pyenv-version-name -f`: the versions in PYENV_VERSION, else those in the version file, as names of directories
/// in `versions`. Versions that are not installed are left out, since pyenv skips them.
pub(super) fn active_versions(root: &Path, surroundings: &Surroundings) -> Result<Vec<String>, Ask> {
    let named = match surroundings.var("PYENV_VERSION").filter(|text| !text.is_empty()) {
        Some(text) => text.to_str().ok_or(Ask)?.split(':').map(str::to_owned).collect(),
        None => version_file(root, surroundings)?,
    };
    let mut active = Vec::new();
    for name in named.iter().filter(|name| !name.is_empty()) {
        active.extend(directory_of(&root.join("versions"), name)?);
    }
    Ok(active)
}

/// The versions in the nearest `.python-version`, or else in pyenv's own file `version`.
fn version_file(root: &Path, surroundings: &Surroundings) -> Result<Vec<String>, Ask> {
    let here = surroundings.logical_dir().ok_or(Ask)?;
    let start = match surroundings.var("PYENV_DIR").filter(|directory| !directory.is_empty()).map(PathBuf::from) {
        Some(directory) if directory.is_absolute() => directory,
        Some(_) => return Err(Ask),
        None => here.clone(),
    };
    let nearest = start.ancestors().chain(here.ancestors()).map(|above| above.join(".python-version"));
    let file = nearest.into_iter().find(|file| file.is_file()).unwrap_or_else(|| root.join("version"));
    match fs::read_to_string(file) {
        Ok(text) => versions_in(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(vec![]),
        Err(_) => Err(Ask),
    }
}

/// The first word of each line that is not a comment. pyenv reads at most 1024 bytes of a line.
fn versions_in(text: &str) -> Result<Vec<String>, Ask> {
    let mut versions = Vec::new();
    for line in text.split('\n') {
        if line.len() >= 1024 {
            return Err(Ask);
        }
        let word = line.split([' ', '\t', '\r']).find(|word| !word.is_empty());
        if let Some(word) = word.filter(|word| !word.starts_with('#')) {
            versions.extend(word.split(':').map(str::to_owned));
        }
    }
    Ok(versions)
}

/// The directory in `versions` that a version's name means: the one with that name, or the newest with that prefix.
/// None if there is no such directory.
fn directory_of(versions: &Path, name: &str) -> Result<Option<String>, Ask> {
    if name == ".." || name.contains('/') {
        return Err(Ask);
    }
    let bare = name.strip_prefix("python-").unwrap_or(name);
    for exact in [name, bare] {
        if exact == "system" || versions.join(exact).is_dir() {
            return Ok(Some(exact.to_owned()));
        }
    }
    latest(versions, bare)
}

/// As `pyenv-latest`: the newest installed version that begins with `prefix` and a dot. pyenv has to be run unless the
/// prefix and the versions are plain numbers.
fn latest(versions: &Path, prefix: &str) -> Result<Option<String>, Ask> {
    let (bare, is_free_threaded) = without_mark(prefix, 't');
    numbers(bare).ok_or(Ask)?;
    let mut newest = None;
    for directory in directories(versions).map_err(|_| Ask)? {
        let name = directory.file_name().and_then(OsStr::to_str).ok_or(Ask)?;
        let Some(rest) = name.strip_prefix(bare).filter(|rest| rest.starts_with(['.', '-'])) else { continue };
        if ["-dev", "-src", "-latest"].iter().any(|end| rest.ends_with(end)) {
            continue;
        }
        // pyenv skips environments, which may be links or directories among the versions.
        if directory.is_symlink() || directory.join("pyvenv.cfg").exists() {
            return Err(Ask);
        }
        let (version, has_t) = without_mark(name, 't');
        let version = numbers(version).ok_or(Ask)?;
        if has_t == is_free_threaded {
            newest = newest.max(Some((version, name.to_owned())));
        }
    }
    Ok(newest.map(|(_, name)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_file_is_read_as_pyenv_reads_it() {
        let text = "# comment\n\n 3.11.7 rest\r\n3.12\n#3.9\nsystem";
        assert_eq!(versions_in(text).ok().unwrap(), ["3.11.7", "3.12", "system"]);
        assert!(versions_in("").is_ok_and(|versions| versions.is_empty()));
        assert!(versions_in(&"x".repeat(2000)).is_err());
    }
}
