//! Compares environments with those of the interpreter's own `-m venv`, for each Python and flag, at the same path.

use std::fs;
use std::path::Path;

use crate::harness::*;

/// The intended differences from CPython's environment, with their reasons. Everything else must be the same.
const DIFFERENCES: [(&str, &str); 10] = [
    (".gitignore", "written for every version, not only from 3.13 on; the comment in it is ours"),
    ("bin/activate", "our own text; CPython's newest behaviour for every version"),
    ("bin/activate.csh", "the same"),
    ("bin/activate.fish", "the same"),
    ("bin/Activate.ps1", "the same; CPython has it from 3.8 on"),
    ("bin/activate.nu", "CPython has none for nushell"),
    ("bin/activate.xsh", "nor for xonsh"),
    ("bin/activate_this.py", "nor for programs in Python"),
    (
        "pyvenv.cfg",
        "`prompt`, `executable` and `command` for every version; `command` is rvenv's; `rvenv` holds its version",
    ),
    ("*.dist-info/RECORD", "the hashes of the launchers, whose text is ours"),
];

/// The same on Windows.
const DIFFERENCES_ON_WINDOWS: [(&str, &str); 9] = [
    (".gitignore", "as elsewhere"),
    ("Scripts/activate", "our own text"),
    ("Scripts/activate.bat", "the same"),
    ("Scripts/deactivate.bat", "the same"),
    ("Scripts/activate.fish", "the same; CPython has it from 3.13 on"),
    ("Scripts/Activate.ps1", "the same"),
    ("Scripts/activate.nu", "CPython has none for nushell, xonsh, programs in Python"),
    ("Scripts/activate.xsh", "the same"),
    ("Scripts/activate_this.py", "the same"),
];

/// Whether only the mode of a file is compared: that of launchers (their RECORD rows are compared instead), of .pyc
/// (their headers contain the time), and of the intended differences.
fn has_our_own_contents(path: &str) -> bool {
    // On Windows, a launcher is a stub, which is compared with pip's, and a program and its date, which are ours.
    let is_launcher = ["bin/pip", "bin/easy_install", "Scripts/pip"].iter().any(|start| path.starts_with(start));
    is_launcher || path.ends_with(".pyc") || is_meant_to_differ(path)
}

fn is_meant_to_differ(path: &str) -> bool {
    DIFFERENCES.iter().chain(&DIFFERENCES_ON_WINDOWS).any(|(pattern, _)| match pattern.strip_prefix('*') {
        Some(suffix) => path.ends_with(suffix),
        None => path == *pattern,
    })
}

/// Whether only rvenv writes a file, for all versions or for old ones.
fn may_be_ours_alone(path: &str) -> bool {
    let ours = ["Activate.ps1", "activate.fish", "activate.nu", "activate.xsh", "activate_this.py"];
    let in_bin = path.strip_prefix("bin/").or_else(|| path.strip_prefix("Scripts/"));
    path == ".gitignore" || in_bin.is_some_and(|name| ours.contains(&name))
}

/// The state of an environment: its files, its pyvenv.cfg, and what its Python reports.
pub struct Snapshot {
    pub tree: Tree,
    configuration: Vec<(String, String)>,
    pub inside: String,
}

/// Prints the prefixes and paths of the Python that runs it.
pub const INSIDE: &str = "
import json, sys, sysconfig
paths = sysconfig.get_paths()
print(json.dumps([sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, sys.path, sys.executable, paths]))
";

impl Snapshot {
    /// Takes a snapshot of an environment, in which `inside` runs [`INSIDE`].
    pub fn new(env_dir: &Path, inside: impl FnOnce() -> String) -> Snapshot {
        // Read this first: `inside` would write .pyc of what it imports, which an old pip has not compiled.
        let tree = tree(env_dir);
        Snapshot { tree, configuration: configuration(env_dir), inside: inside() }
    }
}

/// Takes a snapshot of an environment with its own Python.
pub fn snapshot(env_dir: &Path) -> Snapshot {
    Snapshot::new(env_dir, || in_env(env_dir, INSIDE))
}

/// Creates both environments at the same path with the same flags, and compares them.
pub fn compare(python: &Python, flags: &[&str]) {
    compare_over(python, flags, |_| {});
}

