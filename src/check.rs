//! `--check`: finds out whether an environment is intact, without changing anything.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::context::{Context, Session, absolute};
use crate::error::{Error, Quoted, Result, one_line};
use crate::interpreter::{Discovery, PythonRequest, VersionRequest};
use crate::options::Options;
use crate::platform::Platform;
use crate::quote;
use crate::stage::Stage;
use crate::steps::configuration::Configuration;
use crate::steps::{moved, settings};
use crate::{entries, os, seed};

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
    /// The command that repairs the environment, quoted for this system's shells; `None` for [`Remedy::ByHand`]. It
    /// keeps the environment's settings. As far as it is known which Python the environment was created for, the command
    /// names it: the default could be another one.
    pub command: Option<String>,
}

impl Finding {
    fn new(path: &Path, reason: String, remedy: Remedy) -> Finding {
        Finding { path: path.to_owned(), reason, remedy, command: None }
    }
}

impl fmt::Display for Finding {
    /// Writes one line, even if the path contains line breaks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", one_line(&self.path.to_string_lossy()), one_line(&self.reason))
    }
}

/// How to repair an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Remedy {
    /// Run rvenv on it again. Installed packages stay.
    Again,
    /// Run rvenv with `--upgrade`, and with a Python of the same version.
    Upgrade,
    /// Run rvenv with `--clear`, which creates it from scratch, and then install its packages again.
    Clear,
    /// Repair it by hand: no installed distribution lists the script, or something cannot be read.
    ByHand,
}

/// Returns the problems with the environment at `env_dir`. The list is empty if the environment is intact:
///
/// - pyvenv.cfg exists, and so does its `home`;
/// - the interpreters in bin lead to a Python of the version in pyvenv.cfg (only X.Y counts: an update of the base to
///   another X.Y.Z is not a problem);
/// - every file that the RECORD of pip and of setuptools lists exists, except .pyc files;
/// - launchers and activation scripts belong to this environment, not to the place that it was moved from;
/// - all of this can be read.
///
/// # Errors
///
/// [`Error::Interrupted`] if `discovery` was interrupted.
pub fn check(env_dir: impl AsRef<Path>, discovery: &Discovery) -> Result<Vec<Finding>> {
    let env_dir = env_dir.as_ref();
    let checked = find(env_dir, discovery).and_then(|(python, mut findings)| {
        let flags = if findings.is_empty() { vec![] } else { settings::flags(env_dir)? };
        let python = python.into_iter().flat_map(|python| ["-p".into(), python]);
        let end = quote::line(&python.chain([env_dir.into()]).collect::<Vec<_>>(), Platform::current());
        for finding in &mut findings {
            let change = match finding.remedy {
                Remedy::Again => None,
                Remedy::Upgrade => Some("--upgrade"),
                Remedy::Clear => Some("--clear"),
                Remedy::ByHand => continue,
            };
            let words = ["rvenv"].into_iter().chain(change).chain(flags.iter().map(String::as_str)).chain([&*end]);
            finding.command = Some(words.collect::<Vec<_>>().join(" "));
        }
        Ok(findings)
    });
    checked.or_else(|error| match error {
        Error::Interrupted => Err(error),
        _ => Ok(vec![Finding::new(error.path().unwrap_or(env_dir), error.to_string(), Remedy::ByHand)]),
    })
}

