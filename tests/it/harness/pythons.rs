//! The Pythons of this machine.

use std::env;
use std::path::PathBuf;
use std::sync::LazyLock;

use super::missing;
use super::running::{Running, program};

#[cfg(unix)]
pub use unix::{copied_python, debian, pyenv, pyenv_root, pypy, unstable};
#[cfg(windows)]
use windows::debian;
#[cfg(windows)]
pub use windows::pyenv;

/// The versions that rvenv supports, all of which CI has.
#[cfg(unix)]
const VERSIONS: &[&str] = &["3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"];

/// The versions that CI has for Windows.
#[cfg(windows)]
const VERSIONS: &[&str] = &["3.8", "3.10", "3.12", "3.13"];

/// A Python of this machine.
#[derive(Debug, Clone)]
pub struct Python {
    pub path: PathBuf,
    pub version: (u32, u32),
}

/// All Pythons to test with: pyenv's and Debian's own.
pub fn pythons() -> Vec<Python> {
    let mut pythons: Vec<Python> = VERSIONS.iter().filter_map(|version| pyenv(version)).collect();
    pythons.extend(debian());
    assert!(!pythons.is_empty(), "the tests need a Python from 3.6 to 3.13");
    pythons
}

/// The newest Python, for tests that do not depend on the version.
pub fn python() -> Python {
    VERSIONS.iter().rev().find_map(|version| pyenv(version)).or_else(debian).expect("a Python")
}

/// The version of a Python, if it has ensurepip.
fn version_with_ensurepip(path: &std::path::Path) -> Option<(u32, u32)> {
    let mut command = program(path);
    command.args(["-Ic", "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"]);
    let output = path.is_file().then(|| Running::start(command).output())?;
    output.status.success().then(|| parse_version(String::from_utf8_lossy(&output.stdout).trim()))
}

/// The Python of this version in RVENV_TEST_PYTHONS, a list of executables with the separator of PATH.
fn listed(version: &str) -> Option<Python> {
    static LISTED: LazyLock<Vec<Python>> = LazyLock::new(|| {
        let listed = env::var_os("RVENV_TEST_PYTHONS").unwrap_or_default();
        let python = |path: PathBuf| Some(Python { version: version_with_ensurepip(&path)?, path });
        env::split_paths(&listed).filter_map(python).collect()
    });
    LISTED.iter().find(|python| python.version == parse_version(version)).cloned()
}

fn parse_version(text: &str) -> (u32, u32) {
    let (major, minor) = text.split_once('.').expect("X.Y");
    (major.parse().expect("a number"), minor.parse().expect("a number"))
}

/// The Pythons to test with where their versions make little difference, if any: the oldest, the newest, and some of
/// those between, one of which is Debian's.
pub fn some_pythons() -> Vec<Python> {
    let some = if cfg!(windows) { &["3.8", "3.13"][..] } else { &["3.6", "3.8", "3.13"] };
    let mut pythons: Vec<Python> = some.iter().filter_map(|version| pyenv(version)).collect();
    pythons.extend(debian());
    // A machine may have only others.
    if pythons.is_empty() { vec![python()] } else { pythons }
}

/// Runs `test` for some Pythons.
pub fn for_some_pythons(test: impl Fn(&Python) + Sync) {
    for_pythons(some_pythons(), test);
}

/// Runs `test` for each Python: for what depends on the version.
pub fn for_each_python(test: impl Fn(&Python) + Sync) {
    for_pythons(pythons(), test);
}

/// Runs `test`, which involves pip, for each Python. On Windows, only the oldest and the newest are tested, because
/// everything takes far longer there, and in Wine too.
pub fn for_each_pip(test: impl Fn(&Python) + Sync) {
    let mut pythons = pythons();
    if cfg!(windows) && pythons.len() > 2 {
        pythons.drain(1..pythons.len() - 1);
    }
    for_pythons(pythons, test);
}

