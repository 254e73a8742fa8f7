//! The launchers that installed distributions have in bin: those that start a Python which is not the environment's own,
//! since it was moved or copied, or has another version now, are pointed at that.

use std::path::{Path, PathBuf};

use super::foreign::{foreign_python, is_to_be_mended};
use super::installed::dist_infos;
use super::launcher::start_of;
use super::launchers::mended;
use super::record::Record;
use crate::context::{Context, absolute};
use crate::error::{Quoted, Result, one_line};
use crate::os;

/// Mends the launchers of an environment that exists, and their rows in RECORD. Scripts that no distribution has installed
/// are left alone: a warning names those that start a Python which is gone, or is another environment's.
pub(crate) fn mend(context: &mut Context) -> Result<()> {
    if !context.keeps(&context.bin_path) || !context.bin_path.is_dir() {
        return Ok(());
    }
    let mut done = Vec::new();
    for metadata in dist_infos(context)? {
        done.extend(mend_distribution(context, &metadata)?);
    }
    warn_of_others(context, &done)
}

/// Has the launchers that pip has written into an environment that stands at ENV_DIR find its Python wherever that is moved.
pub(crate) fn relocate(context: &Context) -> Result<()> {
    dist_infos(context)?.iter().try_for_each(|metadata| mend_distribution(context, metadata).map(drop))
}

/// Mends the launchers that a distribution's RECORD names, and returns them.
fn mend_distribution(context: &Context, metadata: &Path) -> Result<Vec<PathBuf>> {
    let (record_path, root) = (metadata.join("RECORD"), metadata.parent().unwrap_or(metadata));
    // What cannot be read is no distribution that has anything to be mended; one that is replaced has been written anew.
    let Ok(contents) = os::read_regular(&record_path) else { return Ok(vec![]) };
    let Ok(mut record) = Record::parse(&contents) else { return Ok(vec![]) };
    let mut done = Vec::new();
    for row in record.paths().map(str::to_owned).collect::<Vec<_>>() {
        let launcher = absolute(&root.join(&row))?;
        if launcher.parent() != Some(&context.bin_path) || is_settled(context, &launcher) {
            continue;
        }
        let (Ok(start), Ok(contents)) = (start_of(&launcher), os::read_regular(&launcher)) else { continue };
        let mended = is_to_be_mended(&start, context).then(|| mended(&contents, context)).flatten();
        if let Some(contents) = mended.filter(|mended| *mended != contents) {
            context.stage.write(&launcher, &contents, true)?;
            record.add(&row, &contents);
            done.push(launcher);
        }
    }
    if !done.is_empty() {
        context.stage.create_above(&record_path)?;
        context.stage.write(&record_path, record.render().as_bytes(), false)?;
    }
    Ok(done)
}

/// Names the scripts in bin that start such a Python and were not mended.
fn warn_of_others(context: &Context, mended: &[PathBuf]) -> Result<()> {
    let mut dead = Vec::new();
    for script in os::entries(&context.bin_path)? {
        if mended.contains(&script) || script.is_symlink() || is_settled(context, &script) {
            continue;
        }
        if start_of(&script).is_ok_and(|text| foreign_python(&text, context).is_some()) {
            dead.push(one_line(&script.file_name().unwrap_or_default().to_string_lossy()));
        }
    }
    if !dead.is_empty() {
        let (scripts, bin_path) = (dead.join(", "), Quoted(&context.bin_path));
        let what = "start a Python that is gone or another environment's";
        let warning = format!("these scripts in {bin_path} {what}: {scripts}; change their first line");
        context.caller.observer.warn(&warning);
    }
    Ok(())
}

/// Whether this run has written or retired a file of bin already.
fn is_settled(context: &Context, path: &Path) -> bool {
    let staged = context.staged(path);
    context.stage.is_retired(path) || staged != path && os::is_there(&staged)
}
