//! Whatever `--python` names is queried once, with a time limit, and is then used or refused in one line.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::drop_in::compare;
use crate::harness::*;

#[test]
fn what_is_not_a_python_is_refused_with_the_reason() {
    let scratch = Scratch::new();
    let no_exec = scratch.write("no-exec", "");
    let garbage = scratch.write_script("garbage", "#!/bin/sh\necho '<rvenv-probe>{oops</rvenv-probe>'\n");
    let dies = scratch.write_script("dies", "#!/bin/sh\nkill -SEGV $$\n");
    let complains = scratch.write_script("complains", "#!/bin/sh\necho 'no such version' >&2; exit 127\n");
    let no_loader = scratch.write_script("no-loader", "#!/nowhere/python\n");
    let old = scratch.write_script("old", "#!/bin/sh\necho '<rvenv-probe>{\"version\": [3, 5, 10]}</rvenv-probe>'\n");
    symlink("/nowhere", scratch.path("dangling")).unwrap();
    let before = scratch.names();
    let cases = [
        (scratch.path("missing"), "there is no such file"),
        (scratch.path(""), "it is a directory"),
        (scratch.path("dangling"), "it is a broken symbolic link"),
        (no_exec, "it is not executable"),
        ("/bin/ls".into(), "it does not behave like a Python interpreter (exit status: 2)"),
        (garbage, "could not parse its output"),
        (dies, "it does not behave like a Python interpreter (signal: 11"),
        (complains, "it does not behave like a Python interpreter (exit status: 127): no such version"),
        (no_loader, "the interpreter in its #! line, or its dynamic loader, does not exist"),
        (old, "it is Python 3.5.10, but rvenv requires Python 3.6 or later"),
    ];
    for (python, reason) in cases {
        let error = scratch.rvenv().arg("-p").arg(&python).arg("env").error();
        assert!(error.starts_with('\'') && error.contains(reason), "{}: {error}", python.display());
        assert_eq!(scratch.names(), before);
    }
}

#[test]
fn a_python_that_hangs_times_out_and_one_that_leaves_a_child_is_not_delayed() {
    let scratch = Scratch::new();
    let hangs = scratch.write_script("hangs", "#!/bin/sh\nsleep 600\n");
    let error = scratch.rvenv().arg("-p").arg(&hangs).arg("env").error();
    assert!(error.contains("it did not respond within 30 seconds"), "{error}");
    // Its child keeps stdout open, and is killed when the query ends.
    let forks = format!("#!/bin/sh\nsleep 600 &\necho $! >child\nexec {} \"$@\"\n", python().path.display());
    let forks = scratch.write_script("forks", &forks);
    scratch.rvenv().arg("-p").arg(&forks).args(["--without-pip", "--no-cache", "env"]).silent();
    let child = std::fs::read_to_string(scratch.path("child")).unwrap();
    // It has been killed, which takes a moment on a busy machine.
    assert!((0..500).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        has_ended(&child)
    }));
}

#[test]
fn python_2_is_refused() {
    let Some(python) = pyenv_python_2() else { return };
    let scratch = Scratch::new();
    let error = scratch.rvenv().arg("-p").arg(python).arg("env").error();
    assert!(error.contains("it is older than Python 3.6"), "{error}");
}

fn pyenv_python_2() -> Option<std::path::PathBuf> {
    // It is beside the others, but has no python3, so `pyenv` does not find it.
    let versions = python().path.ancestors().nth(3)?.to_owned();
    let found = names_in(&versions).into_iter().find(|name| name.starts_with("2.7"))?;
    Some(versions.join(found).join("bin/python"))
}

#[test]
fn noise_at_start_up_is_tolerated() {
    let scratch = Scratch::new();
    let python = python();
    let noisy = scratch.write_script(
        "python3",
        &format!(
            "#!/bin/sh\necho '<rvenv-probe> hello {{'\necho warning >&2\n{} \"$@\"\necho bye\n",
            python.path.display()
        ),
    );
    scratch.rvenv().arg("-p").arg(noisy).args(["--without-pip", "env"]).silent();
    assert_eq!(configured(&scratch.env(), "home"), python.path.parent().map(|home| home.display().to_string()));
}

