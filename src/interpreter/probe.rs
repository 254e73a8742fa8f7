//! One question to a Python: runs the script in `probe/` in it and reads the answer.

use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use serde_json::Value;

use super::answer;
use super::isolation::isolated;
use super::metadata::Interpreter;
use crate::error::{Error, Quoted, Result};
use crate::interrupt::Interrupt;
use crate::os;
use crate::process::{self, Fault, LastWords};

const SCRIPT: &str = concat!(
    include_str!("probe/doubts.py"),
    include_str!("probe/base.py"),
    include_str!("probe/layout.py"),
    include_str!("probe/windows.py"),
    include_str!("probe/wheels.py"),
    include_str!("probe/answer.py"),
);
const MARKS: (&str, &str) = ("<rvenv-probe>", "</rvenv-probe>");

/// How long a Python may take to answer. A shim on a cold network drive takes seconds.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What the Python at `executable` says of itself, in JSON and as that reads.
///
/// Errors if it does not answer, is too old, or is an environment's whose base is gone or another Python by now.
pub(super) fn ask(executable: &Path, interrupt: &Interrupt) -> Result<(Value, Interpreter)> {
    let fault = |reason: String| Error::Python { python: executable.to_owned(), reason };
    let answer = question(executable, interrupt)?;
    let interpreter = answer::read(&answer).map_err(fault)?;
    let base = &interpreter.executable;
    if *base != interpreter.asked && !os::is_same(base, &interpreter.asked) {
        match question(base, interrupt) {
            Err(Error::Interrupted) => return Err(Error::Interrupted),
            Err(error) => return Err(fault(format!("its base does not serve: {error}"))),
            Ok(named) => check_base(&interpreter, &named).map_err(fault)?,
        }
    }
    Ok((answer, interpreter))
}

/// Has the Python at `executable` describe itself, in JSON.
fn question(executable: &Path, interrupt: &Interrupt) -> Result<Value> {
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

/// Errors with the reason if the base that an environment's Python has named is another Python than it, by the base's own
/// answer: its home may hold several, or something else under that name by now.
fn check_base(interpreter: &Interpreter, answer: &Value) -> Result<(), String> {
    let base = Quoted(&interpreter.executable);
    let named = answer::read(answer).map_err(|reason| format!("its base {base} does not serve: {reason}"))?;
    match (&named.implementation, named.version) == (&interpreter.implementation, interpreter.version) {
        true => Ok(()),
        false => Err(format!(
            "it is {}, and what is now in the place of its base, {base}, is {}",
            interpreter.description(),
            named.description()
        )),
    }
}

/// What tells the answers to one probe script from those to another: FNV-1a of it, since it is worked out as this is compiled.
pub(super) const IDENTITY: u64 = {
    let (script, mut hash, mut at) = (SCRIPT.as_bytes(), 0xcbf2_9ce4_8422_2325_u64, 0);
    while at < script.len() {
        hash = (hash ^ script[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_fits_into_a_command_line_of_windows() {
        // That has 32,767 characters, and a quote in it takes two.
        assert!(SCRIPT.len() + SCRIPT.matches('"').count() < 30_000);
    }

    #[test]
    fn noise_around_the_answer_is_passed_over() {
        let noisy = "hello <rvenv-probe>\nmore\n<rvenv-probe>{}</rvenv-probe>\nbye </rvenv-probe>";
        assert_eq!(between_marks(noisy), Some("{}"));
        assert_eq!(between_marks("no answer"), None);
    }
}
