//! The two families of operating systems, as a value: layout is decided on it, not by `#[cfg]`, so that the
//! Windows layout has tests everywhere.

use std::ffi::{OsStr, OsString};

use crate::os;

/// What Python calls `os.name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Linux, macOS and the like.
    Posix,
    /// Windows.
    Nt,
}

impl Platform {
    /// The one that this program was built for.
    pub const fn current() -> Self {
        if os::IS_WINDOWS { Platform::Nt } else { Platform::Posix }
    }

    /// `os.name`: the folder that `install_scripts` reads besides `common`.
    pub const fn os_name(self) -> &'static str {
        match self {
            Platform::Posix => "posix",
            Platform::Nt => "nt",
        }
    }

    /// `os.pathsep`: what no ENV_DIR can hold, since its bin goes on PATH (gh-82656).
    pub const fn path_separator(self) -> char {
        match self {
            Platform::Posix => ':',
            Platform::Nt => ';',
        }
    }

    /// What ends a line of a text file that Python writes: `os.linesep`.
    pub(crate) const fn line_end(self) -> &'static str {
        match self {
            Platform::Posix => "\n",
            Platform::Nt => "\r\n",
        }
    }

    /// Where in an environment its interpreter is by the name that all of them have.
    pub(crate) const fn python(self) -> &'static str {
        match self {
            Platform::Posix => "bin/python",
            Platform::Nt => "Scripts/python.exe",
        }
    }

    /// `exename`: what the environment's own executable is called when the base's is called `base`. On
    /// Windows it is always the simplest name, with the debug build's suffix if the base has it.
    pub fn exename(self, base: &OsStr) -> OsString {
        match self {
            Platform::Posix => base.to_owned(),
            Platform::Nt if base.to_ascii_lowercase().to_string_lossy().ends_with("_d.exe") => "python_d.exe".into(),
            Platform::Nt => "python.exe".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_names_its_executable_simply_and_posix_as_the_base_does() {
        assert_eq!(Platform::Nt.exename("python3.13t.exe".as_ref()), "python.exe");
        assert_eq!(Platform::Nt.exename("Python_D.exe".as_ref()), "python_d.exe");
        assert_eq!(Platform::Posix.exename("python3.13t".as_ref()), "python3.13t");
    }

    #[test]
    fn windows_separates_path_with_a_semicolon() {
        assert_eq!(Platform::Nt.path_separator(), ';');
        assert_eq!(Platform::Nt.os_name(), "nt");
    }
}
