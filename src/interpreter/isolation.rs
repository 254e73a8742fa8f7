//! Commands that run a Python independently of its surroundings.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use crate::platform::Platform;

/// A command for a Python that ignores the `PYTHON*` variables, the current directory and the user's site-packages, and
/// writes no .pyc files to its installation.
pub(super) fn isolated(executable: &Path) -> Command {
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
    fn names_of_python_variables_are_case_insensitive_on_windows_only() {
        for name in ["PYTHONHOME", "__PYVENV_LAUNCHER__"] {
            let small = name.to_lowercase();
            assert!(is_pythons(name.as_ref(), Platform::Posix) && !is_pythons(small.as_ref(), Platform::Posix));
            assert!(is_pythons(name.as_ref(), Platform::Nt) && is_pythons(small.as_ref(), Platform::Nt));
        }
    }
}