/// The same, but `prepare` puts files into ENV_DIR before each run.
fn compare_over(python: &Python, flags: &[&str], prepare: impl Fn(&Scratch)) {
    let scratch = Scratch::new();
    prepare(&scratch);
    scratch.venv(python).args(flags).arg(scratch.env()).ok();
    let theirs = snapshot(&scratch.env());
    fs::remove_dir_all(scratch.env()).unwrap();
    prepare(&scratch);
    compare_with(&scratch, &theirs, &scratch.env(), python, flags);
    assert_eq!(scratch.names(), ["env"], "nothing else is left");
}

/// Creates our environment at the path that theirs had, and compares it with theirs.
fn compare_with(scratch: &Scratch, theirs: &Snapshot, env_dir: &Path, python: &Python, flags: &[&str]) {
    scratch.rvenv_for(python).args(flags).arg(env_dir).silent();
    let ours = snapshot(env_dir);
    if !flags.contains(&"--without-pip") {
        // The cache must make no difference.
        fs::remove_dir_all(env_dir).unwrap();
        scratch.rvenv_for(python).arg("--no-cache").args(flags).arg(env_dir).silent();
        compare_trees(&theirs.tree, &tree(env_dir), "without a cache");
    }
    compare_snapshots(theirs, &ours, &format!("{} {flags:?}", python.path.display()));
}

pub fn compare_snapshots(theirs: &Snapshot, ours: &Snapshot, what: &str) {
    compare_trees(&theirs.tree, &ours.tree, what);
    assert_eq!(theirs.inside, ours.inside, "{what}");
    compare_configurations(&theirs.configuration, &ours.configuration);
}

pub fn compare_trees(theirs: &Tree, ours: &Tree, what: &str) {
    // Debian's PyPy leaves copies of its wheels behind.
    for (path, their) in theirs.iter().filter(|(path, _)| !path.starts_with("share")) {
        let our = ours.get(path).unwrap_or_else(|| panic!("{what}: {path} is missing"));
        match (their, our) {
            (Entry::File { mode: theirs, .. }, Entry::File { mode: ours, .. }) if has_our_own_contents(path) => {
                assert_eq!(format!("{theirs:o}"), format!("{ours:o}"), "{what}: {path}");
                if path.ends_with(".exe") {
                    assert_eq!(stub_and_shebang(their), stub_and_shebang(our), "{what}: {path}");
                }
            }
            _ => assert_eq!(their, our, "{what}: {path}"),
        }
        if path.ends_with(".dist-info/RECORD") {
            compare_records(their, our, what);
        }
    }
    let extra: Vec<&String> =
        ours.keys().filter(|path| !theirs.contains_key(*path) && !may_be_ours_alone(path)).collect();
    assert!(extra.is_empty(), "{what}: only rvenv creates {extra:?}");
}

/// The stub of a launcher on Windows, and its shebang: in lower case, as pip wrote it before 21.2, and without the line
/// ending, which was different then.
fn stub_and_shebang(launcher: &Entry) -> (&[u8], String) {
    let Entry::File { contents, .. } = launcher else { panic!("a launcher is a file") };
    let archive = contents.windows(4).rposition(|bytes| bytes == b"PK\x03\x04").expect("an archive");
    let shebang = contents[..archive].windows(2).rposition(|bytes| bytes == b"#!").expect("a shebang");
    let line = String::from_utf8(contents[shebang..archive].to_vec()).expect("UTF-8");
    (&contents[..shebang], line.trim_end().to_lowercase())
}

/// Asserts that the rows and their order are the same, except for the hashes of launchers.
fn compare_records(theirs: &Entry, ours: &Entry, what: &str) {
    let rows = |entry: &Entry| -> Vec<String> {
        let Entry::File { contents, .. } = entry else { panic!("{what}: RECORD is a file") };
        let text = String::from_utf8(contents.clone()).unwrap();
        assert!(text.ends_with("\r\n"));
        let rows = text.split_terminator("\r\n").map(|row| match row.split_once(',') {
            Some((path, _)) if path.contains("/bin/") || path.contains("/Scripts/") => path.to_owned(),
            _ => row.to_owned(),
        });
        rows.collect()
    };
    assert_eq!(rows(theirs), rows(ours), "{what}");
}

