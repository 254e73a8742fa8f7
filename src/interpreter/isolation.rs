//! How a Python is started so that nothing around it has a say.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use crate::platform::Platform;

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
        if is_pythons(&name, Platform::current()) {
            command.env_remove(name);
        }
    }
    command
}

/// Whether a variable says something to a Python, or to what starts one on macOS and Windows.
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
    fn a_variable_of_pythons_is_one_in_any_case_of_letters_on_windows_alone() {
        for name in ["PYTHONHOME", "__PYVENV_LAUNCHER__"] {
            let small = name.to_lowercase();
            assert!(is_pythons(name.as_ref(), Platform::Posix) && !is_pythons(small.as_ref(), Platform::Posix));
            assert!(is_pythons(name.as_ref(), Platform::Nt) && is_pythons(small.as_ref(), Platform::Nt));
        }
    }
}
