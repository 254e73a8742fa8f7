//! Bad input and hostile surroundings: one line says what failed, where and what to do. No partial environment remains.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::harness::*;

#[test]
fn an_impossible_env_dir_is_refused_before_anything_is_created() {
    let scratch = Scratch::new();
    scratch.write("file", "");
    symlink("/nowhere", scratch.path("dangling")).unwrap();
    scratch.run("mkfifo").arg("fifo").silent();
    let long = "x".repeat(300);
    let before = scratch.names();
    let cases = [
        ("", "ENV_DIR is empty"),
        ("file", "it exists and is not a directory"),
        ("file/env", "one of its parents is a file"),
        ("fifo", "it exists and is not a directory"),
        ("/dev/null", "it exists and is not a directory"),
        ("dangling", "it is a broken symbolic link"),
        ("dangling/env", "is a broken symbolic link"),
        ("/", "it is the root of the file system"),
        ("a:b", "because it contains the PATH separator :."),
        ("a\nb", "it contains a line break"),
        (&long, "File name too long"),
    ];
    for (env_dir, reason) in cases {
        let error = scratch.rvenv_for(&python()).arg(env_dir).error();
        assert!(error.contains(reason), "{env_dir:?}: {error}");
        assert_eq!(scratch.names(), before, "{env_dir:?}");
    }
}

#[test]
fn messages_begin_like_cpythons() {
    let scratch = Scratch::new();
    scratch.write("file", "");
    let python = python();
    for env_dir in ["file", "a:b"] {
        let theirs = scratch.venv(&python).args(["--without-pip", env_dir]).error();
        let ours = scratch.rvenv_for(&python).args(["--without-pip", env_dir]).error();
        assert!(ours.replace('\'', "").starts_with(&theirs.replace('\'', "")), "{theirs}\n{ours}");
    }
}

#[test]
fn a_python_that_no_thread_can_be_started_for_is_an_error_and_does_not_go_on_running() {
    let Some(()) = able("strace -f") else { return };
    let scratch = Scratch::new();
    let python = scratch.write_script("python3", "#!/bin/sh\nexec sleep 987654\n");
    // The first call starts the Python, and three threads pass on its input and its output.
    for call in 2..=4 {
        let inject = format!("inject=clone3:error=EAGAIN:when={call}");
        let run = scratch.run("strace").args(["-f", "-qq", "-e", "trace=clone3", "-e", &inject, "-o", "/dev/null"]);
        // strace waits for all that it has traced.
        let run = run.arg(env!("CARGO_BIN_EXE_rvenv")).arg("-p").arg(&python);
        let error = run.args(["--without-pip", "--no-cache", "env"]).error();
        assert!(error.contains("Resource temporarily unavailable"), "{call}: {error}");
        assert_eq!(scratch.names(), ["python3"], "{call}");
    }
}

#[test]
fn a_python_without_pip_fails_before_anything_is_created() {
    let scratch = Scratch::new();
    let hidden = scratch.python_without("ensurepip");
    let error = scratch.rvenv().arg("-p").arg(&hidden).arg("env").error();
    assert!(error.contains("does not include pip: it has no ensurepip module"), "{error}");
    assert!(error.contains("apt install python3.13-venv") && error.contains("--without-pip"), "{error}");
    assert_eq!(scratch.names(), ["python3"]);
    scratch.rvenv().arg("-p").arg(&hidden).args(["--without-pip", "env"]).silent();
}

#[test]
fn a_python_without_zlib_fails_before_anything_is_created_since_pip_could_not_start() {
    let scratch = Scratch::new();
    let hidden = scratch.python_without("zlib");
    let run = || scratch.rvenv().env("RVENV_CACHE_DIR", scratch.path("cache")).arg("-p").arg(&hidden);
    let error = run().arg("env").error();
    assert!(error.contains("it has no zlib module, without which pip cannot start; build it"), "{error}");
    assert!(!scratch.env().exists());
    run().args(["--without-pip", "env"]).silent();
    // Once it has the module, that is noticed at once.
    let whole = fs::read_to_string(&hidden).unwrap().replace("sys.modules[\"zlib\"] = None; ", "");
    fs::write(&hidden, whole).unwrap();
    run().arg("env").silent();
}

