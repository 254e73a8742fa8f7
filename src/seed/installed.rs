//! A distribution that is already installed in an environment.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use pep440_rs::Version;

use super::launcher::{start_of, starts_another};
use super::names::normalized;
use super::record::Record;
use crate::context::{Context, absolute};
use crate::entries;
use crate::error::{Quoted, Result};
use crate::os;

/// Returns the problems of an environment's pip and setuptools, where it has them, as paths and reasons.
pub(crate) fn faults(context: &Context) -> Result<Vec<(PathBuf, String)>> {
    let mut faults = Vec::new();
    for project in ["pip", "setuptools"] {
        if let Some(newest) = Installed::find(context, project)?.pop() {
            let fault = newest.missing();
            faults.extend(fault.map(|fault| (newest.metadata, fault)));
        }
    }
    Ok(faults)
}

/// The launchers that the distributions of an environment list in their RECORD.
pub(crate) fn launchers(context: &Context) -> Result<Vec<PathBuf>> {
    let mut launchers = Vec::new();
    for metadata in dist_infos(context)? {
        launchers.extend(recorded(&metadata)?.unwrap_or_default());
    }
    launchers.retain(|file| file.parent() == Some(&context.bin_path));
    Ok(launchers)
}

/// Marks what `version` of `project` replaces for removal. Returns whether it is to be installed: it is unless the
/// environment has one that is intact and at least as new, or of exactly this version in case of
/// `Options::seed_wheels`. A damaged newer version is replaced with a warning.
pub(super) fn replace_older(context: &mut Context, project: &str, version: &Version) -> Result<bool> {
    if !context.keeps(&context.lib_path) {
        return Ok(true);
    }
    let found = Installed::find(context, project)?;
    let Some((newest, older)) = found.split_last() else { return Ok(true) };
    let is_exact = !context.options.seed_wheels.is_empty();
    if newest.version == *version || newest.version > *version && !is_exact {
        let Some(fault) = newest.fault(context) else {
            // An interrupted installation left the metadata of older versions; their files now belong to the newest.
            older.iter().flat_map(Installed::metadata_files).for_each(|file| context.stage.mark_for_removal(file));
            return Ok(false);
        };
        if newest.version > *version {
            let newer = &newest.version;
            let warning = format!("{project} {newer} is damaged ({fault}); replacing it with {version}");
            context.session.observer.warn(&warning);
        }
    }
    for installed in &found {
        installed.files(context).into_iter().for_each(|file| context.stage.mark_for_removal(file));
    }
    Ok(true)
}

/// The `.dist-info` directories of an environment, including those of other Python versions that it has had: their
/// launchers are in the same bin. What is only linked from elsewhere is not the environment's.
pub(super) fn dist_infos(context: &Context) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let versions = context.lib_path.parent().and_then(Path::parent).unwrap_or(&context.lib_path);
    for version in entries::paths(versions)?.into_iter().filter(|path| is_pythons(path, context)) {
        let site_packages = version.join("site-packages");
        if os::is_directory(&version) && os::is_directory(&site_packages) {
            let is_metadata = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "dist-info");
            let found_here = entries::paths(&site_packages)?.into_iter().filter(is_metadata);
            found.extend(found_here.filter(|metadata| os::is_directory(metadata)));
        }
    }
    Ok(found)
}

/// Whether a directory in `lib` belongs to a Python version.
fn is_pythons(path: &Path, context: &Context) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("python") || name.starts_with("pypy") || Some(path) == context.lib_path.parent()
}

/// A `.dist-info` directory in site-packages (PEP 376), or an `.egg-info`, its predecessor.
struct Installed {
    version: Version,
    metadata: PathBuf,
    /// The files listed in RECORD, as absolute paths. None if RECORD is missing or cannot be parsed.
    recorded: Option<Vec<PathBuf>>,
}

