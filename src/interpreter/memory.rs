//! What Pythons have said of themselves, remembered in the cache, so that a warm run starts none.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Interpreter, probe};
use crate::cache::{self, Cache};
use crate::error::{Error, Result};
use crate::native::{Stamp, stamp};

/// One answer, with what it depends on. It holds as long as all of that is as it was.
#[derive(Serialize, Deserialize)]
struct Entry {
    /// The probe script that it answers.
    probe: String,
    /// The file that was asked, its links resolved.
    canonical: String,
    /// The states of [`dependencies`].
    stamps: Vec<Stamp>,
    answer: Value,
}

/// Asks the Python at `executable`, an absolute path, about itself, or remembers what it said.
pub(super) fn ask(executable: &Path, cache: &Cache) -> Result<Interpreter> {
    let name = format!("interpreters/{}.json", cache::key(executable.as_os_str().as_encoded_bytes()));
    let remembered = cache.read(&name).and_then(|contents| serde_json::from_slice(&contents).ok());
    if let Some(interpreter) = remembered.and_then(|entry| recall(executable, entry)) {
        return Ok(interpreter);
    }
    let before = stamp(executable);
    let answer = probe::ask(executable)?;
    let read = probe::read(answer.clone());
    let interpreter = read.map_err(|reason| Error::Python { python: executable.to_owned(), reason })?;
    // A shim or a wrapper may start another Python each time, and says so by being another program than Python
    // takes itself for.
    if interpreter.asked == executable && before == stamp(executable) {
        let entry = Entry {
            probe: probe::identity(),
            canonical: canonical(executable),
            stamps: stamps(executable, &interpreter),
            answer,
        };
        cache.write(&name, &serde_json::to_vec(&entry).unwrap_or_default());
    }
    Ok(interpreter)
}

fn recall(executable: &Path, entry: Entry) -> Option<Interpreter> {
    let interpreter = probe::read(entry.answer).ok()?;
    let holds = entry.probe == probe::identity()
        && interpreter.asked == executable
        && entry.canonical == canonical(executable)
        && entry.stamps == stamps(executable, &interpreter);
    holds.then_some(interpreter)
}

fn canonical(executable: &Path) -> String {
    probe::encode(&executable.canonicalize().unwrap_or_default())
}

fn stamps(executable: &Path, interpreter: &Interpreter) -> Vec<Stamp> {
    dependencies(executable, interpreter).iter().map(|path| stamp(path)).collect()
}

/// What decides the answer: the executable that was asked, the pyvenv.cfg beside it, the base that it named, its
/// standard library, its wheels and their folder.
fn dependencies(executable: &Path, interpreter: &Interpreter) -> Vec<PathBuf> {
    let beside = executable.ancestors().skip(1).take(2).map(|folder| folder.join("pyvenv.cfg"));
    let base = [&interpreter.executable, &interpreter.real_executable, &interpreter.stdlib].map(PathBuf::clone);
    let wheel_folders = interpreter.wheels.iter().filter_map(|wheel| wheel.parent()).map(Path::to_owned);
    let mut all = vec![executable.to_owned()];
    all.extend(beside.chain(base).chain(interpreter.wheels.iter().cloned()).chain(wheel_folders));
    all
}
