//! Checks that a copied Python executable works.

use std::path::Path;
use std::time::Duration;

use super::isolation::isolated;
use super::metadata::Interpreter;
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::platform::Platform;
use crate::process::{self, Fault};

/// Prints the version, and the prefix as raw bytes.
const SCRIPT: &str = "import os, sys
sys.stdout.buffer.write(os.fsencode('%d.%d.%d ' % sys.version_info[:3] + sys.prefix))";

const TIMEOUT: Duration = Duration::from_secs(30);

/// Runs the copy of `interpreter` at `executable`, and checks that it is the Python of the environment at `prefix`.
///
/// # Errors
///
/// [`Error::Python`] if the copy does not run or is another Python. One that looks for its library relative to itself
/// may find none, or another Python's.
pub(crate) fn check_copy(
    executable: &Path,
    prefix: &Path,
    interpreter: &Interpreter,
    interrupt: &Interrupt,
) -> Result<()> {
    let links = match interpreter.platform {
        Platform::Posix => "omit --copies, and use a file system that has symbolic links",
        Platform::Nt => "pass --symlinks",
    };
    let unfit = |reason: String| Error::Python {
        python: interpreter.executable.clone(),
        reason: format!("a copy of it {reason}; {links}"),
    };
    let ran = process::run(isolated(executable).arg("-c").arg(SCRIPT), Some(TIMEOUT), interrupt);
    let output = ran.and_then(Fault::of_status).map_err(|fault| match fault {
        Fault::Interrupted => Error::Interrupted,
        fault => unfit(fault.to_string()),
    })?;
    let version = interpreter.version.map(|number| number.to_string()).join(".");
    let expected = [version.as_bytes(), b" ", prefix.as_os_str().as_encoded_bytes()].concat();
    match output.stdout == expected {
        true => Ok(()),
        false => Err(unfit(format!("reports another version or prefix: {}", String::from_utf8_lossy(&output.stdout)))),
    }
}
