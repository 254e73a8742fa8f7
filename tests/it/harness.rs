//! What the tests stand on: the Pythons of this machine, a scratch folder, rvenv run in it, and a folder's
//! contents as a value to compare.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use walkdir::WalkDir;

#[path = "harness/inherited.rs"]
mod inherited;
#[path = "harness/mounted.rs"]
#[cfg(unix)] // mount(8)
mod mounted;
#[path = "harness/processes.rs"]
mod processes;
#[path = "harness/pythons.rs"]
mod pythons;
#[path = "harness/running.rs"]
mod running;
#[path = "harness/unix.rs"]
#[cfg(unix)] // modes, programs in sh, names of any bytes
mod unix;

#[cfg(unix)]
pub use mounted::Mounted;
pub use pythons::*;
pub use running::Running;
use running::{Deadline, program};
#[cfg(unix)]
pub use unix::os;

/// The program, where the tests are built with it.
const RVENV: Option<&str> = option_env!("CARGO_BIN_EXE_rvenv");

/// The directory of an environment's programs.
pub const BIN: &str = if cfg!(windows) { "Scripts" } else { "bin" };

/// What a program's name ends with.
const EXE: &str = std::env::consts::EXE_SUFFIX;

/// A program of an environment.
pub fn program_of(env_dir: &Path, name: &str) -> PathBuf {
    env_dir.join(BIN).join(format!("{name}{EXE}"))
}

/// Where in an environment its Python is.
pub const PYTHON: &str = if cfg!(windows) { r"Scripts\python.exe" } else { "bin/python" };

/// A rival, which `tests/fetch` has fetched.
pub fn peer(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/bin").join(name);
    if path.exists() { Some(path) } else { missing(name) }
}

#[cfg(unix)] // wheels for Linux
/// A tool that packages are made and checked with, which `tests/fetch` has fetched.
pub fn packager(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin").join(name);
    if path.exists() { Some(path) } else { missing(name) }
}

/// A program on PATH that a test needs.
pub fn tool(name: &str) -> Option<PathBuf> {
    let search_path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&search_path).map(|folder| folder.join(name)).find(|path| path.is_file());
    match cfg!(windows) {
        // The tools are Unix's.
        true => {
            say_missing(name);
            None
        }
        false => found.or_else(|| missing(name)),
    }
}

/// Says that something is not here, which is a failure in CI.
pub fn missing<T>(what: &str) -> Option<T> {
    let in_ci = env::var_os("CI").is_some_and(|value| !value.is_empty());
    assert!(!in_ci, "{what} is missing, and CI needs it");
    say_missing(what);
    None
}

pub fn say_missing(what: &str) {
    say(&format!("not tested: {what} is missing"));
}

/// Writes a line to stderr; not by eprintln, which a test that passes does not show.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A scratch folder with rvenv to be run in it. ENV_DIR is its `env` unless a test says otherwise.
pub struct Scratch {
    folder: TempDir,
    _deadline: Deadline,
}

impl Scratch {
    pub fn new() -> Scratch {
        let folder = TempDir::with_prefix("rvenv-test-").expect("a scratch folder");
        Scratch { folder, _deadline: Deadline::new() }
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        // As Python will name it: without links, and on Windows without what says that there are none.
        let folder = self.folder.path();
        let folder = if cfg!(windows) { std::path::absolute(folder) } else { folder.canonicalize() };
        // And with the separators of this system.
        let name = if cfg!(windows) { name.as_ref().components().collect() } else { name.as_ref().to_owned() };
        folder.expect("the scratch folder").join(name)
    }

    pub fn env(&self) -> PathBuf {
        self.path("env")
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, contents).expect("a file");
        path
    }

    /// rvenv, to be run here.
    pub fn rvenv(&self) -> Run {
        let mut command = program(absolute(RVENV.expect("the feature `cli`")));
        // One cache for all tests, not the user's.
        let cache = match cfg!(windows) {
            // Where nobody else may write to it, as rvenv wants to have it.
            true => env::temp_dir().join("rvenv-test-cache"),
            false => absolute(env!("CARGO_TARGET_TMPDIR")).join("cache"),
        };
        command.current_dir(self.path("")).env("RVENV_CACHE_DIR", cache);
        Run(command)
    }

    /// rvenv with `-p PYTHON`.
    pub fn rvenv_for(&self, python: &Python) -> Run {
        self.rvenv().arg("-p").arg(&python.path)
    }

    /// The interpreter's own `-m venv`.
    pub fn venv(&self, python: &Python) -> Run {
        let mut command = program(&python.path);
        command.current_dir(self.path("")).args(["-m", "venv"]);
        Run(command)
    }

    /// Any program, run here.
    pub fn run(&self, program: impl AsRef<OsStr>) -> Run {
        let mut command = self::program(program);
        command.current_dir(self.path(""));
        Run(command)
    }

    /// What stands in the scratch folder, by name.
    pub fn names(&self) -> Vec<String> {
        names_in(&self.path(""))
    }
}

