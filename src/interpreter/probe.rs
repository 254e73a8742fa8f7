//! Runs Pythons independently of their surroundings: queries one with the script in `probe/`, and checks that a copy of
//! it works.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use serde_json::Value;

use super::answer;
use super::metadata::Interpreter;
use crate::error::{Cause, Error, Quoted, Result};
use crate::interrupt::Interrupt;
use crate::os;
use crate::platform::Platform;
use crate::process::{self, Fault};

const SCRIPT: &str = concat!(
    include_str!("probe/doubts.py"),
    include_str!("probe/base.py"),
    include_str!("probe/layout.py"),
    include_str!("probe/windows.py"),
    include_str!("probe/wheels.py"),
    include_str!("probe/answer.py"),
);

/// Reads the script, which may be too long for a command line: Windows limits that to 32,767 characters.
const READ_SCRIPT: &str = "import sys; exec(sys.stdin.buffer.read())";

const MARKS: (&str, &str) = ("<rvenv-probe>", "</rvenv-probe>");

/// How long a query or a check may take. A shim on a cold network drive takes seconds.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Returns the metadata of the Python at `executable`, as JSON and parsed. Fails if its base is gone or another now.
pub(super) fn query(executable: &Path, interrupt: &Interrupt) -> Result<(Value, Interpreter)> {
    let fault = |reason: String| Error::Python { python: executable.to_owned(), reason };
    let answer = run_script(executable, interrupt)?;
    let interpreter = answer::read(&answer).map_err(fault)?;
    let base = &interpreter.executable;
    if *base != interpreter.asked && !os::is_same(base, &interpreter.asked) {
        match run_script(base, interrupt) {
            Err(Error::Interrupted) => return Err(Error::Interrupted),
            Err(error) => return Err(fault(format!("its base Python does not work: {error}"))),
            Ok(named) => check_base(&interpreter, &named).map_err(fault)?,
        }
    }
    Ok((answer, interpreter))
}

/// Runs the script in the Python at `executable`, and returns the JSON that it prints.
fn run_script(executable: &Path, interrupt: &Interrupt) -> Result<Value> {
    let unfit = |reason: String| Error::Python { python: executable.to_owned(), reason };
    let mut command = isolated(executable);
    if executable.ancestors().skip(1).take(2).any(|directory| os::exists(&directory.join("pyvenv.cfg"))) {
        // An environment's packages can run code from .pth files, which its base does not have.
        command.arg("-S");
    }
    let ran = process::run(command.args(["-c", READ_SCRIPT]), SCRIPT.as_bytes(), Some(TIMEOUT), interrupt);
    let output = ran.map_err(|fault| match fault {
        Fault::Interrupted => Error::Interrupted,
        Fault::System(error) => unfit(explain_start(executable, &error)),
        Fault::TimedOut(timeout) => unfit(format!("it did not respond within {} seconds", timeout.as_secs())),
        fault => unfit(format!("it {fault}")),
    })?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    let Some(answer) = between_marks(&stdout) else {
        return Err(unfit(explain_silence(output.status, &process::tail_of(&output.stderr))));
    };
    serde_json::from_str(answer).map_err(|error| unfit(format!("could not parse its output: {error}")))
}

/// Fails with the reason unless the base of an environment's Python is still that Python, by its own `answer`: the home
/// may contain several Pythons, or another one under that name by now.
fn check_base(interpreter: &Interpreter, answer: &Value) -> Result<(), String> {
    let base = Quoted(&interpreter.executable);
    let named = answer::read(answer).map_err(|reason| format!("its base Python {base} cannot be used: {reason}"))?;
    if (&named.implementation, named.version) == (&interpreter.implementation, interpreter.version) {
        return Ok(());
    }
    Err(format!("it is {interpreter}, but its base Python {base} is now {named}"))
}

/// Prints the version, and the prefix as raw bytes.
const CHECK: &str = "import os, sys
sys.stdout.buffer.write(os.fsencode('%d.%d.%d ' % sys.version_info[:3] + sys.prefix))";

