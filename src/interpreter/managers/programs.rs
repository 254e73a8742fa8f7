//! python.org's installers: on macOS, and on Windows for Pythons that are missing from the registry.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::interpreter::listing::{Found, directories, spread};
use crate::interpreter::surroundings::Surroundings;
use crate::interpreter::versions::{number, sort_newest_first};
use crate::platform::Platform;

/// Where the macOS installers put Pythons; the second is for free-threaded ones.
const FRAMEWORKS: [&str; 2] =
    ["/Library/Frameworks/Python.framework/Versions", "/Library/Frameworks/PythonT.framework/Versions"];

/// Installations in the usual places, on Windows the user's and the machine's. Directories such as `C:\Python27`, which
/// old installers used, are left out: any user may create one.
pub(super) fn installations(surroundings: &Surroundings) -> Found {
    if surroundings.platform() == Platform::Posix {
        return FRAMEWORKS.iter().flat_map(|versions| spread(framework_versions(Path::new(versions)))).collect();
    }
    let users = surroundings.path("LOCALAPPDATA").map(|path| path.join("Programs").join("Python"));
    let places = [users, surroundings.path("PROGRAMFILES"), surroundings.path("PROGRAMFILES(X86)")];
    places.into_iter().flatten().flat_map(|place| spread(pythons_of(&place))).collect()
}

/// Directories such as `3.12`, newest first. Anything with another name is a link to one of them.
fn framework_versions(versions: &Path) -> Result<Vec<PathBuf>> {
    let mut found = directories(versions)?;
    found.retain(|path| path.file_name().is_some_and(|name| name.as_encoded_bytes()[0].is_ascii_digit()));
    sort_newest_first(&mut found);
    Ok(found)
}

/// Directories such as `Python312` and `Python312-32`, newest first; 32-bit builds follow the others of their version.
fn pythons_of(place: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in directories(place)? {
        if let Some((version, build)) = path.file_name().and_then(|name| version_of(name.to_str()?)) {
            found.push((Reverse(version), build, path));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, _, path)| path).collect())
}

/// The version in a directory's name, its digits read as one number, and the build after the hyphen.
fn version_of(name: &str) -> Option<(u32, String)> {
    let name = name.to_ascii_lowercase();
    let (version, build) = name.strip_prefix("python").map(|rest| rest.split_once('-').unwrap_or((rest, "")))?;
    Some((number(version)?, build.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_the_name_of_a_directory() {
        assert_eq!(version_of("Python312"), Some((312, String::new())));
        assert_eq!(version_of("python39-32"), Some((39, "32".to_owned())));
        for other in ["Python", "PythonX", "Perl512", "Python3.12"] {
            assert_eq!(version_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_framework_has_a_directory_for_each_version() {
        let versions = tempfile::tempdir().unwrap();
        for name in ["3.9", "3.13", "Current", "3.12"] {
            std::fs::create_dir(versions.path().join(name)).unwrap();
        }
        let found = framework_versions(versions.path()).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(names, ["3.13", "3.12", "3.9"]);
    }

    #[test]
    fn newest_versions_come_first_and_32_bit_builds_follow_the_others() {
        let place = tempfile::tempdir().unwrap();
        for name in ["Python39", "Python312-32", "Python312", "Launcher", "Python310-arm64"] {
            std::fs::create_dir(place.path().join(name)).unwrap();
        }
        let found = pythons_of(place.path()).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["Python312", "Python312-32", "Python310-arm64", "Python39"]);
    }
}
