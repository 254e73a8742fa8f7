//! Which Python a shim of pyenv-win's would run. Its shims are batch files, which cannot be given a program of several lines.

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

/// The program that the batch file at `path` would run, if it is a shim. A version that is
/// not certain to be understood here has none.
pub(super) fn resolve(path: &Path, surroundings: &Surroundings) -> Shim {
    let Some(directory) = path.parent().filter(|directory| is_named(directory, "shims")) else { return Shim::None };
    let Some(root) = directory.parent().filter(|root| root.join("versions").is_dir()) else { return Shim::None };
    let versions = active_versions(root, surroundings).unwrap_or_default();
    // The programs of a version stand in its directory.
    let names = [path.with_extension("exe").file_name().unwrap_or_default().to_owned(), "python.exe".into()];
    let prefixes = versions.iter().map(|version| root.join("versions").join(version));
    let mut programs = prefixes.flat_map(|prefix| names.each_ref().map(|name| prefix.join(name)));
    programs.find(|program| os::may_run(program)).map_or(Shim::RunsNothing, Shim::Runs)
}

fn is_named(directory: &Path, name: &str) -> bool {
    directory.file_name().is_some_and(|own: &OsStr| own.eq_ignore_ascii_case(name))
}
