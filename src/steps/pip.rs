//! pip, and setuptools where the interpreter bundles it.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::interpreter::Interpreter;
use crate::options::Options;
use crate::seed::{self, Images};

/// Errors if there is no wheel of pip: what can be known before anything is made.
pub(crate) fn check(interpreter: &Interpreter, options: &Options) -> Result<()> {
    if !seed::choose(interpreter, options)?.iter().any(|wheel| seed::project_of(wheel) == "pip") {
        let missing = interpreter.wheels_missing.as_deref().unwrap_or("its ensurepip bundles no wheel");
        let package = match interpreter.implementation.as_str() {
            "pypy" => "pypy3-venv".to_owned(),
            _ => format!("python{}-venv", interpreter.short_version()),
        };
        let looked =
            if options.find_links.is_empty() { "" } else { ", and no folder of --find-links one that suits it" };
        let reason = format!(
            "{missing}{looked}; on Debian and Ubuntu `apt install {package}` brings it, and --without-pip does without"
        );
        return Err(Error::NoPip { python: interpreter.executable.clone(), reason });
    }
    Ok(())
}

/// The step `setup_pip`: installs the wheels of `Options::find_links`, or else the interpreter's. In an environment that
/// exists, a project that is as new and whole stays as it is; an older or damaged one is replaced.
pub(crate) fn setup(context: &mut Context, images: &Images) -> Result<()> {
    seed::install(context, images)
}
