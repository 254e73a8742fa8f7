//! Chooses the wheels to install: those of `Options::seed_wheels`, or else those in the directories of
//! `Options::find_links`, which take precedence over the interpreter's own.

use std::cmp::Reverse;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};
use zip::ZipArchive;

use super::names::{header, name_and_version, normalized, project_of};
use crate::context::absolute;
use crate::error::{AtPath, Error, Result};
use crate::interpreter::Interpreter;
use crate::options::Options;

/// The maximum number of bytes read from METADATA, which consists of headers and the project's description.
const LARGEST_METADATA: u64 = 4 << 20;

/// The first version that bundles only pip (gh-95299).
const WITHOUT_SETUPTOOLS: [u32; 3] = [3, 12, 0];

/// Returns the wheels to install, one for each project; where they come from does not change which projects these are.
/// Fails if a directory cannot be read, or if a wheel in it that would be chosen is not valid.
pub(crate) fn choose(interpreter: &Interpreter, options: &Options) -> Result<Vec<PathBuf>> {
    if !options.seed_wheels.is_empty() {
        return Ok(options.seed_wheels.clone());
    }
    let found = found_in(&options.find_links)?;
    let mut chosen = Vec::new();
    for project in projects(interpreter, options) {
        let bundled = || interpreter.wheels.iter().find(|wheel| project_of(wheel) == project).cloned();
        chosen.extend(newest(&found, &project, interpreter)?.or_else(bundled));
    }
    Ok(chosen)
}

/// Returns the projects that the interpreter bundles or, if its wheels have been removed, that its version bundled.
pub(crate) fn projects(interpreter: &Interpreter, options: &Options) -> Vec<String> {
    let mut projects: Vec<String> = interpreter.wheels.iter().map(|wheel| project_of(wheel)).collect();
    if projects.is_empty() {
        projects.push("pip".to_owned());
        projects.extend((interpreter.version < WITHOUT_SETUPTOOLS).then(|| "setuptools".to_owned()));
    }
    projects.retain(|project| options.with_setuptools || project != "setuptools");
    projects
}

/// The wheels in these directories whose tags allow any Python 3 on any system.
fn found_in(directories: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for directory in directories {
        let directory = absolute(directory)?;
        let entries = fs::read_dir(&directory).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        let paths = entries.at("read the directory", &directory)?.into_iter().map(|entry| entry.path());
        found.extend(paths.filter(|path| is_for_all(path) && path.is_file()));
    }
    Ok(found)
}

/// Whether a wheel's name ends in `py3-none-any`, or in a set of tags that includes it (PEP 425).
fn is_for_all(path: &Path) -> bool {
    let stem = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".whl"));
    let mut tags = stem.unwrap_or_default().rsplit('-');
    ["any", "none", "py3"]
        .into_iter()
        .all(|wanted| tags.next().is_some_and(|set| set.split('.').any(|tag| tag == wanted)))
}

/// The newest wheel of `project` that supports the interpreter. A pre-release is chosen only if there is nothing else
/// (PEP 440). If a version exists twice, the first directory's is chosen.
fn newest(found: &[PathBuf], project: &str, interpreter: &Interpreter) -> Result<Option<PathBuf>> {
    let named = found.iter().filter_map(|path| Some((path, name_and_version(path)?)));
    let mut candidates: Vec<_> = named.filter(|(_, (name, _))| name == project).collect();
    candidates.sort_by_cached_key(|(_, (_, version))| Reverse((version.is_stable(), version.clone())));
    for (path, _) in candidates {
        if suits(path, project, interpreter)? {
            return Ok(Some(path.clone()));
        }
    }
    Ok(None)
}

/// Whether Requires-Python allows this interpreter. As in pip, a pre-release of Python counts as the final release.
fn suits(path: &Path, project: &str, interpreter: &Interpreter) -> Result<bool> {
    let metadata = metadata(path, project)?;
    let version = Version::new(interpreter.version.map(u64::from));
    let requires = header(&metadata, "Requires-Python").map(VersionSpecifiers::from_str);
    // pip ignores an invalid Requires-Python too.
    Ok(requires.and_then(Result::ok).is_none_or(|requires| requires.contains(&version)))
}

/// The text of METADATA. Apart from it, only the archive's directory is read.
fn metadata(path: &Path, project: &str) -> Result<String> {
    let invalid = |reason: String| Error::Distribution { path: path.to_owned(), reason };
    let mut archive = File::open(path)
        .at("read", path)
        .and_then(|file| ZipArchive::new(file).map_err(|error| invalid(error.to_string())))?;
    let is_metadata = |name: &&str| {
        let directory = name.strip_suffix(".dist-info/METADATA").and_then(|directory| directory.split('-').next());
        directory.is_some_and(|name| normalized(name) == project)
    };
    let name = archive.file_names().find(is_metadata).map(str::to_owned);
    let name = name.ok_or_else(|| invalid("it has no METADATA".to_owned()))?;
    let mut text = Vec::new();
    let entry = archive.by_name(&name).map_err(|error| invalid(error.to_string()))?;
    entry.take(LARGEST_METADATA).read_to_end(&mut text).map_err(|error| invalid(format!("{name}: {error}")))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_show_which_wheels_support_any_python_3() {
        for name in ["pip-24.2-py3-none-any.whl", "pip-18.1-py2.py3-none-any.whl", "pip-1-2-py3-none-any.whl"] {
            assert!(is_for_all(Path::new(name)), "{name}");
        }
        for name in ["pip-24.2-py2-none-any.whl", "pip-24.2-cp313-cp313-linux_x86_64.whl", "pip-24.2.tar.gz", "py3.whl"]
        {
            assert!(!is_for_all(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn projects_are_what_the_interpreter_bundles_or_its_version_bundled() {
        let python = |version, wheels| Interpreter { version, wheels, ..Interpreter::for_tests() };
        let options = Options::default();
        assert_eq!(projects(&python([3, 13, 0], vec![]), &options), ["pip"]);
        assert_eq!(projects(&python([3, 11, 9], vec![]), &options), ["pip", "setuptools"]);
        assert_eq!(projects(&python([3, 11, 9], vec!["/x/pip-1-py3-none-any.whl".into()]), &options), ["pip"]);
        let without = Options { with_setuptools: false, ..Options::default() };
        assert_eq!(projects(&python([3, 11, 9], vec![]), &without), ["pip"]);
    }
}
