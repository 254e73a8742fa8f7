//! What the tests stand on: the Pythons of this machine, a scratch folder, rvenv run in it, and a folder's
//! contents as a value to compare.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use walkdir::WalkDir;

#[path = "harness/running.rs"]
mod running;

pub use running::Running;
use running::{Deadline, program};

/// The program, where the tests are built with it.
const RVENV: Option<&str> = option_env!("CARGO_BIN_EXE_rvenv");

/// The versions that rvenv promises, each of which CI has.
const VERSIONS: [&str; 8] = ["3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"];

/// A Python of this machine.
#[derive(Debug, Clone)]
pub struct Python {
    pub path: PathBuf,
    pub version: (u32, u32),
}

/// All of them: pyenv's, and Debian's own.
pub fn pythons() -> Vec<Python> {
    let mut pythons: Vec<Python> = VERSIONS.iter().filter_map(|version| pyenv(version)).collect();
    pythons.extend(debian());
    assert!(!pythons.is_empty(), "the tests need a Python from 3.6 to 3.13");
    pythons
}

/// The newest one, for what does not depend on the version.
pub fn python() -> Python {
    VERSIONS.iter().rev().find_map(|version| pyenv(version)).or_else(debian).expect("a Python")
}

/// Where pyenv is.
pub fn pyenv_root() -> PathBuf {
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    env::var_os("PYENV_ROOT").map_or_else(|| home.join(".pyenv"), PathBuf::from)
}

/// The Python of this version that pyenv has.
pub fn pyenv(version: &str) -> Option<Python> {
    let wanted = format!("{version}.");
    let found = fs::read_dir(pyenv_root().join("versions")).into_iter().flatten().flatten().map(|entry| entry.path());
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

/// A copy of the Python of this version that pyenv has, in the scratch folder's `python`, to be changed.
pub fn copied_python(scratch: &Scratch, version: &str) -> Option<Python> {
    let python = pyenv(version)?;
    let prefix = python.path.ancestors().nth(2)?;
    scratch.run("cp").arg("-a").arg(prefix).arg("python").ok();
    Some(Python { path: scratch.path("python/bin/python3"), ..python })
}

/// The system's own Python, where that is Debian's and has its venv package.
pub fn debian() -> Option<Python> {
    let path = PathBuf::from("/usr/bin/python3");
    match version_with_ensurepip(&path).filter(|_| Path::new("/etc/debian_version").exists()) {
        Some(version) => Some(Python { path, version }),
        None => missing("Debian's python3 with python3-venv"),
    }
}

/// The version of a Python that has ensurepip.
fn version_with_ensurepip(path: &Path) -> Option<(u32, u32)> {
    let mut command = program(path);
    command.args(["-Ic", "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"]);
    let output = path.is_file().then(|| Running::start(command).output())?;
    output.status.success().then(|| parse_version(String::from_utf8_lossy(&output.stdout).trim()))
}

/// A Python of Debian's unstable suite, newer than those that rvenv promises. That suite moves on, so a machine
/// without it is no failure.
pub fn unstable(name: &str) -> Option<Python> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pythons/usr/bin").join(format!("python{name}"));
    if !path.exists() {
        say_missing(&format!("Python {name} of Debian's unstable suite"));
        return None;
    }
    let (major, minor) = name.split_once('.').expect("X.Y");
    let minor = minor.trim_end_matches(|c: char| !c.is_ascii_digit());
    Some(Python { path, version: parse_version(&format!("{major}.{minor}")) })
}

/// Debian's PyPy, with its venv package.
pub fn pypy() -> Option<Python> {
    let path = tool("pypy3")?;
    match version_with_ensurepip(&path) {
        Some(version) => Some(Python { path, version }),
        None => missing("pypy3-venv"),
    }
}

/// A rival, which `tests/fetch` has fetched.
pub fn peer(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/bin").join(name);
    if path.exists() { Some(path) } else { missing(name) }
}

/// A tool that packages are made and checked with, which `tests/fetch` has fetched.
pub fn packager(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin").join(name);
    if path.exists() { Some(path) } else { missing(name) }
}

/// A program on PATH that a test needs.
pub fn tool(name: &str) -> Option<PathBuf> {
    let search_path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&search_path).map(|folder| folder.join(name)).find(|path| path.is_file());
    found.or_else(|| missing(name))
}