/// Whether symbolic links can be made here.
pub fn has_links() -> bool {
    let scratch = Scratch::new();
    let (target, link) = (scratch.write("target", ""), scratch.path("link"));
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(target, &link);
    #[cfg(windows)]
    let made = std::os::windows::fs::symlink_file(target, &link);
    // Wine says that it has made one.
    made.is_ok() && link.is_symlink()
}

/// A path of this machine, as this program was built with it: on Windows without its drive, if another system has built it.
pub fn absolute(path: impl AsRef<Path>) -> PathBuf {
    std::path::absolute(path).expect("a path")
}

pub fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A command about to be run.
pub struct Run(pub Command);

impl Run {
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Run {
        self.0.arg(arg);
        self
    }

    pub fn args<T: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = T>) -> Run {
        self.0.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Run {
        self.0.env(name, value);
        self
    }

    pub fn env_remove(mut self, name: &str) -> Run {
        self.0.env_remove(name);
        self
    }

    pub fn current_dir(mut self, folder: impl AsRef<Path>) -> Run {
        self.0.current_dir(folder);
        self
    }

    /// Starts it, with its output kept.
    pub fn start(self) -> Running {
        Running::start(self.0)
    }

    pub fn output(self) -> Output {
        self.start().output()
    }

    /// Runs it, which must succeed, and returns its stdout.
    pub fn ok(self) -> String {
        let described = running::describe(&self.0);
        let output = self.output();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{described}\n{}\n{stderr}", output.status);
        // Where Python ends its lines with two characters.
        String::from_utf8(output.stdout).expect("UTF-8").replace("\r\n", "\n")
    }

    /// Runs it, which must succeed without a word.
    pub fn silent(self) {
        let described = running::describe(&self.0);
        let output = self.output();
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success() && said.is_empty(), "{described}\n{}", String::from_utf8_lossy(&said));
    }

    /// Runs it, which must fail with exit code 1 and one line, whose text after `Error: ` is returned.
    pub fn error(self) -> String {
        let described = running::describe(&self.0);
        let output = self.output();
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(1), "{described}\n{stderr}");
        assert!(output.stdout.is_empty(), "{described}");
        assert_eq!(stderr.lines().count(), 1, "{described}\n{stderr}");
        stderr.strip_prefix("Error: ").unwrap_or_else(|| panic!("{stderr}")).trim_end().to_owned()
    }
}

/// One entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    Folder { mode: u32 },
    File { mode: u32, contents: Vec<u8> },
    Link { target: PathBuf },
}

/// Everything below a folder, by relative path. Folders and files with their modes.
pub type Tree = BTreeMap<String, Entry>;

pub fn tree(folder: &Path) -> Tree {
    let walk = WalkDir::new(folder).min_depth(1);
    walk.into_iter()
        .map(|entry| entry.expect("an entry"))
        .map(|entry| (relative(entry.path(), folder), entry_at(entry.path())))
        .collect()
}

fn relative(path: &Path, folder: &Path) -> String {
    path.strip_prefix(folder).expect("below").to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

fn entry_at(path: &Path) -> Entry {
    let metadata = path.symlink_metadata().expect("metadata");
    let mode = mode(&metadata);
    if metadata.is_symlink() {
        Entry::Link { target: fs::read_link(path).expect("a link") }
    } else if metadata.is_dir() {
        Entry::Folder { mode }
    } else {
        Entry::File { mode, contents: fs::read(path).expect("a file") }
    }
}

/// The bits of a mode; 0 where there are none.
fn mode(metadata: &fs::Metadata) -> u32 {
    #[cfg(unix)]
    return std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
    #[cfg(windows)]
    return u32::from(metadata.permissions().readonly());
}

/// pyvenv.cfg's keys and values, in their order.
pub fn configuration(env_dir: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(env_dir.join("pyvenv.cfg")).expect("pyvenv.cfg");
    text.lines()
        .map(|line| line.split_once(" = ").expect("key = value"))
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect()
}

/// The value of a key in pyvenv.cfg.
pub fn configured(env_dir: &Path, key: &str) -> Option<String> {
    configuration(env_dir).into_iter().find(|(name, _)| name == key).map(|(_, value)| value)
}

/// Runs code in the environment's Python, free of this machine's `PYTHON*`, and returns what it prints.
pub fn in_env(env_dir: &Path, code: &str) -> String {
    let scratch = Scratch::new();
    let output = scratch.run(env_dir.join(PYTHON)).args(["-I", "-c", code]).ok();
    output.trim_end().to_owned()
}

/// The environment's site-packages, by its own word.
pub fn site_packages(env_dir: &Path) -> PathBuf {
    in_env(env_dir, "import sysconfig; print(sysconfig.get_path('purelib'))").into()
}

/// The one RECORD of `project` in the environment.
pub fn record_of(env_dir: &Path, project: &str) -> PathBuf {
    let site_packages = site_packages(env_dir);
    let found: Vec<String> = names_in(&site_packages)
        .into_iter()
        .filter(|name| name.starts_with(&format!("{project}-")) && name.ends_with(".dist-info"))
        .collect();
    assert_eq!(found.len(), 1, "one {project} in {found:?}");
    site_packages.join(&found[0]).join("RECORD")
}
