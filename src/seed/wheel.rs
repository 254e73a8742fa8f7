//! A wheel (PEP 427): a zip file whose entries go into site-packages as they are.

mod archive;
mod entry_points;
#[cfg(any(test, fuzzing))]
#[path = "../../tests/fuzz/read.rs"]
mod fuzz_read;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pep440_rs::Version;

use super::distribution::InstalledFile;
use super::launcher::Launcher;
use super::names::{header, name_and_version, normalized};
use super::record::Record;
use super::site_packages::{self, Root};
use crate::error::{AtPath, Error, Result};
use crate::interpreter::Interpreter;
use crate::os;
use archive::{Archive, LARGEST_WHEEL, contents, with_contents};

#[cfg(fuzzing)]
pub(crate) use fuzz_read::run as fuzz;

/// The maximum size of entry_points.txt in bytes. pip's has one hundred.
const LARGEST_ENTRY_POINTS: usize = 1 << 20;

/// A wheel whose names have been checked. Its contents are checked when they are unpacked.
pub(super) struct Wheel {
    path: PathBuf,
    /// The project's name, normalized (PEP 503).
    pub(super) project: String,
    pub(super) version: Version,
    /// The name of the directory `NAME-VERSION.dist-info`.
    pub(super) dist_info: String,
    /// RECORD, without the rows of files that are left out.
    pub(super) record: Record,
    archive: Archive,
    /// The files, by name, with their index in the archive. Those that the installation writes itself are left out.
    files: BTreeMap<String, usize>,
}

impl Wheel {
    /// Reads the wheel at `path`. Fails if it is not valid, or if an entry would be unpacked outside site-packages.
    pub(super) fn open(path: &Path) -> Result<Wheel> {
        let invalid = |reason| Error::Distribution { path: path.to_owned(), reason };
        if path.metadata().at("read", path)?.len() > LARGEST_WHEEL {
            return Err(invalid(format!("it is larger than {LARGEST_WHEEL} bytes")));
        }
        let bytes = os::read_regular(path).at("read", path)?;
        Wheel::read(path, bytes.into()).map_err(invalid)
    }

    fn read(path: &Path, bytes: Arc<[u8]>) -> Result<Wheel, String> {
        let (project, version) = name_and_version(path).ok_or("its name is not of the form NAME-VERSION-TAGS.whl")?;
        let (mut archive, mut files) = archive::open(bytes)?;
        let dist_info = dist_info(&files, &project)?;
        if let Some(metadata) = files.get(&format!("{dist_info}/METADATA")) {
            check_metadata(&String::from_utf8_lossy(&contents(&mut archive, *metadata)?), &project, &version)?;
        }
        let record = *files.get(&format!("{dist_info}/RECORD")).ok_or("it has no RECORD")?;
        let mut record = Record::of_wheel(&contents(&mut archive, record)?, |name| files.contains_key(name))?;
        files.retain(|name, _| !is_generated(name, &dist_info));
        record.retain(|name| files.contains_key(name));
        Ok(Wheel { path: path.to_owned(), project, version, dist_info, archive, files, record })
    }

    /// The files that [`unpack`](Self::unpack) writes.
    pub(super) fn installed_files(&self) -> Vec<InstalledFile> {
        let mut archive = self.archive.clone();
        let mut is_executable = |index| {
            let mode = archive.by_index_raw(index).ok().and_then(|file| file.unix_mode());
            mode.is_some_and(|mode| mode & 0o111 != 0)
        };
        self.files.iter().map(|(name, index)| InstalledFile::new(name.clone(), is_executable(*index))).collect()
    }

    /// The modules: all files that get a .pyc.
    pub(super) fn modules(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str).filter(|name| name.ends_with(".py"))
    }

    /// The launchers for its console and GUI scripts, by the names that pip or virtualenv gives them.
    pub(super) fn launchers(&self, interpreter: &Interpreter, as_virtualenv: bool) -> Result<Vec<Launcher>> {
        let mut archive = self.archive.clone();
        let entry_points = self.files.get(&format!("{}/entry_points.txt", self.dist_info));
        let text = entry_points.map(|index| contents(&mut archive, *index)).transpose();
        let launchers = text.map(Option::unwrap_or_default).and_then(|text| {
            if text.len() > LARGEST_ENTRY_POINTS {
                return Err(format!("its entry_points.txt is larger than {LARGEST_ENTRY_POINTS} bytes"));
            }
            entry_points::launchers(&String::from_utf8_lossy(&text), interpreter, as_virtualenv)
        });
        launchers.map_err(|reason| Error::Distribution { path: self.path.clone(), reason })
    }

    /// Writes the files except RECORD into site-packages, which is `root`, and checks each against RECORD.
    pub(super) fn unpack(&self, root: &Root) -> Result<()> {
        let files = self.installed_files();
        site_packages::write(root, &files.iter().collect::<Vec<_>>(), |directory, files| {
            let mut archive = self.archive.clone();
            files.iter().try_for_each(|file| {
                self.with_contents(&mut archive, &file.name, |contents| directory.write(file, contents))
            })
        })
    }

    /// Calls `done` with the contents of a file once they have been checked against RECORD.
    fn with_contents<T>(&self, archive: &mut Archive, name: &str, done: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
        let invalid = |reason| Error::Distribution { path: self.path.clone(), reason };
        let called = with_contents(archive, self.files[name], |contents| {
            self.record.check(name, contents).map_err(invalid)?;
            done(contents)
        });
        called.map_err(invalid)?
    }
}

/// Fails if the headers are of another project or version than the wheel's name.
fn check_metadata(metadata: &str, project: &str, version: &Version) -> Result<(), String> {
    let name = header(metadata, "Name").filter(|name| normalized(name) != project);
    let other = header(metadata, "Version").filter(|text| text.parse::<Version>().ok().as_ref() != Some(version));
    match name.or(other) {
        Some(text) => Err(format!("its METADATA is that of {text:?}, which contradicts its name")),
        None => Ok(()),
    }
}

/// The name of the only directory `NAME-VERSION.dist-info`, which must be that of `project`.
fn dist_info(files: &BTreeMap<String, usize>, project: &str) -> Result<String, String> {
    let directories: BTreeSet<&str> =
        files.keys().filter_map(|name| name.split_once('/')).map(|(first, _)| first).collect();
    if let Some(data) = directories.iter().find(|directory| directory.ends_with(".data")) {
        return Err(format!(
            "it has files for directories other than site-packages ({data}), which rvenv does not install"
        ));
    }
    let mut found = directories.iter().filter_map(|directory| Some((directory, directory.strip_suffix(".dist-info")?)));
    match (found.next(), found.next()) {
        (Some((dist_info, name)), None) if normalized(name.split('-').next().unwrap_or(name)) == project => {
            Ok((*dist_info).to_owned())
        }
        _ => Err(format!("it has no directory {project}-VERSION.dist-info, or more than one .dist-info")),
    }
}

/// Whether the installation writes this file itself, even if the wheel has one: RECORD; its signatures, which are no
/// longer valid then; INSTALLER and REQUESTED, which say who installed it and why; and the .pyc of modules.
fn is_generated(name: &str, dist_info: &str) -> bool {
    let of_installation = ["RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED"];
    let metadata = name.strip_prefix(dist_info).and_then(|name| name.strip_prefix('/'));
    metadata.is_some_and(|name| of_installation.contains(&name))
        || name.ends_with(".pyc") && name.split('/').any(|directory| directory == "__pycache__")
}
