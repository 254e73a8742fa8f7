//! The interpreter in the environment's bin: on POSIX links to the base's executable or copies of it, on Windows the
//! installation's launchers.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::entries;
use crate::error::{Quoted, Result};
use crate::interpreter::{Interpreter, check_copy};
use crate::options::Links;
use crate::os;
use crate::platform::Platform;

/// The step `setup_python`: puts the interpreter into bin, by the rules of its platform, under each of its names there.
/// A copy of it is run once as a check.
pub(crate) fn install(context: &mut Context) -> Result<()> {
    context.session.observer.doing(&format!("Installing {}", Quoted(&context.executable)));
    let has_copy = match context.interpreter.platform {
        Platform::Posix => install_on_posix(context)?,
        Platform::Nt => install_on_windows(context)?,
    };
    let (executable, prefix) = (context.stage.at(&context.env_exe), context.stage.at(&context.env_dir));
    if has_copy { check_copy(&executable, &prefix, &context.interpreter, &context.session.interrupt) } else { Ok(()) }
}

/// On POSIX: links `bin/<exename>` to the base's executable, and the other names to `bin/<exename>`. In an existing
/// environment, the other interpreters of this version are linked too. Those of another version are removed, since with
/// the new pyvenv.cfg they would look for their modules in the wrong place, and so are links to them. On a file system
/// without symbolic links, copies are made, with a warning. Returns whether there are copies.
fn install_on_posix(context: &mut Context) -> Result<bool> {
    let interpreter = context.interpreter.clone();
    let mut names: BTreeSet<OsString> = interpreter.link_names.iter().map(|name| name.clone().into()).collect();
    for path in kept_in_bin(context, |path| is_interpreter(path) && is_name_of(path, &interpreter))? {
        names.extend(path.file_name().map(OsStr::to_owned));
    }
    names.remove(&context.python_exe);
    let is_placed = |name: &OsStr| name == context.python_exe || names.contains(name);
    let is_gone = |target: OsString| version_in(&target).is_some() && !is_placed(&target);
    let is_obsolete = |path: &Path| {
        !path.file_name().is_some_and(is_placed)
            && (is_interpreter(path) || entries::target_beside(path).is_some_and(is_gone))
    };
    for path in kept_in_bin(context, is_obsolete)? {
        context.stage.mark_for_removal(path);
    }

    place(context, &context.executable, &context.env_exe)?;
    for name in names {
        place(context, Path::new(&context.python_exe), &context.bin_path.join(name))?;
    }
    let has_copy = !context.stage.at(&context.env_exe).is_symlink();
    if has_copy {
        copy_companions(context)?;
    }
    Ok(has_copy)
}

/// Puts the interpreter at `path`: a link to `target`, or a copy of the base's executable. File systems report in many
/// ways that they have no links. So if a link cannot be created but a file can, links count as unsupported.
fn place(context: &Context, target: &Path, path: &Path) -> Result<()> {
    let linked = match context.options.links {
        Links::Copy => return context.stage.copy_executable(&context.executable, path),
        Links::Symlink => context.stage.symlink(target, path),
    };
    let Err(error) = linked else { return Ok(()) };
    context.stage.copy_executable(&context.executable, path)?;
    warn_of_copies(context, path, &error);
    Ok(())
}

fn warn_of_copies(context: &Context, path: &Path, error: &io::Error) {
    let warning = format!("unable to create a symbolic link at {}, copying instead: {error}", Quoted(path));
    context.session.observer.warn(&warning);
}

/// Whether this is a link or copy such as `python3.12`, and not a script of the user's that merely has such a name.
fn is_interpreter(path: &Path) -> bool {
    let is_script = || !path.is_symlink() && os::read_start(path).is_ok_and(|start| start.starts_with(b"#!"));
    version_in(path.file_name().unwrap_or_default()).is_some() && !is_script()
}

/// Whether a name means this version, and the build if it names one: `python3.13t` is no ordinary Python.
fn is_name_of(path: &Path, interpreter: &Interpreter) -> bool {
    let is_of_build = |flag| if flag == 't' { interpreter.free_threaded } else { interpreter.debug };
    version_in(path.file_name().unwrap_or_default())
        .is_some_and(|(version, flags)| version == interpreter.short_version() && flags.chars().all(is_of_build))
}

/// The version in the name of an interpreter, and the flags of its build: `3.13` and `t` of `python3.13t`.
fn version_in(name: &OsStr) -> Option<(&str, &str)> {
    let text = if name == "𝜋thon" { "3.14" } else { name.to_str()?.strip_prefix("python")? };
    let version = text.trim_end_matches(['t', 'd']);
    let is_version = !version.is_empty() && version.split('.').all(|number| number.parse::<u32>().is_ok());
    is_version.then(|| (version, &text[version.len()..]))
}

