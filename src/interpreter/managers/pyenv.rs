//! pyenv: the versions that it has installed, and which of them one of its shims would run.
//!
//! A shim is a bash script that starts several others, which takes some 100 ms each time. So where the active version
//! is the exact name of one that is installed, its program is run instead. Anything else that pyenv understands (a
//! prefix, `system`, a hook) is left to the shim.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::entries;
use crate::error::Result;
use crate::interpreter::installation::installations_in;
use crate::interpreter::surroundings::Surroundings;
use crate::os;

/// What is known about a program on PATH.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::interpreter) enum Shim {
    /// It is not a pyenv shim.
    None,
    /// It is a shim that runs this program.
    Runs(PathBuf),
    /// It is a shim, but no active version has the program.
    RunsNothing,
    /// It is a shim that has to be run to find out.
    Unclear,
}

/// Where `$PYENV_ROOT`, the parents of shims on PATH, `~/.pyenv` and pyenv-win have their versions.
pub(super) fn places(surroundings: &Surroundings) -> Vec<PathBuf> {
    let mut roots: Vec<PathBuf> = ["PYENV_ROOT", "PYENV"].iter().filter_map(|name| surroundings.path(name)).collect();
    let shims = surroundings.search_path().into_iter().filter(|directory| directory.ends_with("shims"));
    roots.extend(shims.filter_map(|shims| shims.parent().map(Path::to_owned)));
    let usual = surroundings.home().map(|home| home.join(".pyenv"));
    roots.extend(usual.into_iter().flat_map(|usual| [usual.clone(), usual.join("pyenv-win")]));
    let mut seen = BTreeSet::new();
    roots.into_iter().map(|root| root.join("versions")).filter(|place| seen.insert(place.clone())).collect()
}

/// Finds out whether the program at `path` is a pyenv shim, and what it would run.
pub(in crate::interpreter) fn resolve_shim(path: &Path, surroundings: &Surroundings) -> Shim {
    if is_batch(path) { resolve_batch(path, surroundings) } else { resolve_script(path, surroundings) }
}

/// Whether a program is a batch file. pyenv-win's shims are: they cannot take a program of several lines.
pub(in crate::interpreter) fn is_batch(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["bat", "cmd"].iter().any(|batch| extension.eq_ignore_ascii_case(batch))
}

/// A shim of pyenv-win, which cannot be run instead: if its version is not clear, it counts as running nothing.
fn resolve_batch(path: &Path, surroundings: &Surroundings) -> Shim {
    let is_shims = |directory: &&Path| directory.file_name().is_some_and(|name| name.eq_ignore_ascii_case("shims"));
    let root = path.parent().filter(is_shims).and_then(Path::parent);
    let Some(versions) = root.map(|root| root.join("versions")).filter(|versions| versions.is_dir()) else {
        return Shim::None;
    };
    let active = root.and_then(|root| active_versions(root, surroundings)).unwrap_or_default();
    // A version's programs are at the top of its directory.
    let names = [path.with_extension("exe").file_name().unwrap_or_default().to_owned(), "python.exe".into()];
    let prefixes = active.iter().filter_map(|name| newest(&versions, name));
    let mut programs = prefixes.flat_map(|prefix| names.each_ref().map(|name| prefix.join(name)));
    programs.find(|program| os::is_executable(program)).map_or(Shim::RunsNothing, Shim::Runs)
}

/// The version of this name, or else the newest of which it is a prefix.
fn newest(versions: &Path, name: &str) -> Option<PathBuf> {
    let exact = exact(versions, name);
    let has_prefix = |version: &str| version.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    exact.or_else(|| installations_in(versions, has_prefix).into_iter().next()?.ok())
}

