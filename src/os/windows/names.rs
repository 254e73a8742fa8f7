//! Paths as the system takes them, and what it takes for the same.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::path::{Component, Path, Prefix};

/// The length from which on the system takes a path only in the form that says `\\?\`: MAX_PATH, less the room for a short
/// name that a directory has to leave.
const LONG: usize = 248;

/// A path as text that ends with a zero, in the form that may be long if it is.
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
        // Without the two separators that it begins with.
        Prefix::UNC(..) => (r"\\?\UNC\", &units[2..]),
        _ => return units,
    };
    beginning.encode_utf16().chain(rest.iter().copied()).collect()
}

/// Names that differ in the case of letters only are one and the same.
pub(in crate::os) fn folded(name: &OsStr) -> OsString {
    name.to_string_lossy().to_lowercase().into()
}
