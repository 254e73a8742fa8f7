//! `--upgrade-deps`: pip, run in the finished environment, brings itself and setuptools up to date.

use super::find_links;
use crate::context::Context;
use crate::error::Result;
use crate::event::Source;
use crate::interpreter::{Interpreter, without_python_variables};
use crate::process;

/// The step `upgrade_dependencies`: `<env_exe> -m pip install --upgrade` of what the interpreter bundles. pip's
/// configuration (PIP_* and pip.conf) holds here, since it names the package index; Python's own does not, nor does a
/// module in ENV_DIR.
pub fn upgrade_dependencies(
    context: &Context,
    interpreter: &Interpreter,
    progress: &dyn Fn(&str, Source),
) -> Result<()> {
    let mut arguments = vec!["-I", "-m", "pip", "install", "--upgrade", "pip"];
    if find_links::projects(interpreter, &context.options).iter().any(|project| project == "setuptools") {
        arguments.push("setuptools");
    }
    let mut command = without_python_variables(&context.env_exec_cmd);
    command.args(&arguments).current_dir(&context.env_dir).env("VIRTUAL_ENV", &context.env_dir);
    let run = if context.options.interactive { process::converse } else { process::stream };
    run(&mut command, &context.options.interrupt, progress)
}
