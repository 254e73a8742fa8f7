//! Behaviour specific to Windows: files in use, names, permissions, jobs. Also run under Wine, which renames a
//! directory with an open file in it; a debug build refuses that as Windows does.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rvenv::{Context, Discovery, EnvBuilder, Event, PythonRequest, Steps, Surroundings};

use crate::harness::*;

/// Starts the environment's Python, which runs until dropped.
fn running(scratch: &Scratch, env_dir: &Path) -> Running {
    let code = "import pathlib, time; pathlib.Path('runs').touch(); time.sleep(300)";
    let mut running = scratch.run(env_dir.join(PYTHON)).args(["-I", "-c", code]).start();
    running.wait_until("Python runs", || scratch.path("runs").exists());
    running
}

#[test]
fn a_file_in_use_is_reported_and_the_environment_stays_intact() {
    let (Some(python), Some(other)) = (pyenv("3.13"), pyenv("3.12")) else { return };
    let scratch = Scratch::new();
    scratch.rvenv_for(&python).arg("env").silent();
    let before = tree(&scratch.env());
    let running = running(&scratch, &scratch.env());
    let in_use =
        format!("{} is in use; close the program that has it open, and run again", quoted(&scratch.env().join(PYTHON)));
    let error = scratch.rvenv_for(&python).args(["--clear", "env"]).error();
    assert!(error.contains(&in_use), "{error}");
    let error = scratch.rvenv_for(&other).args(["--upgrade", "env"]).error();
    assert!(error.ends_with("it is in use; close the program that has it open, and run again"), "{error}");
    assert!(error.contains(&quoted(&scratch.env().join(PYTHON))), "{error}");
    assert!(tree(&scratch.env()) == before);
    // No error if python.exe would only be replaced by the same file.
    scratch.rvenv_for(&python).args(["--system-site-packages", "env"]).silent();
    assert_eq!(configured(&scratch.env(), "include-system-site-packages").unwrap(), "true");
    drop(running);
    scratch.rvenv_for(&other).args(["--clear", "env"]).silent();
    assert_eq!(configured(&scratch.env(), "version").unwrap()[..4], *"3.12");
    assert_eq!(scratch.names(), ["env", "runs"]);
}

#[test]
fn read_only_files_are_replaced_and_removed() {
    let scratch = Scratch::new();
    for arguments in [&["env"][..], &["--upgrade", "env"], &["--clear", "env"]] {
        scratch.rvenv_for(&python()).arg("env").silent();
        for name in ["pyvenv.cfg", "Scripts/activate.bat", "Lib/site-packages/pip/__init__.py"] {
            let path = scratch.env().join(name);
            let mut permissions = fs::metadata(&path).unwrap().permissions();
            permissions.set_readonly(true);
            fs::set_permissions(&path, permissions).unwrap();
        }
        scratch.rvenv_for(&python()).args(arguments).silent();
        scratch.rvenv().args(["--check", "env"]).silent();
        assert_eq!(scratch.names(), ["env"], "{arguments:?}");
    }
}

/// A virus scanner, which has a new file open until this is taken from it.
#[derive(Clone, Default)]
struct Scanner(Arc<Mutex<Option<fs::File>>>);

impl Steps for Scanner {
    fn setup_scripts(&self, builder: &EnvBuilder, context: &mut Context) -> rvenv::Result<()> {
        builder.setup_scripts(context)?;
        let opened = fs::File::open(context.staged(context.cfg_path())?).unwrap();
        *self.0.lock().unwrap() = Some(opened);
        Ok(())
    }
}

