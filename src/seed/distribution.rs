//! A distribution as it is installed: what there is of it besides its files' contents.

use serde::{Deserialize, Serialize};

use super::launcher::Launcher;
use super::record::Record;

/// One project's files, its RECORD but for the rows of launchers, and its launchers, none of which depends on the
/// environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Distribution {
    /// The name, normalized (PEP 503).
    pub(super) project: String,
    pub(super) version: String,
    /// The name of the folder `NAME-VERSION.dist-info`.
    pub(super) dist_info: String,
    /// The files, relative to site-packages, .pyc among them; not RECORD.
    pub(super) files: Vec<InstalledFile>,
    pub(super) record: Record,
    pub(super) launchers: Vec<Launcher>,
}

/// A file in site-packages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InstalledFile {
    pub(super) name: String,
    /// Whether it may be run.
    pub(super) executable: bool,
}

impl Distribution {
    /// The name of its RECORD.
    pub(super) fn record_name(&self) -> String {
        format!("{}/RECORD", self.dist_info)
    }
}
