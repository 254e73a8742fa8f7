//! A distribution as it is installed: what there is of it besides its files' contents.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::launcher::Launcher;
use super::record::Record;
use crate::context::Context;
use crate::error::{AtPath, Result};
use crate::native;

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
    /// Writes the file into site-packages; a module as changed at `modified`, which its .pyc has in its header.
    pub(super) fn write(&self, context: &Context, contents: &[u8], modified: SystemTime) -> Result<()> {
        let path = context.lib_path.join(&self.name);
        let mode = if self.executable { 0o777 } else { 0o666 };
        let written = native::create_file(&context.staged(&path), mode).and_then(|mut file| {
            file.write_all(contents)?;
            if self.name.ends_with(".py") { file.set_modified(modified) } else { Ok(()) }
        });
        written.at("write", &path)
    }
}

/// Makes the folders of site-packages that `files` are in.
pub(super) fn create_folders<'a>(context: &Context, files: impl IntoIterator<Item = &'a InstalledFile>) -> Result<()> {
    let folders: BTreeSet<&Path> = files.into_iter().filter_map(|file| Path::new(&file.name).parent()).collect();
    for folder in folders {
        let folder = context.lib_path.join(folder);
        fs::create_dir_all(context.staged(&folder)).at("create the directory", &folder)?;
    }
    Ok(())
}
