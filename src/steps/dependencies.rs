//! `--upgrade-deps`: upgrades pip and setuptools, with pip run in the finished environment.

use std::io::{self, IsTerminal};

use crate::context::Context;
use crate::error::Result;
use crate::interpreter::without_python_variables;
use crate::session::Session;
use crate::{process, seed};

/// The step `upgrade_dependencies`: runs `<env_exe> -m pip install --upgrade` for what the interpreter bundles. pip's
/// configuration (PIP_* and pip.conf) applies, since it names the package index. Python's own environment variables do
/// not, and modules in ENV_DIR are not imported.
pub(crate) fn upgrade(context: &Context) -> Result<()> {
    context.session.observer.doing("Upgrading pip");
    let mut arguments = vec!["-I", "-m", "pip", "install", "--upgrade", "pip"];
    if seed::projects(&context.interpreter, &context.options).iter().any(|project| project == "setuptools") {
        arguments.push("setuptools");
    }
    let mut command = without_python_variables(&context.env_exec_cmd);
    command.args(&arguments).current_dir(&context.env_dir).env("VIRTUAL_ENV", &context.env_dir);
    // pip is looking for a newer pip anyway, and the check would ask for a password a second time.
    command.env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    let Session { observer, interrupt, interactive, .. } = &context.session;
    if *interactive && io::stdin().is_terminal() && io::stderr().is_terminal() {
        observer.terminal_in_use();
        process::on_terminal(&mut command, interrupt)?;
    } else {
        process::stream(&mut command, interrupt, &|line, source| observer.said(line, source))?;
    }
    if context.options.relocatable { seed::relocate(context) } else { Ok(()) }
}