/// On Windows: puts launchers into Scripts. These are copies of a small program of the installation that starts the
/// base's executable as the environment's (bpo-34977). If links are requested and can be created, which takes a
/// privilege that not every user has, Scripts gets links to the base's executables and libraries instead. Those of
/// another version are removed. An installation without launchers (Python 3.6) gets copies. Returns whether it did.
fn install_on_windows(context: &mut Context) -> Result<bool> {
    let programs = context.interpreter.programs.clone();
    let is_linked = context.options.links == Links::Symlink && link(context, &programs.linked);
    let placed = if is_linked { &programs.linked } else { &programs.copied };
    for path in kept_in_bin(context, |path| is_pythons(path.file_name().unwrap_or_default()))? {
        if !placed.iter().any(|(name, _)| path.file_name() == Some(name.as_os_str())) {
            context.stage.mark_for_removal(path);
        }
    }
    copy_companions(context)?;
    if !is_linked {
        for (name, source) in placed {
            context.stage.copy_executable(source, &context.bin_path.join(name))?;
        }
    }
    Ok(!is_linked && placed.iter().any(|(_, source)| source.parent() == context.executable.parent()))
}

/// Whether all of the links could be created. If not, none remain, and a warning says why.
fn link(context: &Context, linked: &[(PathBuf, PathBuf)]) -> bool {
    for (position, (name, source)) in linked.iter().enumerate() {
        let path = context.bin_path.join(name);
        if let Err(error) = context.stage.symlink(source, &path) {
            for (made, _) in &linked[..=position] {
                // The link that failed may not exist.
                let _ = fs::remove_file(context.stage.at(&context.bin_path.join(made)));
            }
            warn_of_copies(context, &path, &error);
            return false;
        }
    }
    true
}

/// Whether this is the name of an interpreter, or of a library that one is linked against.
fn is_pythons(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_lowercase();
    let Some((stem, kind)) = name.rsplit_once('.') else { return false };
    let is_version = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == '.');
    let version = match kind {
        "exe" => stem.strip_prefix("pythonw").or_else(|| stem.strip_prefix("python")),
        "dll" => {
            let version = stem.strip_prefix("python").or_else(|| stem.strip_prefix("vcruntime"));
            version.map(|version| version.trim_end_matches("_1"))
        }
        _ => None,
    };
    version.is_some_and(|version| is_version(version.trim_end_matches("_d").trim_end_matches('t')))
}

/// The files in the bin of an environment that is kept that are an interpreter's.
fn kept_in_bin(context: &Context, is_interpreters: impl Fn(&Path) -> bool) -> Result<Vec<PathBuf>> {
    let mut paths = if context.keeps(&context.bin_path) { entries::paths(&context.bin_path)? } else { vec![] };
    paths.retain(|path| is_interpreters(path));
    Ok(paths)
}

/// Copies the files that the interpreter reports it needs to the places where it looks for them.
fn copy_companions(context: &mut Context) -> Result<()> {
    for (source, directory) in context.interpreter.companions.clone() {
        let directory = context.env_dir.join(directory);
        context.stage.create_dir(&directory)?;
        context.stage.copy_executable(&source, &directory.join(source.file_name().unwrap_or_default()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_interpreters_are_recognised() {
        for (name, version, flags) in [
            ("𝜋thon", "3.14", ""),
            ("python3", "3", ""),
            ("python3.12", "3.12", ""),
            ("python3.13td", "3.13", "td"),
            ("python2.7", "2.7", ""),
        ] {
            assert_eq!(version_in(name.as_ref()), Some((version, flags)));
        }
        for name in ["python", "python3-config", "python3.12-config", "python3.", "pip3.12", "pythonw", "python-3"] {
            assert_eq!(version_in(name.as_ref()), None, "{name}");
        }
    }

    #[test]
    fn only_interpreters_and_their_libraries_are_recognised() {
        let names = "python.exe Python_d.exe pythonw.exe python3.13t.exe pythonw3.13t_d.exe python313.dll python3.dll \
                     python313t_d.dll vcruntime140.dll vcruntime140_1.dll";
        for name in names.split(' ') {
            assert!(is_pythons(name.as_ref()), "{name}");
        }
        let others = "pip.exe python-config.exe python3.13 pythonservice.exe pywin32.dll pythoncom313.dll";
        for name in others.split(' ') {
            assert!(!is_pythons(name.as_ref()), "{name}");
        }
    }
}
