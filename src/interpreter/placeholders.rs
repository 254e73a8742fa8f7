//! Placeholders that are named like a Python but only lead to where to get one: the Microsoft Store's on Windows,
//! Apple's on macOS.

use std::path::Path;

use super::surroundings::Surroundings;

/// Whether a program is such a placeholder. If it does not work, it is skipped wherever another Python would do.
pub(super) fn is_placeholder(program: &Path, surroundings: &Surroundings) -> bool {
    is_alias(program) || is_apples(program, surroundings)
}

/// Whether a program is one of the empty files that make `python` mean the Store's on Windows. When run without one
/// installed, it only prints a hint.
fn is_alias(program: &Path) -> bool {
    let is_in_apps =
        program.parent().and_then(Path::file_name).is_some_and(|name| name.eq_ignore_ascii_case("WindowsApps"));
    is_in_apps && program.symlink_metadata().is_ok_and(|file| file.len() == 0)
}

/// Whether a program is one of those in macOS's /usr/bin that start the developer tool of the same name, while no
/// developer tools are installed. It must not be run then, since it would open a window that offers to install them.
pub(super) fn is_apples(program: &Path, surroundings: &Surroundings) -> bool {
    is_apples_below(Path::new("/"), program, surroundings.path("DEVELOPER_DIR").as_deref())
}

/// Where the developer tools may be according to xcode-select(1), besides `$DEVELOPER_DIR`.
const DEVELOPER_DIRS: [&str; 3] =
    ["var/db/xcode_select_link", "Applications/Xcode.app/Contents/Developer", "Library/Developer/CommandLineTools"];

fn is_apples_below(root: &Path, program: &Path, developer_dir: Option<&Path>) -> bool {
    let system = root.join("usr/bin");
    // Only macOS has it.
    let is_macos = system.join("xcode-select").is_file();
    let has_tools = || match developer_dir {
        Some(named) => named.is_dir(),
        None => DEVELOPER_DIRS.iter().any(|place| root.join(place).is_dir()),
    };
    is_macos && program.canonicalize().is_ok_and(|real| real.parent() == Some(&system)) && !has_tools()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn apples_python_is_a_placeholder_without_the_developer_tools() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().canonicalize().unwrap();
        let python = root.join("usr/bin/python3");
        let other = root.join("opt/bin/python3");
        for program in [&python, &other] {
            fs::create_dir_all(program.parent().unwrap()).unwrap();
            fs::write(program, "").unwrap();
        }
        assert!(!is_apples_below(&root, &python, None), "on Linux");
        fs::write(root.join("usr/bin/xcode-select"), "").unwrap();
        assert!(is_apples_below(&root, &python, None));
        assert!(!is_apples_below(&root, &other, None));
        assert!(!is_apples_below(&root, &root.join("usr/bin/none"), None));
        assert!(!is_apples_below(&root, &python, Some(&root)));
        assert!(is_apples_below(&root, &python, Some(&root.join("none"))));
        for place in DEVELOPER_DIRS {
            fs::create_dir_all(root.join(place)).unwrap();
            assert!(!is_apples_below(&root, &python, None), "{place}");
            fs::remove_dir(root.join(place)).unwrap();
        }
    }

    #[cfg(unix)] // links
    #[test]
    fn a_link_to_apples_placeholder_is_a_placeholder() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("usr/bin")).unwrap();
        for name in ["python3", "xcode-select"] {
            fs::write(root.join("usr/bin").join(name), "").unwrap();
        }
        std::os::unix::fs::symlink("usr/bin/python3", root.join("python")).unwrap();
        assert!(is_apples_below(&root, &root.join("python"), None));
    }
}