#[test]
fn a_program_that_has_a_new_file_open_is_waited_for() {
    let scratch = Scratch::new();
    let discovery = Discovery::new(Surroundings::new([], None));
    let interpreter = discovery.find(&PythonRequest::Path(python().path)).unwrap();
    let scanner = Scanner::default();
    let create = |env_dir: &str, closes: bool| {
        let scanned = scanner.clone();
        let builder = EnvBuilder::new(interpreter.clone()).on_event(move |event| match event {
            Event::Progress { line, .. } if closes && line.starts_with("Waiting for a program that has a file") => {
                scanned.0.lock().unwrap().take();
            }
            _ => {}
        });
        builder.create_with(scratch.path(env_dir), &scanner).map(drop)
    };
    create(r"a\env", true).unwrap();
    assert!(scanner.0.lock().unwrap().is_none(), "it was waited for");
    scratch.rvenv().args(["--check", r"a\env"]).silent();

    let error = create("env", false).unwrap_err().to_string();
    let file = scratch.path(r".rvenv-env.tmp\new\pyvenv.cfg");
    assert!(error.starts_with(&format!("Unable to create the directory {}: ", quoted(&scratch.env()))), "{error}");
    let held = format!("a program has {} open, such as a virus scanner; close it, and run again", quoted(&file));
    assert!(error.ends_with(&held), "{error}");
    assert!(!scratch.env().exists());
    scanner.0.lock().unwrap().take();
    create("env", true).unwrap();
    assert_eq!(scratch.names(), ["a", "env"]);
}

#[test]
fn a_check_finds_an_interpreter_that_is_missing_or_empty_and_names_it_with_one_kind_of_separator() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
    let program = scratch.env().join("Scripts").join("pythonw.exe");
    for (reason, break_it) in [
        ("it does not exist", Box::new(|| fs::remove_file(&program).unwrap()) as Box<dyn Fn()>),
        ("it is empty", Box::new(|| fs::write(&program, "").unwrap())),
    ] {
        break_it();
        let said = String::from_utf8(scratch.rvenv().args(["--check", "env"]).output().stdout).unwrap();
        assert!(said.starts_with(&format!("{}: {reason}; run: rvenv ", program.display())), "{said}");
        scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
        scratch.rvenv().args(["--check", "env"]).silent();
    }
    fs::remove_file(program.with_file_name("python.exe")).unwrap();
    let said = String::from_utf8(scratch.rvenv().args(["--check", "env"]).output().stdout).unwrap();
    assert!(said.contains(r"\env\Scripts\python.exe") && !said.contains("Scripts/"), "{said}");
}