/// Runs `test` for these Pythons in as many threads as there are cores, and panics with those that failed.
pub fn for_pythons(pythons: impl IntoIterator<Item = Python>, test: impl Fn(&Python) + Sync) {
    let queue = std::sync::Mutex::new(Vec::from_iter(pythons));
    let failed = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(python) = { queue.lock().unwrap().pop() } {
                    let run = std::panic::AssertUnwindSafe(|| test(&python));
                    if std::panic::catch_unwind(run).is_err() {
                        failed.lock().unwrap().push(python.path);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "failed for {failed:?}");
}

/// Pythons of pyenv and Debian.
#[cfg(unix)]
mod unix {
    use std::env;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::super::{Scratch, say_missing, tool};
    use super::{Python, listed, missing, parse_version, version_with_ensurepip};

    /// The root directory of pyenv itself, which has the Pythons that `pyenv` returns.
    pub fn pyenv_root() -> Option<PathBuf> {
        let is_here = root().join("bin/pyenv").is_file() && env::var_os("RVENV_TEST_PYTHONS").is_none();
        if is_here { Some(root()) } else { missing("pyenv") }
    }

    fn root() -> PathBuf {
        let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        env::var_os("PYENV_ROOT").map_or_else(|| home.join(".pyenv"), PathBuf::from)
    }

    /// The Python of this version from RVENV_TEST_PYTHONS, otherwise pyenv's.
    pub fn pyenv(version: &str) -> Option<Python> {
        if let Some(python) = listed(version) {
            return Some(python);
        }
        let wanted = format!("{version}.");
        let found = fs::read_dir(root().join("versions")).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut found: Vec<PathBuf> = found
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&wanted)))
            .map(|path| path.join("bin/python3"))
            .filter(|path| path.is_file())
            .collect();
        found.sort();
        match found.pop() {
            Some(path) => Some(Python { path, version: parse_version(version) }),
            None => missing(&format!("Python {version}")),
        }
    }

    /// Copies the Python of this version to `python` in the scratch directory, where a test may change it.
    pub fn copied_python(scratch: &Scratch, version: &str) -> Option<Python> {
        let python = pyenv(version)?;
        let prefix = python.path.ancestors().nth(2)?;
        scratch.run("cp").arg("-a").arg(prefix).arg("python").ok();
        Some(Python { path: scratch.path("python/bin/python3"), ..python })
    }

    /// The system's own Python, if this is Debian and python3-venv is installed.
    pub fn debian() -> Option<Python> {
        let path = PathBuf::from("/usr/bin/python3");
        match version_with_ensurepip(&path).filter(|_| Path::new("/etc/debian_version").exists()) {
            Some(version) => Some(Python { path, version }),
            None => missing("Debian's python3 with python3-venv"),
        }
    }

    /// A Python from Debian's unstable suite, newer than those that rvenv supports. That suite keeps changing, so not
    /// having it is not a failure, even in CI.
    pub fn unstable(name: &str) -> Option<Python> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pythons/usr/bin").join(format!("python{name}"));
        if !path.exists() {
            say_missing(&format!("Python {name} from Debian's unstable suite"));
            return None;
        }
        let (major, minor) = name.split_once('.').expect("X.Y");
        let minor = minor.trim_end_matches(|c: char| !c.is_ascii_digit());
        Some(Python { path, version: parse_version(&format!("{major}.{minor}")) })
    }

    /// Debian's PyPy, if pypy3-venv is installed.
    pub fn pypy() -> Option<Python> {
        let path = tool("pypy3")?;
        match version_with_ensurepip(&path) {
            Some(version) => Some(Python { path, version }),
            None => missing("pypy3-venv"),
        }
    }
}

#[cfg(windows)]
mod windows {
    use super::super::say_missing;
    use super::{Python, VERSIONS, listed, missing};

    /// The Python of this version in RVENV_TEST_PYTHONS, if the version is tested on Windows.
    pub fn pyenv(version: &str) -> Option<Python> {
        let what = format!("Python {version} in RVENV_TEST_PYTHONS");
        match VERSIONS.contains(&version) {
            true => listed(version).or_else(|| missing(&what)),
            false => {
                say_missing(&what);
                None
            }
        }
    }

    /// Returns `None`: Debian does not exist here.
    pub fn debian() -> Option<Python> {
        None
    }
}
