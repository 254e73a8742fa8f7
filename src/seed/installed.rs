//! A distribution that an environment has already.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use pep440_rs::Version;

use super::record::Record;
use super::wheel::normalized;
use crate::context::absolute;
use crate::error::{AtPath, Result};

/// A `.dist-info` folder in site-packages (PEP 376).
pub(super) struct Installed {
    version: Version,
    /// All its files, as absolute paths. None without a RECORD that reads.
    files: Option<Vec<PathBuf>>,
    dist_info: PathBuf,
}

impl Installed {
    /// All that `site_packages` has of `project`: one at most, unless an installation broke off.
    pub(super) fn find(site_packages: &Path, project: &str) -> Result<Vec<Installed>> {
        let mut found = Vec::new();
        let entries = fs::read_dir(site_packages).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        for entry in entries.at("read the directory", site_packages)? {
            let name = entry.file_name();
            let parts = name.to_str().and_then(|name| name.strip_suffix(".dist-info")?.split_once('-'));
            if let Some((name, version)) = parts.filter(|(name, _)| normalized(name) == project) {
                let _ = name;
                let version = Version::from_str(version).unwrap_or_else(|_| Version::new([0]));
                found.push(Installed::read(site_packages, entry.path(), version)?);
            }
        }
        Ok(found)
    }

    fn read(site_packages: &Path, dist_info: PathBuf, version: Version) -> Result<Installed> {
        let record = fs::read(dist_info.join("RECORD")).ok().and_then(|contents| Record::parse(&contents).ok());
        let files = record.map(|record| record.paths().map(|path| absolute(&site_packages.join(path))).collect());
        Ok(Installed { version, files: files.transpose()?, dist_info })
    }

    pub(super) fn version(&self) -> &Version {
        &self.version
    }

    /// Whether every file that RECORD names is there.
    pub(super) fn is_whole(&self) -> bool {
        self.files.as_ref().is_some_and(|files| files.iter().all(|file| file.is_file()))
    }

    /// The files that go when another version takes its place.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.files.clone().unwrap_or_else(|| vec![self.dist_info.join("METADATA")])
    }
}