impl Installed {
    /// All installed versions of `project`, newest last. There is at most one, unless an installation was interrupted.
    fn find(context: &Context, project: &str) -> Result<Vec<Installed>> {
        let mut found = Vec::new();
        for metadata in entries::paths(&context.lib_path)? {
            if let Some(version) = version_of(&metadata, project).filter(|_| metadata.is_dir()) {
                found.push(Installed { recorded: recorded(&metadata)?, version, metadata });
            }
        }
        found.sort_by(|a, b| a.version.cmp(&b.version));
        Ok(found)
    }

    /// The problem with it, if there is one: RECORD is missing or unreadable, a file listed in it is missing (other
    /// than .pyc), or a launcher starts a Python outside this environment and is not one that this run repairs.
    fn fault(&self, context: &Context) -> Option<String> {
        let starts_another = |file: &&PathBuf| {
            file.parent() == Some(&context.bin_path) && start_of(file).is_ok_and(|text| starts_another(&text, context))
        };
        self.missing().or_else(|| {
            let launcher = self.recorded.iter().flatten().find(starts_another)?;
            Some(format!("{} starts a Python outside the environment", Quoted(launcher)))
        })
    }

    /// What is missing, if anything. A missing .pyc does not count: Python creates it again.
    fn missing(&self) -> Option<String> {
        let Some(recorded) = &self.recorded else {
            let is_egg = self.metadata.extension().is_some_and(|extension| extension == "egg-info");
            return (!is_egg).then(|| "RECORD is missing or unreadable".to_owned());
        };
        // virtualenv's RECORD lists __pycache__ directories too, and virtualenv creates neither them nor their files.
        let is_compiled =
            |file: &PathBuf| file.extension().is_some_and(|e| e == "pyc") || file.ends_with("__pycache__");
        let missing = recorded.iter().find(|file| !is_compiled(file) && !file.is_file());
        missing.map(|file| format!("{} is missing", Quoted(file)))
    }

    /// The files to remove when another version replaces it: the launchers, and those below site-packages after
    /// symbolic links are resolved. Rows of RECORD that lead elsewhere are ignored.
    fn files(&self, context: &Context) -> Vec<PathBuf> {
        let site_packages = context.lib_path.canonicalize().ok();
        let is_ours = |file: &PathBuf| {
            let directory = file.parent().and_then(|directory| directory.canonicalize().ok());
            let below =
                directory.zip(site_packages.as_ref()).is_some_and(|(directory, root)| directory.starts_with(root));
            below || file.parent() == Some(&context.bin_path)
        };
        self.recorded.iter().flatten().filter(|file| is_ours(file)).cloned().chain(self.metadata_files()).collect()
    }

    /// The files in its metadata directory.
    fn metadata_files(&self) -> Vec<PathBuf> {
        // Leave what cannot be read to the next run.
        let walk =
            walkdir::WalkDir::new(&self.metadata).follow_root_links(false).into_iter().filter_map(walkdir::Result::ok);
        walk.filter(|entry| !entry.file_type().is_dir()).map(walkdir::DirEntry::into_path).collect()
    }
}

/// The version in a name such as `pip-24.2.dist-info` or `pip-24.2-py3.12.egg-info`, if it is a name of `project`.
fn version_of(metadata: &Path, project: &str) -> Option<Version> {
    let name = metadata.file_name()?.to_str()?;
    let stem = name.strip_suffix(".dist-info").or_else(|| name.strip_suffix(".egg-info"))?;
    let mut parts = stem.split('-');
    if normalized(parts.next()?) != project {
        return None;
    }
    // An invalid version counts as older than any other.
    Some(parts.next().and_then(|version| Version::from_str(version).ok()).unwrap_or_else(|| Version::new([0])))
}

/// The files listed in the RECORD of a `.dist-info` directory, where they are relative to site-packages.
fn recorded(metadata: &Path) -> Result<Option<Vec<PathBuf>>> {
    let record = os::read_regular(&metadata.join("RECORD")).ok().and_then(|contents| Record::parse(&contents).ok());
    let root = metadata.parent().unwrap_or(metadata);
    record.map(|record| record.paths().map(|path| absolute(&root.join(path))).collect()).transpose()
}
