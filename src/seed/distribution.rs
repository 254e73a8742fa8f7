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

impl InstalledFile {
    /// The folder that it is in, relative to site-packages; empty for site-packages itself.
    pub(super) fn folder(&self) -> &str {
        self.name.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Its name in its folder.
    pub(super) fn base_name(&self) -> &str {
        self.name.rsplit_once('/').map_or(&self.name, |(_, name)| name)
    }

    /// Its mode before the umask.
    pub(super) fn mode(&self) -> u32 {
        if self.executable { 0o777 } else { 0o666 }
    }

    /// Whether it is a module, whose .pyc has the time in its header at which this was changed.
    pub(super) fn is_module(&self) -> bool {
        self.name.ends_with(".py")
    }
}
