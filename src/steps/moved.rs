//! Activation scripts that still name the path that the environment was moved from.

use std::path::Path;

use crate::os;
use crate::quote::Quoting;

/// Whether an activation script in bin names, by an absolute path, a directory other than `env_dir` as its environment.
/// Another name of the same directory is no other.
pub(crate) fn names_another_place(script: &Path, text: &[u8], env_dir: &Path) -> bool {
    let quoting = Quoting::of_script(script);
    let text = String::from_utf8_lossy(text);
    let values = text.lines().filter_map(setting).map(|value| quoting.unquoted(value.as_bytes()));
    let places = values.map(|value| String::from_utf8_lossy(&value).into_owned());
    let mut places = places.filter(|place| is_absolute(place)).peekable();
    places.peek().is_some() && !places.any(|place| is_same(&place, env_dir))
}

/// What a line of an activation script sets VIRTUAL_ENV to, after words such as `export`, `set -gx` or `@set "`.
fn setting(line: &str) -> Option<&str> {
    let (before, after) = ["VIRTUAL_ENV", "virtual_env"].iter().find_map(|name| line.trim().split_once(name))?;
    let is_command = before.chars().all(|c| c.is_ascii_alphabetic() || " -@\"".contains(c));
    let value = after.trim_start_matches(['=', ' ']);
    let is_set = is_command && value.len() < after.len();
    is_set.then(|| value.strip_prefix("$(cygpath ").unwrap_or(value))
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
