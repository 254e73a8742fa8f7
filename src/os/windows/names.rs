//! Paths as arguments of system calls, and how the system compares names.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::path::{Component, Path, Prefix};

/// From this length on, paths need the `\\?\` prefix: MAX_PATH less the space that a directory has to leave for an 8.3
/// name.
const LONG: usize = 248;

/// Encodes a path as null-terminated UTF-16, with the `\\?\` prefix if it is long.
pub(super) fn wide(path: &Path) -> io::Result<Vec<u16>> {
    let path = std::path::absolute(path)?;
    let mut units: Vec<u16> = path.as_os_str().encode_wide().collect();
    if units.len() >= LONG {
        units = verbatim(&path, units);
    }
    if units.contains(&0) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    units.push(0);
    Ok(units)
}

fn verbatim(path: &Path, units: Vec<u16>) -> Vec<u16> {
    let Some(Component::Prefix(prefix)) = path.components().next() else { return units };
    let (beginning, rest) = match prefix.kind() {
        Prefix::Disk(_) => (r"\\?\", &units[..]),
        // `\\?\UNC\` replaces the two leading backslashes.
        Prefix::UNC(..) => (r"\\?\UNC\", &units[2..]),
        _ => return units,
    };
    beginning.encode_utf16().chain(rest.iter().copied()).collect()
}

/// Names are case-insensitive.
pub(in crate::os) fn folded(name: &OsStr) -> OsString {
    name.to_string_lossy().to_lowercase().into()
}