#[test]
fn an_interpreter_of_another_name_is_linked_under_that_name() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        symlink(&python.path, scratch.path("mypy")).unwrap();
        let linked = Python { path: scratch.path("mypy"), ..python.clone() };
        scratch.rvenv_for(&linked).args(["--without-pip", "env"]).silent();
        let target = fs::read_link(scratch.path("env/bin/mypy")).unwrap();
        assert_eq!(target, scratch.path("mypy"));
        let base = in_env(&scratch.env(), "import sys; print(sys.base_prefix)");
        let expected = scratch.run(&python.path).args(["-Ic", "import sys; print(sys.base_prefix)"]).ok();
        assert_eq!(base, expected.trim());
    });
}

#[test]
fn an_environment_created_by_a_link_of_another_name_leads_to_its_base() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        symlink(&python.path, scratch.path("l3")).unwrap();
        // Files that share a name with one in the environment must not be taken for its base.
        for name in ["pip", "activate", "mine"] {
            scratch.write_script(name, "#!/bin/sh\nexit 9\n");
        }
        let linked = Python { path: scratch.path("l3"), ..python.clone() };
        let expected = scratch.run(&python.path).args(["-Ic", "import sys; print(sys.base_prefix)"]).ok();
        for copies in [&[][..], &["--copies"]] {
            scratch.rvenv_for(&linked).args(["--clear", "ours"]).args(copies).silent();
            scratch.venv(&linked).args(["--clear", "--without-pip", "theirs"]).args(copies).ok();
            for named in ["ours", "ours/bin/python", "ours/bin/l3", "theirs", "theirs/bin/python3"] {
                scratch.rvenv().arg("-p").arg(scratch.path(named)).args(["--clear", "--without-pip", "env"]).silent();
                let base = in_env(&scratch.env(), "import sys; print(sys.base_prefix)");
                assert_eq!(base, expected.trim(), "{named} {copies:?}");
                assert!(scratch.path("env/bin/l3").exists(), "{named} {copies:?}");
            }
        }
    });
}

#[test]
fn an_executable_linked_from_outside_its_prefix_has_a_home_with_a_standard_library() {
    for version in ["3.8", "3.12"] {
        let Some(python) = pyenv(version) else { continue };
        let scratch = Scratch::new();
        // A moved installation finds its library only from its own bin.
        let prefix = python.path.ancestors().nth(2).unwrap();
        assert!(scratch.run("cp").arg("-a").arg(prefix).arg(scratch.path("moved")).output().status.success());
        fs::create_dir(scratch.path("links")).unwrap();
        symlink(scratch.path("moved/bin/python3"), scratch.path("links/python3")).unwrap();
        symlink("python3", scratch.path("links/again")).unwrap();
        for name in ["python3", "again"] {
            let linked = Python { path: scratch.path("links").join(name), ..python.clone() };
            scratch.rvenv_for(&linked).args(["--clear", "env"]).silent();
            let base = in_env(&scratch.env(), "import sys; print(sys.base_prefix)");
            assert_eq!(base, scratch.path("moved").display().to_string());
            assert_eq!(configured(&scratch.env(), "home"), Some(scratch.path("moved/bin").display().to_string()));
        }
    }
}

#[test]
fn an_installation_reached_through_a_link_to_its_directory_keeps_the_stable_path() {
    let scratch = Scratch::new();
    let python = python();
    symlink(python.path.ancestors().nth(2).unwrap(), scratch.path("current")).unwrap();
    let linked = Python { path: scratch.path("current/bin/python3"), ..python };
    scratch.rvenv_for(&linked).args(["--without-pip", "env"]).silent();
    assert_eq!(configured(&scratch.env(), "home"), Some(scratch.path("current/bin").display().to_string()));
    in_env(&scratch.env(), "import json, encodings");
}

/// The prefix of an installation.
fn prefix(python: &Python) -> PathBuf {
    python.path.ancestors().nth(2).unwrap().to_owned()
}

fn copy(scratch: &Scratch, from: &Path, to: &str) {
    assert!(scratch.run("cp").arg("-a").arg(from).arg(to).output().status.success());
}