/// Runs the copy of `interpreter` at `executable`, and checks that it is the Python of the environment at `prefix`. One
/// that looks for its library relative to itself may find none, or another Python's.
pub(crate) fn check_copy(
    executable: &Path,
    prefix: &Path,
    interpreter: &Interpreter,
    interrupt: &Interrupt,
) -> Result<()> {
    let on_posix = "omit --copies, and use a file system that has symbolic links";
    let links = interpreter.platform.posix_or_nt(on_posix, "pass --symlinks");
    let unfit = |reason: String| Error::Python {
        python: interpreter.executable.clone(),
        reason: format!("a copy of it {reason}; {links}"),
    };
    let ran = process::run(isolated(executable).args(["-c", CHECK]), &[], Some(TIMEOUT), interrupt);
    let output = ran.and_then(Fault::of_status).map_err(|fault| match fault {
        Fault::Interrupted => Error::Interrupted,
        fault => unfit(fault.to_string()),
    })?;
    let version = interpreter.version.map(|number| number.to_string()).join(".");
    let expected = [version.as_bytes(), b" ", prefix.as_os_str().as_encoded_bytes()].concat();
    if output.stdout != expected {
        return Err(unfit(format!("reports another version or prefix: {}", String::from_utf8_lossy(&output.stdout))));
    }
    Ok(())
}

/// Identifies the script, so that the cached output of another is not used.
pub(super) fn identity() -> u32 {
    crc32fast::hash(SCRIPT.as_bytes())
}

fn between_marks(stdout: &str) -> Option<&str> {
    let (_, from) = stdout.rsplit_once(MARKS.0)?;
    from.split_once(MARKS.1).map(|(answer, _)| answer)
}

fn explain_start(executable: &Path, error: &std::io::Error) -> String {
    if executable.is_dir() {
        return "it is a directory, and no Python was found in it; specify the path of the executable".to_owned();
    }
    match error.kind() {
        std::io::ErrorKind::NotFound if executable.exists() => {
            "the interpreter in its #! line, or its dynamic loader, does not exist".to_owned()
        }
        std::io::ErrorKind::NotFound if executable.is_symlink() => "it is a broken symbolic link".to_owned(),
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied if !os::is_executable(executable) => "it is not executable".to_owned(),
        _ => format!("it cannot be run: {}", Cause(error)),
    }
}

fn explain_silence(status: ExitStatus, stderr: &str) -> String {
    if stderr.contains("Unknown option: -I") {
        return "it is older than Python 3.6, the oldest version that rvenv supports".to_owned();
    }
    let said = if stderr.is_empty() { String::new() } else { format!(": {stderr}") };
    format!("it does not behave like a Python interpreter ({status}){said}")
}

/// A Python without the `PYTHON*` variables, the current directory and the user's site-packages, which writes no .pyc.
fn isolated(executable: &Path) -> Command {
    let mut command = without_python_variables(executable);
    command.args(["-I", "-B", "-X", "utf8"]);
    command
}

/// A command for a Python that is isolated too, and whose sets always have the same order: before Python 3.11 that
/// order ends up in .pyc files. With `-I` Python would ignore PYTHONHASHSEED. From 3.13 on it imports linecache before
/// it runs a script that is an argument, and takes it from the current directory unless PYTHONSAFEPATH is set.
pub(crate) fn reproducible(executable: &Path) -> Command {
    let mut command = without_python_variables(executable);
    command.args(["-s", "-B", "-X", "utf8"]).env("PYTHONHASHSEED", "0").env("PYTHONSAFEPATH", "1");
    command
}

/// A command for a Python that does not inherit the `PYTHON*` variables.
pub(crate) fn without_python_variables(executable: &Path) -> Command {
    let mut command = Command::new(executable);
    // Only the names are used, to remove the variables from the child's environment.
    #[allow(clippy::disallowed_methods)]
    for (name, _) in std::env::vars_os() {
        if is_pythons(&name, Platform::current()) {
            command.env_remove(name);
        }
    }
    command
}

/// Whether a variable affects Python, or the launcher that starts it on macOS and Windows.
fn is_pythons(name: &OsStr, platform: Platform) -> bool {
    let known = match platform {
        Platform::Posix => name.to_owned(),
        Platform::Nt => name.to_ascii_uppercase(),
    };
    known.as_encoded_bytes().starts_with(b"PYTHON") || known == "__PYVENV_LAUNCHER__"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_around_the_output_is_ignored() {
        let noisy = "hello <rvenv-probe>\nmore\n<rvenv-probe>{}</rvenv-probe>\nbye </rvenv-probe>";
        assert_eq!(between_marks(noisy), Some("{}"));
        assert_eq!(between_marks("no answer"), None);
    }

    #[test]
    fn names_of_python_variables_are_case_insensitive_on_windows_only() {
        for name in ["PYTHONHOME", "__PYVENV_LAUNCHER__"] {
            let small = name.to_lowercase();
            assert!(is_pythons(name.as_ref(), Platform::Posix) && !is_pythons(small.as_ref(), Platform::Posix));
            assert!(is_pythons(name.as_ref(), Platform::Nt) && is_pythons(small.as_ref(), Platform::Nt));
        }
    }
}