/// Says that something is not here, which is a failure in CI.
fn missing<T>(what: &str) -> Option<T> {
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

fn parse_version(text: &str) -> (u32, u32) {
    let (major, minor) = text.split_once('.').expect("X.Y");
    (major.parse().expect("a number"), minor.parse().expect("a number"))
}

/// Runs `test` for each Python, in as many threads as there are cores; the reports name the Python.
pub fn for_each_python(test: impl Fn(&Python) + Sync) {
    let queue = std::sync::Mutex::new(pythons());
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
        // As Python will name it, without links.
        self.folder.path().canonicalize().expect("the scratch folder").join(name)
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

    /// Writes a program.
    pub fn write_script(&self, name: &str, contents: &str) -> PathBuf {
        let path = self.write(name, contents);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
        path
    }

    /// A Python that answers the probe as the real one does, but for the name that it has, and that runs `code` in sh
    /// before it compiles. (Where .pyc go by hashes, all have to be compiled.)
    pub fn python_that_compiles_after(&self, code: &str) -> PathBuf {
        let real = python().path;
        let real = real.display();
        let script = format!("#!/bin/sh\ncase $* in *py_compile*) {code};; esac\nexec {real} \"$@\"\n");
        let compiler = self.write_script("bin/compiler", &script);
        let named = format!("s|\"executable\": \"[^\"]*\"|\"executable\": \"{}\"|", compiler.display());
        self.write_script("bin/wrapper", &format!("#!/bin/sh\n{real} \"$@\" | sed '{named}'\n"))
    }

    /// rvenv, to be run here.
    pub fn rvenv(&self) -> Run {
        let mut command = program(RVENV.expect("the feature `cli`"));
        // One cache for all tests, not the user's.
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
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

/// A small file system of its own, mounted in a scratch folder for as long as this lives.
pub struct Mounted {
    path: PathBuf,
}

impl Mounted {
    /// One in memory, of 64 MiB. None where mounting is not allowed, as in most containers.
    pub fn tmpfs(scratch: &Scratch) -> Option<Mounted> {
        Mounted::new(scratch, &["-t", "tmpfs", "-o", "size=64m", "rvenv-test"])
    }

    /// One that has copy-on-write clones, in a file.
    pub fn xfs(scratch: &Scratch) -> Option<Mounted> {
        let mkfs = ["/usr/sbin/mkfs.xfs", "/sbin/mkfs.xfs"].map(PathBuf::from).into_iter().find(|path| path.is_file());
        let image = scratch.write("xfs", b"");
        fs::File::options().write(true).open(&image).and_then(|file| file.set_len(400 << 20)).expect("a sparse file");
        scratch.run(mkfs.or_else(|| missing("mkfs.xfs"))?).arg("-q").arg(&image).ok();
        Mounted::new(scratch, &["-o", "loop", image.to_str().expect("UTF-8")])
    }

    fn new(scratch: &Scratch, arguments: &[&str]) -> Option<Mounted> {
        let path = scratch.path("mounted");
        fs::create_dir(&path).expect("a mount point");
        if !scratch.run("mount").args(arguments).arg(&path).output().status.success() {
            say_missing("the right to mount a file system");
            return None;
        }
        Some(Mounted { path })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.path).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking(), "it can be unmounted");
    }
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
        String::from_utf8(output.stdout).expect("UTF-8")
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
    path.strip_prefix(folder).expect("below").to_string_lossy().into_owned()
}

fn entry_at(path: &Path) -> Entry {
    let metadata = path.symlink_metadata().expect("metadata");
    let mode = metadata.permissions().mode() & 0o7777;
    if metadata.is_symlink() {
        Entry::Link { target: fs::read_link(path).expect("a link") }
    } else if metadata.is_dir() {
        Entry::Folder { mode }
    } else {
        Entry::File { mode, contents: fs::read(path).expect("a file") }
    }
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
    let output = scratch.run(env_dir.join("bin/python")).args(["-I", "-c", code]).ok();
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

/// A text in place of bytes that need not be UTF-8.
pub fn os(bytes: &[u8]) -> OsString {
    OsStr::from_bytes(bytes).to_owned()
}
