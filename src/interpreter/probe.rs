//! One question to a Python: runs `probe.py` in it and reads the answer.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Interpreter;
use crate::cache;
use crate::error::{Error, Quoted, Result};
use crate::interrupt::Interrupt;
use crate::os;
use crate::process::{self, Fault, LastWords};

const SCRIPT: &str = include_str!("probe.py");
const MARKS: (&str, &str) = ("<rvenv-probe>", "</rvenv-probe>");

/// How long a Python may take to answer. A shim on a cold network drive takes seconds.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Has the Python at `executable` describe itself, in JSON.
pub(super) fn ask(executable: &Path, interrupt: &Interrupt) -> Result<Value> {
    let unfit = |reason: String| Error::Python { python: executable.to_owned(), reason };
    let asked = process::run(isolated(executable).arg("-c").arg(SCRIPT), Some(TIMEOUT), interrupt);
    let output = asked.map_err(|fault| match fault {
        Fault::Interrupted => Error::Interrupted,
        Fault::System(error) => unfit(explain_start(executable, &error)),
        Fault::Late(timeout) => unfit(format!("it did not answer within {} seconds", timeout.as_secs())),
        fault => unfit(format!("it {fault}")),
    })?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    let Some(answer) = between_marks(&stdout) else {
        return Err(unfit(explain_silence(output.status, &LastWords::of(&output.stderr).to_string())));
    };
    serde_json::from_str(answer).map_err(|error| unfit(format!("its answer does not read: {error}")))
}

/// Reads an answer. Errors with the reason if the Python is too old, or does not know itself.
pub(super) fn read(answer: Value) -> Result<Interpreter, String> {
    let has_executable = answer.get("executable").is_some();
    let base_gone = answer.get("base_gone").and_then(Value::as_str).and_then(|home| decode(home).ok());
    let version = answer.get("version").cloned().and_then(|version| serde_json::from_value::<[u32; 3]>(version).ok());
    match version {
        Some([major, minor, micro]) if (major, minor) < (3, 6) => {
            Err(format!("it is Python {major}.{minor}.{micro}, and rvenv makes environments for Python 3.6 and newer"))
        }
        Some(_) if base_gone.is_some() => Err(format!(
            "it is an environment's Python, and there is no Python any more in {}, where its base was",
            Quoted(&base_gone.unwrap_or_default())
        )),
        Some(_) if !has_executable => {
            Err("it does not know the path of its own executable; name it with --python PATH".to_owned())
        }
        _ => serde_json::from_value(answer).map_err(|error| format!("its answer does not read: {error}")),
    }
}

/// What tells the answers to one probe script from those to another.
pub(super) fn identity() -> String {
    cache::key(SCRIPT.as_bytes())
}

/// A Python that reads neither the environment's `PYTHON*` nor the current folder nor the user's site-packages,
/// and leaves no .pyc behind in its installation.
fn isolated(executable: &Path) -> Command {
    let mut command = without_python_variables(executable);
    command.args(["-I", "-B", "-X", "utf8"]);
    command
}

/// A Python that is isolated too, and whose sets have the same order each time: before Python 3.11 a .pyc has them in it.
/// It would pass over the variable for this, were it told to pass over all.
pub(crate) fn fixed(executable: &Path) -> Command {
    let mut command = without_python_variables(executable);
    command.args(["-s", "-B", "-X", "utf8"]).env("PYTHONHASHSEED", "0");
    command
}

/// A Python that takes nothing from the `PYTHON*` variables around it.
pub(crate) fn without_python_variables(executable: &Path) -> Command {
    let mut command = Command::new(executable);
    // Their names, so that the child does not inherit them; no value is read.
    #[allow(clippy::disallowed_methods)]
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"PYTHON") || name == "__PYVENV_LAUNCHER__" {
            command.env_remove(name);
        }
    }
    command
}

fn between_marks(stdout: &str) -> Option<&str> {
    let (_, from) = stdout.rsplit_once(MARKS.0)?;
    from.split_once(MARKS.1).map(|(answer, _)| answer)
}

fn explain_start(executable: &Path, error: &std::io::Error) -> String {
    if executable.is_dir() {
        return "it is a folder; name the executable in it".to_owned();
    }
    match error.kind() {
        std::io::ErrorKind::NotFound if executable.exists() => {
            "the interpreter or loader that it asks for does not exist".to_owned()
        }
        std::io::ErrorKind::NotFound if executable.is_symlink() => "it is a link to nothing".to_owned(),
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied if !os::may_run(executable) => "it is not executable".to_owned(),
        _ => format!("it cannot be run: {error}"),
    }
}

fn explain_silence(status: ExitStatus, stderr: &str) -> String {
    if stderr.contains("Unknown option: -I") {
        return "it is older than Python 3.6, the oldest that rvenv makes environments for".to_owned();
    }
    let said = if stderr.is_empty() { String::new() } else { format!(": {stderr}") };
    format!("it does not answer as a Python does ({status}){said}")
}

/// The text that probe.py writes for a path.
pub(super) fn encode(path: &Path) -> String {
    path.as_os_str().as_encoded_bytes().iter().map(|byte| char::from(*byte)).collect()
}

/// A path as probe.py writes it: the character of number N is the byte N.
pub(super) fn native_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    decode(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

pub(super) fn native_paths<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    Vec::<String>::deserialize(deserializer)?.iter().map(|text| decode(text).map_err(D::Error::custom)).collect()
}

pub(super) fn native_pairs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(PathBuf, PathBuf)>, D::Error> {
    let pairs = Vec::<(String, String)>::deserialize(deserializer)?;
    let decoded = pairs.iter().map(|(one, other)| Ok((decode(one)?, decode(other)?)));
    decoded.collect::<Result<_, &str>>().map_err(D::Error::custom)
}

fn decode(text: &str) -> Result<PathBuf, &'static str> {
    let bytes =
        text.chars().map(u8::try_from).collect::<Result<Vec<u8>, _>>().map_err(|_| "a path that is no bytes")?;
    os::os_string(bytes).map(PathBuf::from).ok_or("a path that is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_around_the_answer_is_passed_over() {
        let noisy = "hello <rvenv-probe>\nmore\n<rvenv-probe>{}</rvenv-probe>\nbye </rvenv-probe>";
        assert_eq!(between_marks(noisy), Some("{}"));
        assert_eq!(between_marks("no answer"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_path_keeps_its_bytes() {
        use std::os::unix::ffi::OsStrExt;
        let path = decode("/\u{ff}\u{c3}\u{a9}").unwrap();
        assert_eq!(path.as_os_str().as_bytes(), b"/\xff\xc3\xa9");
        assert_eq!(encode(&path), "/\u{ff}\u{c3}\u{a9}");
    }
}
