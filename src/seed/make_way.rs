//! What an environment that exists has of a project already: it stays, or makes way for another version.

use pep440_rs::Version;

use super::installed::Installed;
use crate::context::Context;
use crate::error::Result;

/// Whether `version` of `project` is to be installed: unless the environment has one that is as new and whole. What makes
/// way is retired: it goes when the environment is published.
///
/// A newer version that was damaged makes way with a warning.
pub(super) fn make_way(context: &mut Context, project: &str, version: &Version) -> Result<bool> {
    if !context.keeps(&context.lib_path) || !context.lib_path.is_dir() {
        return Ok(true);
    }
    let found = Installed::find(context, project)?;
    let Some((newest, older)) = found.split_last() else { return Ok(true) };
    if newest.version() >= version {
        let Some(fault) = newest.fault(context) else {
            // Their files are the newest's now: an installation that broke off has left the metadata.
            older.iter().flat_map(Installed::metadata_files).for_each(|file| context.stage.retire(file));
            return Ok(false);
        };
        if newest.version() > version {
            let newer = newest.version();
            let warning = format!("{project} {newer} is damaged ({fault}), so {version} takes its place");
            context.caller.observer.warn(&warning);
        }
    }
    for installed in &found {
        installed.files(context).into_iter().for_each(|file| context.stage.retire(file));
    }
    Ok(true)
}
