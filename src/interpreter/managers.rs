//! Where other tools keep the Pythons that they install: a directory for each version.

mod pyenv;
mod registry;

use std::path::{Path, PathBuf};

use super::installation::{Found, installations_in, number};
use super::surroundings::Surroundings;
use crate::platform::Platform;

pub(super) use pyenv::{Shim, is_batch, resolve_shim};
pub(super) use registry::{executable_of_tag, executables as registered};

/// A tool that installs Pythons.
struct Manager {
    /// The directories in which it has a directory for each version.
    places: fn(&Surroundings) -> Vec<PathBuf>,
    /// Whether a directory of this name is one of a version.
    is_version: fn(&str) -> bool,
}

/// The tools, in the order in which their installations are tried.
const MANAGERS: [Manager; 7] = [
    Manager { places: frameworks, is_version: |name| name.starts_with(|first: char| first.is_ascii_digit()) },
    Manager { places: programs, is_version: is_program },
    Manager { places: pyenv::places, is_version: |_| true },
    Manager { places: uv, is_version: |_| true },
    Manager { places: |at| installs(at.path("ASDF_DATA_DIR"), at.home(), ".asdf"), is_version: |_| true },
    Manager {
        places: |at| installs(at.path("MISE_DATA_DIR"), at.data_home("LOCALAPPDATA"), "mise"),
        is_version: |_| true,
    },
    Manager { places: homebrew, is_version: |name| name.starts_with("python@") },
];

/// The prefixes of all installations, the newest of each directory first, and the errors of unreadable directories.
pub(super) fn installations(surroundings: &Surroundings) -> Found {
    let of = |Manager { places, is_version }: &Manager| -> Found {
        places(surroundings).iter().flat_map(|place| installations_in(place, is_version)).collect()
    };
    // Programs that are linked into one of Homebrew's prefixes may belong to no formula any more.
    MANAGERS.iter().flat_map(of).chain(homebrew_prefixes(surroundings).into_iter().map(Ok)).collect()
}

/// Where python.org's installers for macOS put Pythons. Anything there that is not named like a version is a link.
fn frameworks(surroundings: &Surroundings) -> Vec<PathBuf> {
    let frameworks = ["Python", "PythonT"].map(|name| format!("/Library/Frameworks/{name}.framework/Versions").into());
    if surroundings.platform == Platform::Posix { frameworks.into() } else { vec![] }
}

/// Where python.org's installers for Windows put the user's and the machine's Pythons, which may be missing from the
/// registry. Directories such as `C:\Python27`, which old installers used, are left out: any user may create one.
fn programs(surroundings: &Surroundings) -> Vec<PathBuf> {
    if surroundings.platform == Platform::Posix {
        return vec![];
    }
    let users = surroundings.path("LOCALAPPDATA").map(|path| path.join("Programs").join("Python"));
    [users, surroundings.path("PROGRAMFILES"), surroundings.path("PROGRAMFILES(X86)")].into_iter().flatten().collect()
}

/// Whether this is a name such as `Python312` or `Python312-32`.
fn is_program(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let version = name.strip_prefix("python").map(|rest| rest.split('-').next().unwrap_or(rest));
    version.is_some_and(|version| number(version).is_some())
}

/// `$UV_PYTHON_INSTALL_DIR`, or else the places in uv's data directory, which used to be another one on Windows.
fn uv(surroundings: &Surroundings) -> Vec<PathBuf> {
    let usual = |data: PathBuf| [data.join("uv").join("python"), data.join("uv").join("data").join("python")];
    // A relative one is in the current directory, as for uv.
    match surroundings.var("UV_PYTHON_INSTALL_DIR").filter(|directory| !directory.is_empty()) {
        Some(directory) => surroundings.absolute(Path::new(directory)).into_iter().collect(),
        None => surroundings.data_home("APPDATA").into_iter().flat_map(usual).collect(),
    }
}

/// Where asdf and mise have Pythons: in the directory that a variable names, or else in `usual` in its usual place.
fn installs(named: Option<PathBuf>, place: Option<PathBuf>, usual: &str) -> Vec<PathBuf> {
    let data_dir = named.or_else(|| Some(place?.join(usual)));
    data_dir.iter().map(|data_dir| data_dir.join("installs/python")).collect()
}

/// Where Homebrew has a link to each formula.
fn homebrew(surroundings: &Surroundings) -> Vec<PathBuf> {
    homebrew_prefixes(surroundings).iter().map(|prefix| prefix.join("opt")).collect()
}

/// `$HOMEBREW_PREFIX` and the usual prefixes. On Windows, anyone could put files at these paths on the current drive.
fn homebrew_prefixes(surroundings: &Surroundings) -> Vec<PathBuf> {
    if surroundings.platform == Platform::Nt {
        return vec![];
    }
    let usual = ["/opt/homebrew", "/usr/local", "/home/linuxbrew/.linuxbrew"].map(|prefix| Path::new(prefix).into());
    surroundings.path("HOMEBREW_PREFIX").into_iter().chain(usual).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The directories that a tool takes for versions among those of these names, in its order.
    fn versions(manager: &Manager, names: &[&str]) -> Vec<String> {
        let place = tempfile::tempdir().unwrap();
        for name in names {
            std::fs::create_dir(place.path().join(name)).unwrap();
        }
        let found = installations_in(place.path(), manager.is_version).into_iter().map(Result::unwrap);
        found.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_version_is_read_from_the_name_of_a_directory() {
        for name in ["Python312", "python39-32"] {
            assert!(is_program(name), "{name}");
        }
        for other in ["Python", "PythonX", "Perl512", "Python3.12"] {
            assert!(!is_program(other), "{other}");
        }
    }

    #[test]
    fn a_framework_has_a_directory_for_each_version() {
        assert_eq!(versions(&MANAGERS[0], &["3.9", "3.13", "Current", "3.12"]), ["3.13", "3.12", "3.9"]);
    }

    #[test]
    fn newest_versions_come_first_and_32_bit_builds_follow_the_others() {
        let names = ["Python39", "Python312-32", "Python312", "Launcher", "Python310-arm64"];
        let found = versions(&MANAGERS[1], &names);
        assert_eq!(found, ["Python312", "Python312-32", "Python310-arm64", "Python39"]);
    }
}
