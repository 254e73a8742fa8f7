//! On POSIX, bin contains links to the base's executable, or copies of it.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::companions;
use crate::context::Context;
use crate::entries;
use crate::error::{AtPath, Quoted, Result};
use crate::interpreter::check_copy;
use crate::options::Links;
use crate::os;

/// Links `bin/<exename>` to the base's executable, and the other names to `bin/<exename>`.
///
/// In an existing environment, the other interpreters of this version are linked too. Those of another version are
/// removed, since with the new pyvenv.cfg they would look for their modules in the wrong place.
///
/// On a file system without symbolic links, copies are made, with a warning. Copies are run once as a check before this
/// returns.
pub(super) fn install(context: &mut Context) -> Result<()> {
    let interpreter = context.interpreter.clone();
    let mut names: Vec<OsString> = interpreter.link_names.iter().map(|name| name.clone().into()).collect();
    for name in interpreters_in_bin(context)? {
        if version_in(&name).is_some_and(|version| interpreter.short_version() == version) {
            names.push(name);
        } else {
            context.stage.mark_for_removal(context.bin_path.join(name));
        }
    }
    names.sort();
    names.dedup();
    names.retain(|name| *name != context.python_exe);

    place(context, &context.executable, &context.env_exe)?;
    for name in names {
        place(context, Path::new(&context.python_exe), &context.bin_path.join(name))?;
    }
    if context.stage.at(&context.env_exe).is_symlink() {
        return Ok(());
    }
    companions::copy(context)?;
    let (executable, prefix) = (context.stage.at(&context.env_exe), context.stage.at(&context.env_dir));
    check_copy(&executable, &prefix, &interpreter, &context.session.interrupt)
}

/// Puts the interpreter at `path`: a link to `target`, or a copy of the base's executable. File systems report in many
/// ways that they have no links. So if a link cannot be created but a file can, links count as unsupported.
fn place(context: &Context, target: &Path, path: &Path) -> Result<()> {
    let linked = match context.options.links {
        Links::Copy => return context.stage.copy_executable(&context.executable, path),
        Links::Symlink => context.stage.symlink(target, path),
    };
    let Err(error) = linked else { return Ok(()) };
    if context.stage.copy_executable(&context.executable, path).is_err() {
        return Err(error).at("create the link", path);
    }
    let warning = format!("unable to create a symbolic link at {}, copying instead: {error}", Quoted(path));
    context.session.observer.warn(&warning);
    Ok(())
}

/// The names of links and copies such as `python3.12` in the bin of an environment that is kept.
fn interpreters_in_bin(context: &Context) -> Result<Vec<OsString>> {
    if !context.keeps(&context.bin_path) || !context.bin_path.is_dir() {
        return Ok(vec![]);
    }
    let mut names = Vec::new();
    for path in entries::paths(&context.bin_path)? {
        let name = path.file_name().unwrap_or_default();
        if version_in(name).is_some() && !is_script(&path) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// Whether this is a script of the user's that merely has an interpreter's name.
fn is_script(path: &Path) -> bool {
    !path.is_symlink() && os::read_regular(path).is_ok_and(|contents| contents.starts_with(b"#!"))
}

/// The version in the name of an interpreter: `3.13` of `python3.13` and of `python3.13t`.
fn version_in(name: &OsStr) -> Option<&str> {
    let version = name.to_str()?.strip_prefix("python")?.trim_end_matches(['t', 'd']);
    let is_version = !version.is_empty() && version.split('.').all(|number| number.parse::<u32>().is_ok());
    is_version.then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_interpreters_are_recognised() {
        for (name, version) in
            [("python3", "3"), ("python3.12", "3.12"), ("python3.13td", "3.13"), ("python2.7", "2.7")]
        {
            assert_eq!(version_in(name.as_ref()), Some(version));
        }
        for name in ["python", "python3-config", "python3.12-config", "python3.", "pip3.12", "pythonw", "python-3"] {
            assert_eq!(version_in(name.as_ref()), None, "{name}");
        }
    }
}