#[test]
fn the_default_is_the_python_that_python_runs() {
    let (Some(first), Some(second)) = (pyenv("3.12"), pyenv("3.13")) else { return };
    let scratch = Scratch::new();
    // As MSYS2 has it.
    let other = scratch.path("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("python3.exe"), "not a program").unwrap();
    let home = |search_path: &[&Path]| {
        let search_path = std::env::join_paths(search_path).unwrap();
        scratch.rvenv().env("PATH", search_path).args(["--clear", "--without-pip", "env"]).output();
        configured(&scratch.env(), "home").unwrap_or_default()
    };
    let directories = [&first, &second].map(|python| python.path.parent().unwrap());
    for directory in directories {
        assert_eq!(home(&[&other, directory]), directory.to_str().unwrap());
    }
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}

#[test]
fn reserved_names_are_refused() {
    let scratch = Scratch::new();
    for name in ["NUL", "con", r"sub\AUX", "COM1", "LPT9.txt", "nul.", "PRN"] {
        let error = scratch.rvenv_for(&python()).args(["--without-pip", name]).output();
        let stderr = String::from_utf8(error.stderr).unwrap();
        // Newer Windows versions accept some of these as ordinary names and create the environment.
        let is_device = stderr.contains("because it is the name of a device.");
        assert!(is_device && error.status.code() == Some(1) || error.status.success(), "{name}: {stderr}");
    }
    let surrogate: std::ffi::OsString = std::os::windows::ffi::OsStringExt::from_wide(&[u16::from(b'x'), 0xd800]);
    let error = scratch.rvenv_for(&python()).arg("--without-pip").arg(surrogate).error();
    assert!(error.contains("its name is not Unicode"), "{error}");
    for (name, reason) in
        [("a;b", "it contains the PATH separator ;."), ("a?b", "(os error 123)"), (r"C:\", "the root")]
    {
        let error = scratch.rvenv_for(&python()).args(["--without-pip", name]).error();
        assert!(error.contains(reason), "{name}: {error}");
    }
}

#[test]
fn names_are_interpreted_as_by_windows() {
    let scratch = Scratch::new();
    let python = python();
    for (name, made) in
        [("dots...", "dots"), ("space ", "space"), (r"a\..\b/c", r"b\c"), ("é 🐍 & (x86) 100%", "é 🐍 & (x86) 100%")]
    {
        scratch.rvenv_for(&python).args(["--without-pip", name]).silent();
        let env_dir = scratch.path(made);
        assert_eq!(
            in_env(&env_dir, "import os, sys; print(ascii(sys.prefix) == ascii(os.path.abspath(sys.prefix)))"),
            "True"
        );
        assert_eq!(configured(&env_dir, "home"), python.path.parent().map(|home| home.display().to_string()));
    }
    // Relative to the drive's current directory.
    let drive = scratch.env().display().to_string()[..2].to_owned();
    scratch.rvenv_for(&python).arg("--without-pip").arg(format!("{drive}relative")).silent();
    assert!(scratch.path("relative/pyvenv.cfg").is_file());
    // The same environment under another name.
    scratch.rvenv_for(&python).args(["--without-pip", "--prompt", "again", "RELATIVE"]).silent();
    assert_eq!(configured(&scratch.path("relative"), "prompt").unwrap(), "'again'");
}

#[test]
fn paths_may_be_longer_than_260_characters_which_is_said() {
    let scratch = Scratch::new();
    let long = scratch.path(["x".repeat(60).as_str(); 5].join("/"));
    for arguments in [&["--without-pip"][..], &[], &["--clear"]] {
        let output = scratch.rvenv_for(&python()).args(arguments).arg(&long).output();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && said.lines().count() == 1, "{said}");
        assert!(said.starts_with("Warning: ") && said.contains("python.exe' may not start: before 3.14"), "{said}");
        assert!(long.join("Lib").join("site-packages").is_dir());
    }
    assert!(long.join("Scripts").join("pip.exe").is_file());
}

#[test]
fn the_command_in_pyvenv_cfg_recreates_the_environment_in_cmd() {
    let scratch = Scratch::new();
    for name in ["plain", "two words", "a & b (c) ^ d"] {
        scratch.rvenv_for(&python()).args(["--without-pip", "--prompt", "my own"]).arg(scratch.path(name)).silent();
        let before = fs::read(scratch.path(name).join("pyvenv.cfg")).unwrap();
        let command = configured(&scratch.path(name), "command").unwrap();
        fs::remove_dir_all(scratch.path(name)).unwrap();
        let again = scratch.write("again.bat", format!("@echo off\r\nchcp 65001 >nul\r\n{command}\r\n"));
        scratch.run("cmd").args(["/d", "/c"]).arg(again).ok();
        assert_eq!(fs::read(scratch.path(name).join("pyvenv.cfg")).unwrap(), before, "{command}");
    }
}

/// Makes a directory writable for everyone.
const OPEN_UP: &str = r"
import ctypes, sys
from ctypes import wintypes
advapi32, kernel32 = ctypes.WinDLL('advapi32', use_last_error=True), ctypes.WinDLL('kernel32', use_last_error=True)
descriptor = wintypes.LPVOID()
sddl = 'D:P(A;OICI;FA;;;WD)'
made = advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, 1, ctypes.byref(descriptor), None)
assert made, ctypes.get_last_error()
assert advapi32.SetFileSecurityW(sys.argv[1], 4, descriptor), ctypes.get_last_error()
";

/// As on FAT and on many network shares.
fn let_everyone_write(scratch: &Scratch, directory: &Path) {
    scratch.run(python().path).args(["-I", "-c", OPEN_UP]).arg(directory).ok();
}

#[test]
fn a_cache_writable_by_everyone_is_used() {
    let scratch = Scratch::new();
    let cache = scratch.path("cache");
    let run = |arguments: &[&str]| scratch.rvenv_for(&python()).env("RVENV_CACHE_DIR", &cache).args(arguments);
    run(&["env"]).silent();
    assert_eq!(names_in(&cache), ["CACHEDIR.TAG", "images", "interpreters"]);
    let_everyone_write(&scratch, &cache);
    run(&["other"]).silent();
    let info = scratch.rvenv().env("RVENV_CACHE_DIR", &cache).arg("--cache-info").ok();
    assert!(info.starts_with(cache.to_str().unwrap()), "{info}");
}

#[test]
fn an_interrupted_clear_is_put_back_where_everyone_can_write() {
    let scratch = Scratch::new();
    let mut run = scratch.rvenv_for(&python()).args(["--no-cache", "env"]).start();
    let found = std::cell::OnceCell::new();
    run.wait_until("it builds", || {
        let is_hidden = |name: &String| name.starts_with(".rvenv-") && !name.ends_with(".lock");
        scratch.names().into_iter().filter(is_hidden).for_each(|name| drop(found.set(name)));
        found.get().is_some()
    });
    run.output();
    let hidden = scratch.path(found.get().unwrap());
    fs::create_dir_all(hidden.join("new")).unwrap();
    fs::create_dir_all(hidden.join("old")).unwrap();
    fs::write(hidden.join("old").join("mine"), "").unwrap();
    let_everyone_write(&scratch, &hidden);
    scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
    assert!(scratch.env().join("mine").exists());
    assert_eq!(scratch.names(), ["env"]);
}

#[test]
fn programs_started_by_rvenv_end_with_it() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).arg("slow").silent();
    // The launcher starts the base Python, so there are two processes to end.
    let code = "import pathlib, time\npathlib.Path(r'{}').touch()\ntime.sleep(6)\npathlib.Path(r'{}').touch()\n";
    let [began, ended] = ["began", "ended"].map(|name| scratch.path(name));
    let code = code.replacen("{}", began.to_str().unwrap(), 1).replacen("{}", ended.to_str().unwrap(), 1);
    scratch.write("slow/Lib/site-packages/slow_start.py", code);
    scratch.write("slow/Lib/site-packages/slow_start.pth", "import slow_start\n");
    // No other Python of an environment that rvenv starts runs what is in its .pth files.
    let mut run = scratch.rvenv_for(&python()).args(["--upgrade-deps", "slow"]).start();
    run.wait_until("pip runs", || began.exists());
    scratch.run("taskkill").args(["/f", "/pid"]).arg(run.id().to_string()).ok();
    run.output();
    std::thread::sleep(Duration::from_secs(8));
    assert!(!ended.exists());
    scratch.rvenv().args(["--check", "slow"]).silent();
}

#[test]
fn a_run_repairs_a_moved_environment() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        scratch.rvenv_for(python).arg("old place").silent();
        fs::rename(scratch.path("old place"), scratch.path("new place")).unwrap();
        let output = scratch.rvenv().args(["--check", "new place"]).output();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.code() == Some(1) && said.contains("pip.exe"), "{said}");
        let pip = |place: &str| scratch.run(program_of(&scratch.path(place), "pip")).arg("--version").output();
        assert!(!pip("new place").status.success());
        scratch.rvenv_for(python).arg("new place").silent();
        assert!(String::from_utf8(pip("new place").stdout).unwrap().contains("new place"));
        scratch.rvenv().args(["--check", "new place"]).silent();
    });
}

#[test]
fn an_environments_python_resolves_to_its_base() {
    for_each_python(|python| {
        let scratch = Scratch::new();
        scratch.venv(python).args(["--without-pip", "theirs"]).silent();
        for name in ["theirs", r"theirs\Scripts\python.exe"] {
            scratch.rvenv().arg("-p").arg(scratch.path(name)).args(["--clear", "--without-pip", "env"]).silent();
            assert_eq!(configured(&scratch.env(), "home"), configured(&scratch.path("theirs"), "home"));
        }
    });
}
