//! The bytecode of modules: the base's own where it fits, otherwise compiled by the interpreter itself, in as many
//! processes as there are cores.

mod pyc;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::site_packages::Root;
use crate::context::Context;
use crate::error::{AtPath, Error, Result};
use crate::interpreter::reproducible;
use crate::process::{self, Fault};
use crate::workers::{self, Workers};
use pyc::pyc_of;

pub(super) use pyc::fit_to_times;

/// Writes a .pyc for each of the modules below `root`, if the options ask for it and the interpreter has any. Returns
/// the names of those that could be compiled, by module.
pub(super) fn write<'a>(
    context: &Context,
    root: &Root,
    modules: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<&'a str, String>> {
    let Some(cache_tag) = context.interpreter.cache_tag.as_deref().filter(|_| context.options.compile) else {
        return Ok(BTreeMap::new());
    };
    let mut pycs: BTreeMap<&str, String> = modules.map(|module| (module, pyc_of(module, cache_tag))).collect();
    // The base's are not validated by hash. And if times could not be set, Python uses those that the modules have.
    let can_reuse = context.options.source_date.is_none() && root.has_times();
    let reused = if can_reuse { pyc::reuse(context, root, &pycs)? } else { BTreeSet::new() };
    let left: Vec<&str> = pycs.iter().filter(|(_, pyc)| !reused.contains(*pyc)).map(|(module, _)| *module).collect();
    if !left.is_empty() {
        context.session.observer.doing(&format!("Compiling {} modules", left.len()));
    }
    for failed in compile(context, &left)? {
        pycs.remove(failed.as_str());
    }
    Ok(pycs)
}

/// How long a process may compile, so that none is waited for without an end.
const LIMIT: Duration = Duration::from_secs(30 * 60);

const SCRIPT: &str = include_str!("bytecode/compile.py");

/// Compiles `modules`, whose names are relative to site-packages, where they are staged. Returns those that could not
/// be compiled.
fn compile(context: &Context, modules: &[&str]) -> Result<Vec<String>> {
    let failed = Mutex::new(Vec::new());
    // Returns after all workers have ended, even if one has failed: none is left writing.
    Workers::default().process(shares(context, modules)?, |share, _| {
        let of_share = compile_share(context, &share)?;
        failed.lock().unwrap_or_else(PoisonError::into_inner).extend(of_share);
        Ok::<_, Error>(share.len())
    })?;
    Ok(failed.into_inner().unwrap_or_else(PoisonError::into_inner))
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
    let mut shares = vec![(0, Vec::new()); workers::cores().min(sized.len())];
    for (size, module) in sized {
        if let Some(least) = shares.iter_mut().min_by_key(|(load, _)| *load) {
            least.0 += size;
            least.1.push(module);
        }
    }
    Ok(shares.into_iter().map(|(_, modules)| modules).collect())
}

/// Compiles one share, and returns the modules that could not be compiled.
fn compile_share(context: &Context, modules: &[&str]) -> Result<Vec<String>> {
    let executable = &context.interpreter.executable;
    let mut failed = Vec::new();
    for modules in command_lines(modules) {
        let mut command = reproducible(executable);
        // The base's site-packages are not needed, and their start-up hooks take time.
        command.arg("-S").arg("-c").arg(SCRIPT).arg(context.stage.at(&context.lib_path));
        command.arg(context.options.source_date.is_some().to_string()).args(modules);
        let described = || format!("{} -c '(compile the modules)'", executable.display());
        let ran = process::run(&mut command, Some(LIMIT), &context.session.interrupt).and_then(Fault::of_status);
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
