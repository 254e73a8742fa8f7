//! Programs that are called as a Python is and lead to where one can be had: the Store's on Windows, Apple's on macOS.

use std::path::Path;

use super::surroundings::Surroundings;

/// Whether a program is such a one: where others may be meant, it is passed over.
pub(super) fn is_stand_in(program: &Path, surroundings: &Surroundings) -> bool {
    is_alias(program) || is_apples(program, surroundings)
}

/// Whether it is one of the empty files by which Windows has `python` mean the Store's. Run, it says so.
fn is_alias(program: &Path) -> bool {
    let is_in_apps =
        program.parent().and_then(Path::file_name).is_some_and(|name| name.eq_ignore_ascii_case("WindowsApps"));
    is_in_apps && program.symlink_metadata().is_ok_and(|file| file.len() == 0)
}

/// Whether it is a program in /usr/bin of macOS that starts the one of the same name among the developer tools, and none are
/// installed. Run, it opens a window that asks whether to install them: it must not be.
pub(super) fn is_apples(program: &Path, surroundings: &Surroundings) -> bool {
    is_apples_below(Path::new("/"), program, surroundings.path("DEVELOPER_DIR").as_deref())
}

/// Where the tools may be, by xcode-select(1), besides `$DEVELOPER_DIR`.
const DEVELOPER_DIRS: [&str; 3] =
    ["var/db/xcode_select_link", "Applications/Xcode.app/Contents/Developer", "Library/Developer/CommandLineTools"];

fn is_apples_below(root: &Path, program: &Path, developer_dir: Option<&Path>) -> bool {
    let system = root.join("usr/bin");
    // Which no other system has.
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
    fn a_program_of_apples_is_none_while_the_developer_tools_are_missing() {
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
    fn a_link_to_a_program_of_apples_is_what_that_is() {
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
