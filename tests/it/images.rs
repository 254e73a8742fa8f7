//! Images: the installed wheels, with bytecode, kept in the cache and written out for the next environment. What is the
//! same on every system is tested on Unix only, where compiling does not take minutes as in Wine.

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::harness::*;

fn rvenv(scratch: &Scratch, python: &Python) -> Run {
    let run = scratch.rvenv_for(python).env("RVENV_CACHE_DIR", scratch.path("cache"));
    run.args(["--clear", "env"])
}

/// The only image in the cache.
fn image(scratch: &Scratch) -> PathBuf {
    let directory = scratch.path("cache/images");
    let names = names_in(&directory);
    assert_eq!(names.len(), 1, "{names:?}");
    directory.join(&names[0])
}

#[test]
fn an_environment_is_the_same_with_a_cold_a_warm_and_no_cache() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        let made = |run: Run| {
            run.silent();
            tree_without_times(&scratch.env())
        };
        let cold = made(rvenv(&scratch, python));
        let image = fs::read(image(&scratch)).unwrap();
        let warm = made(rvenv(&scratch, python));
        let none = made(rvenv(&scratch, python).arg("--no-cache"));
        assert_eq!(cold.keys().collect::<Vec<_>>(), warm.keys().collect::<Vec<_>>());
        let differing: Vec<&String> = cold.keys().filter(|path| cold[*path] != warm[*path]).collect();
        assert!(differing.is_empty(), "{differing:?}");
        let differing: Vec<&String> = cold.keys().filter(|path| Some(&cold[*path]) != none.get(*path)).collect();
        // marshal sets an object's reference flag by its reference count at the time of writing.
        assert!(differing.iter().all(|path| path.ends_with(".pyc") || *path == "pyvenv.cfg"), "{differing:?}");
        assert_eq!(fs::read(self::image(&scratch)).unwrap(), image, "a warm run leaves the image unchanged");
    });
}

#[cfg(unix)] // the same everywhere
#[test]
fn the_modules_of_a_warm_environment_are_loaded_from_their_pyc() {
    let scratch = Scratch::new();
    let python = python();
    rvenv(&scratch, &python).silent();
    rvenv(&scratch, &python).silent();
    let before = tree(&scratch.env());
    // Python rewrites every .pyc that it finds stale.
    let code = "import pip._internal.cli.main, pip._vendor.rich.console; print(pip.__file__, pip.__spec__.loader.get_code('pip').co_filename)";
    let run =
        scratch.run(program_of(&scratch.env(), "python")).args(["-c", code]).env_remove("PYTHONDONTWRITEBYTECODE");
    let said = run.ok();
    let [file, co_filename] = said.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{said}") };
    assert_eq!(file, co_filename);
    assert!(tree(&scratch.env()) == before);
}

#[test]
fn the_files_of_a_warm_environment_are_as_new_as_it_is_and_their_pyc_fit() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        scratch.rvenv_for(python).arg("env").silent();
        std::thread::sleep(Duration::from_secs(3));
        let begun = SystemTime::now();
        scratch.rvenv_for(python).args(["--clear", "env"]).silent();
        for path in tree(&scratch.env()).into_keys().map(|path| scratch.env().join(path)) {
            let modified = path.symlink_metadata().unwrap().modified().unwrap();
            assert!(modified > begun - Duration::from_secs(1), "{}", path.display());
        }
        // As importlib reads them.
        let stale = "import importlib.util, os, pip, struct, sys
for directory, _, names in os.walk(os.path.dirname(pip.__file__)):
    for path in [os.path.join(directory, name) for name in names if name.endswith('.py')]:
        with open(importlib.util.cache_from_source(path), 'rb') as file:
            time = struct.unpack('<I', file.read(16)[8 if sys.version_info >= (3, 7) else 4:][:4])[0]
        if time != int(os.stat(path).st_mtime):
            print(path, time)";
        assert_eq!(in_env(&scratch.env(), stale), "");
    });
}

#[cfg(unix)] // the same everywhere
#[test]
fn a_damaged_image_is_ignored_and_replaced() {
    let scratch = Scratch::new();
    let python = python();
    rvenv(&scratch, &python).silent();
    let whole = tree_without_times(&scratch.env());
    const LOAD: &str = "
import marshal, os, sys
for directory, _, names in os.walk(sys.argv[1]):
    for name in names:
        if name.endswith('.pyc'):
            marshal.loads(open(os.path.join(directory, name), 'rb').read()[16:])
";
    let path = image(&scratch);
    let sound = fs::read(&path).unwrap();
    let flipped = |at: usize| {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        bytes
    };
    let cases = [
        vec![],
        sound[..sound.len() / 2].to_vec(),
        sound[..sound.len() - 1].to_vec(),
        flipped(sound.len() / 2),
        flipped(200),
        b"PK\x05\x06no image".to_vec(),
    ];
    for damaged in cases {
        fs::write(&path, &damaged).unwrap();
        rvenv(&scratch, &python).silent();
        let made = tree_without_times(&scratch.env());
        assert!(made.keys().eq(whole.keys()));
        let differing = whole.keys().filter(|path| whole[*path] != made[*path]).collect::<Vec<_>>();
        assert!(differing.iter().all(|path| path.ends_with(".pyc")), "{differing:?}");
        scratch.run(&python.path).args(["-c", LOAD]).arg(site_packages(&scratch.env())).silent();
        assert!(scratch.run(program_of(&scratch.env(), "pip")).arg("--version").ok().starts_with("pip "));
        // The next environment comes from the new image.
        let replaced = fs::read(&path).unwrap();
        assert!(replaced != damaged);
        rvenv(&scratch, &python).silent();
        assert!(tree_without_times(&scratch.env()) == made);
        assert!(fs::read(&path).unwrap() == replaced);
    }
}

