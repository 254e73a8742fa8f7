//! pip, and setuptools where the interpreter bundles it, in the environment: unpacked from the interpreter's own
//! wheels, with what pip itself would write around them.

mod compile;
mod installed;
mod launcher;
mod record;
mod upgrade;
mod wheel;

use std::path::PathBuf;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::interpreter::Interpreter;
use installed::Installed;
use record::Record;
use wheel::Wheel;

pub use upgrade::upgrade_dependencies;

/// Errors if the interpreter brings no wheel of pip: what can be known before anything is made.
pub(crate) fn check(interpreter: &Interpreter) -> Result<()> {
    if interpreter.wheels.is_empty() {
        let missing = interpreter.wheels_missing.as_deref().unwrap_or("its ensurepip bundles no wheel");
        let package = match interpreter.implementation.as_str() {
            "pypy" => "pypy3-venv".to_owned(),
            _ => format!("python{}-venv", interpreter.short_version()),
        };
        let reason = format!(
            "{missing}; on Debian and Ubuntu `apt install {package}` brings it, and --without-pip does without"
        );
        return Err(Error::NoPip { python: interpreter.executable.clone(), reason });
    }
    Ok(())
}

/// The step `setup_pip`: installs the interpreter's wheels. In an environment that exists, a project that is as
/// new and whole stays as it is; an older or damaged one is replaced.
///
/// Returns warnings: a newer version that was damaged.
pub fn setup(context: &mut Context, interpreter: &Interpreter, progress: &dyn Fn(&str)) -> Result<Vec<String>> {
    let (mut wheels, mut warnings) = (Vec::new(), Vec::new());
    for path in &interpreter.wheels {
        let wheel = Wheel::open(path)?;
        if (context.options.with_setuptools || wheel.project() != "setuptools")
            && make_way(context, &wheel, &mut warnings)?
        {
            wheels.push(wheel);
        }
    }
    for wheel in &wheels {
        progress(&format!("Installing {} {}", wheel.project(), wheel.version()));
        wheel.unpack(context)?;
    }
    let modules: Vec<&str> = wheels.iter().flat_map(Wheel::modules).collect();
    let compiled = compile::compile(context, interpreter, &modules)?;
    for wheel in &wheels {
        finish(context, interpreter, wheel, &compiled)?;
    }
    Ok(warnings)
}

/// Whether `wheel` is to be installed. The files of what it replaces are retired then.
fn make_way(context: &mut Context, wheel: &Wheel, warnings: &mut Vec<String>) -> Result<bool> {
    if !context.keeps(&context.lib_path) || !context.lib_path.is_dir() {
        return Ok(true);
    }
    let found = Installed::find(context, wheel.project())?;
    let as_new = found.last().filter(|newest| newest.version() >= wheel.version());
    let fault = as_new.map(|newest| (newest.version(), newest.fault(context)));
    let keeps = matches!(fault, Some((_, None)));
    if let Some((version, Some(fault))) = fault.filter(|(version, _)| *version > wheel.version()) {
        let (project, replacement) = (wheel.project(), wheel.version());
        warnings.push(format!("{project} {version} is damaged ({fault}), so {replacement} takes its place"));
    }
    let retired: Vec<PathBuf> = match found.split_last() {
        // Beside it, the metadata that an installation which broke off has left.
        Some((_, older)) if keeps => older.iter().flat_map(Installed::metadata_files).collect(),
        _ => found.iter().flat_map(|installed| installed.files(context)).collect(),
    };
    retired.into_iter().for_each(|file| context.stage.retire(file));
    Ok(!keeps)
}

/// Writes what pip writes besides a wheel's own files: launchers, INSTALLER, REQUESTED and RECORD.
fn finish(context: &Context, interpreter: &Interpreter, wheel: &Wheel, compiled: &compile::Compiled) -> Result<()> {
    let mut record: Record = wheel.record().clone();
    for script in wheel.launchers(interpreter)? {
        let path = context.bin_path.join(&script.name);
        let contents = script.render(&context.env_exe);
        context.stage.write(&path, &contents, true)?;
        record.add(&format!("{}{}", way_to_bin(interpreter), script.name), &contents);
    }
    for (name, contents) in [("INSTALLER", b"pip\n".as_slice()), ("REQUESTED", b"")] {
        let name = format!("{}/{name}", wheel.dist_info());
        context.stage.write(&context.lib_path.join(&name), contents, false)?;
        record.add(&name, contents);
    }
    for module in wheel.modules() {
        if let Some(pyc) = compiled.pyc_of(module) {
            record.add_unhashed(&pyc);
        }
    }
    let name = format!("{}/RECORD", wheel.dist_info());
    record.add_unhashed(&name);
    context.stage.write(&context.lib_path.join(&name), &record.render(), false)
}

/// bin as RECORD names it, relative to site-packages: `../../../bin/`.
fn way_to_bin(interpreter: &Interpreter) -> String {
    let up = "../".repeat(interpreter.scheme.purelib.components().count());
    let scripts: PathBuf = interpreter.scheme.scripts.components().collect();
    format!("{up}{}/", scripts.display())
}
