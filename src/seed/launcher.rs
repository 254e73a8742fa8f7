//! The programs in bin that start a package's scripts: text with a shebang line, or an `.exe` on Windows.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::exe::{self, Exe};
use crate::os;
use crate::platform::Platform;

/// A program to be written into bin, which calls one function of one module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Launcher {
    pub(super) name: String,
    pub(super) module: String,
    pub(super) function: String,
    /// Whether it is a GUI program (`gui_scripts`), and so has no console on Windows.
    pub(super) gui: bool,
}

impl Launcher {
    /// Its file name.
    pub(super) fn file_name(&self, platform: Platform) -> String {
        match platform {
            Platform::Posix => self.name.clone(),
            Platform::Nt => format!("{}.exe", self.name),
        }
    }

    /// Renders the text, which begins with `start`.
    pub(super) fn render(&self, start: &[u8]) -> Vec<u8> {
        let call = format!("    sys.exit({}())\n", self.function);
        [start, self.main(&call).as_bytes()].concat()
    }

    /// Renders the program for Windows, which begins with `stub`. There, a program is called by its name with or
    /// without `.exe`.
    pub(super) fn render_exe(&self, stub: &[u8], python: &Path) -> Vec<u8> {
        let call = format!(
            "    if sys.argv[0].lower().endswith(\".exe\"):\n        sys.argv[0] = sys.argv[0][:-4]\n    sys.exit({}())\n",
            self.function
        );
        let python = if self.gui { without_console(python) } else { python.to_owned() };
        let archive = exe::archive(&self.main(&call));
        Exe { stub, shebang: &exe::shebang(&python), archive: &archive }.render()
    }

    /// The module that Python runs.
    fn main(&self, call: &str) -> String {
        let imported = self.function.split('.').next().unwrap_or(&self.function);
        format!("import sys\n\nfrom {} import {imported}\n\nif __name__ == \"__main__\":\n{call}", self.module)
    }
}

/// The `pythonw.exe` that belongs to a `python.exe`.
pub(super) fn without_console(python: &Path) -> PathBuf {
    let name = python.file_name().unwrap_or_default().to_string_lossy().replacen("python", "pythonw", 1);
    python.with_file_name(name)
}

/// Reads the part of the launcher at `path` that names its Python: the beginning, or what follows the stub on Windows.
pub(crate) fn start_of(path: &Path) -> io::Result<Vec<u8>> {
    let start = os::read_start(path)?;
    if !exe::is_program(&start) {
        return Ok(start);
    }
    let bytes = os::read_regular(path)?;
    Ok(Exe::parse(&bytes).map(|exe| exe.shebang.to_owned()).unwrap_or_default())
}

#[cfg(all(test, unix))] // Unix paths
mod tests {
    use super::*;
    use crate::seed::shebang::{python_of_launcher, shebang};

    fn launcher(gui: bool) -> Launcher {
        Launcher { name: "x".into(), module: "m".into(), function: "f.g".into(), gui }
    }

    #[test]
    fn the_python_of_a_launcher_is_found() {
        for python in ["/env/bin/python3", "/it's a \\ \"b\"/bin/python3", "/a b/bin/python3"] {
            let rendered = launcher(false).render(&shebang(python.as_ref()));
            assert_eq!(python_of_launcher(&rendered).unwrap(), Path::new(python));
        }
        let pips = b"#!/bin/sh\n'''exec' \"/a b/bin/python3\" \"$0\" \"$@\"\n' '''\n";
        assert_eq!(python_of_launcher(pips).unwrap(), Path::new("/a b/bin/python3"));
        assert_eq!(python_of_launcher(b"#!/env/bin/python -E\n").unwrap(), Path::new("/env/bin/python"));
        for text in [&b"#!/bin/sh\nexec something\n"[..], b"\x7fELF", b"", b"#!python3\n", b"import sys\n"] {
            assert_eq!(python_of_launcher(text), None);
        }
    }

    #[test]
    fn the_python_of_a_windows_launcher_is_found_and_is_pythonw_for_gui_scripts() {
        let directory = tempfile::tempdir().unwrap();
        for (gui, expected) in [(false, "/a b/python.exe"), (true, "/a b/pythonw.exe")] {
            let path = directory.path().join(launcher(gui).file_name(Platform::Nt));
            std::fs::write(&path, launcher(gui).render_exe(b"MZ", Path::new("/a b/python.exe"))).unwrap();
            assert_eq!(python_of_launcher(&start_of(&path).unwrap()).unwrap(), Path::new(expected));
        }
        std::fs::write(directory.path().join("x.exe"), b"MZ and no more").unwrap();
        assert_eq!(start_of(&directory.path().join("x.exe")).unwrap(), b"");
    }
}
