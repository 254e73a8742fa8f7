//! Writes the launchers of a distribution into bin, or repairs them there.

use std::path::PathBuf;

use super::distribution::Distribution;
use super::exe::{self, Exe};
use super::launcher::{Launcher, without_console};
use super::record::Record;
use super::shebang::{self, python_of_launcher, relocated, shebang, with_python};
use crate::context::Context;
use crate::error::{AtPath, Result};
use crate::interpreter::Interpreter;
use crate::os;
use crate::platform::Platform;

/// Writes the launchers, and returns their rows for RECORD.
pub(super) fn write(context: &Context, distribution: &Distribution) -> Result<Record> {
    let (mut record, way) = (Record::default(), way_to_bin(&context.interpreter));
    for launcher in &distribution.launchers {
        let contents = match context.interpreter.platform {
            Platform::Posix => launcher.render(&start(context)),
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

/// The launcher `contents`, changed to start this environment's Python; the rest is kept. None if it is not a launcher
/// that names a Python.
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

/// The beginning of a launcher that is a text file.
fn start(context: &Context) -> Vec<u8> {
    match context.options.relocatable {
        true => shebang::BESIDE.to_owned(),
        false => shebang(context.env_exe.as_os_str()),
    }
}

/// The Python that a launcher on Windows names. If the environment is relocatable and the stub supports it, the path
/// is relative to the launcher's own directory.
fn python_for(stub: &[u8], context: &Context) -> PathBuf {
    match context.options.relocatable && exe::finds_its_directory(stub) {
        true => exe::beside(&context.python_exe),
        false => context.env_exe.clone(),
    }
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
