//! Shared by all tests: the Pythons of this machine, a scratch directory in which rvenv runs, and snapshots of
//! directories that can be compared.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use walkdir::WalkDir;

#[cfg(unix)] // sh
#[path = "harness/abilities.rs"]
mod abilities;
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
#[path = "harness/theirs.rs"]
mod theirs;
#[path = "harness/unix.rs"]
#[cfg(unix)] // modes, sh scripts, names of arbitrary bytes
mod unix;

#[cfg(unix)]
pub use abilities::able;
#[cfg(unix)]
pub use mounted::Mounted;
#[cfg(unix)]
pub use processes::{command_lines, has_ended, name_of};
pub use pythons::*;
pub use running::Running;
use running::{Deadline, program};
pub use theirs::Theirs;
#[cfg(unix)]
pub use unix::os;

/// The path of the rvenv executable; `None` if the tests are built without the feature `cli`.
const RVENV: Option<&str> = option_env!("CARGO_BIN_EXE_rvenv");

/// The name of the directory that holds an environment's executables.
pub const BIN: &str = if cfg!(windows) { "Scripts" } else { "bin" };

/// The suffix of an executable's name.
const EXE: &str = std::env::consts::EXE_SUFFIX;

/// The path of an executable in an environment.
pub fn program_of(env_dir: &Path, name: &str) -> PathBuf {
    env_dir.join(BIN).join(format!("{name}{EXE}"))
}

/// The path of an environment's Python, relative to the environment.
pub const PYTHON: &str = if cfg!(windows) { r"Scripts\python.exe" } else { "bin/python" };

/// Returns a program that `tests/fetch` installs below `target/peers`, such as virtualenv, uv or nu.
pub fn peer(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/bin").join(name);
    if path.exists() { Some(path) } else { missing(name) }
}

#[cfg(unix)] // wheels for Linux
/// Returns a packaging tool that `tests/fetch` installs below `target/packagers`.
pub fn packager(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/packagers/bin").join(name);
    if path.exists() { Some(path) } else { missing(name) }
}

/// PowerShell, from PATH. No package of Debian has it, so CI does not need it either.
pub fn pwsh() -> Option<PathBuf> {
    let found = on_path(&format!("pwsh{EXE}"));
    if found.is_none() {
        say_missing("pwsh");
    }
    found
}

fn on_path(name: &str) -> Option<PathBuf> {
    let search_path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&search_path).map(|directory| directory.join(name)).find(|path| path.is_file())
}

/// Returns a program that a test needs, from PATH.
pub fn tool(name: &str) -> Option<PathBuf> {
    let tried = ["prlimit", "script", "setpriv", "strace", "taskset", "unshare"];
    assert!(!tried.contains(&name), "its name does not tell what it can do: use `able`");
    let found = on_path(name);
    match cfg!(windows) {
        // These tools exist on Unix only, so CI does not need them here.
        true => {
            say_missing(name);
            None
        }
        false => found.or_else(|| missing(name)),
    }
}

/// Reports that a test is skipped because something is missing. Panics in CI, where nothing may be: as root on Linux, and
/// in Wine.
pub fn missing<T>(what: &str) -> Option<T> {
    let in_ci = env::var_os("CI").is_some_and(|value| !value.is_empty());
    #[cfg(unix)]
    let in_ci = in_ci && cfg!(target_os = "linux") && rustix::process::geteuid().is_root();
    assert!(!in_ci, "{what} is missing, but CI requires it");
    say_missing(what);
    None
}

/// Reports that a test is skipped because something is missing.
pub fn say_missing(what: &str) {
    say(&format!("not tested: {what} is missing or not permitted"));
}

/// Writes a line to stderr, but not with `eprintln!`, whose output is captured and hidden when a test passes.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A temporary directory in which rvenv runs. ENV_DIR is `env` in it unless a test says otherwise.
pub struct Scratch {
    directory: TempDir,
    _deadline: Deadline,
}

impl Scratch {
    pub fn new() -> Scratch {
        let directory = TempDir::with_prefix("rvenv-test-").expect("a scratch directory");
        Scratch { directory, _deadline: Deadline::new() }
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        // As Python reports it: with links resolved, but on Windows without the `\\?\` that `canonicalize` adds.
        let directory = self.directory.path();
        let directory = if cfg!(windows) { std::path::absolute(directory) } else { directory.canonicalize() };
        // Use this system's separators.
        let name = if cfg!(windows) { name.as_ref().components().collect() } else { name.as_ref().to_owned() };
        directory.expect("the scratch directory").join(name)
    }

    /// The path of ENV_DIR.
    pub fn env(&self) -> PathBuf {
        self.path("env")
    }

    /// Writes a file and creates its parent directories.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(&path, contents).expect("a file");
        path
    }

    /// rvenv, to be run in this directory.
    pub fn rvenv(&self) -> Run {
        let mut command = program(absolute(RVENV.expect("the feature `cli`")));
        command.current_dir(self.path("")).env("RVENV_CACHE_DIR", shared_cache());
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

    /// Any program, to be run in this directory.
    pub fn run(&self, program: impl AsRef<OsStr>) -> Run {
        let mut command = self::program(program);
        command.current_dir(self.path(""));
        Run(command)
    }

    /// The names in the scratch directory, sorted.
    pub fn names(&self) -> Vec<String> {
        names_in(&self.path(""))
    }
}

