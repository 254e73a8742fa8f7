//! pip, and setuptools where the interpreter bundles it.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::interpreter::Interpreter;
use crate::options::Options;
use crate::seed::{self, Images};

/// Fails if there is no wheel of pip, so that this is known before anything is created.
pub(crate) fn check(interpreter: &Interpreter, options: &Options) -> Result<()> {
    if !seed::choose(interpreter, options)?.iter().any(|wheel| seed::project_of(wheel) == "pip") {
        let missing = interpreter.wheels_missing.as_deref().unwrap_or("its ensurepip bundles no wheel");
        let package = match interpreter.implementation.as_str() {
            "pypy" => "pypy3-venv".to_owned(),
            _ => format!("python{}-venv", interpreter.short_version()),
        };
        let looked =
            if options.find_links.is_empty() { "" } else { ", and no --find-links directory has a suitable wheel" };
        let reason =
            format!("{missing}{looked}; on Debian and Ubuntu run `apt install {package}`, or pass --without-pip");
        return Err(Error::NoPip { python: interpreter.executable.clone(), reason });
    }
    Ok(())
}

/// The step `setup_pip`: installs the wheels from `Options::find_links`, or else the interpreter's. In an existing
/// environment, a project that is complete and at least as new is kept; an older or damaged one is replaced.
pub(crate) fn setup(context: &mut Context, images: &Images) -> Result<()> {
    seed::install(context, images)
}
