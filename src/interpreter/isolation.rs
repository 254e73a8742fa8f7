//! How a Python is started so that nothing around it has a say.

use std::path::Path;
use std::process::Command;

/// A Python that reads neither the environment's `PYTHON*` nor the current directory nor the user's site-packages,
/// and leaves no .pyc behind in its installation.
pub(super) fn isolated(executable: &Path) -> Command {
    let mut command = without_python_variables(executable);
    command.args(["-I", "-B", "-X", "utf8"]);
    command
}

/// A Python that is isolated too, and whose sets have the same order each time: before Python 3.11 a .pyc has them in it.
/// It would ignore the variable for this, were it told to ignore all. From 3.13 on it imports linecache before it
/// runs a script that is an argument, from the current directory unless PYTHONSAFEPATH is set.
pub(crate) fn reproducible(executable: &Path) -> Command {
    let mut command = without_python_variables(executable);
    command.args(["-s", "-B", "-X", "utf8"]).env("PYTHONHASHSEED", "0").env("PYTHONSAFEPATH", "1");
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
