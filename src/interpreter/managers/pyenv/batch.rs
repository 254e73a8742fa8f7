//! Which Python a pyenv-win shim would run. These shims are batch files, which cannot take a program of several lines.

use std::ffi::OsStr;
use std::path::Path;

use super::shim::Shim;
use super::version_name::active_versions;
use crate::interpreter::surroundings::Surroundings;
use crate::os;

/// Whether a program is a batch file.
pub(in crate::interpreter) fn is_batch(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["bat", "cmd"].iter().any(|batch| extension.eq_ignore_ascii_case(batch))
}

/// Returns what the batch file at `path` would run, if it is a shim. If it is not certain which versions are active,
/// it counts as running nothing.
pub(super) fn resolve(path: &Path, surroundings: &Surroundings) -> Shim {
    let Some(directory) = path.parent().filter(|directory| is_named(directory, "shims")) else { return Shim::None };
    let Some(root) = directory.parent().filter(|root| root.join("versions").is_dir()) else { return Shim::None };
    let versions = active_versions(root, surroundings).unwrap_or_default();
    // A version's programs are at the top of its directory.
    let names = [path.with_extension("exe").file_name().unwrap_or_default().to_owned(), "python.exe".into()];
    let prefixes = versions.iter().map(|version| root.join("versions").join(version));
    let mut programs = prefixes.flat_map(|prefix| names.each_ref().map(|name| prefix.join(name)));
    programs.find(|program| os::may_run(program)).map_or(Shim::RunsNothing, Shim::Runs)
}

fn is_named(directory: &Path, name: &str) -> bool {
    directory.file_name().is_some_and(|own: &OsStr| own.eq_ignore_ascii_case(name))
}