#[cfg(unix)] // the same everywhere
#[test]
fn environments_do_not_depend_on_the_cache() {
    let scratch = Scratch::new();
    let python = python();
    rvenv(&scratch, &python).silent();
    rvenv(&scratch, &python).silent();
    fs::remove_dir_all(scratch.path("cache")).unwrap();
    assert!(scratch.run(program_of(&scratch.env(), "pip")).arg("--version").ok().starts_with("pip "));
    for (path, entry) in tree(&scratch.env()) {
        if let Entry::Link { target } = entry {
            assert!(!target.starts_with(scratch.path("cache")), "{path}");
        }
    }
}

#[cfg(unix)] // strace
#[test]
fn a_warm_run_with_pip_starts_no_process_and_opens_the_image_once() {
    let Some(()) = able("strace -f") else { return };
    let scratch = Scratch::new();
    let python = python();
    rvenv(&scratch, &python).silent();
    let trace = scratch.path("trace");
    let run = scratch.run("strace").args(["-f", "-qq", "-e", "trace=execve,openat", "-o"]).arg(&trace);
    let run = run.arg(env!("CARGO_BIN_EXE_rvenv")).arg("-p").arg(&python.path).args(["a", "b", "c"]);
    run.env("RVENV_CACHE_DIR", scratch.path("cache")).silent();
    let calls = fs::read_to_string(trace).unwrap();
    assert_eq!(calls.lines().filter(|line| line.contains("execve(") && line.ends_with("= 0")).count(), 1);
    assert_eq!(calls.lines().filter(|line| line.contains("cache/images/")).count(), 1, "for three environments");
}

/// Runs rvenv with a copy of Python 3.12 whose pip `change` has changed, then runs `check`.
#[cfg(unix)] // links
fn with_base(change: impl Fn(&std::path::Path), check: impl FnOnce(&Scratch)) {
    let Some(python) = pyenv("3.12") else { return };
    let scratch = Scratch::new();
    // The base is a tree of links to the installation, with its own copies of site-packages and the interpreter.
    let prefix = python.path.parent().unwrap().parent().unwrap();
    scratch.run("cp").args(["-rs"]).arg(prefix).arg(scratch.path("base")).ok();
    let packages = scratch.path("base/lib/python3.12/site-packages");
    fs::remove_dir_all(&packages).unwrap();
    scratch.run("cp").arg("-a").arg(prefix.join("lib/python3.12/site-packages")).arg(&packages).ok();
    fs::remove_file(scratch.path("base/bin/python3.12")).unwrap();
    fs::copy(prefix.join("bin/python3.12"), scratch.path("base/bin/python3.12")).unwrap();
    change(&packages.join("pip"));
    let base = Python { path: scratch.path("base/bin/python3.12"), ..python };
    rvenv(&scratch, &base).silent();
    check(&scratch);
}

/// The path that a module of pip was compiled as, from its .pyc.
#[cfg(unix)] // used by tests for Unix only
fn compiled_as(scratch: &Scratch, module: &str) -> String {
    const CODE: &str = "import marshal, sys; print(marshal.loads(open(sys.argv[1], 'rb').read()[16:]).co_filename)";
    let pyc = site_packages(&scratch.env()).join(format!("pip/__pycache__/{module}.cpython-312.pyc"));
    scratch.run(program_of(&scratch.env(), "python")).args(["-c", CODE]).arg(pyc).ok().trim().to_owned()
}

#[cfg(unix)] // links
#[test]
fn the_bases_own_pyc_are_used_if_its_modules_match_the_wheels() {
    with_base(|_| {}, |scratch| assert!(compiled_as(scratch, "__main__").ends_with("site-packages/pip/__main__.py")));
}