#[test]
fn a_python_newer_than_the_supported_versions_works() {
    for name in ["3.14", "3.15"] {
        let Some(python) = unstable(name) else { continue };
        compare(&python, &[]);
        compare(&python, &["--copies", "--without-pip"]);
        let scratch = Scratch::new();
        scratch.rvenv_for(&python).arg("env").silent();
        assert!(scratch.run(scratch.env().join("bin/pip")).arg("--version").ok().contains(&format!("(python {name})")));
    }
}

#[test]
fn an_unknown_future_version_is_accepted() {
    let scratch = Scratch::new();
    let python = python();
    let future = scratch.write_script(
        "python3",
        &format!(
            "#!/bin/sh\n{} \"$@\" | sed 's/\"version\": \\[3, 13, 0\\]/\"version\": [4, 27, 1]/'\n",
            python.path.display()
        ),
    );
    scratch.rvenv().arg("-p").arg(future).args(["--without-pip", "env"]).silent();
    assert_eq!(configured(&scratch.env(), "version").as_deref(), Some("4.27.1"));
}

#[test]
fn a_debug_builds_names_are_kept() {
    for name in ["3.13-dbg", "3.13d"] {
        let Some(python) = unstable(name) else { continue };
        compare(&python, &["--without-pip"]);
        let scratch = Scratch::new();
        scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
        assert!(scratch.path("env/bin").join(format!("python{name}")).is_symlink());
    }
}

#[test]
fn a_free_threaded_python_has_its_own_directory_and_link() {
    let Some(python) = pyenv("3.13") else { return };
    let scratch = Scratch::new();
    copy(&scratch, &prefix(&python), "free");
    // No free-threaded build is available here. This one claims to be one, and its sysconfig follows that.
    fs::rename(scratch.path("free/bin/python3.13"), scratch.path("free/bin/python3.13t")).unwrap();
    fs::remove_file(scratch.path("free/bin/python3")).unwrap();
    symlink("python3.13t", scratch.path("free/bin/python3")).unwrap();
    let library = scratch.path("free/lib/python3.13");
    let data = names_in(&library).into_iter().find(|name| name.starts_with("_sysconfigdata")).unwrap();
    let text = fs::read_to_string(library.join(&data)).unwrap();
    fs::write(library.join(&data), text.replace("'Py_GIL_DISABLED': 0", "'Py_GIL_DISABLED': 1")).unwrap();
    let _ = fs::remove_dir_all(library.join("__pycache__"));

    for name in ["python3.13t", "python3"] {
        let free = Python { path: scratch.path("free/bin").join(name), ..python.clone() };
        scratch.venv(&free).args(["--without-pip", "env"]).ok();
        let theirs = tree(&scratch.env());
        fs::remove_dir_all(scratch.env()).unwrap();
        scratch.rvenv_for(&free).args(["--without-pip", "env"]).silent();
        crate::drop_in::compare_trees(&theirs, &tree(&scratch.env()), name);
        assert!(scratch.path("env/lib/python3.13t/site-packages").is_dir());
        fs::remove_dir_all(scratch.env()).unwrap();
    }
    let search_path = format!("{}:/usr/bin:/bin", scratch.path("free/bin").display());
    let listed = scratch.rvenv().env("PATH", &search_path).args(["--list-pythons", "-p", "3.13t"]).ok();
    assert!(listed.starts_with("3.13.0t "), "{listed}");
    let run = scratch.rvenv().env("PATH", &search_path).args(["-p", "3.13t", "--without-pip", "env"]);
    run.silent();
    assert!(scratch.path("env/bin/python3.13t").is_symlink());
}

