//! The bytecode of modules: the base's own where it fits, otherwise compiled by the interpreter.

mod compile;
mod pyc;
mod reuse;

use std::collections::{BTreeMap, BTreeSet};

use super::site_packages::Root;
use crate::context::Context;
use crate::error::Result;
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
    let reused = if can_reuse { reuse::reuse(context, root, &pycs)? } else { BTreeSet::new() };
    let left: Vec<&str> = pycs.iter().filter(|(_, pyc)| !reused.contains(*pyc)).map(|(module, _)| *module).collect();
    if !left.is_empty() {
        context.session.observer.doing(&format!("Compiling {} modules", left.len()));
    }
    for failed in compile::compile(context, &left)? {
        pycs.remove(failed.as_str());
    }
    Ok(pycs)
}
