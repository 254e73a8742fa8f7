//! The names of projects, in those of wheels and in METADATA, and the names of files that are valid on every system.

use std::path::Path;
use std::str::FromStr;

use pep440_rs::Version;

/// Returns the normalized project name in the file name of a wheel. Empty if it is not a wheel's name.
pub(crate) fn project_of(path: &Path) -> String {
    name_and_version(path).map(|(project, _)| project).unwrap_or_default()
}

/// The project and version in a wheel's name: `pip-24.2-py3-none-any.whl` is pip 24.2.
pub(super) fn name_and_version(path: &Path) -> Option<(String, Version)> {
    let mut parts = path.file_name()?.to_str()?.strip_suffix(".whl")?.split('-');
    let project = normalized(parts.next()?);
    Some((project, Version::from_str(parts.next()?).ok()?))
}

/// The normalized name, with which projects are compared (PEP 503).
pub(super) fn normalized(project: &str) -> String {
    let words = project.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

/// A header of METADATA: the name in any case, without what comes after the first empty line.
pub(super) fn header<'a>(metadata: &'a str, wanted: &str) -> Option<&'a str> {
    let mut headers = metadata.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(':'));
    headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
}

/// Whether a name stays below the directory that it is joined to and is a valid file name, on every system.
pub(super) fn is_inside(name: &str) -> bool {
    let name = name.strip_suffix('/').unwrap_or(name);
    // Check byte by byte, since there are thousands of names and few are not ASCII.
    let is_refused = |byte: &u8| byte.is_ascii_control() || b"\\:<>\"|?*".contains(byte);
    !name.as_bytes().iter().any(is_refused)
        && (name.is_ascii() || !name.chars().any(char::is_control))
        && name.split('/').all(|part| !part.is_empty() && !part.ends_with(['.', ' ']) && !is_device(part))
}

/// The numbers of Windows' serial and parallel ports.
const NUMBERS: [&str; 13] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³"];

/// Whether Windows treats a name as a device, whatever its extension (`NUL`, `com1.txt`).
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end();
    let is = |device: &&str| stem.eq_ignore_ascii_case(device);
    let is_numbered = |kind: &&str| match stem.split_at_checked(kind.len()) {
        Some((start, number)) => start.eq_ignore_ascii_case(kind) && NUMBERS.contains(&number),
        None => false,
    };
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].iter().any(is) || ["COM", "LPT"].iter().any(is_numbered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wheels_name_contains_project_and_version() {
        let (project, version) = name_and_version(Path::new("/x/Some_Project-1.0rc1-py3-none-any.whl")).unwrap();
        assert_eq!((project.as_str(), version.to_string().as_str()), ("some-project", "1.0rc1"));
        assert!(name_and_version(Path::new("pip.whl")).is_none());
    }

    #[test]
    fn unsafe_names_are_recognised() {
        for name in
            ["pip/__init__.py", "pip/", "a..b/c", ".hidden", "console.py", "com.py", "com10", "comm.py", "lptx.py"]
        {
            assert!(is_inside(name), "{name}");
        }
        for name in ["", "/etc/passwd", "../x", "a/../x", "a/./x", "a//b", "a\\b", "c:/x", "a\nb", "a\0"] {
            assert!(!is_inside(name), "{name}");
        }
        // Names that Windows reads as another name or as a device.
        for name in
            ["a.. /x", "a./x", "a ", "...", "nul", "a/NUL.py", "Com1.tar.gz", "lpt9", "COM¹.py", "con .py", "a?b"]
        {
            assert!(!is_inside(name), "{name}");
        }
    }

    #[test]
    fn requires_python_is_read_from_headers_and_not_from_the_description() {
        let requires_python = |metadata| header(metadata, "Requires-Python");
        assert_eq!(requires_python("Name: pip\nrequires-python: >=3.8\n\nRequires-Python: 2"), Some(">=3.8"));
        assert_eq!(requires_python("Name: pip\n\nRequires-Python: 2"), None);
    }
}