#[test]
fn a_source_build_that_is_not_installed_is_its_own_home() {
    for version in ["3.8", "3.12"] {
        let Some(python) = pyenv(version) else { continue };
        let scratch = Scratch::new();
        // As `make` leaves it, with links in place of the built files.
        let library = prefix(&python).join(format!("lib/python{version}"));
        let built = format!("build/lib.linux-x86_64-{version}");
        fs::create_dir_all(scratch.path("source").join(&built)).unwrap();
        fs::copy(prefix(&python).join(format!("bin/python{version}")), scratch.path("source/python")).unwrap();
        scratch.write("source/Modules/Setup.local", "");
        scratch.write("source/Modules/Setup", "");
        scratch.write("source/pybuilddir.txt", &built);
        symlink(&library, scratch.path("source/Lib")).unwrap();
        let dynamic = library.join("lib-dynload");
        let data = names_in(&library).into_iter().filter(|name| name.starts_with("_sysconfigdata"));
        let modules =
            names_in(&dynamic).into_iter().map(|name| dynamic.join(name)).chain(data.map(|name| library.join(name)));
        for module in modules.filter(|path| path.is_file()) {
            symlink(&module, scratch.path("source").join(&built).join(module.file_name().unwrap())).unwrap();
        }
        let source = Python { path: scratch.path("source/python"), ..python.clone() };
        compare(&source, if version == "3.12" { &[] } else { &["--without-pip"] });
        symlink(&source.path, scratch.path("linked")).unwrap();
        let linked = Python { path: scratch.path("linked"), ..python.clone() };
        scratch.rvenv_for(&linked).args(["--without-pip", "env"]).silent();
        assert_eq!(configured(&scratch.env(), "home"), Some(scratch.path("source").display().to_string()));
        assert_eq!(in_env(&scratch.env(), "import sysconfig; print(sysconfig.is_python_build())"), "True");
    }
}

#[test]
fn a_moved_installation_is_its_own_home() {
    for version in ["3.6", "3.9", "3.12"] {
        let Some(python) = pyenv(version) else { continue };
        let scratch = Scratch::new();
        copy(&scratch, &prefix(&python), "moved");
        let moved = Python { path: scratch.path("moved/bin/python3"), ..python.clone() };
        compare(&moved, if version == "3.12" { &[] } else { &["--without-pip"] });
        compare(&moved, &["--copies", "--without-pip"]);
    }
}

#[test]
fn a_link_to_a_python_stays_in_home_where_venv_keeps_it() {
    for python in ["3.14", "3.15"].into_iter().filter_map(unstable) {
        let scratch = Scratch::new();
        symlink(&python.path, scratch.path("mypy")).unwrap();
        let linked = Python { path: scratch.path("mypy"), ..python };
        compare(&linked, &["--without-pip"]);
        scratch.rvenv_for(&linked).args(["--without-pip", "env"]).silent();
        assert_eq!(configured(&scratch.env(), "home"), scratch.env().parent().map(|home| home.display().to_string()));
        in_env(&scratch.env(), "import json");
        scratch.rvenv_for(&linked).args(["-p", "env", "--without-pip", "second"]).silent();
        assert_eq!(configured(&scratch.path("second"), "home"), configured(&scratch.env(), "home"));
    }
    // A tree of links, such as those of package managers that install each package into a directory of its own.
    for_some_pythons(|python| {
        let (scratch, prefix) = (Scratch::new(), prefix(python));
        if prefix == Path::new("/usr") {
            return;
        }
        scratch.run("cp").arg("-rs").arg(&prefix).arg(scratch.path("links")).silent();
        let linked = Python { path: scratch.path("links").join(python.path.strip_prefix(&prefix).unwrap()), ..*python };
        compare(&linked, &["--without-pip"]);
    });
}

#[test]
fn an_environment_whose_home_is_relative_has_the_base_that_its_python_has() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        symlink(prefix(python), scratch.path("base")).unwrap();
        let linked =
            Python { path: scratch.path("base").join(python.path.strip_prefix(prefix(python)).unwrap()), ..*python };
        scratch.rvenv_for(&linked).args(["--without-pip", "env"]).silent();
        let home = configured(&scratch.env(), "home").unwrap();
        let relative = Path::new(&home).strip_prefix(scratch.path("")).unwrap();
        let cfg = fs::read_to_string(scratch.env().join("pyvenv.cfg")).unwrap();
        fs::write(scratch.env().join("pyvenv.cfg"), cfg.replace(&home, relative.to_str().unwrap())).unwrap();
        for _ in 0..2 {
            scratch.rvenv().args(["-p", "env", "--without-pip", "second"]).silent();
            assert_eq!(configured(&scratch.path("second"), "home").as_deref(), Some(&*home));
            in_env(&scratch.path("second"), "import json");
        }
        // From another directory it has none, even if the answer was cached.
        let error = scratch.rvenv().current_dir(scratch.path("second")).args(["-p", "../env", "third"]).error();
        assert!(error.contains("no longer exists in") || error.contains("does not behave like"), "{error}");
    });
}

