//! The names of projects and their wheels.

use std::path::Path;
use std::str::FromStr;

use pep440_rs::Version;

/// Returns the normalized project name of the wheel at `path`, from its file name alone. Empty if that is not a
/// wheel's name.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wheels_name_contains_project_and_version() {
        let (project, version) = name_and_version(Path::new("/x/Some_Project-1.0rc1-py3-none-any.whl")).unwrap();
        assert_eq!((project.as_str(), version.to_string().as_str()), ("some-project", "1.0rc1"));
        assert!(name_and_version(Path::new("pip.whl")).is_none());
    }
}
