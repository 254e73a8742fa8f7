//! The bytecode of modules: the base's own where it fits, otherwise compiled by the interpreter itself, in as many
//! processes as there are cores.

mod pyc;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::site_packages::Root;
use crate::context::Context;
use crate::entries;
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
    let can_reuse = context.options.source_date.is_none() && root.has_times();
    let reused = if can_reuse { pyc::reuse(context, root, &pycs)? } else { BTreeSet::new() };
    let left: Vec<&str> = pycs.iter().filter(|(_, pyc)| !reused.contains(*pyc)).map(|(module, _)| *module).collect();
    if !left.is_empty() {
        context.session.observer.doing(&format!("Compiling {} modules", left.len()));
    }
    let remove_remains = || {
        let directories: BTreeSet<&str> =
            left.iter().filter_map(|module| Some(pycs[module].rsplit_once('/')?.0)).collect();
        directories.into_iter().try_for_each(|directory| remove_others(root, directory, &reused))
    };
    for failed in compile(context, root, &left, remove_remains)? {
        pycs.remove(failed.as_str());
    }
    Ok(pycs)
}

/// How long a process may compile, so that none is waited for without an end.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Removes the files in a directory below `root` that are not among `kept`.
fn remove_others(root: &Root, directory: &str, kept: &BTreeSet<String>) -> Result<()> {
    let directory = root.staged.join(directory);
    let is_kept = |path: &Path| kept.iter().any(|kept| *path == root.staged.join(kept));
    let there = if directory.is_dir() { entries::paths(&directory)? } else { vec![] };
    there.iter().filter(|path| !is_kept(path)).try_for_each(|path| fs::remove_file(path).at("delete", path))?;
    // Fails if some are kept.
    let _ = fs::remove_dir(directory);
    Ok(())
}

/// Compiles `modules`, whose names are relative to site-packages, where they are staged. Returns those that could not be
/// compiled. That is a help and not a condition: processes are killed where memory is short, and in some sandboxes. Then
/// a single one tries again, and if it fails too, Python is left to compile the modules.
fn compile(
    context: &Context,
    root: &Root,
    modules: &[&str],
    remove_remains: impl Fn() -> Result<()>,
) -> Result<Vec<String>> {
    let mut failed = compile_in(context, workers::cores(), modules);
    for is_last in [false, true] {
        let Err(fault @ (Fault::Failed(..) | Fault::System(_))) = failed else { break };
        context.session.interrupt.check()?;
        remove_remains()?;
        failed = if is_last {
            root.partial.store(true, Ordering::Relaxed);
            let error = fault.of(described(context));
            context.session.observer.warn(&format!("Python will compile the modules when it imports them: {error}"));
            Ok(modules.iter().map(|module| (*module).to_owned()).collect())
        } else {
            compile_in(context, 1, modules)
        };
    }
    failed.map_err(|fault| fault.of(described(context)))
}

const SCRIPT: &str = include_str!("bytecode/compile.py");

/// Compiles `modules` in this many processes.
fn compile_in(context: &Context, processes: usize, modules: &[&str]) -> Result<Vec<String>, Fault> {
    let failed = Mutex::new(Vec::new());
    // Returns after all workers have ended, even if one has failed: none is left writing.
    Workers::default().process(shares(context, processes, modules), |share, _| {
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