#[test]
fn an_ensurepip_that_imports_more_modules_is_queried_too() {
    let Some(python) = pyenv("3.9") else { return };
    let scratch = Scratch::new();
    let real = python.path.ancestors().nth(2).unwrap().join("lib/python3.9/ensurepip/__init__.py");
    let module = format!(
        "import os, shutil\nclass Odd(shutil.Error):\n    pass\n__path__.append(os.path.dirname({real:?}))\nexec(open({real:?}).read())\n"
    );
    scratch.write("modules/ensurepip/__init__.py", module);
    let code = format!("import sys; sys.path.insert(0, {:?}); exec(sys.argv.pop(1))", scratch.path("modules"));
    let script = format!("#!/bin/sh\nshift 5\nexec {} -I -c '{code}' \"$@\"\n", python.path.display());
    let patched = scratch.write_script("python3", &script);
    scratch.rvenv().arg("-p").arg(&patched).arg("env").silent();
    assert!(record_of(&scratch.env(), "pip").exists());
}

/// rvenv, run by an unprivileged user: the current one, or nobody if that is root.
fn unprivileged(scratch: &Scratch, shell_code: &str) -> Option<Run> {
    Some(as_user(65534, scratch, shell_code)?.arg("--no-cache"))
}

/// rvenv with its own cache, run by `user` if the tests run as root.
fn as_user(user: u32, scratch: &Scratch, shell_code: &str) -> Option<Run> {
    let python = debian()?;
    let rvenv = scratch.path("rvenv");
    fs::copy(env!("CARGO_BIN_EXE_rvenv"), &rvenv).unwrap();
    fs::set_permissions(&rvenv, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(scratch.path(""), fs::Permissions::from_mode(0o777)).unwrap();
    let code = format!("{shell_code}; exec ./rvenv -p {} \"$@\"", python.path.display());
    let run = if is_root(scratch) {
        able("setpriv --reuid")?;
        let ids = [format!("--reuid={user}"), format!("--regid={user}")];
        scratch.run("setpriv").args(ids).arg("--clear-groups").arg("sh")
    } else {
        scratch.run("sh")
    };
    Some(run.arg("-c").arg(code).arg("sh").env("RVENV_CACHE_DIR", scratch.path("cache")))
}

fn is_root(scratch: &Scratch) -> bool {
    scratch.run("id").arg("-u").ok().trim() == "0"
}

#[test]
fn a_low_limit_on_processes_and_threads_suffices_or_is_an_error() {
    let (Some(()), scratch) = (able("prlimit --nproc"), Scratch::new()) else { return };
    // The limit counts everything that a user runs, so use one who runs nothing else.
    let run = |code: &str| as_user(65001, &scratch, code);
    let made = |processes: u32, arguments: &[&str]| {
        let run = run(&format!("ulimit -c 0; prlimit --pid $$ --nproc={processes}"))?;
        let output = run.args(arguments).arg("env").output();
        let stderr = String::from_utf8(output.stderr).unwrap();
        if output.status.success() {
            assert_eq!(stderr, "", "{processes}");
            scratch.rvenv().args(["--check", "env"]).silent();
            fs::remove_dir_all(scratch.env()).unwrap();
        } else {
            assert_eq!(output.status.code(), Some(1), "{processes}: {stderr}");
            assert!(stderr.starts_with("Error: ") && stderr.lines().count() == 1, "{processes}: {stderr}");
            assert!(stderr.contains("Resource temporarily unavailable"), "{processes}: {stderr}");
        }
        assert!(scratch.names().iter().all(|name| ["cache", "rvenv"].contains(&name.as_str())), "{processes}");
        Some(output.status.success())
    };
    let Some(_) = made(1, &["--no-cache"]) else { return };
    let cold: Vec<bool> = (1..=6).chain([16]).filter_map(|processes| made(processes, &["--no-cache"])).collect();
    run("true").unwrap().arg("warm").silent();
    fs::remove_dir_all(scratch.path("warm")).unwrap();
    let warm: Vec<bool> = (1..=6).filter_map(|processes| made(processes, &[])).collect();
    if is_root(&scratch) {
        assert!(warm.iter().all(|made| *made), "nothing has to be started: {warm:?}");
        // Those of the Python that was queried may not have quite ended.
        assert!(cold[6], "four threads and a process for each of two cores: {cold:?}");
    }
}

#[test]
fn a_directory_that_cannot_be_written_to_is_reported() {
    let scratch = Scratch::new();
    let Some(run) = unprivileged(&scratch, "mkdir -m 555 locked") else { return };
    let error = run.args(["--without-pip", "locked/env"]).error();
    assert!(error.contains("locked' cannot be written to: Permission denied"), "{error}");
}

#[test]
fn a_directory_that_can_be_neither_moved_into_an_environment_nor_created_there_is_named() {
    let scratch = Scratch::new();
    let made = "./rvenv -p /usr/bin/python3 --no-cache --without-pip env && rm -r env/include && chmod 555 env";
    let Some(run) = unprivileged(&scratch, made) else { return };
    let error = run.args(["--without-pip", "env"]).error();
    fs::set_permissions(scratch.env(), fs::Permissions::from_mode(0o755)).unwrap();
    let path = scratch.path("env/include");
    assert_eq!(error, format!("Unable to create the directory '{}': Permission denied (os error 13)", path.display()));
}

#[test]
fn no_umask_leaves_a_hidden_directory_behind() {
    for umask in ["444", "777", "200"] {
        let scratch = Scratch::new();
        let Some(run) = unprivileged(&scratch, &format!("umask {umask}")) else { return };
        let output = run.arg("env").output();
        let names = scratch.names();
        assert!(names.iter().all(|name| !name.starts_with(".rvenv")), "{umask}: {names:?}");
        assert_eq!(output.status.success(), names.contains(&"env".to_owned()), "{umask}");
    }
}

#[test]
fn clear_deletes_read_only_directories_too() {
    let scratch = Scratch::new();
    let code = "mkdir -p env/lib/locked && touch env/pyvenv.cfg env/lib/locked/file && chmod 555 env/lib/locked";
    let Some(run) = unprivileged(&scratch, code) else { return };
    run.args(["--clear", "--without-pip", "env"]).silent();
    assert!(!scratch.path("env/lib/locked").exists());
    assert!(names_in(&scratch.env()).iter().all(|name| !name.starts_with(".rvenv")));
}

#[test]
fn a_fifo_as_pyvenv_cfg_does_not_block() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.env()).unwrap();
    scratch.run("mkfifo").arg("env/pyvenv.cfg").silent();
    let error = scratch.rvenv_for(&python()).args(["--upgrade", "--without-pip", "env"]).error();
    assert!(error.ends_with("env/pyvenv.cfg': not a regular file"), "{error}");
    assert_eq!(names_in(&scratch.env()), ["pyvenv.cfg"]);
}

