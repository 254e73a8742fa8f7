//! `--check`: finds out whether an environment is intact, without changing anything.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::caller::Caller;
use crate::context::{Context, absolute};
use crate::error::{Error, Quoted, Result, one_line};
use crate::interpreter::{Discovery, Interpreter, PythonRequest};
use crate::options::Options;
use crate::platform::Platform;
use crate::quote;
use crate::stage::Stage;
use crate::steps::configuration::Configuration;
use crate::steps::moved;
use crate::{os, seed};

/// A problem with an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The file or directory that has the problem.
    pub path: PathBuf,
    /// A description of the problem.
    pub reason: String,
    /// How to fix it.
    pub remedy: Remedy,
}

impl Finding {
    /// Returns the problem with an environment for which [`check`] failed with `error`.
    pub fn unreadable(env_dir: &Path, error: &Error) -> Finding {
        let path = error.path().unwrap_or(env_dir).to_owned();
        Finding { path, reason: error.to_string(), remedy: Remedy::ByHand }
    }
}

impl fmt::Display for Finding {
    /// Writes one line, even if the path contains line breaks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", one_line(&self.path.to_string_lossy()), one_line(&self.reason))
    }
}

/// How to repair an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Run rvenv on it again. Installed packages stay.
    Again,
    /// Run rvenv with `--upgrade`, which points it at a Python of the same version.
    Upgrade,
    /// Run rvenv with `--clear`, which creates it from scratch, and then install its packages again.
    Clear,
    /// Repair it by hand: no installed distribution lists the script, or something cannot be read.
    ByHand,
}

impl Remedy {
    /// Returns the command to run, quoted for this system's shells. For [`Remedy::ByHand`] it is a short instruction.
    pub fn command(self, env_dir: &Path) -> String {
        let flag = match self {
            Remedy::Again => "",
            Remedy::Upgrade => "--upgrade ",
            Remedy::Clear => "--clear ",
            Remedy::ByHand => return "repair it by hand".to_owned(),
        };
        format!("rvenv {flag}{}", quote::line(&[env_dir.into()]))
    }
}

/// Returns the problems with the environment at `env_dir`. The list is empty if the environment is intact:
///
/// - pyvenv.cfg exists, and so does its `home`;
/// - the interpreters in bin lead to a Python of the version in pyvenv.cfg (only X.Y counts: an update of the base to
///   another X.Y.Z is not a problem);
/// - every file in pip's RECORD exists, and in that of setuptools;
/// - launchers and activation scripts belong to this environment, not to the place that it was moved from.
///
/// # Errors
///
/// If the environment cannot be read; [`Error::Interrupted`] if `discovery` was interrupted.
pub fn check(env_dir: &Path, discovery: &Discovery) -> Result<Vec<Finding>> {
    let env_dir = absolute(env_dir)?;
    let cfg_path = env_dir.join("pyvenv.cfg");
    let found = |path: &Path, reason: String, remedy| Finding { path: path.to_owned(), reason, remedy };
    let Some(configuration) = Configuration::read(&cfg_path)? else {
        let reason = if env_dir.is_dir() { "it has no pyvenv.cfg" } else { "no such directory" };
        return Ok(vec![found(&env_dir, reason.to_owned(), Remedy::Again)]);
    };
    let Some(home) = configuration.home.clone() else {
        return Ok(vec![found(&cfg_path, "it has no 'home' key".to_owned(), Remedy::Again)]);
    };
    if !home.is_dir() {
        let reason = format!("its home {} does not exist", Quoted(&home));
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
        let reason = format!("it is Python {}, but pyvenv.cfg says {version}", interpreter.full_version());
        findings.push(found(&python, reason, Remedy::Clear));
    }
    let context =
        Context::new(&env_dir, &interpreter, Options::default(), Stage::finished(&env_dir), Caller::default());
    findings.extend(broken_links(&context)?);
    findings.extend(seed::faults(&context)?.into_iter().map(|(path, reason)| found(&path, reason, Remedy::Again)));
    findings.extend(foreign_scripts(&context)?);
    Ok(findings)
}

/// Whether a version such as X.Y.Z or X.Y.Z.final.0 has the interpreter's X.Y.
fn is_of(version: &str, interpreter: &Interpreter) -> bool {
    version.split('.').take(2).eq(interpreter.short_version().split('.'))
}

/// The interpreters in bin that are broken links or not executable.
fn broken_links(context: &Context) -> Result<Vec<Finding>> {
    let names = os::entries(&context.bin_path)?.into_iter().filter(|path| is_interpreter(path));
    let broken = names.filter(|path| !os::may_run(path));
    let reason = |path: &Path| match path.is_symlink() && !path.exists() {
        true => "it is a broken symbolic link",
        false => "it is not executable",
    };
    Ok(broken.map(|path| Finding { reason: reason(&path).to_owned(), path, remedy: Remedy::Upgrade }).collect())
}

fn is_interpreter(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_prefix("python").is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || ".td".contains(c)))
}

/// Scripts in bin that start another environment's Python or one that does not exist, and activation scripts that name
/// another directory. Running rvenv again repairs them, except scripts that no installed distribution lists.
fn foreign_scripts(context: &Context) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let launchers = seed::launchers(context)?;
    for path in os::entries(&context.bin_path)?.into_iter().filter(|path| !path.is_symlink() && path.is_file()) {
        let Ok(text) = seed::start_of(&path) else { continue };
        if let Some(python) = seed::foreign_python(&text, context) {
            let reason = format!("it runs {}, not this environment's Python", Quoted(&python));
            let remedy = if launchers.contains(&path) { Remedy::Again } else { Remedy::ByHand };
            findings.push(Finding { path, reason, remedy });
        } else if moved::names_another_place(&path, &text, &context.env_dir) {
            let reason = "it activates another directory: the environment has been moved".to_owned();
            findings.push(Finding { path, reason, remedy: Remedy::Again });
        }
    }
    Ok(findings)
}
