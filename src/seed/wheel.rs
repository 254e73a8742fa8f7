//! A wheel (PEP 427): a zip file whose entries go into site-packages as they are.

mod directory;
#[cfg(test)]
mod property;
#[cfg(any(test, fuzzing))]
pub(super) mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

use pep440_rs::Version;
use zip::ZipArchive;

use super::distribution::InstalledFile;
use super::launcher::{self, Launcher};
use super::record::Record;
use super::site_packages::{self, Root};
use crate::error::{AtPath, Error, Result};
use crate::interpreter::Interpreter;
use crate::os;

/// The entries that a wheel may have; pip's has one thousand.
const MOST_ENTRIES: usize = 1 << 16;

/// The bytes that a wheel may have, and may unpack to; pip's has two million, and ten million unpacked.
const LARGEST_WHEEL: u64 = 128 << 20;

/// The bytes that one entry may unpack to; pip's largest file has one million.
const LARGEST_ENTRY: u64 = 64 << 20;

/// The bytes that entry_points.txt may have; pip's has one hundred.
const LARGEST_ENTRY_POINTS: usize = 1 << 20;

/// A wheel whose names have been checked; its contents are as they are unpacked.
pub(super) struct Wheel {
    path: PathBuf,
    project: String,
    version: Version,
    dist_info: String,
    archive: ZipArchive<Cursor<Arc<[u8]>>>,
    /// The files, by name, with their index in the archive.
    files: BTreeMap<String, usize>,
    record: Record,
}

impl Wheel {
    /// Reads the wheel at `path`. Errors if it is no wheel, or if a name in it leads out of site-packages.
    pub(super) fn open(path: &Path) -> Result<Wheel> {
        let unsound = |reason| Error::Distribution { path: path.to_owned(), reason };
        if path.metadata().at("read", path)?.len() > LARGEST_WHEEL {
            return Err(unsound(format!("it is larger than {LARGEST_WHEEL} bytes")));
        }
        let bytes = os::read_regular(path).at("read", path)?;
        Wheel::read(path, bytes.into()).map_err(unsound)
    }

    fn read(path: &Path, bytes: Arc<[u8]>) -> Result<Wheel, String> {
        let (project, version) = name_and_version(path).ok_or("its name is not that of a wheel")?;
        if directory::may_have_more_than(MOST_ENTRIES, &bytes) {
            return Err(format!("it has more than {MOST_ENTRIES} entries"));
        }
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
        directory::check_complete(&mut archive)?;
        let files = checked_names(&mut archive)?;
        let dist_info = dist_info(&files, &project)?;
        let record = *files.get(&format!("{dist_info}/RECORD")).ok_or("it has no RECORD")?;
        let record = Record::of_wheel(&contents(&mut archive, record)?, |name| files.contains_key(name))?;
        Ok(Wheel { path: path.to_owned(), project, version, dist_info, archive, files, record })
    }

    /// The project's name, normalized (PEP 503).
    pub(super) fn project(&self) -> &str {
        &self.project
    }

    pub(super) fn version(&self) -> &Version {
        &self.version
    }

    /// The name of the folder `NAME-VERSION.dist-info`.
    pub(super) fn dist_info(&self) -> &str {
        &self.dist_info
    }

    pub(super) fn record(&self) -> &Record {
        &self.record
    }

    /// The files that [`unpack`](Self::unpack) writes.
    pub(super) fn installed_files(&self) -> Vec<InstalledFile> {
        let mut archive = self.archive.clone();
        let mut is_executable = |index| {
            let mode = archive.by_index_raw(index).ok().and_then(|file| file.unix_mode());
            mode.is_some_and(|mode| mode & 0o111 != 0)
        };
        let record = format!("{}/RECORD", self.dist_info);
        let files = self.files.iter().filter(|(name, _)| !is_record(name, &record));
        files.map(|(name, index)| InstalledFile::new(name.clone(), is_executable(*index))).collect()
    }

