//! The bytecode of modules: the base's own where it fits, otherwise compiled by the interpreter itself, in as many
//! processes as there are cores.

mod pyc;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::site_packages::Root;
use crate::context::Context;
use crate::error::{AtPath, Result};
use crate::interpreter::reproducible;
use crate::interrupt::Interrupt;
use crate::process::{self, Fault};
use crate::workers::{self, Workers};
use pyc::pyc_of;

pub(super) use pyc::{fit_to_times, start_of_pycs};

/// Writes a .pyc for each module below `root`, if there are to be any. Returns their names, by module.
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
    let can_reuse = context.options.source_date.is_none() && !root.is_incomplete();
    let reused = if can_reuse { pyc::reuse(context, root, &pycs)? } else { BTreeSet::new() };
    let left: Vec<&str> = pycs.iter().filter(|(_, pyc)| !reused.contains(*pyc)).map(|(module, _)| *module).collect();
    if !left.is_empty() {
        context.session.observer.doing(&format!("Compiling {} modules", left.len()));
    }
    for failed in compile(context, root, &pycs, &left)? {
        pycs.remove(failed.as_str());
    }
    Ok(pycs)
}

/// How long a process may compile, so that none is waited for without an end.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Removes the directories of .pyc, with what ended processes have left there.
fn remove_all(root: &Root, pycs: &BTreeMap<&str, String>) -> Result<()> {
    let directories: BTreeSet<&str> = pycs.values().filter_map(|pyc| Some(pyc.rsplit_once('/')?.0)).collect();
    let mut there = directories.into_iter().map(|name| root.staged.join(name)).filter(|directory| directory.is_dir());
    there.try_for_each(|directory| fs::remove_dir_all(&directory).at("delete", &directory))
}

/// Compiles the modules that are `left`, whose names are relative to site-packages, where they are staged. Returns those
/// that could not be compiled. That is a help and not a condition: processes are killed where memory is short, and in some
/// sandboxes. Then a single one compiles all modules, and if it fails too, Python is left to do that.
fn compile(context: &Context, root: &Root, pycs: &BTreeMap<&str, String>, left: &[&str]) -> Result<Vec<String>> {
    let all: Vec<&str> = pycs.keys().copied().collect();
    let mut failed = compile_in(context, workers::cores(), left);
    for is_last in [false, true] {
        let Err(fault @ (Fault::Failed(..) | Fault::System(_))) = failed else { break };
        context.session.interrupt.check()?;
        remove_all(root, pycs)?;
        failed = if is_last {
            root.incomplete.store(true, Ordering::Relaxed);
            let error = fault.of(described(context));
            context.session.observer.warn(&format!("Python will compile the modules when it imports them: {error}"));
            Ok(all.iter().map(|module| (*module).to_owned()).collect())
        } else {
            compile_in(context, 1, &all)
        };
    }
    failed.map_err(|fault| fault.of(described(context)))
}

const SCRIPT: &str = include_str!("bytecode/compile.py");

/// Compiles `modules` in this many processes.
fn compile_in(context: &Context, processes: usize, modules: &[&str]) -> Result<Vec<String>, Fault> {
    let failed = Mutex::new(Vec::new());
    // Returns after all workers have ended, even if one has failed: none is left writing.
    Workers::default().process(shares(context, processes, modules), |share| {
        let of_share = compile_share(context, &share)?;
        failed.lock().unwrap_or_else(PoisonError::into_inner).extend(of_share);
        Ok::<_, Fault>(share.len())
    })?;
    Ok(failed.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Distributes the modules by size, the largest first, among processes.
fn shares<'a>(context: &Context, processes: usize, modules: &[&'a str]) -> Vec<Vec<&'a str>> {
    let staged = context.stage.at(&context.lib_path);
    let size = |module: &str| staged.join(module).metadata().map_or(0, |metadata| metadata.len());
    let mut sized: Vec<_> = modules.iter().map(|module| (size(module), *module)).collect();
    sized.sort_by(|a, b| b.cmp(a));
    let mut shares = vec![(0, Vec::new()); processes.min(sized.len())];
    for (size, module) in sized {
        if let Some(least) = shares.iter_mut().min_by_key(|(load, _)| *load) {
            least.0 += size;
            least.1.push(module);
        }
    }
    shares.into_iter().map(|(_, modules)| modules).collect()
}

/// Compiles one share, and returns the modules that could not be compiled.
fn compile_share(context: &Context, modules: &[&str]) -> Result<Vec<String>, Fault> {
    let mut command = reproducible(&context.interpreter.executable);
    // The base's site-packages are not needed, and their start-up hooks take time.
    command.arg("-S").arg("-c").arg(SCRIPT).arg(context.stage.at(&context.lib_path));
    command.arg(context.options.source_date.is_some().to_string());
    failed_in(&mut command, modules, LIMIT, &context.session.interrupt)
}

/// Runs a command that gets the names of modules and prints those that it could not compile.
fn failed_in(
    command: &mut Command,
    modules: &[&str],
    limit: Duration,
    interrupt: &Interrupt,
) -> Result<Vec<String>, Fault> {
    let ran = process::run(command, modules.join("\0").as_bytes(), Some(limit), interrupt);
    let names = ran.and_then(Fault::of_status)?.stdout;
    Ok(String::from_utf8_lossy(&names).split_terminator('\0').map(str::to_owned).collect())
}

fn described(context: &Context) -> String {
    format!("{} -c '(compile the modules)'", context.interpreter.executable.display())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_compiles_has_a_time_limit() {
        let failed = |script: &str, limit| {
            let mut command = Command::new("/bin/sh");
            failed_in(command.args(["-c", script]), &["a.py", "b.py"], limit, &Interrupt::default())
        };
        assert_eq!(failed("cat", LIMIT).unwrap(), ["a.py", "b.py"]);
        let limit = Duration::from_millis(50);
        assert!(matches!(failed("cat; exec sleep 60", limit), Err(Fault::TimedOut(passed)) if passed == limit));
    }
}
