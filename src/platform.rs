//! The operating system family as a value. The layout depends on this value and not on `#[cfg]`, so that the Windows
//! layout can be tested everywhere.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::MAIN_SEPARATOR;

use serde::Deserialize;

/// The operating system family: Python's `os.name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Platform {
    /// Linux, macOS and other Unix systems.
    Posix,
    /// Windows.
    Nt,
}

impl Platform {
    /// Returns the platform that this program was built for.
    pub const fn current() -> Self {
        if MAIN_SEPARATOR == '/' { Platform::Posix } else { Platform::Nt }
    }

    /// The first value on POSIX, the second on Windows.
    pub(crate) const fn posix_or_nt<T: Copy>(self, posix: T, nt: T) -> T {
        match self {
            Platform::Posix => posix,
            Platform::Nt => nt,
        }
    }

    /// Returns `os.name`. It is also the directory that `install_scripts` reads in addition to `common`.
    pub const fn os_name(self) -> &'static str {
        self.posix_or_nt("posix", "nt")
    }

    /// Returns `os.pathsep`. ENV_DIR cannot contain it, because its bin directory goes on PATH (gh-82656).
    pub const fn path_separator(self) -> char {
        self.posix_or_nt(':', ';')
    }

    /// The line ending in text files that Python writes: `os.linesep`.
    pub(crate) const fn line_end(self) -> &'static str {
        self.posix_or_nt("\n", "\r\n")
    }

    /// The path of the interpreter in an environment, under the name that exists in every environment.
    pub(crate) const fn python(self) -> &'static str {
        self.posix_or_nt("bin/python", r"Scripts\python.exe")
    }

    /// What names on PATH end with, after the name of the implementation, the usual one first. On Windows, Pythons are
    /// installed as `python`; programs that bring their own, such as MSYS2, have a `python3`.
    pub(crate) const fn suffixes(self) -> [&'static str; 2] {
        self.posix_or_nt(["3", ""], ["", "3"])
    }

    /// Returns `exename`: the name of the environment's executable if the base's is called `base`. On Windows it is
    /// always python.exe, or python_d.exe if the base is a debug build.
    pub fn exename(self, base: &OsStr) -> OsString {
        match self {
            Platform::Posix => base.to_owned(),
            Platform::Nt if base.to_ascii_lowercase().to_string_lossy().ends_with("_d.exe") => "python_d.exe".into(),
            Platform::Nt => "python.exe".into(),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.os_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_python_exe_on_windows_and_named_like_the_base_on_posix() {
        assert_eq!(Platform::Nt.exename("python3.13t.exe".as_ref()), "python.exe");
        assert_eq!(Platform::Nt.exename("Python_D.exe".as_ref()), "python_d.exe");
        assert_eq!(Platform::Posix.exename("python3.13t".as_ref()), "python3.13t");
    }

    #[test]
    fn the_path_separator_on_windows_is_a_semicolon() {
        assert_eq!(Platform::Nt.path_separator(), ';');
        assert_eq!(Platform::Nt.os_name(), "nt");
    }
}