    /// The modules: all files that a .pyc is made for.
    pub(super) fn modules(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str).filter(|name| name.ends_with(".py"))
    }

    /// The launchers that its console scripts need.
    pub(super) fn launchers(&self, interpreter: &Interpreter) -> Result<Vec<Launcher>> {
        let mut archive = self.archive.clone();
        let entry_points = self.files.get(&format!("{}/entry_points.txt", self.dist_info));
        let text = entry_points.map(|index| contents(&mut archive, *index)).transpose();
        let launchers = text.map(Option::unwrap_or_default).and_then(|text| match text.len() > LARGEST_ENTRY_POINTS {
            true => Err(format!("its entry_points.txt is larger than {LARGEST_ENTRY_POINTS} bytes")),
            false => launcher::of_entry_points(&String::from_utf8_lossy(&text), interpreter),
        });
        launchers.map_err(|reason| Error::Distribution { path: self.path.clone(), reason })
    }

    /// Writes the files into site-packages, which is `root`, each checked against RECORD, the modules as changed at
    /// `modified`. RECORD itself is left to the caller.
    pub(super) fn unpack(&self, root: &Root, modified: SystemTime) -> Result<()> {
        let files = self.installed_files();
        site_packages::write(root, &files.iter().collect::<Vec<_>>(), |folder, _, files| {
            let mut archive = self.archive.clone();
            for file in files {
                let contents = self.checked_contents(&mut archive, &file.name)?;
                folder.write(file, &contents, file.is_module().then_some(modified))?;
            }
            Ok(())
        })
    }

    fn checked_contents(&self, archive: &mut ZipArchive<Cursor<Arc<[u8]>>>, name: &str) -> Result<Vec<u8>> {
        let contents = contents(archive, self.files[name]);
        let checked = contents.and_then(|contents| self.record.check(name, &contents).map(|()| contents));
        checked.map_err(|reason| Error::Distribution { path: self.path.clone(), reason })
    }
}

/// The project of the wheel at `path`, normalized, by its name alone.
pub(crate) fn project_of(path: &Path) -> String {
    name_and_version(path).map(|(project, _)| project).unwrap_or_default()
}

/// `pip-24.2-py3-none-any.whl` is pip 24.2.
pub(super) fn name_and_version(path: &Path) -> Option<(String, Version)> {
    let mut parts = path.file_name()?.to_str()?.strip_suffix(".whl")?.split('-');
    let project = normalized(parts.next()?);
    Some((project, Version::from_str(parts.next()?).ok()?))
}

