//! Programs that are named like a Python but start another one, or only lead to where to get one: the Microsoft Store's on
//! Windows, Apple's on macOS.

use std::path::{Path, PathBuf};

use super::surroundings::Surroundings;

/// The paths by which such a program decides which Python it starts. None for any other. If it does not work, it is
/// skipped wherever another Python would do.
pub(super) fn decides_by(program: &Path, surroundings: &Surroundings) -> Option<Vec<PathBuf>> {
    let developer_dir = surroundings.path("DEVELOPER_DIR");
    is_alias(program).then(Vec::new).or_else(|| apples_decides_by(Path::new("/"), program, developer_dir))
}

/// Whether none of the places is there where Apple's looks for developer tools. It must not be run then, since it would
/// open a window that offers to install them.
pub(super) fn lack_tools(places: &[PathBuf]) -> bool {
    !places.is_empty() && !places.iter().any(|place| place.is_dir())
}

/// Whether a program is one of the Store's empty files, which make `python` print a hint if none is installed.
fn is_alias(program: &Path) -> bool {
    let is_in_apps =
        program.parent().and_then(Path::file_name).is_some_and(|name| name.eq_ignore_ascii_case("WindowsApps"));
    is_in_apps && program.symlink_metadata().is_ok_and(|file| file.len() == 0)
}

/// Where the developer tools may be according to xcode-select(1), unless `$DEVELOPER_DIR` names the place.
const DEVELOPER_DIRS: [&str; 3] =
    ["var/db/xcode_select_link", "Applications/Xcode.app/Contents/Developer", "Library/Developer/CommandLineTools"];

/// Those in macOS's /usr/bin start the developer tool of the same name.
fn apples_decides_by(root: &Path, program: &Path, developer_dir: Option<PathBuf>) -> Option<Vec<PathBuf>> {
    let system = root.join("usr/bin");
    // Only macOS has it.
    let is_macos = system.join("xcode-select").is_file();
    let is_apples = is_macos && program.canonicalize().is_ok_and(|real| real.parent() == Some(&system));
    is_apples.then(|| match developer_dir {
        Some(named) => vec![named],
        None => DEVELOPER_DIRS.map(|place| root.join(place)).to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn apples_python_and_a_link_to_it_decide_by_the_developer_tools() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().canonicalize().unwrap();
        let python = root.join("usr/bin/python3");
        let other = root.join("opt/bin/python3");
        for program in [&python, &other] {
            fs::create_dir_all(program.parent().unwrap()).unwrap();
            fs::write(program, "").unwrap();
        }
        assert_eq!(apples_decides_by(&root, &python, None), None, "on Linux");
        fs::write(root.join("usr/bin/xcode-select"), "").unwrap();
        assert_eq!(
            apples_decides_by(&root, &python, None),
            Some(DEVELOPER_DIRS.map(|place| root.join(place)).to_vec())
        );
        assert!(lack_tools(&apples_decides_by(&root, &python, None).unwrap()));
        for place in DEVELOPER_DIRS {
            fs::create_dir_all(root.join(place)).unwrap();
            assert!(!lack_tools(&apples_decides_by(&root, &python, None).unwrap()), "{place}");
            fs::remove_dir(root.join(place)).unwrap();
        }
        assert_eq!(apples_decides_by(&root, &python, Some(root.clone())), Some(vec![root.clone()]));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("usr/bin/python3", root.join("python")).unwrap();
            assert!(apples_decides_by(&root, &root.join("python"), None).is_some());
        }
        assert_eq!(apples_decides_by(&root, &other, None), None);
        assert_eq!(apples_decides_by(&root, &root.join("usr/bin/none"), None), None);
    }

    #[test]
    fn an_empty_file_of_the_stores_is_one_and_no_other_file_there() {
        let scratch = tempfile::tempdir().unwrap();
        let alias = scratch.path().join("WindowsApps/python.exe");
        fs::create_dir(alias.parent().unwrap()).unwrap();
        fs::write(&alias, "").unwrap();
        let surroundings = Surroundings::new([], None);
        assert_eq!(decides_by(&alias, &surroundings), Some(vec![]));
        fs::write(&alias, "MZ").unwrap();
        assert_eq!(decides_by(&alias, &surroundings), None);
    }
}
