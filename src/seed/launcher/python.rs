//! Which Python a launcher in bin starts.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::exe::{self, Exe};
use super::shebang::python_of_launcher;
use crate::context::Context;
use crate::os;

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
pub(crate) fn starts_another(launcher: &[u8], context: &Context) -> bool {
    let is_elsewhere = python_of_launcher(launcher).is_some_and(|python| !is_here(&python, context));
    is_elsewhere && foreign_python(launcher, context).is_none()
}

/// Whether a launcher must be changed: it starts a [foreign](foreign_python) Python, or names the environment's own
/// although the environment is relocatable.
pub(crate) fn is_to_be_repaired(launcher: &[u8], context: &Context) -> bool {
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
