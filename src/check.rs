//! `--check`: whether an environment is sound. Nothing is changed.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::caller::Caller;
use crate::context::{Context, absolute};
use crate::error::{Error, Quoted, Result};
use crate::interpreter::{Discovery, Interpreter, PythonRequest};
use crate::options::Options;
use crate::platform::Platform;
use crate::quote;
use crate::stage::Stage;
use crate::steps::configuration::Configuration;
use crate::steps::scripts;
use crate::{os, seed};

/// Something that is wrong with an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The file or folder that it is about.
    pub path: PathBuf,
    /// What is wrong, in words.
    pub reason: String,
    /// What puts it right.
    pub remedy: Remedy,
}

/// What puts an environment right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// To run rvenv on it again: packages stay.
    Again,
    /// `--upgrade`: to point it at a Python of the same version.
    Upgrade,
    /// `--clear`: to make it anew, and to install its packages again.
    Clear,
}

impl Remedy {
    /// The command that does it, for a POSIX shell.
    pub fn command(self, env_dir: &Path) -> String {
        let flag = match self {
            Remedy::Again => "",
            Remedy::Upgrade => "--upgrade ",
            Remedy::Clear => "--clear ",
        };
        format!("rvenv {flag}{}", quote::posix_line(env_dir.as_os_str()))
    }
}

/// What is wrong with the environment at `env_dir`; nothing, if it is sound: pyvenv.cfg and its home are there, the
/// interpreters in bin lead to a Python of the version that pyvenv.cfg names (as X.Y: an update of the base to another
/// X.Y.Z is no fault), each file that pip's RECORD names is there, and launchers and activation scripts are this
/// environment's and not those of the place that it was moved from.
///
/// Errors only if what there is to know cannot be read.
pub fn check(env_dir: &Path, discovery: &Discovery) -> Result<Vec<Finding>> {
    let env_dir = absolute(env_dir)?;
    let cfg_path = env_dir.join("pyvenv.cfg");
    let found = |path: &Path, reason: String, remedy| Finding { path: path.to_owned(), reason, remedy };
    let Some(configuration) = Configuration::read(&cfg_path)? else {
        let reason = if env_dir.is_dir() { "it has no pyvenv.cfg" } else { "there is no such folder" };
        return Ok(vec![found(&env_dir, reason.to_owned(), Remedy::Again)]);
    };
    let home = configuration.home.clone().unwrap_or_default();
    if !home.is_dir() {
        let reason = format!("its home, {}, is gone", Quoted(&home));
        return Ok(vec![found(&cfg_path, reason, Remedy::Upgrade)]);
    }
    let python = env_dir.join(Platform::current().python());
    let interpreter = match discovery.find(&PythonRequest::Path(python.clone())) {
        Ok(interpreter) => interpreter,
        Err(Error::Interrupted) => return Err(Error::Interrupted),
        Err(error) => return Ok(vec![found(&python, error.to_string(), Remedy::Upgrade)]),
    };
    let mut findings = Vec::new();
    if let Some(version) = configuration.version.filter(|version| !is_of(version, &interpreter)) {
        let reason = format!("it is Python {}, and pyvenv.cfg says {version}", interpreter.full_version());
        findings.push(found(&python, reason, Remedy::Clear));
    }
    let context =
        Context::new(&env_dir, &interpreter, Options::default(), Stage::finished(&env_dir), Caller::default());
    findings.extend(broken_links(&context));
    findings.extend(seed::faults(&context)?.into_iter().map(|(path, reason)| found(&path, reason, Remedy::Again)));
    findings.extend(foreign_scripts(&context));
    Ok(findings)
}

/// Whether a version, X.Y.Z or X.Y.Z.final.0, is the interpreter's as X.Y.
fn is_of(version: &str, interpreter: &Interpreter) -> bool {
    version.split('.').take(2).eq(interpreter.short_version().split('.'))
}

/// The names of interpreters in bin under which there is none.
fn broken_links(context: &Context) -> Vec<Finding> {
    let names = entries(&context.bin_path).into_iter().filter(|path| is_interpreter(path));
    let broken = names.filter(|path| !os::may_run(path));
    let reason = |path: &Path| match path.is_symlink() && !path.exists() {
        true => "it is a link to nothing",
        false => "it is not executable",
    };
    broken.map(|path| Finding { reason: reason(&path).to_owned(), path, remedy: Remedy::Upgrade }).collect()
}

fn is_interpreter(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_prefix("python").is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || ".td".contains(c)))
}

/// Launchers that start another environment's Python or one that is not there, and activation scripts that name another
/// place.
fn foreign_scripts(context: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in entries(&context.bin_path).into_iter().filter(|path| !path.is_symlink() && path.is_file()) {
        let Ok(text) = os::read_regular(&path) else { continue };
        let reason = match foreign_python(&text, context) {
            Some(python) => Some(format!("it starts {}", Quoted(&python))),
            None if scripts::names_another_place(&path, &text, &context.env_dir) => {
                Some("it activates another folder: the environment has been moved".to_owned())
            }
            None => None,
        };
        findings.extend(reason.map(|reason| Finding { path, reason, remedy: Remedy::Clear }));
    }
    findings
}

/// The Python that a launcher starts, if that is another environment's, or none.
fn foreign_python(launcher: &[u8], context: &Context) -> Option<PathBuf> {
    let python = seed::python_of_launcher(launcher)?;
    let is_named_so =
        python.file_name().and_then(OsStr::to_str).is_some_and(|name| name.contains("python") || name.contains("pypy"));
    let folder = python.parent()?;
    let is_here = os::is_same(folder, &context.bin_path);
    let is_an_environments = folder.parent().is_some_and(|env_dir| env_dir.join("pyvenv.cfg").exists());
    (is_named_so && !is_here && (is_an_environments || !python.exists())).then_some(python)
}

/// What stands in a folder, in the order of names.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
