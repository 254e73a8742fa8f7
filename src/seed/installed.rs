//! A distribution that an environment has already.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use pep440_rs::Version;

use super::launcher::start_of;
use super::names::normalized;
use super::record::Record;
use super::shebang::python_of_launcher;
use crate::context::{Context, absolute};
use crate::error::{Quoted, Result};
use crate::os;

/// What is wrong with the pip that an environment has, if it has one, and with its setuptools: paths and reasons.
pub(crate) fn faults(context: &Context) -> Result<Vec<(PathBuf, String)>> {
    let mut faults = Vec::new();
    if !context.lib_path.is_dir() {
        return Ok(faults);
    }
    for project in ["pip", "setuptools"] {
        if let Some(newest) = Installed::find(context, project)?.pop() {
            let fault = newest.missing();
            faults.extend(fault.map(|fault| (newest.metadata, fault)));
        }
    }
    Ok(faults)
}

/// The launchers that the distributions of an environment have installed, by their RECORD.
pub(crate) fn launchers(context: &Context) -> Result<Vec<PathBuf>> {
    let mut launchers = Vec::new();
    for metadata in dist_infos(context)? {
        launchers.extend(recorded(&metadata)?.unwrap_or_default());
    }
    launchers.retain(|file| file.parent() == Some(&context.bin_path));
    Ok(launchers)
}

/// The `.dist-info` folders of an environment, those of other versions that it has had among them: their launchers are in
/// the same bin.
pub(super) fn dist_infos(context: &Context) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let versions = context.lib_path.parent().and_then(Path::parent).unwrap_or(&context.lib_path);
    for version in os::entries(versions)?.into_iter().filter(|path| is_pythons(path, context)) {
        for metadata in os::entries(&version.join("site-packages"))? {
            if metadata.extension().is_some_and(|extension| extension == "dist-info") {
                found.push(metadata);
            }
        }
    }
    Ok(found)
}

/// Whether a folder in `lib` is a Python's.
fn is_pythons(path: &Path, context: &Context) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("python") || name.starts_with("pypy") || Some(path) == context.lib_path.parent()
}

/// A `.dist-info` folder in site-packages (PEP 376), or an `.egg-info` from before.
pub(super) struct Installed {
    version: Version,
    metadata: PathBuf,
    /// The files that RECORD names, as absolute paths. None without a RECORD that reads.
    recorded: Option<Vec<PathBuf>>,
}

impl Installed {
    /// All that the environment has of `project`, the newest last: one at most, unless an installation broke off.
    pub(super) fn find(context: &Context, project: &str) -> Result<Vec<Installed>> {
        let mut found = Vec::new();
        for metadata in os::entries(&context.lib_path)? {
            if let Some(version) = version_of(&metadata, project).filter(|_| metadata.is_dir()) {
                found.push(Installed { recorded: recorded(&metadata)?, version, metadata });
            }
        }
        found.sort_by(|a, b| a.version.cmp(&b.version));
        Ok(found)
    }

    pub(super) fn version(&self) -> &Version {
        &self.version
    }

    /// What is wrong with it, if anything is: a file that RECORD names is missing, or a launcher starts another
    /// environment's Python.
    pub(super) fn fault(&self, context: &Context) -> Option<String> {
        let launchers = || self.recorded.iter().flatten().filter(|file| file.parent() == Some(&context.bin_path));
        let foreign = || launchers().find(|launcher| !starts_from(launcher, &context.bin_path));
        self.missing().or_else(|| foreign().map(|launcher| format!("{} starts another Python", Quoted(launcher))))
    }

    /// What it lacks, if anything. A .pyc that is missing is made anew by Python itself.
    fn missing(&self) -> Option<String> {
        let Some(recorded) = &self.recorded else {
            let is_egg = self.metadata.extension().is_some_and(|extension| extension == "egg-info");
            return (!is_egg).then(|| "it has no RECORD".to_owned());
        };
        // virtualenv names the folders of .pyc too, and makes neither.
        let is_compiled =
            |file: &PathBuf| file.extension().is_some_and(|e| e == "pyc") || file.ends_with("__pycache__");
        let missing = recorded.iter().find(|file| !is_compiled(file) && !file.is_file());
        missing.map(|file| format!("{} is missing", Quoted(file)))
    }

    /// The files that go when another version takes its place: those below site-packages, whatever links are in
    /// their way, and the launchers. A row of RECORD that leads elsewhere is none of ours to follow.
    pub(super) fn files(&self, context: &Context) -> Vec<PathBuf> {
        let site_packages = context.lib_path.canonicalize().ok();
        let is_ours = |file: &PathBuf| {
            let folder = file.parent().and_then(|folder| folder.canonicalize().ok());
            let below = folder.zip(site_packages.as_ref()).is_some_and(|(folder, root)| folder.starts_with(root));
            below || file.parent() == Some(&context.bin_path)
        };
        self.recorded.iter().flatten().filter(|file| is_ours(file)).cloned().chain(self.metadata_files()).collect()
    }

    /// The files of its metadata alone.
    pub(super) fn metadata_files(&self) -> Vec<PathBuf> {
        // What cannot be read stays, and is found by the next run.
        let walk = walkdir::WalkDir::new(&self.metadata).into_iter().filter_map(walkdir::Result::ok);
        walk.filter(|entry| !entry.file_type().is_dir()).map(walkdir::DirEntry::into_path).collect()
    }
}

/// The version in the name of `pip-24.2.dist-info` or `pip-24.2-py3.12.egg-info`, if it is `project`'s.
fn version_of(metadata: &Path, project: &str) -> Option<Version> {
    let name = metadata.file_name()?.to_str()?;
    let stem = name.strip_suffix(".dist-info").or_else(|| name.strip_suffix(".egg-info"))?;
    let mut parts = stem.split('-');
    if normalized(parts.next()?) != project {
        return None;
    }
    // What is no version is older than any.
    Some(parts.next().and_then(|version| Version::from_str(version).ok()).unwrap_or_else(|| Version::new([0])))
}

/// The files that the RECORD of a `.dist-info` folder names, which does so relative to site-packages.
fn recorded(metadata: &Path) -> Result<Option<Vec<PathBuf>>> {
    let record = os::read_regular(&metadata.join("RECORD")).ok().and_then(|contents| Record::parse(&contents).ok());
    let root = metadata.parent().unwrap_or(metadata);
    record.map(|record| record.paths().map(|path| absolute(&root.join(path))).collect()).transpose()
}

/// Whether a launcher starts a Python in this folder, as the link to it is named.
fn starts_from(launcher: &Path, folder: &Path) -> bool {
    let python = start_of(launcher).ok().and_then(|text| python_of_launcher(&text));
    python.is_none_or(|python| python.parent().is_some_and(|parent| parent == folder || os::is_same(parent, folder)))
}
