//! The interpreter in the environment's bin.

mod companions;
mod nt;
mod posix;

use crate::context::Context;
use crate::error::{Quoted, Result};
use crate::platform::Platform;

/// The step `setup_python`: puts the interpreter into bin, by the rules of its platform, under each of its names there.
pub(crate) fn install(context: &mut Context) -> Result<()> {
    context.session.observer.doing(&format!("Installing {}", Quoted(&context.executable)));
    match context.interpreter.platform {
        Platform::Posix => posix::install(context),
        Platform::Nt => nt::install(context),
    }
}