#[test]
fn closed_streams_do_not_matter() {
    let python = python();
    for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let scratch = Scratch::new();
        let code = format!("\"$@\" {closed}");
        let run = scratch.run("sh").args(["-c", &code, "sh", env!("CARGO_BIN_EXE_rvenv"), "--no-cache", "-p"]);
        run.arg(&python.path).arg("env").silent();
        assert!(scratch.run(scratch.path("env/bin/pip")).arg("--version").ok().starts_with("pip "));
    }
}

#[test]
fn a_failure_midway_leaves_nothing_and_reports_why() {
    let scratch = Scratch::new();
    let run =
        scratch.run("sh").args(["-c", "ulimit -f 100; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_rvenv"), "--no-cache"]);
    let error = run.arg("-p").arg(python().path).arg("a/b/env").error();
    assert!(error.contains("File too large") && error.contains("/a/b/env/lib/"), "{error}");
    assert!(scratch.names().is_empty());
}

/// The output of a run that has to compile pip: hash-based .pyc are wanted, so the base's own cannot be reused. `code` is
/// run in sh before each process that compiles.
fn compiled_after(scratch: &Scratch, code: &str) -> std::process::Output {
    let compiler = scratch.python_that_compiles_after(code);
    let run = scratch.rvenv().env("SOURCE_DATE_EPOCH", "1700000000").env("RVENV_CACHE_DIR", scratch.path("cache"));
    run.arg("-p").arg(&compiler).arg("env").output()
}

#[test]
fn where_compiling_fails_pip_is_installed_without_pyc_and_nothing_is_cached() {
    for code in ["echo no memory left >&2; exit 3", "kill -KILL $$"] {
        let scratch = Scratch::new();
        let output = compiled_after(&scratch, code);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{stderr}");
        let begin = "Warning: Python will compile the modules when it imports them: Command ";
        assert!(stderr.starts_with(begin) && stderr.lines().count() == 1, "{stderr}");
        assert!(stderr.contains("exit status 3. no memory left") || stderr.contains("died with signal: 9"), "{stderr}");
        let names: Vec<String> = tree(&scratch.env()).into_keys().collect();
        assert!(names.iter().any(|name| name.ends_with("/pip/__init__.py")), "{names:?}");
        assert!(!names.iter().any(|name| name.contains("__pycache__")), "{names:?}");
        scratch.rvenv().args(["--check", "env"]).silent();
        assert!(names_in(&scratch.path("cache/images")).is_empty());
    }
}

