//! A .pyc for each module, compiled by the interpreter itself, in as many processes as there are cores.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::pyc::pyc_of;
use crate::context::Context;
use crate::error::{AtPath, Error, Result};
use crate::interpreter::{Interpreter, reproducible};
use crate::process::{self, Fault};
use crate::seed::parallel;

const SCRIPT: &str = include_str!("compile.py");

/// The result of compiling modules.
pub(crate) struct Compiled {
    /// None if this interpreter does not write .pyc files.
    cache_tag: Option<String>,
    failed: BTreeSet<String>,
}

impl Compiled {
    /// The result where no module has a .pyc.
    pub(super) fn nothing() -> Compiled {
        Compiled { cache_tag: None, failed: BTreeSet::new() }
    }

    /// The name of a module's .pyc, if it has one.
    pub(crate) fn pyc_of(&self, module: &str) -> Option<String> {
        let cache_tag = self.cache_tag.as_ref().filter(|_| !self.failed.contains(module))?;
        Some(pyc_of(module, cache_tag))
    }
}

/// Compiles `modules`, whose names are relative to site-packages, where they are staged.
pub(super) fn compile(context: &Context, interpreter: &Interpreter, modules: &[&str]) -> Result<Compiled> {
    let mut compiled = Compiled { cache_tag: interpreter.cache_tag.clone(), failed: BTreeSet::new() };
    if compiled.cache_tag.is_none() || modules.is_empty() {
        return Ok(compiled);
    }
    let failed = Mutex::new(BTreeSet::new());
    // Returns after all workers have ended, even if one has failed: none is left writing.
    parallel::each(&shares(context, modules)?, |share| {
        let names = compile_share(context, interpreter, share)?;
        failed.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
        Ok::<(), Error>(())
    })?;
    compiled.failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(compiled)
}

/// Distributes the modules by size, the largest first, among as many workers as there are cores.
fn shares<'a>(context: &Context, modules: &[&'a str]) -> Result<Vec<Vec<&'a str>>> {
    let staged = context.stage.at(&context.lib_path);
    let mut sized = Vec::with_capacity(modules.len());
    for module in modules {
        let path = staged.join(module);
        sized.push((path.metadata().at("read", &path)?.len(), *module));
    }
    sized.sort_by(|a, b| b.cmp(a));
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(sized.len());
    let mut shares = vec![(0, Vec::new()); workers];
    for (size, module) in sized {
        if let Some(least) = shares.iter_mut().min_by_key(|(load, _)| *load) {
            least.0 += size;
            least.1.push(module);
        }
    }
    Ok(shares.into_iter().map(|(_, modules)| modules).collect())
}

/// Compiles one share, and returns the modules that could not be compiled.
fn compile_share(context: &Context, interpreter: &Interpreter, modules: &[&str]) -> Result<Vec<String>> {
    let mut failed = Vec::new();
    for modules in command_lines(modules) {
        let mut command = reproducible(&interpreter.executable);
        // The base's site-packages are not needed, and their start-up hooks take time.
        command.arg("-S").arg("-c").arg(SCRIPT).arg(context.stage.at(&context.lib_path));
        command.arg(context.options.source_date.is_some().to_string()).args(modules);
        let described = || format!("{} -c '(compile the modules)'", interpreter.executable.display());
        let ran = process::run(&mut command, None, &context.session.interrupt).and_then(Fault::of_status);
        let output = ran.map_err(|fault| fault.of(described()))?;
        let names = String::from_utf8_lossy(&output.stdout);
        failed.extend(names.split_terminator('\0').map(str::to_owned));
    }
    Ok(failed)
}

/// The modules in order, in groups that fit on a command line: Windows limits it to 32,767 characters.
fn command_lines<'a>(modules: &'a [&'a str]) -> impl Iterator<Item = &'a [&'a str]> {
    const LONGEST: usize = 24_000;
    let mut length = 0;
    modules.chunk_by(move |module, _| {
        length += module.len() + 1;
        let fits = length < LONGEST;
        length *= usize::from(fits);
        fits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pyc_is_in_pycache_beside_its_module() {
        let mut compiled = Compiled { cache_tag: Some("cpython-313".to_owned()), failed: BTreeSet::new() };
        assert_eq!(compiled.pyc_of("pip/a.py").unwrap(), "pip/__pycache__/a.cpython-313.pyc");
        assert_eq!(compiled.pyc_of("a.py").unwrap(), "__pycache__/a.cpython-313.pyc");
        compiled.failed.insert("a.py".to_owned());
        assert_eq!(compiled.pyc_of("a.py"), None);
    }
}
