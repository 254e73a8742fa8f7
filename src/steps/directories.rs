//! ENV_DIR: whether an environment can be created there, and its directories.

use std::fs;
use std::io;
use std::path::{Component, Path, Prefix};

use crate::context::{Context, Session, absolute};
use crate::error::{AtPath, Error, Quoted, Result};
use crate::interpreter::Interpreter;
use crate::options::{Existing, Options};
use crate::os;
use crate::platform::Platform;
use crate::stage::Stage;
use crate::steps::configuration::Configuration;

/// The step `create_directories`: checks that an environment can be created at `env_dir` before anything is, starts
/// building it in a staging directory, and creates its directories.
pub(crate) fn create(
    env_dir: &Path,
    interpreter: &Interpreter,
    options: &Options,
    session: &Session,
) -> Result<Context> {
    if env_dir.as_os_str().is_empty() {
        let reason = "ENV_DIR is empty; name a directory, `.` for the current one".to_owned();
        return Err(Error::Directory { path: env_dir.to_owned(), reason });
    }
    let env_dir = absolute(env_dir)?;
    check_name(&env_dir, interpreter)?;
    check_what_is_there(&env_dir, interpreter, options)?;

    let clear = matches!(options.existing, Existing::Clear { .. });
    let waiting = session.waiting(format!("Waiting for another program that is creating {}", Quoted(&env_dir)));
    let stage = Stage::new(&env_dir, clear, waiting)?;
    // Another program may have created it before this one got the lock, or what a killed run moved away may be back.
    check_what_is_there(&env_dir, interpreter, options)?;
    if options.existing == (Existing::Clear { force: false }) && stage.existed() {
        check_clearable(&env_dir)?;
    }
    let options = resolve(options, &env_dir)?;
    let mut context = Context::new(&env_dir, interpreter, options, stage, session.clone());
    session.observer.doing(&format!("Creating {}", Quoted(&context.env_dir)));
    if has_long_path(&context) {
        let env_exe = Quoted(&context.env_exe);
        let reason = "before 3.14, Python does not start from a path of 260 characters or more on Windows";
        session.observer.warn(&format!("{env_exe} may not start: {reason}; use a shorter path"));
    }
    for directory in [&context.inc_path, &context.lib_path, &context.bin_path] {
        context.stage.create_dir(directory)?;
    }
    if interpreter.lib64 {
        link_lib64(&context);
    }
    // Usually reached through that link; without it, a directory of its own.
    if context.platlib_path != context.lib_path {
        context.stage.create_dir(&context.platlib_path)?;
    }
    Ok(context)
}

/// Whether the environment's Python is where Windows does not let it start.
fn has_long_path(context: &Context) -> bool {
    const MAX_PATH: usize = 260;
    let Interpreter { platform, version, .. } = &context.interpreter;
    let length = context.env_exe.to_string_lossy().encode_utf16().count();
    *platform == Platform::Nt && *version < [3, 14, 0] && length >= MAX_PATH
}

/// The options as they apply to this ENV_DIR. An upgrade keeps the settings in pyvenv.cfg unless options override them,
/// and an upgrade of nothing creates an environment. A relocatable environment stays relocatable unless it is cleared.
fn resolve(options: &Options, env_dir: &Path) -> Result<Options> {
    let mut options = options.clone();
    if options.prompt.as_deref() == Some(".".as_ref()) {
        let directory = std::env::current_dir().at("find the current directory", Path::new("."))?;
        options.prompt = Some(directory.file_name().unwrap_or_default().to_owned());
    }
    if matches!(options.existing, Existing::Clear { .. }) {
        return Ok(options);
    }
    let is_upgrade = options.existing == Existing::Upgrade;
    let previous = match Configuration::read(&env_dir.join("pyvenv.cfg")) {
        // It is about to be rewritten.
        Err(_) if !is_upgrade => None,
        previous => previous?,
    };
    if is_upgrade && previous.is_none() {
        options.existing = Existing::Keep;
    }
    let previous = previous.unwrap_or_default();
    if is_upgrade {
        options.system_site_packages |= previous.system_site_packages;
        options.prompt = options.prompt.or(previous.prompt);
    }
    options.relocatable |= previous.relocatable;
    Ok(options)
}