#[test]
fn debians_python_linked_from_elsewhere_gives_cpythons_environment() {
    let Some(python) = debian() else { return };
    let scratch = Scratch::new();
    symlink(&python.path, scratch.path("mypy")).unwrap();
    compare(&Python { path: scratch.path("mypy"), ..python }, &["--without-pip"]);
}

#[test]
fn debians_python_without_its_venv_package_uses_the_installed_wheels() {
    let Some(python) = debian() else { return };
    let scratch = Scratch::new();
    // The real interpreter, in a wrapper that hides the module from python3-venv.
    let code = "import sys; sys.modules[\"ensurepip\"] = None; exec(sys.argv.pop(1))";
    let lacking = scratch.write_script(
        "python3",
        &format!(
            "#!/bin/sh\ncase $6 in *stdin*) shift 5; exec {} -I -B -X utf8 -c '{code}' \"$@\";; esac\nexit 9\n",
            python.path.display()
        ),
    );
    scratch.rvenv().arg("-p").arg(lacking).arg("env").silent();
    assert!(scratch.run(scratch.path("env/bin/pip")).arg("--version").ok().starts_with("pip "));
    let theirs = Scratch::new();
    theirs.rvenv_for(&python).arg("env").silent();
    let names = |scratch: &Scratch| names_in(&site_packages(&scratch.env()));
    assert_eq!(names(&scratch), names(&theirs));
}

#[test]
fn pypy_gets_the_same_environment_as_from_its_own_venv() {
    let Some(python) = pypy() else { return };
    compare(&python, &[]);
    compare(&python, &["--without-pip", "--system-site-packages"]);
    let scratch = Scratch::new();
    // PyPy's own --copies tries to copy all of /usr/lib and fails, so there is nothing to compare.
    scratch.rvenv_for(&python).args(["--copies", "env"]).silent();
    assert!(scratch.run(scratch.path("env/bin/pypy")).args(["-m", "pip", "--version"]).ok().starts_with("pip "));
    for request in ["pypy", "pypy3", "pypy3.9"] {
        scratch.rvenv().args(["-p", request, "--clear", "--without-pip", "env"]).silent();
        assert_eq!(in_env(&scratch.env(), "import sys; print(sys.implementation.name)"), "pypy", "{request}");
    }
}

#[test]
fn a_portable_pypy_is_copied_with_its_libraries() {
    let Some(python) = pypy() else { return };
    let real = python.path.canonicalize().unwrap();
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.path("portable/bin")).unwrap();
    fs::copy(&real, scratch.path("portable/bin/pypy3.9")).unwrap();
    let library = Path::new("/usr/lib/x86_64-linux-gnu/libpypy3.9-c.so");
    fs::copy(library, scratch.path("portable/bin/libpypy3.9-c.so")).unwrap();
    scratch.write("portable/lib/libother.so.1", "");
    symlink("/usr/lib/pypy3.9", scratch.path("portable/lib/pypy3.9")).unwrap();
    let portable = Python { path: scratch.path("portable/bin/pypy3.9"), ..python };
    scratch.rvenv_for(&portable).args(["--copies", "--without-pip", "env"]).silent();
    assert!(scratch.path("env/bin/libpypy3.9-c.so").is_file() && scratch.path("env/lib/libother.so.1").is_file());
    assert_eq!(in_env(&scratch.env(), "import sys; print(sys.implementation.name)"), "pypy");
    scratch.rvenv_for(&portable).args(["--clear", "--without-pip", "env"]).silent();
    assert!(!scratch.path("env/bin/libpypy3.9-c.so").exists(), "a link needs no library beside it");
}

