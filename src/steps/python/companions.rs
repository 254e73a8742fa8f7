//! The files that a copy of the interpreter needs beside it.

use crate::context::Context;
use crate::error::Result;

/// Copies the files that the interpreter reports it needs to the places where it looks for them.
pub(super) fn copy(context: &mut Context) -> Result<()> {
    for (source, directory) in context.interpreter.companions.clone() {
        let directory = context.env_dir.join(directory);
        context.stage.create_dir(&directory)?;
        context.stage.copy_executable(&source, &directory.join(source.file_name().unwrap_or_default()))?;
    }
    Ok(())
}
