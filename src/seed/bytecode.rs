//! The bytecode of modules: the base's own where it fits, otherwise compiled by the interpreter.

mod compile;
mod pyc;
mod reuse;

use std::time::SystemTime;

use super::site_packages::Root;
use crate::context::Context;
use crate::error::Result;

pub(super) use compile::Compiled;
pub(super) use pyc::fit_to_times;

/// Writes a .pyc for each module, if the options ask for it: the base's own, or a new one.
pub(super) fn compile_modules(
    context: &Context,
    root: &Root,
    modules: Vec<&str>,
    modified: SystemTime,
) -> Result<Compiled> {
    if !context.options.compile {
        return Ok(Compiled::nothing());
    }
    // If times could not be set, compile everything: Python uses the times that the modules have.
    let left = if root.has_times() { reuse::reuse(context, root, modules, modified)? } else { modules };
    if !left.is_empty() {
        context.session.observer.doing(&format!("Compiling {} modules", left.len()));
    }
    compile::compile(context, &context.interpreter, &left)
}