#[test]
fn an_environment_of_virtualenv_or_uv_leads_to_its_base() {
    let (Some(virtualenv), Some(uv)) = (peer("virtualenv"), peer("uv")) else { return };
    for version in ["3.9", "3.12"] {
        let Some(python) = pyenv(version) else { continue };
        let scratch = Scratch::new();
        scratch.run(&virtualenv).args(["--quiet", "--without-pip", "-p"]).arg(&python.path).arg("theirs").ok();
        scratch.run(&uv).args(["venv", "--quiet", "--no-config", "--offline", "-p"]).arg(&python.path).arg("uvs").ok();
        for env in ["theirs", "uvs"] {
            scratch.rvenv().arg("-p").arg(scratch.path(env)).args(["--clear", "--without-pip", "env"]).silent();
            let base = in_env(&scratch.env(), "import sys; print(sys.base_prefix)");
            assert_eq!(base, prefix(&python).display().to_string(), "{env}");
            // A run over it turns it into our environment and keeps its files.
            scratch.write(&format!("{env}/lib/mine"), "");
            scratch.rvenv_for(&python).arg(env).silent();
            assert!(scratch.path(env).join("lib/mine").exists());
            let pip = scratch.run(scratch.path(env).join("bin/pip")).arg("--version").ok();
            assert!(pip.contains(&format!("(python {version})")), "{pip}");
        }
    }
}

#[test]
fn an_environment_whose_base_is_gone_is_a_clear_error() {
    let Some(python) = pyenv("3.9") else { return };
    let scratch = Scratch::new();
    copy(&scratch, &prefix(&python), "base");
    let base = Python { path: scratch.path("base/bin/python3"), ..python };
    scratch.rvenv_for(&base).args(["--without-pip", "linked"]).silent();
    scratch.rvenv_for(&base).args(["--without-pip", "--copies", "copied"]).silent();
    fs::rename(scratch.path("base"), scratch.path("gone")).unwrap();
    let error = scratch.rvenv().args(["-p", "linked/bin/python", "env"]).error();
    assert!(error.contains("linked/bin/python' cannot be used: it is a broken symbolic link"), "{error}");
    // The copy runs, because it finds its library where that was originally installed.
    let error = scratch.rvenv().args(["-p", "copied/bin/python", "env"]).error();
    assert!(error.contains("copied/bin/python' cannot be used: "), "{error}");
    let home = scratch.path("base/bin");
    assert!(
        error.contains(&format!(
            "it belongs to an environment whose base Python no longer exists in '{}'",
            home.display()
        )),
        "{error}"
    );
}

#[test]
fn a_conda_like_prefix_works() {
    let Some(python) = pyenv("3.11") else { return };
    let scratch = Scratch::new();
    copy(&scratch, &prefix(&python), "conda");
    scratch.write("conda/conda-meta/history", "");
    scratch.write("conda/conda-meta/python-3.11.7.json", "{}");
    compare(&Python { path: scratch.path("conda/bin/python"), ..python }, &["--without-pip"]);
}

#[test]
fn a_wrapper_script_means_the_python_that_it_starts() {
    let scratch = Scratch::new();
    let python = python();
    scratch
        .write_script("bin/python3", &format!("#!/bin/sh\nexport WRAPPED=1\nexec {} \"$@\"\n", python.path.display()));
    let wrapped = Python { path: scratch.path("bin/python3"), ..python.clone() };
    compare(&wrapped, &["--without-pip"]);
    scratch.rvenv_for(&wrapped).args(["--without-pip", "env"]).silent();
    assert_eq!(configured(&scratch.env(), "home").map(PathBuf::from).as_deref(), python.path.parent());
}

#[test]
fn hostile_surroundings_do_not_affect_the_query() {
    let Some(debian) = debian() else { return };
    let scratch = Scratch::new();
    for module in ["sys.py", "logging.py", "encodings/__init__.py", "sysconfig.py", "ensurepip.py", "os.py"] {
        scratch.write(module, "raise SystemExit('imported from the current directory')");
    }
    for python in [&debian, &python()] {
        let run = scratch.rvenv_for(python).env("PYTHONHOME", "/nowhere").env("PYTHONPATH", scratch.path(""));
        run.args(["--no-cache", "--clear", "env"]).silent();
        assert!(scratch.run(scratch.path("env/bin/pip")).current_dir("/").arg("--version").ok().starts_with("pip "));
    }
}