/// The cache that all tests share, which is not the user's.
pub fn shared_cache() -> PathBuf {
    match cfg!(windows) {
        // rvenv requires a directory that no other user can write to.
        true => env::temp_dir().join("rvenv-test-cache"),
        false => absolute(env!("CARGO_TARGET_TMPDIR")).join("cache"),
    }
}

/// Returns whether symbolic links can be created on this system.
pub fn has_links() -> bool {
    let scratch = Scratch::new();
    let (target, link) = (scratch.write("target", ""), scratch.path("link"));
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(target, &link);
    #[cfg(windows)]
    let made = std::os::windows::fs::symlink_file(target, &link);
    // Wine reports success without creating one.
    made.is_ok() && link.is_symlink()
}

/// Makes a build-time path absolute. In tests that were built for Windows on another system, such a
/// path has no drive.
pub fn absolute(path: impl AsRef<Path>) -> PathBuf {
    std::path::absolute(path).expect("a path")
}

/// The names in a directory, sorted.
pub fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The blocks of code in a language on a page of the documentation.
pub fn blocks_of(page: &'static str, language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// A command that is ready to run.
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

    pub fn current_dir(mut self, directory: impl AsRef<Path>) -> Run {
        self.0.current_dir(directory);
        self
    }

    /// Starts the command and captures its output.
    pub fn start(self) -> Running {
        Running::start(self.0)
    }

    /// Runs the command and returns its status and output.
    pub fn output(self) -> Output {
        self.start().output()
    }

    /// Runs the command, asserts that it succeeds, and returns its stdout.
    pub fn ok(self) -> String {
        let described = running::describe(&self.0);
        let output = self.output();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{described}\n{}\n{stderr}", output.status);
        // On Windows, Python ends lines with \r\n.
        String::from_utf8(output.stdout).expect("UTF-8").replace("\r\n", "\n")
    }

    /// Runs the command and asserts that it succeeds without output.
    pub fn silent(self) {
        let described = running::describe(&self.0);
        let output = self.output();
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success() && said.is_empty(), "{described}\n{}", String::from_utf8_lossy(&said));
    }

    /// Runs the command, asserts that it fails with exit code 1 and one line, and returns that line without `Error: `.
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

/// A directory entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    Directory { mode: u32 },
    File { mode: u32, contents: Vec<u8> },
    Link { target: PathBuf },
}

/// Everything below a directory, by relative path. Directories and files have their modes.
pub type Tree = BTreeMap<String, Entry>;

/// Reads everything below a directory.
pub fn tree(directory: &Path) -> Tree {
    let walk = WalkDir::new(directory).min_depth(1);
    walk.into_iter()
        .map(|entry| entry.expect("an entry"))
        .map(|entry| (relative(entry.path(), directory), entry_at(entry.path())))
        .collect()
}

/// The same, without the headers of .pyc, which contain times: two environments are never of the same time.
pub fn tree_without_times(directory: &Path) -> Tree {
    let mut tree = tree(directory);
    for (path, entry) in &mut tree {
        if let (true, Entry::File { contents, .. }) = (path.ends_with(".pyc"), entry) {
            contents.drain(..contents.len().min(16));
        }
    }
    tree
}

fn relative(path: &Path, directory: &Path) -> String {
    path.strip_prefix(directory).expect("below").to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

fn entry_at(path: &Path) -> Entry {
    let metadata = path.symlink_metadata().expect("metadata");
    let mode = mode(&metadata);
    if metadata.is_symlink() {
        Entry::Link { target: fs::read_link(path).expect("a link") }
    } else if metadata.is_dir() {
        Entry::Directory { mode }
    } else {
        Entry::File { mode, contents: fs::read(path).expect("a file") }
    }
}

/// The permission bits. On Windows, 1 for a read-only file and 0 otherwise.
fn mode(metadata: &fs::Metadata) -> u32 {
    #[cfg(unix)]
    return std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
    #[cfg(windows)]
    return u32::from(metadata.permissions().readonly());
}

/// The keys and values of pyvenv.cfg, in order.
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

/// Runs code in the environment's Python, which ignores `PYTHON*` variables, and returns its output.
pub fn in_env(env_dir: &Path, code: &str) -> String {
    let scratch = Scratch::new();
    let output = scratch.run(env_dir.join(PYTHON)).args(["-I", "-c", code]).ok();
    output.trim_end().to_owned()
}

/// The environment's site-packages directory, as reported by its own Python.
pub fn site_packages(env_dir: &Path) -> PathBuf {
    in_env(env_dir, "import sysconfig; print(sysconfig.get_path('purelib'))").into()
}

/// The path of `project`'s RECORD. The environment must contain exactly one.
pub fn record_of(env_dir: &Path, project: &str) -> PathBuf {
    let site_packages = site_packages(env_dir);
    let found: Vec<String> = names_in(&site_packages)
        .into_iter()
        .filter(|name| name.starts_with(&format!("{project}-")) && name.ends_with(".dist-info"))
        .collect();
    assert_eq!(found.len(), 1, "expected one {project} in {found:?}");
    site_packages.join(&found[0]).join("RECORD")
}
