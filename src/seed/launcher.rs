//! The programs in bin that start a package's scripts: text with a shebang line, or an `.exe` on Windows. Also which
//! Python they start.

mod exe;
mod shebang;

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::record::Record;
use crate::context::Context;
use crate::error::{AtPath, Result};
use crate::interpreter::Interpreter;
use crate::os;
use crate::platform::Platform;
use exe::Exe;
use shebang::{python_of_launcher, relocated, shebang, with_python};

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

    /// Renders the program for Windows, which begins with `stub`. It is called by its name with or without `.exe`.
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

/// Writes the launchers, and returns their rows for RECORD.
pub(super) fn write(context: &Context, launchers: &[Launcher]) -> Result<Record> {
    let (mut record, way) = (Record::default(), way_to_bin(&context.interpreter));
    for launcher in launchers {
        let contents = match context.interpreter.platform {
            Platform::Posix if context.options.relocatable => launcher.render(shebang::BESIDE),
            Platform::Posix => launcher.render(&shebang(context.env_exe.as_os_str())),
            Platform::Nt => {
                let stub = stub(context, launcher)?;
                launcher.render_exe(&stub, &python_for(&stub, context))
            }
        };
        let name = launcher.file_name(context.interpreter.platform);
        context.stage.write(&context.bin_path.join(&name), &contents, true)?;
        record.add(&format!("{way}{name}"), &contents);
    }
    Ok(record)
}

/// The launcher `contents`, changed to start this environment's Python. None if it does not name a Python.
pub(super) fn repaired(contents: &[u8], context: &Context) -> Option<Vec<u8>> {
    let Some(exe) = Exe::parse(contents) else {
        let relocated = context.options.relocatable.then(|| relocated(contents)).flatten();
        return relocated.or_else(|| with_python(contents, context.env_exe.as_os_str()));
    };
    let old = python_of_launcher(exe.shebang)?;
    let is_gui = old.file_name().is_some_and(|name| name.to_string_lossy().to_lowercase().contains("pythonw"));
    let python = python_for(exe.stub, context);
    let python = if is_gui { without_console(&python) } else { python };
    Some(Exe { shebang: &exe::shebang(&python), ..exe }.render())
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

/// The Python that a launcher starts, if it belongs to another environment, does not exist, or will not exist after
/// this run. A Python of the system does not count: a script may want it.
pub(crate) fn foreign_python(launcher: &[u8], context: &Context) -> Option<PathBuf> {
    let python = python_of_launcher(launcher).filter(|python| is_named_so(python))?;
    let directory = python.parent()?;
    let is_anothers =
        !is_here(&python, context) && directory.parent().is_some_and(|env_dir| env_dir.join("pyvenv.cfg").exists());
    (is_anothers || is_gone(&python, context)).then_some(python)
}

/// Whether a launcher starts a Python that is neither the environment's own nor [foreign](foreign_python).
pub(super) fn starts_another(launcher: &[u8], context: &Context) -> bool {
    let is_elsewhere = python_of_launcher(launcher).is_some_and(|python| !is_here(&python, context));
    is_elsewhere && foreign_python(launcher, context).is_none()
}

/// Whether a launcher must be changed: its Python is [foreign](foreign_python), or ours in a relocatable environment.
pub(super) fn is_to_be_repaired(launcher: &[u8], context: &Context) -> bool {
    let names_ours =
        || python_of_launcher(launcher).is_some_and(|python| is_named_so(&python) && is_here(&python, context));
    foreign_python(launcher, context).is_some() || context.options.relocatable && names_ours()
}

/// Whether a Python is in the environment's bin.
fn is_here(python: &Path, context: &Context) -> bool {
    python.parent().is_some_and(|bin| bin == context.bin_path || os::is_same(bin, &context.bin_path))
}

fn is_named_so(python: &Path) -> bool {
    let name = python.file_name().and_then(OsStr::to_str);
    name.is_some_and(|name| name.contains("python") || name.contains("pypy"))
}

fn is_gone(python: &Path, context: &Context) -> bool {
    let staged = context.stage.at(python);
    let is_new = staged != python && os::exists(&staged);
    !is_new && (context.stage.is_marked_for_removal(python) || !python.exists())
}

/// The Python that a launcher on Windows names: if that may move and the stub can find it, relative to itself.
fn python_for(stub: &[u8], context: &Context) -> PathBuf {
    let is_relative = context.options.relocatable && exe::finds_its_directory(stub);
    if is_relative { exe::beside(&context.python_exe) } else { context.env_exe.clone() }
}

/// The path of bin in RECORD, relative to site-packages: `../../../bin/`.
fn way_to_bin(interpreter: &Interpreter) -> String {
    let up = "../".repeat(interpreter.scheme.purelib.components().count());
    format!("{up}{}/", interpreter.scheme.scripts.display())
}

/// The stub that a launcher on Windows begins with, for the machine that the interpreter is built for. pip contains
/// one for each machine, and the environment has pip, either just installed or from before.
fn stub(context: &Context, launcher: &Launcher) -> Result<Vec<u8>> {
    let kind = if launcher.gui { "w" } else { "t" };
    let name = format!("{kind}{}.exe", machine(&context.interpreter.machine));
    let path = context.lib_path.join("pip").join("_vendor").join("distlib").join(&name);
    let stub = os::read_regular(&context.stage.at(&path)).or_else(|_| os::read_regular(&path));
    stub.at("read the stub of launchers for this Python", &path)
}

/// distlib's name for a machine, given sysconfig's name of the platform.
fn machine(platform: &str) -> &str {
    match platform {
        "win32" => "32",
        "win-arm64" => "64-arm",
        _ => "64",
    }
}

/// The `pythonw.exe` that belongs to a `python.exe`.
pub(super) fn without_console(python: &Path) -> PathBuf {
    let name = python.file_name().unwrap_or_default().to_string_lossy().replacen("python", "pythonw", 1);
    python.with_file_name(name)
}

#[cfg(all(test, unix))] // Unix paths
mod tests {
    use super::*;

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