/// Rejects names of ENV_DIR that no environment can work with, whatever the system.
fn check_name(env_dir: &Path, interpreter: &Interpreter) -> Result<()> {
    let separator = interpreter.platform.path_separator();
    let bytes = env_dir.as_os_str().as_encoded_bytes();
    let reason = if bytes.contains(&(separator as u8)) {
        // gh-82656
        format!("it contains the PATH separator {separator}.")
    } else if bytes.contains(&b'\n') || bytes.contains(&b'\r') {
        "it contains a line break, which pyvenv.cfg and scripts cannot represent.".to_owned()
    } else if is_device(env_dir) {
        "it is the name of a device.".to_owned()
    } else if env_dir.parent().is_none() {
        "it is the root of the file system.".to_owned()
    } else if interpreter.platform == Platform::Nt && env_dir.to_str().is_none() {
        "its name is not Unicode, and pyvenv.cfg and scripts cannot represent it.".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::Refused { path: env_dir.to_owned(), reason })
}

/// Whether an absolute path is what Windows turns `NUL`, `CON`, `COM1` and the like into, in any directory.
fn is_device(path: &Path) -> bool {
    matches!(path.components().next(), Some(Component::Prefix(prefix)) if matches!(prefix.kind(), Prefix::DeviceNS(_)))
}

fn check_what_is_there(env_dir: &Path, interpreter: &Interpreter, options: &Options) -> Result<()> {
    let in_the_way = |reason: &str| Err(Error::Directory { path: env_dir.to_owned(), reason: reason.to_owned() });
    match env_dir.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Otherwise, a broken link among the parents would only be noticed once everything is built.
            let mut missing = env_dir.ancestors().skip(1).take_while(|path| !path.exists());
            match missing.find(|path| path.is_symlink()) {
                Some(link) => in_the_way(&format!("{} is a broken symbolic link", Quoted(link))),
                None => Ok(()),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => in_the_way("one of its parents is a file"),
        Err(error) => Err(error).at("create the directory", env_dir),
        Ok(there) if there.is_symlink() && !env_dir.exists() => {
            in_the_way("it is a broken symbolic link; create the directory that it points to, or remove the link")
        }
        Ok(_) if !env_dir.is_dir() => in_the_way("it exists and is not a directory"),
        Ok(_) => check_not_the_base(env_dir, interpreter, matches!(options.existing, Existing::Clear { .. })),
    }
}

/// Over its own base, an environment would make the interpreter a link to itself, and `--clear` would delete it.
fn check_not_the_base(env_dir: &Path, interpreter: &Interpreter, clear: bool) -> Result<()> {
    let bin_path = env_dir.join(&interpreter.scheme.scripts);
    let bases = [&interpreter.executable, &interpreter.real_executable];
    let is_bin = |base: &Path| base.parent().is_some_and(|bin| os::is_same(bin, &bin_path));
    let is_below = |path: &Path| path.ancestors().any(|above| os::is_same(above, env_dir));
    let reason = if bases.iter().any(|base| is_bin(base)) {
        "it is the Python installation itself."
    } else if clear && bases.into_iter().chain(&interpreter.wheels).any(|path| is_below(path)) {
        "it contains the Python that the environment is for, and --clear would delete it."
    } else {
        return Ok(());
    };
    Err(Error::Refused { path: env_dir.to_owned(), reason: reason.to_owned() })
}

/// `--clear` is for environments: a directory that holds anything else is somebody's work.
fn check_clearable(env_dir: &Path) -> Result<()> {
    let entries: io::Result<Vec<_>> = fs::read_dir(env_dir).and_then(Iterator::collect);
    let entries = entries.at("read the directory", env_dir)?;
    let is_empty = entries.iter().all(|entry| Stage::is_staging_dir(&entry.file_name()));
    if is_empty || env_dir.join("pyvenv.cfg").is_file() {
        return Ok(());
    }
    let reason = "it contains files but no pyvenv.cfg, so it is not an environment; \
                  add --force to delete its contents anyway.";
    Err(Error::Refused { path: env_dir.to_owned(), reason: reason.to_owned() })
}

/// Creates `lib64 -> lib`, unless something of that name exists (bpo-21197, bpo-21643). If the link cannot be created,
/// it is left out, whatever the reason: one that also prevents files from being created is reported when they are.
fn link_lib64(context: &Context) {
    let lib64 = context.env_dir.join("lib64");
    if !context.keeps(&lib64) || !lib64.exists() {
        let _ = context.stage.symlink(Path::new("lib"), &lib64);
    }
}
