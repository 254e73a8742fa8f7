//! Keeps interpreter metadata in the cache, so that a warm run starts no Python.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::metadata::Interpreter;
use super::{answer, probe};
use crate::cache::{self, Cache};
use crate::error::Result;
use crate::interrupt::Interrupt;
use crate::os::{Stamp, stamp, stamps_along};

/// Where in the cache the metadata is.
const DIRECTORY: &str = "interpreters";

/// The output of one query, with what it depends on. It is valid as long as all of that is unchanged.
#[derive(Serialize, Deserialize)]
struct Entry {
    /// The identity of the probe script that was run.
    probe: u32,
    /// See [`stamps`].
    stamps: Vec<(Stamp, Stamp)>,
    answer: Value,
}

/// Returns the metadata of the Python at `executable`, an absolute path: from the cache if possible, else by a query.
/// `decides_by` is for a program that is known to start another Python: the paths by which it decides which one.
pub(super) fn query(
    executable: &Path,
    decides_by: Option<&[PathBuf]>,
    cache: &Cache,
    interrupt: &Interrupt,
) -> Result<Interpreter> {
    // Where its links lead counts too: the path of an installation is part of its metadata.
    let paths = [executable, &executable.canonicalize().unwrap_or_default()];
    let key = cache::key(&paths.map(|path| path.as_os_str().as_encoded_bytes()).join(&0));
    let name = format!("{DIRECTORY}/{key}.json");
    let contents = cache.open(&name).and_then(|file| io::read_to_string(file).ok());
    let cached = contents.and_then(|contents| serde_json::from_str(&contents).ok());
    if let Some(interpreter) = cached.and_then(|entry| lookup(executable, decides_by, entry)) {
        return Ok(interpreter);
    }
    let before = stamp(executable);
    let (answer, interpreter) = probe::query(executable, interrupt)?;
    let is_lasting = answer::is_lasting(&answer) && is_always_started(&interpreter, executable, decides_by);
    if is_lasting && before == stamp(executable) {
        let stamps = stamps(executable, &interpreter, decides_by);
        let entry = Entry { probe: probe::identity(), stamps, answer };
        cache.write(&name, &serde_json::to_vec(&entry).unwrap_or_default());
        cache.sweep(DIRECTORY, |path, _| is_obsolete(path));
    }
    Ok(interpreter)
}

/// Whether this Python is what `executable` starts each time. A shim or a wrapper may start another, and gives itself
/// away: the Python reports another executable.
fn is_always_started(interpreter: &Interpreter, executable: &Path, decides_by: Option<&[PathBuf]>) -> bool {
    interpreter.asked == executable || decides_by.is_some()
}

fn lookup(executable: &Path, decides_by: Option<&[PathBuf]>, entry: Entry) -> Option<Interpreter> {
    let interpreter = answer::read(&entry.answer).ok()?;
    let holds = entry.probe == probe::identity()
        && is_always_started(&interpreter, executable, decides_by)
        && entry.stamps == stamps(executable, &interpreter, decides_by);
    holds.then_some(interpreter)
}

/// Whether a cache entry cannot be parsed, or its executable no longer exists.
fn is_obsolete(path: &Path) -> bool {
    let entry = std::fs::read(path).ok().and_then(|contents| serde_json::from_slice::<Entry>(&contents).ok());
    !entry.and_then(|entry| answer::read(&entry.answer).ok()).is_some_and(|interpreter| interpreter.asked.exists())
}

/// The states of everything that the metadata depends on: the files, and the links that lead to them.
fn stamps(executable: &Path, interpreter: &Interpreter, decides_by: Option<&[PathBuf]>) -> Vec<(Stamp, Stamp)> {
    let depends = interpreter.depends.iter().chain(decides_by.unwrap_or_default()).map(PathBuf::as_path);
    std::iter::once(executable).chain(depends).map(stamps_along).collect()
}
