//! Repairs the launchers that installed distributions have in bin. Those that start a Python other than the
//! environment's own, because it was moved or copied or has another version now, are changed to start that one.

use std::io;
use std::path::{Path, PathBuf};

use super::installed::dist_infos;
use super::launcher::{foreign_python, is_to_be_repaired, repaired, start_of};
use super::record::Record;
use crate::context::{Context, absolute};
use crate::entries;
use crate::error::{Quoted, Result, one_line};
use crate::os;

/// Repairs the launchers of an existing environment, and their rows in RECORD. A warning names other scripts that start
/// a Python that is gone or belongs to another environment.
pub(crate) fn repair(context: &mut Context) -> Result<()> {
    if !context.keeps(&context.bin_path) || !context.bin_path.is_dir() {
        return Ok(());
    }
    let mut done = Vec::new();
    for metadata in dist_infos(context)? {
        done.extend(repair_distribution(context, &metadata)?);
    }
    warn_of_others(context, &done)
}

/// Changes the launchers that pip has written, so that they find their Python wherever the environment is moved.
pub(crate) fn relocate(context: &Context) -> Result<()> {
    dist_infos(context)?.iter().try_for_each(|metadata| repair_distribution(context, metadata).map(drop))
}

/// Repairs the launchers listed in a distribution's RECORD, and returns them.
fn repair_distribution(context: &Context, metadata: &Path) -> Result<Vec<PathBuf>> {
    let (record_path, root) = (metadata.join("RECORD"), metadata.parent().unwrap_or(metadata));
    // A distribution without a RECORD has nothing to repair. If it is being replaced, its launchers are new.
    let Some(contents) = read(context, &record_path, os::read_regular) else { return Ok(vec![]) };
    let Ok(mut record) = Record::parse(&contents) else { return Ok(vec![]) };
    let mut done = Vec::new();
    for row in record.paths().map(str::to_owned).collect::<Vec<_>>() {
        let launcher = absolute(&root.join(&row))?;
        if launcher.parent() != Some(&context.bin_path) || is_settled(context, &launcher) {
            continue;
        }
        let Some(start) = read(context, &launcher, start_of) else { continue };
        if !is_to_be_repaired(&start, context) {
            continue;
        }
        let Some(contents) = read(context, &launcher, os::read_regular) else { continue };
        if let Some(contents) = repaired(&contents, context).filter(|repaired| *repaired != contents) {
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

/// Reads a file, or warns that it cannot be repaired. None also if there is none.
fn read(context: &Context, path: &Path, with: fn(&Path) -> io::Result<Vec<u8>>) -> Option<Vec<u8>> {
    match with(path) {
        Ok(contents) => return Some(contents),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
        Err(error) => {
            context.session.observer.warn(&format!("unable to read {}, so it is not repaired: {error}", Quoted(path)))
        }
    }
    None
}

/// Warns of the scripts in bin that start a [foreign](foreign_python) Python and were not repaired.
fn warn_of_others(context: &Context, repaired: &[PathBuf]) -> Result<()> {
    let mut dead = Vec::new();
    for script in entries::paths(&context.bin_path)? {
        if repaired.contains(&script) || script.is_symlink() || is_settled(context, &script) {
            continue;
        }
        if start_of(&script).is_ok_and(|text| foreign_python(&text, context).is_some()) {
            dead.push(one_line(&script.file_name().unwrap_or_default().to_string_lossy()));
        }
    }
    if !dead.is_empty() {
        let (scripts, bin_path) = (dead.join(", "), Quoted(&context.bin_path));
        let what = "start a Python that is gone or belongs to another environment";
        let warning = format!("these scripts in {bin_path} {what}: {scripts}; edit their first line");
        context.session.observer.warn(&warning);
    }
    Ok(())
}

/// Whether this run has already written or retired a file in bin.
fn is_settled(context: &Context, path: &Path) -> bool {
    let staged = context.stage.at(path);
    context.stage.is_marked_for_removal(path) || staged != path && os::exists(&staged)
}