#[cfg(unix)] // links
#[test]
fn the_bases_pyc_with_a_different_source_or_header_are_not_used() {
    let changed = |pip: &std::path::Path| {
        // A different source of the same size and time, a .pyc with another time, and a hash-based one.
        let main = pip.join("__main__.py");
        let time = fs::metadata(&main).unwrap().modified().unwrap();
        let text = fs::read_to_string(&main).unwrap().replacen("import", "IMPORT", 1);
        fs::write(&main, text).unwrap();
        fs::File::options().write(true).open(main).unwrap().set_modified(time).unwrap();
        for (module, at) in [("__init__", 8), ("__pip-runner__", 4)] {
            let pyc = pip.join(format!("__pycache__/{module}.cpython-312.pyc"));
            let mut bytes = fs::read(&pyc).unwrap();
            bytes[at] ^= 1;
            fs::write(pyc, bytes).unwrap();
        }
    };
    with_base(changed, |scratch| {
        for module in ["__init__", "__main__", "__pip-runner__"] {
            assert_eq!(compiled_as(scratch, module), format!("pip/{module}.py"));
        }
        assert!(scratch.run(program_of(&scratch.env(), "pip")).arg("--version").ok().starts_with("pip "));
    });
}

#[cfg(unix)] // the same everywhere
#[test]
fn no_compile_leaves_out_only_the_pyc() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        scratch.rvenv_for(python).arg("env").silent();
        let mut compiled = tree(&scratch.env());
        for _ in ["cold", "warm"] {
            rvenv(&scratch, python).arg("--no-compile").silent();
            let mut plain = tree(&scratch.env());
            assert!(plain.keys().all(|path| !path.ends_with(".pyc") && !path.ends_with("__pycache__")));
            let record = plain.keys().find(|path| path.ends_with("RECORD")).unwrap();
            assert!(!fs::read_to_string(scratch.env().join(record)).unwrap().contains(".pyc"));
            assert!(configured(&scratch.env(), "command").unwrap().contains(" --no-compile "));
            for tree in [&mut compiled, &mut plain] {
                tree.retain(|path, _| !path.ends_with(".pyc") && !path.ends_with("__pycache__"));
                tree.retain(|path, _| !path.ends_with("RECORD") && path != "pyvenv.cfg");
            }
            assert!(plain == compiled);
        }
        scratch.run(program_of(&scratch.env(), "pip")).arg("--version").ok();
    });
}

#[cfg(unix)] // the same everywhere
#[test]
fn source_date_epoch_makes_the_pyc_hash_based() {
    let Some(python) = pyenv("3.12") else { return };
    let scratch = Scratch::new();
    for (epoch, flags) in [(Some("1700000000"), 3), (None, 0), (Some("1700000000"), 3)] {
        let run = rvenv(&scratch, &python).env_remove("SOURCE_DATE_EPOCH");
        match epoch {
            Some(epoch) => run.env("SOURCE_DATE_EPOCH", epoch).silent(),
            None => run.silent(),
        }
        let pyc = site_packages(&scratch.env()).join("pip/__pycache__/__init__.cpython-312.pyc");
        assert_eq!(fs::read(pyc).unwrap()[4], flags, "PEP 552");
    }
}

#[cfg(unix)] // taskset
#[test]
fn the_same_source_date_epoch_gives_the_same_bytes_on_any_number_of_cores() {
    let Some(()) = able("taskset -c") else { return };
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        let made = |run: Run, arguments: &[&str]| {
            let run = run.env("SOURCE_DATE_EPOCH", "1700000000").args(arguments);
            run.args(["--clear", "--no-cache", "-p"]).arg(&python.path).arg("env").silent();
            let modified =
                fs::metadata(site_packages(&scratch.env()).join("pip/__init__.py")).unwrap().modified().unwrap();
            (tree(&scratch.env()), modified)
        };
        let rvenv = env!("CARGO_BIN_EXE_rvenv");
        let one_core = made(scratch.run("taskset"), &["-c", "0", rvenv]);
        assert_eq!(one_core.1, std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000));
        let all_cores = made(scratch.rvenv(), &[]);
        let differing: Vec<_> =
            one_core.0.iter().filter(|(path, entry)| all_cores.0.get(*path) != Some(entry)).collect();
        assert!(differing.is_empty(), "{:?}", differing.iter().map(|(path, _)| path).collect::<Vec<_>>());
    });
    let scratch = Scratch::new();
    let error = scratch.rvenv_for(&python()).env("SOURCE_DATE_EPOCH", "yesterday").arg("env").error();
    assert!(error.contains("which is not a number of seconds since 1970"), "{error}");
}

#[cfg(unix)] // modes
#[test]
fn a_copied_wheel_or_one_with_another_mode_uses_the_existing_image() {
    let (Some(python), scratch) = (pyenv("3.12"), Scratch::new()) else { return };
    let code = "import ensurepip, glob; print(*glob.glob(ensurepip.__path__[0] + '/_bundled/pip-*.whl'))";
    let wheel = PathBuf::from(scratch.run(&python.path).args(["-Ic", code]).ok().trim());
    let copy = scratch.path("wheels").join(wheel.file_name().unwrap());
    fs::create_dir(scratch.path("wheels")).unwrap();
    rvenv(&scratch, &python).silent();
    let first = image(&scratch);
    for mode in [0o644, 0o600] {
        fs::copy(&wheel, &copy).unwrap();
        fs::set_permissions(&copy, fs::Permissions::from_mode(mode)).unwrap();
        rvenv(&scratch, &python).arg("--find-links").arg(scratch.path("wheels")).silent();
        assert_eq!(image(&scratch), first);
    }
}