#[test]
fn where_several_processes_cannot_compile_a_single_one_does() {
    let scratch = Scratch::new();
    // The first attempt dies, and leaves a part of a file.
    let part = "part=$(ls -d .rvenv-*/*/lib/python*/site-packages/pip | head -n 1)/__pycache__";
    let code =
        format!("if ! [ -e tried ]; then {part}; mkdir -p $part; touch $part/a.pyc.123 tried; kill -KILL $$; fi");
    let output = compiled_after(&scratch, &code);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let names = tree(&scratch.env()).into_keys().filter(|name| name.contains("/pip/__pycache__/"));
    let names: Vec<String> = names.collect();
    assert!(names.iter().any(|name| name.contains("/__init__.")), "{names:?}");
    assert!(names.iter().all(|name| name.ends_with(".pyc")), "{names:?}");
    assert_eq!(names_in(&scratch.path("cache/images")).len(), 1);
}

#[test]
fn a_root_directory_without_dev_null_suffices() {
    let (Some(()), scratch) = (able("unshare --mount"), Scratch::new()) else { return };
    // The scratch directory may be in /dev itself.
    let code = "mount --bind . /mnt && cd /mnt && mount -t tmpfs none /dev && exec \"$@\"";
    let hidden = ["--user", "--map-root-user", "--mount", "sh", "-c", code, "sh"];
    for flags in [&[][..], &["--copies", "--clear"]] {
        let run = scratch.run("unshare").args(hidden).args([env!("CARGO_BIN_EXE_rvenv"), "--no-cache"]);
        run.args(flags).arg("-p").arg(python().path).arg("env").silent();
        in_env(&scratch.env(), "import pip");
    }
}

#[test]
fn an_environment_that_is_nearly_as_large_as_the_limit_suffices() {
    let scratch = Scratch::new();
    // The arguments and the environment may take a quarter of the stack together.
    let run =
        scratch.run("sh").args(["-c", "ulimit -s 512; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_rvenv"), "--no-cache"]);
    let large = run.env("FILLER", "x".repeat(60_000)).env("FILLER2", "x".repeat(50_000));
    large.env("SOURCE_DATE_EPOCH", "1700000000").arg("-p").arg(python().path).arg("env").silent();
}

#[test]
fn surroundings_do_not_leak_in() {
    let plain = Scratch::new();
    let python = python();
    plain.rvenv_for(&python).args(["--no-cache", "env"]).silent();
    let expected: Vec<String> = tree(&plain.env()).into_keys().collect();

    let scratch = Scratch::new();
    for module in ["sys.py", "os.py", "logging.py", "json.py", "encodings/__init__.py", "py_compile.py", "site.py"] {
        scratch.write(module, "raise SystemExit('imported from the current directory')");
    }
    scratch.write("pip.conf", "[install]\ntarget = /nowhere\n");
    scratch
        .rvenv_for(&python)
        .env("PYTHONPATH", scratch.path(""))
        .env("PYTHONHOME", "/nowhere")
        .env("PYTHONOPTIMIZE", "2")
        .env("PYTHONPYCACHEPREFIX", scratch.path("pycache"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONVERBOSE", "1")
        .env("PYTHONWARNINGS", "error")
        .env("ENSUREPIP_OPTIONS", "altinstall")
        .env("PIP_CONFIG_FILE", scratch.path("pip.conf"))
        .env("PIP_TARGET", "/nowhere")
        .env("LANG", "C")
        .env("LC_ALL", "C")
        .env_remove("HOME")
        .args(["--no-cache", "env"])
        .silent();
    let made: Vec<String> = tree(&scratch.env()).into_keys().collect();
    assert_eq!(made, expected);
    assert!(!scratch.path("pycache").exists());
}

#[test]
fn an_environment_at_a_path_that_is_not_utf8_works() {
    let Some(()) = able("names that are not UTF-8") else { return };
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        let env_dir = scratch.path(os(b"caf\xe9 \xff"));
        scratch.rvenv_for(python).arg(&env_dir).silent();
        let said = scratch
            .run("bash")
            .args(["-c", ". \"$1\"/bin/activate; printf %s \"$VIRTUAL_ENV\"", "bash"])
            .arg(&env_dir)
            .output();
        assert_eq!(os(&said.stdout), env_dir.as_os_str());
        let code = "import os, sys; sys.stdout.buffer.write(os.fsencode(sys.prefix))";
        let prefix = scratch.run(env_dir.join("bin/python")).args(["-c", code]).output();
        assert_eq!(os(&prefix.stdout), env_dir.as_os_str(), "{}", String::from_utf8_lossy(&prefix.stderr));
        let pip = scratch
            .run(env_dir.join("bin/pip"))
            .arg("--version")
            .env("PYTHONIOENCODING", "utf-8:backslashreplace")
            .output();
        assert!(pip.status.success(), "{}", String::from_utf8_lossy(&pip.stderr));
    });
}
