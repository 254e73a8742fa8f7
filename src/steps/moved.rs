//! Activation scripts that still name the path that the environment was moved from.

use std::path::Path;

use crate::os;
use crate::quote::Quoting;

/// What precedes the path of the environment in an activation script: ours, CPython's or another tool's. Where one of
/// them begins like another, the longer one comes first.
const SETTINGS: [&str; 10] = [
    "VIRTUAL_ENV=$(cygpath ",
    "VIRTUAL_ENV=",
    "@set \"VIRTUAL_ENV=",
    "set \"VIRTUAL_ENV=",
    "@set VIRTUAL_ENV=",
    "set VIRTUAL_ENV=",
    "export VIRTUAL_ENV=",
    "set -gx VIRTUAL_ENV ",
    "setenv VIRTUAL_ENV ",
    "let virtual_env = ",
];

/// Whether an activation script in bin names, by an absolute path, a directory other than `env_dir` as its environment.
/// Another name of the same directory is no other.
pub(crate) fn names_another_place(script: &Path, text: &[u8], env_dir: &Path) -> bool {
    let quoting = Quoting::of_script(Path::new(script.file_name().unwrap_or_default()));
    let text = String::from_utf8_lossy(text);
    let setting = |line: &str| SETTINGS.iter().find_map(|setting| line.trim().strip_prefix(setting).map(str::to_owned));
    let values = text.lines().filter_map(setting).map(|value| quoting.unquoted(value.as_bytes()));
    let places = values.map(|value| String::from_utf8_lossy(&value).into_owned());
    let mut places = places.filter(|place| is_absolute(place)).peekable();
    places.peek().is_some() && !places.any(|place| is_same(&place, env_dir))
}

/// Whether a path is absolute on any system.
fn is_absolute(path: &str) -> bool {
    let has_drive = path.starts_with(|c: char| c.is_ascii_alphabetic()) && path[1..].starts_with([':']);
    path.starts_with(['/', '\\']) || has_drive && path[2..].starts_with(['/', '\\'])
}

/// Whether a path, which need not be one of this system, is `env_dir`. Windows ignores case.
fn is_same(place: &str, env_dir: &Path) -> bool {
    let own = env_dir.to_string_lossy();
    let is_windows = !own.starts_with('/');
    own == place || is_windows && own.to_lowercase() == place.to_lowercase() || os::is_same(place.as_ref(), env_dir)
}
