//! Decides whether a project that an environment already has is kept or replaced.

use pep440_rs::Version;

use super::installed::Installed;
use crate::context::Context;
use crate::error::Result;

/// Whether `version` of `project` is to be installed: it is unless the environment has one that is intact and at least
/// as new. What it replaces is retired, that is, removed when the environment is published.
///
/// A damaged newer version is replaced with a warning.
pub(super) fn make_way(context: &mut Context, project: &str, version: &Version) -> Result<bool> {
    if !context.keeps(&context.lib_path) || !context.lib_path.is_dir() {
        return Ok(true);
    }
    let found = Installed::find(context, project)?;
    let Some((newest, older)) = found.split_last() else { return Ok(true) };
    if newest.version() >= version {
        let Some(fault) = newest.fault(context) else {
            // Only the metadata of older versions is left, by an interrupted installation: their files now belong to
            // the newest.
            older.iter().flat_map(Installed::metadata_files).for_each(|file| context.stage.retire(file));
            return Ok(false);
        };
        if newest.version() > version {
            let newer = newest.version();
            let warning = format!("{project} {newer} is damaged ({fault}); replacing it with {version}");
            context.session.observer.warn(&warning);
        }
    }
    for installed in &found {
        installed.files(context).into_iter().for_each(|file| context.stage.retire(file));
    }
    Ok(true)
}
