//! Activation scripts that still name the path that the environment was moved from.

use std::path::Path;

use crate::quote::Quoting;

/// What precedes the path of the environment in an activation script: ours, CPython's or another tool's.
const SETTINGS: [&str; 12] = [
    "VIRTUAL_ENV=",
    "VIRTUAL_ENV=$(cygpath ",
    "@set \"VIRTUAL_ENV=",
    "set \"VIRTUAL_ENV=",
    "@set VIRTUAL_ENV=",
    "set VIRTUAL_ENV=",
    "export VIRTUAL_ENV=",
    "set -gx VIRTUAL_ENV ",
    "setenv VIRTUAL_ENV ",
    "let virtual_env = ",
    "_virtual_env_activate(",
    "activate(",
];

/// Whether an activation script in bin names, by an absolute path, a directory other than `env_dir` as its environment.
pub(crate) fn names_another_place(script: &Path, text: &[u8], env_dir: &Path) -> bool {
    let text = String::from_utf8_lossy(text);
    let mut others = false;
    for line in text.lines().map(str::trim) {
        let Some(value) = SETTINGS.iter().rev().find_map(|setting| line.strip_prefix(setting)) else { continue };
        if !is_absolute(value.trim_start_matches(['r', '#', '\'', '"'])) {
            continue;
        }
        if is_place(value, script, env_dir) {
            return false;
        }
        others = true;
    }
    others
}

/// Whether a value, whatever its quotes, is an absolute path on any system.
fn is_absolute(value: &str) -> bool {
    let has_drive = value.starts_with(|c: char| c.is_ascii_alphabetic()) && value[1..].starts_with([':']);
    value.starts_with(['/', '\\']) || has_drive && value[2..].starts_with(['/', '\\'])
}

/// Whether the text after a setting is `env_dir`, by its own path or its canonical one, quoted for this script or in
/// any other way.
fn is_place(value: &str, script: &Path, env_dir: &Path) -> bool {
    let quoting = Quoting::of_script(Path::new(script.file_name().unwrap_or_default()));
    let canonical = env_dir.canonicalize().unwrap_or_default();
    // A value ends at the end of the line, or where an argument ends, or in a batch file at the quote.
    let ends = |rest: &str| match quoting {
        Quoting::Cmd => rest.is_empty() || rest.starts_with('"'),
        _ => rest.is_empty() || rest.starts_with([',', ')']),
    };
    [env_dir, &canonical].into_iter().any(|place| {
        let quoted = String::from_utf8_lossy(&quoting.quote(place.as_os_str())).into_owned();
        let [value, quoted, place] = [value, &quoted, &place.to_string_lossy()].map(|text| comparable(text, place));
        let is_quoted = value.strip_prefix(&*quoted).is_some_and(ends);
        is_quoted || value.trim_matches(['r', '#', '\'', '"']) == place.trim_matches(['r', '#'])
    })
}

/// Prepares a text for comparison with a path: in lower case if the path is one of Windows, which ignores case.
fn comparable(text: &str, path: &Path) -> String {
    let is_windows = !path.as_os_str().as_encoded_bytes().starts_with(b"/");
    if is_windows { text.to_lowercase() } else { text.to_owned() }
}