/// The name by which projects are compared (PEP 503).
pub(super) fn normalized(project: &str) -> String {
    let words = project.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

/// The files of an archive, by name. Errors with the name of an entry that leads out of the folder that the
/// archive is unpacked to, that would be written over another, or that is too large.
fn checked_names(archive: &mut ZipArchive<Cursor<Arc<[u8]>>>) -> Result<BTreeMap<String, usize>, String> {
    let mut files = BTreeMap::new();
    // By what they are compared by, on a file system that knows no case. The separator sorts before all that a name
    // may hold, so what is below a file comes right behind it.
    let mut seen = BTreeMap::new();
    let mut left = LARGEST_WHEEL;
    for index in 0..archive.len() {
        let Some((name, size)) = checked_entry(archive, index)? else { continue };
        left = left
            .checked_sub(size)
            .ok_or_else(|| format!("up to its entry {name} it unpacks to more than {LARGEST_WHEEL} bytes"))?;
        if seen.insert(name.to_lowercase().replace('/', "\0"), name.clone()).is_some() {
            return Err(format!("it has more than one entry {name}"));
        }
        files.insert(name, index);
    }
    for ((file, name), (below, name_below)) in seen.iter().zip(seen.iter().skip(1)) {
        if below.strip_prefix(file.as_str()).is_some_and(|rest| rest.starts_with('\0')) {
            return Err(format!("its entry {name_below} is below its entry {name}, which is a file"));
        }
    }
    if files.is_empty() { Err("it is empty".to_owned()) } else { Ok(files) }
}

/// The name of an entry and the size that it says it has; None if it is a folder.
fn checked_entry(archive: &mut ZipArchive<Cursor<Arc<[u8]>>>, index: usize) -> Result<Option<(String, u64)>, String> {
    let name = archive.name_for_index(index).unwrap_or_default().to_owned();
    if !is_inside(&name) {
        return Err(format!("its entry {name:?} leads out of site-packages"));
    }
    let entry = archive.by_index_raw(index).map_err(|error| format!("its entry {name}: {error}"))?;
    if entry.is_symlink() {
        return Err(format!("its entry {name} is a symbolic link"));
    }
    if entry.size() > LARGEST_ENTRY {
        return Err(format!("its entry {name} is larger than {LARGEST_ENTRY} bytes"));
    }
    Ok((!entry.is_dir()).then_some((name, entry.size())))
}

/// Whether a name stays below the folder that it is joined to, on every system.
pub(super) fn is_inside(name: &str) -> bool {
    let name = name.strip_suffix('/').unwrap_or(name);
    !name.contains(['\\', ':'])
        && !name.chars().any(char::is_control)
        && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn dist_info(files: &BTreeMap<String, usize>, project: &str) -> Result<String, String> {
    let folders: BTreeSet<&str> =
        files.keys().filter_map(|name| name.split_once('/')).map(|(first, _)| first).collect();
    if let Some(data) = folders.iter().find(|folder| folder.ends_with(".data")) {
        return Err(format!(
            "it has files for other folders than site-packages ({data}), which rvenv does not install"
        ));
    }
    let mut of_project = folders.iter().filter(|folder| {
        let name = folder.strip_suffix(".dist-info").and_then(|name| name.split('-').next());
        name.is_some_and(|name| normalized(name) == project)
    });
    match (of_project.next(), of_project.next()) {
        (Some(dist_info), None) => Ok((*dist_info).to_owned()),
        _ => Err(format!("it has no folder {project}-VERSION.dist-info, or more than one")),
    }
}

/// RECORD and its signatures have no hash in RECORD.
fn is_record(name: &str, record: &str) -> bool {
    name.strip_prefix(record).is_some_and(|suffix| matches!(suffix, "" | ".jws" | ".p7s"))
}

fn contents(archive: &mut ZipArchive<Cursor<Arc<[u8]>>>, index: usize) -> Result<Vec<u8>, String> {
    let name = archive.name_for_index(index).unwrap_or_default().to_owned();
    let entry = archive.by_index(index).map_err(|error| format!("its entry {name}: {error}"))?;
    let size = entry.size();
    let mut contents = Vec::new();
    // What is longer than it says is not read to its end.
    entry.take(size + 1).read_to_end(&mut contents).map_err(|error| format!("its entry {name}: {error}"))?;
    match contents.len() as u64 == size {
        true => Ok(contents),
        false => Err(format!("its entry {name} does not have the {size} bytes that it says it has")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_told_apart() {
        for name in ["pip/__init__.py", "pip/", "a..b/c", "..."] {
            assert!(is_inside(name), "{name}");
        }
        for name in ["", "/etc/passwd", "../x", "a/../x", "a/./x", "a//b", "a\\b", "c:/x", "a\nb", "a\0"] {
            assert!(!is_inside(name), "{name}");
        }
    }

    #[test]
    fn a_wheels_name_says_project_and_version() {
        let (project, version) = name_and_version(Path::new("/x/Some_Project-1.0rc1-py3-none-any.whl")).unwrap();
        assert_eq!((project.as_str(), version.to_string().as_str()), ("some-project", "1.0rc1"));
        assert!(name_and_version(Path::new("pip.whl")).is_none());
    }
}