/// The problems, and the Python of the environment: its own interpreter if that works, else the X.Y in pyvenv.cfg.
fn find(given: &Path, discovery: &Discovery) -> Result<(Option<OsString>, Vec<Finding>)> {
    let env_dir = &*absolute(given)?;
    let cfg_path = env_dir.join("pyvenv.cfg");
    let Some(configuration) = Configuration::read(&cfg_path)? else {
        let reason = if env_dir.is_dir() { "it has no pyvenv.cfg" } else { "no such directory" };
        return Ok((None, vec![Finding::new(env_dir, reason.to_owned(), Remedy::Again)]));
    };
    let version = configuration.version.as_deref().map(|version| same_kind(&short(version), env_dir));
    let version = version.filter(|text| text.parse::<VersionRequest>().is_ok()).map(OsString::from);
    let only =
        |path: &Path, reason: String, remedy: Remedy| Ok((version.clone(), vec![Finding::new(path, reason, remedy)]));
    let Some(home) = configuration.home.clone() else {
        return only(&cfg_path, "it has no 'home' key".to_owned(), Remedy::Again);
    };
    if !home.is_dir() {
        return only(&cfg_path, format!("its home {} does not exist", Quoted(&home)), Remedy::Upgrade);
    }
    let python = env_dir.join(Platform::current().python());
    let interpreter = match discovery.find(&PythonRequest::Path(python.clone())) {
        Ok(interpreter) => interpreter,
        Err(Error::Interrupted) => return Err(Error::Interrupted),
        Err(error) => return only(&python, error.to_string(), Remedy::Upgrade),
    };
    let mut findings = Vec::new();
    if let Some(version) = configuration.version.filter(|version| short(version) != interpreter.short_version()) {
        let reason = format!("it is Python {}, but pyvenv.cfg says {version}", interpreter.full_version());
        findings.push(Finding::new(&python, reason, Remedy::Clear));
    }
    let context = Context::new(env_dir, &interpreter, Options::default(), Stage::finished(env_dir), Session::default());
    findings.extend(broken_interpreters(&context)?);
    let of_packages = seed::faults(&context)?.into_iter();
    findings.extend(of_packages.map(|(path, reason)| Finding::new(&path, reason, Remedy::Again)));
    findings.extend(foreign_scripts(&context)?);
    Ok((Some(settings::main_interpreter(given).into()), findings))
}

/// The X.Y of a version such as X.Y.Z or X.Y.Z.final.0.
fn short(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

/// What selects the kind of Python that the environment has a directory for in lib: pyvenv.cfg does not tell PyPy and
/// free-threaded builds from others.
fn same_kind(version: &str, env_dir: &Path) -> String {
    let names = [format!("python{version}"), format!("python{version}t"), format!("pypy{version}")];
    let found = names.iter().find(|name| os::exists(&env_dir.join("lib").join(name))).unwrap_or(&names[0]);
    found.trim_start_matches("python").to_owned()
}

/// The interpreters in bin that do not start. On Windows there has to be a `pythonw.exe` too.
fn broken_interpreters(context: &Context) -> Result<Vec<Finding>> {
    let mut paths = entries::paths(&context.bin_path)?;
    let programs = context.interpreter.programs.copied.iter().map(|(name, _)| context.bin_path.join(name));
    paths.extend(programs.filter(|path| path.ends_with("pythonw.exe") && !os::exists(path)));
    let broken = paths.iter().filter_map(|path| {
        let reason = if path.is_symlink() && !path.exists() {
            // Such as Python 3.14's `𝜋thon`.
            let target = entries::target_beside(path).unwrap_or_default();
            let is_ours = [path, Path::new(&target)].into_iter().any(settings::is_interpreter);
            is_ours.then_some("it is a broken symbolic link")?
        } else if !settings::is_interpreter(path) {
            return None;
        } else if !path.exists() {
            "it does not exist"
        } else if !os::is_executable(path) {
            "it is not executable"
        } else {
            path.metadata().is_ok_and(|file| file.len() == 0).then_some("it is empty")?
        };
        Some(Finding::new(path, reason.to_owned(), Remedy::Upgrade))
    });
    Ok(broken.collect())
}

/// Scripts in bin that start another environment's Python or one that does not exist, and activation scripts that name
/// another directory. Running rvenv again repairs them, except scripts that no installed distribution lists.
fn foreign_scripts(context: &Context) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let launchers = seed::launchers(context)?;
    for path in entries::paths(&context.bin_path)?.into_iter().filter(|path| !path.is_symlink() && path.is_file()) {
        let is_listed = launchers.contains(&path);
        let text = seed::start_of(&path);
        let foreign = text.as_ref().ok().and_then(|text| seed::foreign_python(text, context));
        let (reason, remedy) = match (text, foreign) {
            (Err(error), _) if is_listed => (format!("it cannot be read: {error}"), Remedy::ByHand),
            (_, Some(python)) => {
                let reason = format!("it runs {}, not this environment's Python", Quoted(&python));
                (reason, if is_listed { Remedy::Again } else { Remedy::ByHand })
            }
            (Ok(text), _) if moved::names_another_place(&path, &text, &context.env_dir) => {
                ("it activates another directory: the environment has been moved".to_owned(), Remedy::Again)
            }
            // A file that no distribution lists may be a program that its user may only run.
            _ => continue,
        };
        findings.push(Finding::new(&path, reason, remedy));
    }
    Ok(findings)
}