/// A shim as `pyenv rehash` writes it.
fn resolve_script(path: &Path, surroundings: &Surroundings) -> Shim {
    let Some((root, prefix)) = pyenv_of(path) else { return Shim::None };
    let is_moved = surroundings.var("PYENV_DIR").is_some_and(|directory| !directory.is_empty());
    if is_moved || !are_hooks_harmless(&root, &prefix, surroundings).unwrap_or(false) {
        return Shim::Unclear;
    }
    let Some(active) = active_versions(&root, surroundings).filter(|active| !active.is_empty()) else {
        return Shim::Unclear;
    };
    for name in active {
        let Some(version) = exact(&root.join("versions"), &name) else { return Shim::Unclear };
        let program = version.join("bin").join(path.file_name().unwrap_or_default());
        if os::is_executable(&program) {
            return Shim::Runs(program);
        }
    }
    Shim::RunsNothing
}

/// The root of the pyenv that the program at `path` belongs to, if it is a shim, and where pyenv itself is installed.
fn pyenv_of(path: &Path) -> Option<(PathBuf, PathBuf)> {
    let directory = path.parent().filter(|directory| directory.ends_with("shims"))?;
    let text = fs::read_to_string(path).ok()?;
    let within = |start: &str, end: &str| text.lines().find_map(|line| line.strip_prefix(start)?.strip_suffix(end));
    let root = PathBuf::from(within("export PYENV_ROOT=\"", "\"")?);
    let pyenv = Path::new(within("exec \"", "\" exec \"$program\" \"$@\"")?);
    let prefix = pyenv.ancestors().nth(2).unwrap_or(&root).to_owned();
    // A shim in another directory passes that directory to pyenv.
    (directory == root.join("shims")).then_some((root, prefix))
}

/// The versions in PYENV_VERSION, the nearest `.python-version`, or pyenv's own `version`. None if unreadable.
fn active_versions(root: &Path, surroundings: &Surroundings) -> Option<Vec<String>> {
    let text = match surroundings.var("PYENV_VERSION").filter(|text| !text.is_empty()) {
        Some(text) => text.to_str()?.to_owned(),
        None => {
            let here = surroundings.logical_dir()?;
            let nearest = here.ancestors().map(|above| above.join(".python-version")).find(|file| file.is_file());
            fs::read_to_string(nearest.unwrap_or_else(|| root.join("version"))).ok()?
        }
    };
    // The first word of each line that is not a comment.
    let words = text.lines().filter_map(|line| line.split([' ', '\t', '\r']).find(|word| !word.is_empty()));
    Some(words.filter(|word| !word.starts_with('#')).flat_map(|word| word.split(':')).map(str::to_owned).collect())
}

/// The directory of the version with exactly this name.
fn exact(versions: &Path, name: &str) -> Option<PathBuf> {
    let is_name = Path::new(name).file_name() == Some(OsStr::new(name));
    is_name.then(|| versions.join(name)).filter(|version| version.is_dir())
}

/// The hooks that do not change which Python is run: pip's, and those that look elsewhere for a missing program.
const HARMLESS: [&str; 4] = ["pip-rehash.bash", "conda.bash", "python-config.bash", "system-site-packages.bash"];

/// Whether no hook of the commands that a shim runs changes which Python that is. Fails if one cannot be read.
fn are_hooks_harmless(root: &Path, prefix: &Path, surroundings: &Surroundings) -> Result<bool> {
    if surroundings.var("PYENV_HOOK_PATH").is_some_and(|path| !path.is_empty()) {
        return Ok(false);
    }
    let shared = ["/usr/etc/pyenv.d", "/usr/local/etc/pyenv.d", "/etc/pyenv.d", "/usr/lib/pyenv/hooks"];
    let mut directories: Vec<PathBuf> = shared.map(PathBuf::from).into();
    for place in [root, prefix] {
        let plugins = entries::paths(&place.join("plugins"))?.into_iter().map(|plugin| plugin.join("etc/pyenv.d"));
        directories.extend(plugins.chain([place.join("pyenv.d")]));
    }
    for directory in directories {
        for command in ["exec", "which", "version-name"] {
            for hook in entries::paths(&directory.join(command))? {
                let is_run = hook.extension().is_some_and(|extension| extension == "bash");
                if is_run && !HARMLESS.iter().any(|name| hook.ends_with(name)) {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}
