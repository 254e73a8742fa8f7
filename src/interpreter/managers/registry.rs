//! The registry of Windows, where installers write down what they have installed (PEP 514): what the launcher `py` goes by.

use std::cmp::Reverse;
use std::path::PathBuf;

use crate::interpreter::versions::numbers;
use crate::os::RegistryKey;

/// Where companies have their keys, each with a key for each Python, its tag.
const COMPANIES: &str = r"Software\Python";

/// The company of python.org's installers, which says of itself less than others have to.
const PYTHON_CORE: &str = "PythonCore";

/// The key of the launcher itself, which is no company.
const LAUNCHER: &str = "PyLauncher";

/// A Python that is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Registered {
    company: String,
    version: Vec<u32>,
    is_32_bit: bool,
    executable: PathBuf,
}

/// The executables of all of them, in the order in which `py` prefers them: the newest first, of 64 bits before others, and
/// python.org's before those of other companies. What the registry says is not believed of one that is not there.
pub(in crate::interpreter) fn executables() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for companies in RegistryKey::all(COMPANIES) {
        for (company, tags) in companies.keys() {
            found.extend(tags.keys().into_iter().filter_map(|(tag, key)| registered(&company, &tag, &key)));
        }
    }
    in_order(found).into_iter().map(|python| python.executable).filter(|path| path.is_file()).collect()
}

/// What a tag's key says. None if it does not say where the executable is.
fn registered(company: &str, tag: &str, key: &RegistryKey) -> Option<Registered> {
    let version = key.text("", "SysVersion").unwrap_or_else(|| tag.split('-').next().unwrap_or(tag).to_owned());
    let architecture = key.text("", "SysArchitecture");
    let installed = || Some(PathBuf::from(key.text("InstallPath", "")?).join("python.exe"));
    Some(Registered {
        company: company.to_owned(),
        version: numbers(&version).unwrap_or_default(),
        is_32_bit: architecture.map_or(tag.ends_with("-32"), |architecture| architecture == "32bit"),
        executable: key.text("InstallPath", "ExecutablePath").map(PathBuf::from).or_else(installed)?,
    })
}

fn in_order(mut found: Vec<Registered>) -> Vec<Registered> {
    found.retain(|python| python.company != LAUNCHER);
    found.sort_by_key(|python| (Reverse(python.version.clone()), python.is_32_bit, python.company != PYTHON_CORE));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_launcher() {
        let python = |company: &str, version: [u32; 2], is_32_bit| Registered {
            company: company.to_owned(),
            version: version.to_vec(),
            is_32_bit,
            executable: format!("{company} {version:?} {is_32_bit}").into(),
        };
        let sorted = [
            python(PYTHON_CORE, [3, 13], false),
            python("Another", [3, 13], false),
            python(PYTHON_CORE, [3, 13], true),
            python(PYTHON_CORE, [3, 9], false),
        ];
        let mut found = sorted.to_vec();
        found.reverse();
        found.push(python(LAUNCHER, [3, 14], false));
        assert_eq!(in_order(found), sorted);
    }
}
