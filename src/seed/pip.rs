//! What is special about pip: it has to be there, its version decides what it records, and it upgrades itself.

use std::io::{self, IsTerminal};

use pep440_rs::Version;

use super::find_links::{choose, projects};
use super::names::project_of;
use super::repair::relocate;
use super::wheel::Wheel;
use crate::context::{Context, Session};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::interpreter::{Interpreter, without_python_variables};
use crate::options::Options;
use crate::process;

/// The first pip that marks requested distributions, as opposed to dependencies, with a file REQUESTED (PEP 376).
const WITH_REQUESTED: [u64; 2] = [20, 2];

/// Fails if there is no wheel of pip or if it could not start, so that this is known before anything is created.
pub(crate) fn check(interpreter: &Interpreter, options: &Options) -> Result<()> {
    let no_pip = |reason: String| Err(Error::NoPip { python: interpreter.executable.clone(), reason });
    if !interpreter.zlib {
        let headers = "zlib1g-dev on Debian and Ubuntu, zlib-devel on Fedora";
        let fix = format!("build it with that library's headers ({headers}), or pass --without-pip");
        return no_pip(format!("it has no zlib module, without which pip cannot start; {fix}"));
    }
    if choose(interpreter, options)?.iter().any(|wheel| project_of(wheel) == "pip") {
        return Ok(());
    }
    let missing = interpreter.wheels_missing.as_deref().unwrap_or("its ensurepip bundles no wheel");
    let package = match interpreter.implementation.as_str() {
        "pypy" => "pypy3-venv".to_owned(),
        _ => format!("python{}-venv", interpreter.short_version()),
    };
    let looked =
        if options.find_links.is_empty() { "" } else { ", and no --find-links directory has a suitable wheel" };
    no_pip(format!("{missing}{looked}; on Debian and Ubuntu run `apt install {package}`, or pass --without-pip"))
}

/// Whether the pip among the wheels, if there is one, marks requested distributions.
pub(super) fn marks_requested(wheels: &[Wheel]) -> bool {
    wheels.iter().all(|wheel| wheel.project != "pip" || wheel.version >= Version::new(WITH_REQUESTED))
}

/// The step `upgrade_dependencies`: runs `<env_exe> -m pip install --upgrade` for what the interpreter bundles. pip's
/// configuration (PIP_* and pip.conf) applies, since it names the package index. Python's own environment variables do
/// not, and modules in ENV_DIR are not imported.
pub(crate) fn upgrade(context: &Context) -> Result<()> {
    context.session.observer.doing("Upgrading pip");
    let mut arguments = vec!["-I", "-m", "pip", "install", "--upgrade", "pip"];
    if projects(&context.interpreter, &context.options).iter().any(|project| project == "setuptools") {
        arguments.push("setuptools");
    }
    let mut command = without_python_variables(&context.env_exec_cmd);
    command.args(&arguments).current_dir(&context.env_dir).env("VIRTUAL_ENV", &context.env_dir);
    // pip is looking for a newer pip anyway, and the check would ask for a password a second time.
    command.env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    let Session { observer, interrupt, interactive, .. } = &context.session;
    if *interactive && io::stdin().is_terminal() && io::stderr().is_terminal() {
        observer.tell(Event::TerminalInUse);
        process::on_terminal(&mut command, interrupt)?;
    } else {
        process::stream(&mut command, interrupt, &|line, source| observer.said(line, source))?;
    }
    if context.options.relocatable { relocate(context) } else { Ok(()) }
}