/// Asserts that CPython's keys have the same values and order. rvenv may have additional ones.
fn compare_configurations(theirs: &[(String, String)], ours: &[(String, String)]) {
    let has = |pairs: &[(String, String)], key: &str| pairs.iter().any(|(name, _)| name == key);
    let shared: Vec<_> = ours.iter().filter(|(key, _)| has(theirs, key) && key != "command").collect();
    assert_eq!(theirs.iter().filter(|(key, _)| key != "command").collect::<Vec<_>>(), shared);
    let added: Vec<&str> = ours.iter().map(|(key, _)| key.as_str()).filter(|key| !has(theirs, key)).collect();
    assert!(added.iter().all(|key| ["prompt", "executable", "command", "rvenv"].contains(key)), "{added:?}");
    assert_eq!(ours.last(), Some(&("rvenv".to_owned(), env!("CARGO_PKG_VERSION").to_owned())));
}

#[test]
fn the_environment_with_pip_is_the_same_as_cpythons() {
    for_each_pip(|python| {
        Theirs::with(python, |theirs| {
            let snapshot = Snapshot { tree: theirs.tree.clone(), ..snapshot(&theirs.env_dir) };
            let _aside = theirs.moved_aside();
            compare_with(&Scratch::new(), &snapshot, &theirs.env_dir, python, &[]);
            assert_eq!(names_in(theirs.env_dir.parent().unwrap()), ["env", "theirs"], "nothing else is left");
        });
    });
}

#[test]
fn the_environment_without_pip_is_the_same_as_cpythons_for_each_flag() {
    let all: [&[&str]; 6] = [
        &[],
        &["--system-site-packages"],
        &["--copies"],
        &["--symlinks"],
        &["--clear"],
        &["--prompt", if cfg!(windows) { "a 'quoted' prompt \\ é" } else { "a 'quoted' \"prompt\" \\ with \t é 🐍" }],
    ];
    for_each_python(|python| {
        // Where links are not supported (Wine), CPython 3.8 to 3.13 may silently create none.
        for flags in all.into_iter().filter(|flags| *flags != ["--symlinks"] || has_links()) {
            compare(python, &[flags, &["--without-pip"]].concat());
        }
    });
}

#[cfg(unix)] // links
#[test]
fn existing_files_are_treated_as_by_cpython() {
    for_each_python(|python| {
        let environment = |scratch: &Scratch| {
            scratch.venv(python).arg("--without-pip").arg(scratch.env()).ok();
            scratch.write("env/lib/mine/file", "mine");
            scratch.write("env/bin/mine", "mine");
        };
        let directory = |scratch: &Scratch| drop(scratch.write("env/mine/file", "mine"));
        compare_over(python, &["--without-pip"], environment);
        compare_over(python, &["--without-pip"], directory);
        compare_over(python, &["--without-pip", "--clear"], environment);
        compare_over(python, &["--without-pip", "--upgrade"], environment);
        let linked = |scratch: &Scratch| {
            fs::create_dir_all(scratch.path("env/other")).unwrap();
            std::os::unix::fs::symlink("other", scratch.path("env/lib")).unwrap();
        };
        compare_over(python, &["--without-pip"], linked);
    });
}

#[cfg(windows)] // only some users may create links
#[test]
fn links_that_cannot_be_created_become_copies_with_a_warning() {
    if has_links() {
        return;
    }
    for_each_python(|python| {
        let scratch = Scratch::new();
        scratch.rvenv_for(python).args(["--without-pip", "env"]).silent();
        let copied = tree(&scratch.env().join("Scripts"));
        let output = scratch.rvenv_for(python).args(["--symlinks", "--clear", "--without-pip", "env"]).output();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && stderr.lines().count() == 1, "{stderr}");
        assert!(stderr.starts_with("Warning: unable to create a symbolic link at"), "{stderr}");
        assert_eq!(tree(&scratch.env().join("Scripts")), copied);
    });
}

#[test]
fn flags_of_newer_versions_match_cpythons() {
    let Some(python) = pyenv("3.13") else { return };
    compare(&python, &["--without-pip", "--without-scm-ignore-files", "--prompt", "."]);
}

#[cfg(unix)] // Windows has only one name for it
#[test]
fn an_interpreter_with_a_versioned_name_gets_cpythons_links() {
    for_each_python(|python| {
        let (major, minor) = python.version;
        let path = python.path.with_file_name(format!("python{major}.{minor}"));
        compare(&Python { path, ..python.clone() }, &["--without-pip"]);
    });
}

