//! The Windows registry, where installers record their Pythons (PEP 514). The launcher `py` uses it too.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use crate::interpreter::installation::number;
use crate::os::RegistryKey;

/// The key in which each company has a key, with one key (a tag) for each of its Pythons.
const COMPANIES: &str = r"Software\Python";

/// The company of python.org's installers, which may record less than other companies have to.
const PYTHON_CORE: &str = "PythonCore";

/// The launcher's own key, which is not a company.
const LAUNCHER: &str = "PyLauncher";

/// A Python that is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Registered {
    company: String,
    tag: String,
    version: Vec<u32>,
    is_32_bit: bool,
    executable: PathBuf,
}

/// The executables of all registered Pythons in `py`'s order. Those that do not exist any more are left out.
pub(in crate::interpreter) fn executables() -> Vec<PathBuf> {
    all().into_iter().map(|python| python.executable).filter(|path| path.is_file()).collect()
}

/// The executable that is registered as `COMPANY/TAG`, which `py` calls `-V:COMPANY/TAG`.
pub(in crate::interpreter) fn executable_of_tag(name: &Path) -> Option<PathBuf> {
    let names: Vec<Component> = name.components().collect();
    let [Component::Normal(company), Component::Normal(tag)] = names[..] else { return None };
    let is = |name: &OsStr, own: &str| name.eq_ignore_ascii_case(own);
    all()
        .into_iter()
        .find(|python| is(company, &python.company) && is(tag, &python.tag))
        .map(|python| python.executable)
}

fn all() -> Vec<Registered> {
    let mut found = Vec::new();
    for companies in RegistryKey::all(COMPANIES) {
        for (company, tags) in companies.keys() {
            found.extend(tags.keys().into_iter().filter_map(|(tag, key)| registered(&company, &tag, &key)));
        }
    }
    in_order(found)
}

/// The Python that a tag's key describes. None if the key lacks the absolute path of its executable.
fn registered(company: &str, tag: &str, key: &RegistryKey) -> Option<Registered> {
    let version = key.text("", "SysVersion").unwrap_or_else(|| tag.to_owned());
    let architecture = key.text("", "SysArchitecture");
    let installed = || Some(PathBuf::from(key.text("InstallPath", "")?).join("python.exe"));
    let executable = key.text("InstallPath", "ExecutablePath").map(PathBuf::from).or_else(installed)?;
    // A relative path would lead into the current directory, where anyone may put files.
    executable.is_absolute().then(|| Registered {
        company: company.to_owned(),
        tag: tag.to_owned(),
        version: version_at_start(&version),
        is_32_bit: architecture.map_or(tag.ends_with("-32"), |architecture| architecture == "32bit"),
        executable,
    })
}

/// The numbers at the start of a version or a tag: 3 and 13 in `3.13t-32`.
fn version_at_start(text: &str) -> Vec<u32> {
    let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>();
    text.split('.').map_while(|part| number(&digits(part))).collect()
}

/// Sorts as `py` does: python.org's first, then other companies by name; within a company newest first, and 64-bit
/// builds before 32-bit ones. If several have the same name, only the first is kept: the user's before the machine's.
fn in_order(mut found: Vec<Registered>) -> Vec<Registered> {
    let mut seen = BTreeSet::new();
    found.retain(|python| {
        let is_new = seen.insert((python.company.to_lowercase(), python.tag.to_lowercase()));
        is_new && !python.company.eq_ignore_ascii_case(LAUNCHER)
    });
    found.sort_by_cached_key(|python| {
        let is_other = !python.company.eq_ignore_ascii_case(PYTHON_CORE);
        let version = Reverse(python.version.clone());
        (is_other, python.company.to_lowercase(), version, python.is_32_bit, python.tag.to_lowercase())
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Python whose executable identifies it.
    fn python(company: &str, tag: &str) -> Registered {
        Registered {
            company: company.to_owned(),
            tag: tag.to_owned(),
            version: version_at_start(tag),
            is_32_bit: tag.ends_with("-32"),
            executable: format!("{company}/{tag}").into(),
        }
    }

    #[test]
    fn pythons_are_sorted_as_the_launcher_sorts_them() {
        let sorted = [
            python("PythonCore", "3.13"),
            python("PythonCore", "3.13t"),
            python("PythonCore", "3.13-32"),
            python("pythoncore", "3.9"),
            python("Another", "3.14"),
            python("Another", "3.9"),
            python("Zeta", "3.15"),
        ];
        let mut found = sorted.to_vec();
        found.reverse();
        found.push(python("pylauncher", "3.16"));
        assert_eq!(in_order(found), sorted);
    }

    #[test]
    fn the_first_of_several_with_the_same_name_is_used() {
        let users = Registered { executable: "users".into(), ..python("PythonCore", "3.13") };
        let machines = Registered { executable: "machines".into(), ..python("PYTHONCORE", "3.13") };
        assert_eq!(in_order(vec![users.clone(), machines]), [users]);
    }

    #[test]
    fn a_version_is_the_numbers_at_the_start() {
        for (tag, version) in [
            ("3.13t-32", vec![3, 13]),
            ("3.12-arm64", vec![3, 12]),
            ("3.9.1", vec![3, 9, 1]),
            ("py312", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(version_at_start(tag), version, "{tag}");
        }
    }
}
