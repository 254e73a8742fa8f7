//! On Windows, Scripts contains launchers. These are copies of a small program of the installation that starts the
//! base's executable as the environment's (bpo-34977).

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::companions;
use crate::context::Context;
use crate::entries;
use crate::error::{Quoted, Result};
use crate::interpreter::check_copy;
use crate::options::Links;

/// Puts the launchers into Scripts. If links are requested and can be created, which takes a privilege that not every
/// user has, Scripts gets links to the base's executables and libraries instead. Those of another version are removed.
///
/// An installation without launchers (Python 3.6) gets copies, which are run once as a check before this returns.
pub(super) fn install(context: &mut Context) -> Result<()> {
    let programs = context.interpreter.programs.clone();
    let is_linked = context.options.links == Links::Symlink && link(context, &programs.linked);
    let placed = if is_linked { &programs.linked } else { &programs.copied };
    for path in others_in_scripts(context)? {
        if !placed.iter().any(|(name, _)| path.file_name() == Some(name.as_os_str())) {
            context.stage.mark_for_removal(path);
        }
    }
    companions::copy(context)?;
    if is_linked {
        return Ok(());
    }
    for (name, source) in placed {
        context.stage.copy_executable(source, &context.bin_path.join(name))?;
    }
    let is_copy_of_base = |source: &Path| source.parent() == context.executable.parent();
    if placed.iter().any(|(_, source)| is_copy_of_base(source)) {
        let (executable, prefix) = (context.stage.at(&context.env_exe), context.stage.at(&context.env_dir));
        check_copy(&executable, &prefix, &context.interpreter, &context.session.interrupt)?;
    }
    Ok(())
}

/// Whether all of the links could be created. If not, none remain, and a warning says why.
fn link(context: &Context, linked: &[(PathBuf, PathBuf)]) -> bool {
    let Err((path, error)) = try_link(context, linked) else { return true };
    let warning = format!("unable to create a symbolic link at {}, copying instead: {error}", Quoted(&path));
    context.session.observer.warn(&warning);
    false
}

fn try_link(context: &Context, linked: &[(PathBuf, PathBuf)]) -> Result<(), (PathBuf, io::Error)> {
    for (position, (name, source)) in linked.iter().enumerate() {
        let path = context.bin_path.join(name);
        if let Err(error) = context.stage.symlink(source, &path) {
            for (made, _) in &linked[..=position] {
                // The link that failed may not exist.
                let _ = fs::remove_file(context.stage.at(&context.bin_path.join(made)));
            }
            return Err((path, error));
        }
    }
    Ok(())
}

/// The interpreters and their libraries in the Scripts directory of an environment that is kept.
fn others_in_scripts(context: &Context) -> Result<Vec<PathBuf>> {
    if !context.keeps(&context.bin_path) {
        return Ok(vec![]);
    }
    let mut paths = entries::paths(&context.bin_path)?;
    paths.retain(|path| is_pythons(path.file_name().unwrap_or_default()));
    Ok(paths)
}

/// Whether this is the name of an interpreter, or of a library that one is linked against.
fn is_pythons(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_lowercase();
    let Some((stem, kind)) = name.rsplit_once('.') else { return false };
    let is_version = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == '.');
    match kind {
        "exe" => {
            let version = stem.strip_prefix("pythonw").or_else(|| stem.strip_prefix("python"));
            version.is_some_and(|version| is_version(version.trim_end_matches("_d").trim_end_matches('t')))
        }
        "dll" => {
            let version = stem.strip_prefix("python").or_else(|| stem.strip_prefix("vcruntime"));
            version.is_some_and(|version| {
                is_version(version.trim_end_matches("_1").trim_end_matches("_d").trim_end_matches('t'))
            })
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_interpreters_and_their_libraries_are_recognised() {
        for name in
            ["python.exe", "Python_d.exe", "pythonw.exe", "python3.13t.exe", "pythonw3.13t_d.exe", "python313.dll"]
        {
            assert!(is_pythons(name.as_ref()), "{name}");
        }
        for name in ["python3.dll", "python313t_d.dll", "vcruntime140.dll", "vcruntime140_1.dll"] {
            assert!(is_pythons(name.as_ref()), "{name}");
        }
        for name in
            ["pip.exe", "python-config.exe", "python3.13", "pythonservice.exe", "pywin32.dll", "pythoncom313.dll"]
        {
            assert!(!is_pythons(name.as_ref()), "{name}");
        }
    }
}