#[test]
fn dots_in_a_relative_env_dir_are_resolved_lexically() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("here")).unwrap();
    let python = python();
    scratch.rvenv_for(&python).args(["--without-pip", "./missing/../here/../env/"]).silent();
    assert_eq!(scratch.names(), ["env", "here"]);
    assert_eq!(in_env(&scratch.env(), "import sys; print(sys.prefix)"), scratch.env().to_str().unwrap());
}

#[cfg(unix)] // the umask
#[test]
fn modes_follow_the_umask() {
    let python = python();
    for (umask, file, directory) in [("022", 0o644, 0o755), ("077", 0o600, 0o700), ("002", 0o664, 0o775)] {
        let scratch = Scratch::new();
        let script = "umask $1; shift; exec \"$@\"";
        let rvenv = env!("CARGO_BIN_EXE_rvenv");
        let sh = scratch.run("sh").args(["-c", script, "sh", umask, rvenv, "-p"]).arg(&python.path);
        sh.args(["--copies"]).arg(scratch.env()).silent();
        for (path, entry) in tree(&scratch.env()) {
            let is_program = path.starts_with("bin/pip") || path.starts_with("bin/python");
            match entry {
                // The base's mode minus the umask.
                Entry::File { mode, .. } if path.starts_with("bin/python") => {
                    assert_eq!(mode, 0o755 & directory, "{path}")
                }
                Entry::File { mode, .. } if is_program => assert_eq!(mode, directory, "{path}"),
                Entry::File { mode, .. } => assert_eq!(mode, file, "{path}"),
                Entry::Directory { mode } => assert_eq!(mode, directory, "{path}"),
                Entry::Link { .. } => {}
            }
        }
        let Entry::Directory { mode } = tree(&scratch.path(""))["env"].clone() else { panic!("env is a directory") };
        assert_eq!(mode, directory);
    }
}

#[test]
fn every_module_has_a_valid_pyc() {
    const CHECK: &str = "
import importlib.util, marshal, os, struct, sys, sysconfig
site_packages = sys.argv[1]
header = 16 if sys.version_info >= (3, 7) else 12
count = 0
for directory, _, names in os.walk(site_packages):
    for name in names:
        if not name.endswith('.py'):
            continue
        path = os.path.join(directory, name)
        with open(path, 'rb') as file:
            source = file.read()
        with open(importlib.util.cache_from_source(path), 'rb') as file:
            pyc = file.read()
        assert pyc[:4] == importlib.util.MAGIC_NUMBER, path
        assert header == 12 or pyc[4:8] == bytes(4), path
        stamp = struct.pack('<LL', int(os.stat(path).st_mtime), len(source))
        assert pyc[header - 8:header] == stamp, path
        code = marshal.loads(pyc[header:])
        # Its name is relative to site-packages, or the file is the base's own.
        name = os.path.relpath(path, site_packages).replace(os.sep, '/')
        base = sysconfig.get_path('purelib', vars={'base': sys.base_prefix})
        if code.co_filename != name:
            with open(importlib.util.cache_from_source(os.path.join(base, name)), 'rb') as file:
                assert file.read()[header:] == pyc[header:], (code.co_filename, path)
        assert code == compile(source, path, 'exec', dont_inherit=True), path
        count += 1
print(count)
";
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        scratch.rvenv_for(python).arg(scratch.env()).silent();
        let count = scratch
            .run(program_of(&scratch.env(), "python"))
            .args(["-W", "ignore", "-I", "-c", CHECK])
            .arg(site_packages(&scratch.env()))
            .ok();
        assert!(count.trim().parse::<u32>().unwrap() > 200, "{count}");
    });
}

#[test]
fn a_venv_created_from_a_venv_has_the_real_base() {
    for_each_python(|python| {
        let scratch = Scratch::new();
        let inner = Python { path: scratch.path("outer").join(PYTHON), ..python.clone() };
        for make_outer in [scratch.venv(python), scratch.rvenv_for(python)] {
            make_outer.args(["--clear", "--without-pip"]).arg(scratch.path("outer")).silent();
            scratch.rvenv_for(&inner).args(["--clear", "--without-pip"]).arg(scratch.env()).silent();
            assert_eq!(configured(&scratch.env(), "home"), configured(&scratch.path("outer"), "home"));
            let base = in_env(&scratch.env(), "import sys; print(sys.base_prefix)");
            assert!(!base.contains("outer"), "{base}");
        }
    });
}