#[test]
fn an_environment_leads_to_its_own_python_if_its_home_has_several() {
    let Some(newest) = pyenv("3.13") else { return };
    for version in ["3.6", "3.9", "3.11"] {
        let Some(python) = pyenv(version) else { continue };
        let scratch = Scratch::new();
        // As after `make altinstall`: `python3` is another version.
        fs::create_dir(scratch.path("bin")).unwrap();
        let named = scratch.path("bin").join(format!("python{version}"));
        symlink(python.path.with_file_name(format!("python{version}")), &named).unwrap();
        symlink(newest.path.with_file_name("python3.13"), scratch.path("bin/python3")).unwrap();
        let alternative = Python { path: named, ..python.clone() };
        for copies in [&[][..], &["--copies"]] {
            scratch.venv(&alternative).args(["--without-pip", "--clear", "theirs"]).args(copies).ok();
            scratch.rvenv().args(["-p", "theirs", "--clear", "env"]).silent();
            let inside = in_env(&scratch.env(), "import sys, pip; print('%d.%d' % sys.version_info[:2])");
            assert_eq!(inside, version, "{copies:?}");
        }
    }
}

#[test]
fn a_home_with_another_python_in_place_of_the_base_is_refused() {
    let (Some(python), Some(other)) = (pyenv("3.9"), pyenv("3.13")) else { return };
    let scratch = Scratch::new();
    copy(&scratch, &prefix(&python), "base");
    let base = Python { path: scratch.path("base/bin/python3"), ..python };
    scratch.rvenv_for(&base).args(["--without-pip", "--copies", "theirs"]).silent();
    for name in ["python3", "python", "python3.9"] {
        fs::remove_file(scratch.path("base/bin").join(name)).unwrap();
        symlink(&other.path, scratch.path("base/bin").join(name)).unwrap();
    }
    let error = scratch.rvenv().args(["-p", "theirs", "env"]).error();
    assert!(error.contains("it is CPython 3.9.18, but its base Python "), "{error}");
    assert!(error.contains("is now CPython 3.13.0"), "{error}");
}

/// Prints the programs that Scripts of an environment gets on Windows, for the made-up free-threaded installation in the
/// current directory: the copied and the linked ones.
const PROGRAMS: &str = "
import os, sys
depends, text, free_threaded = [], str, lambda: True
sys.path[:0] = [sys.argv[1]]
import sysconfig, windows
os.__file__ = os.path.abspath('Lib/os.py')
vars(windows).update(os=os, sys=sys, depends=depends, text=text, free_threaded=free_threaded)
for pairs in windows.programs_on_windows(os.path.abspath(sys.argv[2])):
    print(*[name + '=' + os.path.basename(source) for name, source in pairs])
";

#[test]
fn a_name_whose_source_is_missing_is_not_linked_on_windows() {
    let Some(python) = pyenv("3.13") else { return };
    let probe = concat!(env!("CARGO_MANIFEST_DIR"), "/src/interpreter/probe");
    let programs = |names: &[&str], executable: &str| {
        let scratch = Scratch::new();
        for name in names.iter().chain(&["Lib/venv/scripts/nt/venvlaunchert.exe"]) {
            scratch.write(name, "");
        }
        scratch.run(&python.path).args(["-B", "-c", PROGRAMS, probe, executable]).ok()
    };
    let copied = "python.exe=venvlaunchert.exe python3.13t.exe=venvlaunchert.exe\n";
    let linked = programs(&["python.exe", "python3.13t.exe", "pythonw3.13t.exe", "python313t.dll"], "python.exe");
    let all = "python.exe=python3.13t.exe python3.13t.exe=python3.13t.exe pythonw.exe=pythonw3.13t.exe \
               pythonw3.13t.exe=pythonw3.13t.exe python313t.dll=python313t.dll\n";
    assert_eq!(linked, format!("{copied}{all}"));
    let linked = programs(&["python.exe", "pythonw.exe"], "python.exe");
    let all = "python.exe=python.exe python3.13t.exe=python.exe pythonw.exe=pythonw.exe pythonw3.13t.exe=pythonw.exe\n";
    assert_eq!(linked, format!("{copied}{all}"));
    assert_eq!(programs(&["mine.exe"], "mine.exe"), format!("{copied}python.exe=mine.exe python3.13t.exe=mine.exe\n"));
}
