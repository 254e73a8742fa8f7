//! Finding a Python: by path, directory, name or version, and through pyenv's shims by pyenv's own rules. Also lists.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rvenv::{Cache, Discovery, Error, Interrupt, PythonRequest, Surroundings};

use crate::harness::*;

/// Creates an environment and returns the directory of the Python that rvenv chose.
fn home(run: Run, scratch: &Scratch) -> PathBuf {
    run.args(["--clear", "--without-pip", "env"]).silent();
    configured(&scratch.env(), "home").unwrap().into()
}

fn bin(python: &Python) -> PathBuf {
    python.path.parent().unwrap().to_owned()
}

#[test]
fn a_directory_means_the_python_in_it() {
    let scratch = Scratch::new();
    let python = python();
    scratch.rvenv_for(&python).args(["--without-pip", "other"]).silent();
    let installation = bin(&python).parent().unwrap().to_owned();
    let own_bin = bin(&python);
    for directory in [
        Path::new("other"),
        Path::new("./other"),
        &scratch.path("other"),
        &installation,
        &own_bin,
        Path::new("other/bin"),
    ] {
        assert_eq!(home(scratch.rvenv().arg("-p").arg(directory), &scratch), bin(&python), "{}", directory.display());
    }
}

#[test]
fn a_version_is_searched_on_path_first_and_not_trusted_by_name() {
    let (Some(old), Some(new)) = (pyenv("3.9"), pyenv("3.12")) else { return };
    let scratch = Scratch::new();
    for (directory, name, python) in
        [("liar", "python3.12", &old), ("plain", "python3", &new), ("named", "python3.12", &new)]
    {
        fs::create_dir(scratch.path(directory)).unwrap();
        symlink(&python.path, scratch.path(directory).join(name)).unwrap();
    }
    let with = |directories: &[&str], request: &str| {
        let directories: Vec<String> =
            directories.iter().map(|directory| scratch.path(directory).display().to_string()).collect();
        let run =
            scratch.rvenv().env("PATH", directories.join(":")).env("HOME", scratch.path("")).env_remove("PYENV_ROOT");
        home(run.args(["-p", request]), &scratch)
    };
    assert_eq!(with(&["plain", "named"], "3.12"), scratch.path("named"), "python3.12 before python3");
    assert_eq!(with(&["liar", "plain"], "3.12"), scratch.path("plain"));
    assert_eq!(with(&["liar", "named"], "<3.10"), scratch.path("liar"), "whatever it is called");
    assert_eq!(with(&["liar", "plain"], ">=3.10,<3.13"), scratch.path("plain"));
    assert_eq!(with(&["plain", "liar"], "3"), scratch.path("plain"));
    assert_eq!(with(&["plain"], "cpython3.12"), scratch.path("plain"));
}

#[test]
fn an_inactive_version_is_found_among_pyenvs() {
    let (Some(root), scratch) = (pyenv_root(), Scratch::new()) else { return };
    for version in ["3.6", "3.8", "3.13"] {
        let Some(python) = pyenv(version) else { continue };
        for request in
            [version.to_owned(), format!("python{version}"), format!("=={version}.*"), format!("cpython{version}")]
        {
            // Without the shims, and with them, where another version is active.
            let shims = root.join("shims");
            for search_path in ["/usr/bin:/bin".to_owned(), format!("{}:/usr/bin:/bin", shims.display())] {
                let run = scratch.rvenv().env("PATH", search_path).env("PYENV_ROOT", &root);
                assert_eq!(home(run.args(["-p", &request]), &scratch), bin(&python), "{request}");
            }
        }
    }
}

#[test]
fn uvs_directory_may_be_relative_as_for_uv() {
    let Some(python) = pyenv("3.10") else { return };
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("store")).unwrap();
    symlink(bin(&python).parent().unwrap(), scratch.path("store/cpython-3.10.13-linux-x86_64-gnu")).unwrap();
    let run = scratch.rvenv().env("UV_PYTHON_INSTALL_DIR", "store").env("HOME", scratch.path("home"));
    let run = run.env_remove("PYENV_ROOT").env_remove("XDG_DATA_HOME").env("PATH", "/usr/bin:/bin");
    let found = home(run.args(["-p", "3.10"]), &scratch);
    assert_eq!(found, scratch.path("store/cpython-3.10.13-linux-x86_64-gnu/bin"));
}

#[test]
fn managed_pythons_of_uv_asdf_mise_and_homebrew_are_found() {
    let Some(python) = pyenv("3.10") else { return };
    let prefix = bin(&python).parent().unwrap().to_owned();
    let places = [
        "home/.local/share/uv/python/cpython-3.10.13-linux-x86_64-gnu",
        "home/.asdf/installs/python/3.10.13",
        "home/.local/share/mise/installs/python/3.10.13",
        "brew/opt/python@3.10",
    ];
    for place in places {
        let scratch = Scratch::new();
        fs::create_dir_all(scratch.path(place).parent().unwrap()).unwrap();
        symlink(&prefix, scratch.path(place)).unwrap();
        let run = scratch.rvenv().env("HOME", scratch.path("home")).env("HOMEBREW_PREFIX", scratch.path("brew"));
        let run = run.env_remove("PYENV_ROOT").env_remove("XDG_DATA_HOME").env("PATH", "/usr/bin:/bin");
        assert_eq!(home(run.args(["-p", "3.10"]), &scratch), scratch.path(place).join("bin"), "{place}");
    }
}

#[test]
fn a_version_that_is_not_found_is_reported_with_those_that_were() {
    let scratch = Scratch::new();
    let python = python();
    fs::create_dir(scratch.path("bin")).unwrap();
    symlink(&python.path, scratch.path("bin/python3")).unwrap();
    scratch.write_script("bin/python", "#!/bin/sh\nexit 3\n");
    let run = |request: &str| {
        let run =
            scratch.rvenv().env("PATH", scratch.path("bin")).env("HOME", scratch.path("")).env_remove("PYENV_ROOT");
        run.args(["-p", request, "env"]).error()
    };
    let error = run("4.2");
    assert!(
        error.starts_with("no Python found: none matches 4.2: searched PATH, the installations of pyenv"),
        "{error}"
    );
    assert!(error.contains("; found: CPython 3.13.0"), "{error}");
    assert_eq!(error.matches("CPython 3.13.0").count(), 1, "{error}");
    assert!(error.contains(" (`rvenv --list-pythons` shows where); '"), "{error}");
    assert!(
        error.contains("bin/python' cannot be used: it does not behave like a Python interpreter (exit status: 3)"),
        "{error}"
    );
    assert!(error.ends_with("specify one with --python PATH"), "{error}");
    assert!(run("3.13t").contains("found: CPython 3.13.0, not free-threaded"));
    assert!(run("graalpy").contains("none matches graalpy"));
    assert!(run("3.13+x").contains("'3.13+x' is neither a program on PATH nor a version such as 3.12"));
    assert!(!scratch.env().exists());
}

#[test]
fn a_list_is_in_order_of_preference() {
    let (Some(root), Some(first), Some(second)) = (pyenv_root(), pyenv("3.9"), pyenv("3.12")) else { return };
    let scratch = Scratch::new();
    let search_path = format!("{}:{}", bin(&first).display(), bin(&second).display());
    let rvenv = || scratch.rvenv().env("PATH", &search_path).env("PYENV_ROOT", &root);
    let list = rvenv().arg("--list-pythons").ok();
    let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0][..2], ["3.9.18", "CPython"]);
    assert_eq!(lines[0][2], first.path.to_str().unwrap());
    assert_eq!(lines[1][..2], ["3.12.1", "CPython"]);
    assert!(lines.iter().any(|line| line[0].starts_with("3.6.")), "pyenv's other versions: {list}");
    let mut unique = lines.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), lines.len(), "each once: {list}");

    let only = rvenv().args(["--list-pythons", "-p", ">=3.12,<3.13"]).ok();
    assert!(only.lines().all(|line| line.starts_with("3.12.")) && !only.is_empty(), "{only}");

    let json: serde_json::Value =
        serde_json::from_str(&rvenv().args(["--list-pythons", "--format", "json"]).ok()).unwrap();
    assert_eq!(json[0]["version"], "3.9.18");
    assert_eq!(json[0]["implementation"], "cpython");
    assert_eq!(json[0]["path"], first.path.to_str().unwrap());
    assert_eq!(json[0]["free_threaded"], false);
    assert!(scratch.names().is_empty());
}

/// Creates a pyenv root with real Pythons, and shims that pyenv itself has generated.
fn own_pyenv(scratch: &Scratch, versions: &[&str]) -> Option<PathBuf> {
    let pyenv_itself = pyenv_root()?.join("bin/pyenv");
    let root = scratch.path("pyenv");
    for version in versions {
        let python = pyenv(version)?;
        let name = bin(&python).parent().unwrap().file_name().unwrap().to_owned();
        let directory = root.join("versions").join(name);
        fs::create_dir_all(&directory).unwrap();
        symlink(bin(&python), directory.join("bin")).unwrap();
    }
    scratch.run(pyenv_itself).arg("rehash").env("PYENV_ROOT", &root).silent();
    Some(root)
}

/// The directory of the Python that the shim itself runs.
fn shim_runs(scratch: &Scratch, shim: &Path, prepare: &dyn Fn(Run) -> Run) -> PathBuf {
    let code = "import os, sys; print(os.path.dirname(sys.executable))";
    prepare(scratch.run(shim)).args(["-I", "-c", code]).ok().trim().into()
}

#[test]
fn a_shims_python_is_the_one_that_pyenv_runs_and_exact_versions_need_no_shim() {
    let scratch = Scratch::new();
    let Some(root) = own_pyenv(&scratch, &["3.9", "3.11", "3.12"]) else { return };
    // Two versions with the same prefix, of which the numerically newer one is chosen.
    symlink_bin(&root, "3.9.18", "3.9.9");
    let shims = root.join("shims");
    let system = format!("{}:/usr/bin:/bin", shims.display());
    fs::create_dir_all(scratch.path("project/deep")).unwrap();
    let deep = scratch.path("project/deep");
    symlink(&deep, scratch.path("elsewhere")).unwrap();

    /// A rule's name, the variables that are set, and the files with their contents.
    type Rule<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [(&'a str, &'a str)]);
    let exact: [Rule; 7] = [
        ("PYENV_VERSION", &[("PYENV_VERSION", "3.9.18")], &[]),
        ("several in it", &[("PYENV_VERSION", "3.12.1:3.11.7")], &[]),
        ("an empty one counts as unset", &[("PYENV_VERSION", "")], &[("pyenv/version", "3.12.1\n")]),
        ("the file here", &[], &[("project/deep/.python-version", "3.9.18\n"), ("pyenv/version", "3.12.1\n")]),
        (
            "the file above",
            &[],
            &[("project/.python-version", "# mine\n\n 3.11.7 rest\r\n"), ("pyenv/version", "3.12.1\n")],
        ),
        ("no line end", &[], &[("project/.python-version", "3.11.7")]),
        ("pyenv's own file", &[], &[("pyenv/version", "3.9.18\n")]),
    ];
    let others: [Rule; 10] = [
        ("one that is missing", &[("PYENV_VERSION", "3.7.99:3.11.7")], &[]),
        ("system in it", &[("PYENV_VERSION", "system:3.11.7")], &[]),
        ("a prefix", &[("PYENV_VERSION", "3.9")], &[]),
        ("python- before it", &[("PYENV_VERSION", "python-3.11.7")], &[]),
        ("several in the file", &[], &[("project/.python-version", "# mine\n\n3.99\r\n 3.11 rest\n3.12.1\n")]),
        ("an empty file is system", &[], &[("project/.python-version", ""), ("pyenv/version", "3.12.1\n")]),
        ("system in pyenv's own file", &[], &[("pyenv/version", "system\n")]),
        ("nothing is system", &[], &[]),
        ("PYENV_DIR", &[("PYENV_DIR", "@/project")], &[("project/.python-version", "3.11.7\n")]),
        ("a name that is not a version", &[("PYENV_VERSION", "no-such:3.11.7")], &[]),
    ];
    for (rule, variables, files) in exact.iter().chain(&others) {
        for (name, contents) in *files {
            scratch.write(name, contents);
        }
        let prepare = |mut run: Run| {
            for (name, value) in *variables {
                run = run.env(name, value.replace('@', scratch.path("").to_str().unwrap().trim_end_matches('/')));
            }
            run.env("PATH", &system).env_remove("PYENV_ROOT").current_dir(&deep).env("PWD", &deep)
        };
        let expected = shim_runs(&scratch, &shims.join("python3"), &prepare);
        // From here on, running the shim leaves a trace.
        let shim = fs::read_to_string(shims.join("python3")).unwrap();
        let was_run = scratch.path("was-run");
        fs::write(shims.join("python3"), shim.replace("set -e\n", &format!("set -e\n: >{}\n", was_run.display())))
            .unwrap();
        prepare(scratch.rvenv()).args(["--clear", "--without-pip"]).arg(scratch.env()).silent();
        assert_eq!(configured(&scratch.env(), "home").unwrap(), expected.to_str().unwrap(), "{rule}");
        assert_eq!(was_run.exists(), others.iter().any(|(other, ..)| other == rule), "{rule}");
        fs::write(shims.join("python3"), shim).unwrap();
        let _ = fs::remove_file(was_run);
        for (name, _) in *files {
            fs::remove_file(scratch.path(name)).unwrap();
        }
    }
}

fn symlink_bin(root: &Path, from: &str, to: &str) {
    fs::create_dir_all(root.join("versions").join(to)).unwrap();
    let bin = fs::read_link(root.join("versions").join(from).join("bin")).unwrap();
    symlink(bin, root.join("versions").join(to).join("bin")).unwrap();
}

#[test]
fn a_shim_searches_upwards_from_the_shells_pwd() {
    let scratch = Scratch::new();
    let Some(root) = own_pyenv(&scratch, &["3.9", "3.11"]) else { return };
    fs::create_dir_all(scratch.path("real/project")).unwrap();
    fs::create_dir_all(scratch.path("named")).unwrap();
    symlink(scratch.path("real/project"), scratch.path("named/project")).unwrap();
    scratch.write("real/.python-version", "3.9.18\n");
    scratch.write("named/.python-version", "3.11.7\n");
    let search_path = format!("{}:/usr/bin:/bin", root.join("shims").display());
    for pwd in ["real/project", "named/project", "elsewhere"] {
        let prepare = |run: Run| {
            let run = run.env("PATH", &search_path).env_remove("PYENV_ROOT").env_remove("PYENV_VERSION");
            run.current_dir(scratch.path("real/project")).env("PWD", scratch.path(pwd))
        };
        let expected = shim_runs(&scratch, &root.join("shims/python3"), &prepare);
        prepare(scratch.rvenv()).args(["--clear", "--without-pip"]).arg(scratch.env()).silent();
        assert_eq!(configured(&scratch.env(), "home").unwrap(), expected.to_str().unwrap(), "{pwd}");
    }
}

#[test]
fn a_shim_is_run_if_pyenv_has_an_unknown_hook() {
    let scratch = Scratch::new();
    let Some(root) = own_pyenv(&scratch, &["3.9", "3.11"]) else { return };
    scratch.write("pyenv/version", "3.11.7\n");
    scratch.write("pyenv/pyenv.d/version-name/other.bash", "PYENV_VERSION=3.9.18\n");
    let search_path = format!("{}:/usr/bin:/bin", root.join("shims").display());
    let run = scratch.rvenv().env("PATH", search_path).env_remove("PYENV_ROOT").env_remove("PYENV_VERSION");
    assert_eq!(home(run, &scratch), root.join("versions/3.9.18/bin"));
}

#[test]
fn a_shim_without_a_python_is_not_run() {
    let scratch = Scratch::new();
    let Some(root) = own_pyenv(&scratch, &["3.9", "3.11", "3.12"]) else { return };
    scratch.write("pyenv/version", "3.11.7\n");
    for entry in fs::read_dir(root.join("shims")).unwrap() {
        let shim = entry.unwrap().path();
        let text = fs::read_to_string(&shim).unwrap();
        fs::write(&shim, text.replace("set -e\n", &format!("set -e\n: >{}\n", scratch.path("was-run").display())))
            .unwrap();
    }
    let search_path = root.join("shims").display().to_string();
    let rvenv = || {
        let run = scratch.rvenv().env("PATH", &search_path).env_remove("PYENV_ROOT").env_remove("PYENV_VERSION");
        run.env("HOME", scratch.path(""))
    };
    // Only the shims reveal pyenv's root.
    for (request, version) in [("3.12", "3.12.1"), ("python3.9", "3.9.18"), ("<3.11", "3.9.18"), (">=3.12", "3.12.1")] {
        assert_eq!(
            home(rvenv().args(["-p", request]), &scratch),
            root.join("versions").join(version).join("bin"),
            "{request}"
        );
    }
    assert!(rvenv().arg("--list-pythons").ok().contains("3.9.18"));
    let error = rvenv().args(["-p", "3.13", "new"]).error();
    assert!(
        error.contains("shims/python3.13' cannot be used: it is a pyenv shim") || !error.contains("shims/python3.13'"),
        "{error}"
    );
    assert!(!scratch.path("was-run").exists());
}

#[test]
fn dots_after_a_link_are_resolved_by_its_real_path() {
    let (Some(one), Some(two)) = (pyenv("3.12"), pyenv("3.9")) else { return };
    let scratch = Scratch::new();
    for directory in ["a/bin", "other/dir", "other/bin"] {
        fs::create_dir_all(scratch.path(directory)).unwrap();
    }
    symlink("../other/dir", scratch.path("a/link")).unwrap();
    symlink(&one.path, scratch.path("other/bin/python3")).unwrap();
    symlink(&two.path, scratch.path("a/bin/python3")).unwrap();
    let dots = scratch.path("a").join("link/../bin");
    for run in [scratch.rvenv().arg("-p").arg(dots.join("python3")), scratch.rvenv().env("PATH", &dots)] {
        assert_eq!(home(run, &scratch), scratch.path("other/bin"));
        assert!(in_env(&scratch.env(), "import sys; print(sys.version)").starts_with("3.12.1"));
    }
}

#[test]
fn the_name_of_an_environment_takes_precedence_over_a_program_on_path() {
    let Some(python) = pyenv("3.9") else { return };
    let scratch = Scratch::new();
    scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
    scratch.rvenv().args(["-p", "env", "--without-pip", "other"]).silent();
    assert_eq!(configured(&scratch.path("other"), "version").as_deref(), Some("3.9.18"));
}

#[test]
fn homebrews_newest_and_every_version_of_a_shared_prefix_are_found() {
    let (Some(old), Some(new)) = (pyenv("3.9"), pyenv("3.13")) else { return };
    let scratch = Scratch::new();
    for (formula, python) in [("python@3.9", &old), ("python@3.13", &new)] {
        fs::create_dir_all(scratch.path("brew/opt").join(formula).join("bin")).unwrap();
        let (major, minor) = python.version;
        let name = format!("bin/python{major}.{minor}");
        symlink(&python.path, scratch.path("brew/opt").join(formula).join(name)).unwrap();
    }
    fs::create_dir_all(scratch.path("shared/bin")).unwrap();
    for python in [&old, &new] {
        let (major, minor) = python.version;
        symlink(&python.path, scratch.path("shared/bin").join(format!("python{major}.{minor}"))).unwrap();
    }
    fs::create_dir_all(scratch.path("home/.asdf/installs/python")).unwrap();
    let rvenv = |homebrew: &str| {
        let run = scratch.rvenv().env("PATH", scratch.path("nowhere")).env("HOME", scratch.path("home"));
        run.env("HOMEBREW_PREFIX", scratch.path(homebrew)).env_remove("PYENV_ROOT")
    };
    assert_eq!(home(rvenv("brew").args(["-p", ">=3.9"]), &scratch), scratch.path("brew/opt/python@3.13/bin"));
    assert_eq!(home(rvenv("brew").args(["-p", "3.9"]), &scratch), scratch.path("brew/opt/python@3.9/bin"));
    symlink(scratch.path("shared"), scratch.path("home/.asdf/installs/python/all")).unwrap();
    for request in ["3.9", "3.13"] {
        let found = home(rvenv("none").args(["-p", request]), &scratch);
        assert_eq!(found, scratch.path("home/.asdf/installs/python/all/bin"), "{request}");
    }
}

#[test]
fn an_empty_list_is_an_error_with_the_reasons() {
    let scratch = Scratch::new();
    let list = |request: &str| scratch.rvenv().args(["--list-pythons", "-p", request]).error();
    assert!(list("4.2").contains("none matches 4.2"));
    assert!(list(scratch.path("gone").to_str().unwrap()).contains("there is no such file"));
    assert!(list("3.99\n").contains("none matches 3.99:"));
    assert!(list("3.13.x").contains("'3.13.x' is neither a program on PATH nor a version"));
    let Some(()) = able("/dev/full") else { return };
    let whole =
        scratch.run("sh").args(["-c", "\"$1\" --list-pythons >/dev/full", "sh", env!("CARGO_BIN_EXE_rvenv")]).error();
    assert!(whole.starts_with("Unable to write to stdout: No space left"), "{whole}");
}

#[test]
fn a_shim_of_another_manager_is_run_and_not_cached() {
    let (Some(one), Some(two)) = (pyenv("3.9"), pyenv("3.11")) else { return };
    let scratch = Scratch::new();
    // Like asdf's and mise's shims, it depends on a file in the current directory.
    scratch.write_script("shims/python3", "#!/bin/sh\nexec \"$(cat chosen)\" \"$@\"\n");
    for python in [&one, &two, &one] {
        scratch.write("chosen", python.path.to_str().unwrap());
        let search_path = format!("{}:/usr/bin:/bin", scratch.path("shims").display());
        assert_eq!(home(scratch.rvenv().env("PATH", search_path), &scratch), bin(python));
    }
}

#[test]
fn an_unreadable_directory_is_reported_if_nothing_is_found() {
    let scratch = Scratch::new();
    let installs = scratch.path("home/.asdf/installs/python");
    fs::create_dir_all(installs.parent().unwrap()).unwrap();
    symlink("python", &installs).unwrap();
    let rvenv = |request: &str| {
        let run = scratch.rvenv().env("HOME", scratch.path("home")).env("PATH", bin(&python()));
        run.env_remove("PYENV_ROOT").args(["-p", request, "--without-pip", "env"])
    };
    let error = rvenv("4.2").error();
    assert!(
        error.contains(&format!("Unable to read the directory '{}': Too many levels", installs.display())),
        "{error}"
    );
    rvenv("3").silent();
}

/// A program that creates the file `asked` when it is started, and does not respond.
fn silent_python(scratch: &Scratch, name: &str) -> PathBuf {
    scratch.write_script(name, &format!("#!/bin/sh\n: >{}\nexec /bin/sleep 20\n", scratch.path("asked").display()))
}

/// Waits until a [`silent_python`] has started, but no longer than such a program sleeps.
fn wait_until_asked(scratch: &Scratch) {
    let begun = Instant::now();
    while !scratch.path("asked").exists() && begun.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(5));
    }
}

/// Returns the result of `search` when it is interrupted while a [`silent_python`] is queried.
fn interrupted<T>(scratch: &Scratch, search: impl FnOnce(Discovery) -> rvenv::Result<T>) -> rvenv::Result<T> {
    let search_path = format!("{}:{}", scratch.path("bin").display(), scratch.path("pyenv/shims").display());
    let variables = [("PATH", search_path.into()), ("HOME", scratch.path("")), ("PYENV_VERSION", "no-such".into())];
    let variables = variables.map(|(name, value)| (name.into(), value.into()));
    let flag = Arc::new(AtomicBool::default());
    let discovery =
        Discovery::new(Surroundings::new(variables, scratch.path(""))).cache(Cache::at(scratch.path("cache")));
    thread::scope(|scope| {
        scope.spawn(|| {
            wait_until_asked(scratch);
            flag.store(true, Ordering::Relaxed);
        });
        search(discovery.interrupt(Interrupt::by(flag.clone())))
    })
}

#[test]
fn an_interrupt_while_pythons_are_queried_ends_the_search() {
    let python = python();
    for request in ["3", "python3", "any"] {
        let scratch = Scratch::new();
        silent_python(&scratch, "bin/python3");
        symlink(&python.path, scratch.path("bin/python")).unwrap();
        let outcome = interrupted(&scratch, |discovery| match request {
            "any" => discovery.list(&PythonRequest::Default).map(drop),
            request => discovery.find(&PythonRequest::from(request.as_ref())).map(drop),
        });
        assert!(matches!(outcome, Err(Error::Interrupted)), "{request}: {outcome:?}");
    }
}

#[test]
fn an_interrupt_after_a_shim_has_failed_ends_the_search() {
    let scratch = Scratch::new();
    let Some(root) = own_pyenv(&scratch, &["3.12"]) else { return };
    // rvenv runs a shim if it cannot resolve the version itself, as here, where PYENV_VERSION names none.
    let shim = root.join("shims/python3.12");
    let text = fs::read_to_string(&shim).unwrap();
    fs::write(&shim, text.replace("set -e\n", "exit 3\n")).unwrap();
    silent_python(&scratch, "bin/python3");
    let outcome = interrupted(&scratch, |discovery| discovery.find(&PythonRequest::from("python3.12".as_ref())));
    assert!(matches!(outcome, Err(Error::Interrupted)), "{outcome:?}");
}

#[test]
fn an_interrupt_while_an_environments_base_is_queried_ends_the_search() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--without-pip", "--copies", "env"]).silent();
    let base = silent_python(&scratch, "home/python3");
    let home = format!("home = {}\n", base.parent().unwrap().display());
    fs::write(scratch.path("env/pyvenv.cfg"), home).unwrap();
    let outcome = interrupted(&scratch, |discovery| discovery.find(&PythonRequest::Path(scratch.env())));
    assert!(matches!(outcome, Err(Error::Interrupted)), "{outcome:?}");
}

#[test]
fn an_interrupted_list_prints_nothing() {
    let scratch = Scratch::new();
    silent_python(&scratch, "bin/python");
    symlink(&python().path, scratch.path("bin/python3")).unwrap();
    let run = scratch.rvenv().env("PATH", scratch.path("bin")).env("HOME", scratch.path("")).arg("--list-pythons");
    let list = run.env_remove("PYENV_ROOT").start();
    wait_until_asked(&scratch);
    scratch.run("kill").arg("-INT").arg(list.id().to_string()).silent();
    let output = list.output();
    assert_eq!((output.status.signal(), output.stdout), (Some(2), vec![]));
}

/// Runs `code` in sh, in a directory that has just been deleted. `$0` is rvenv.
fn in_a_deleted_directory(scratch: &Scratch, code: &str) -> Run {
    fs::create_dir_all(scratch.path("deleted")).unwrap();
    let code = format!("/bin/rmdir ../deleted && {code}");
    let run = scratch.rvenv();
    let mut sh = scratch.run("/bin/sh").args(["-c", &code, env!("CARGO_BIN_EXE_rvenv")]);
    for (name, value) in run.0.get_envs().filter_map(|(name, value)| Some((name, value?))) {
        sh = sh.env(name.to_str().unwrap(), value);
    }
    sh.current_dir(scratch.path("deleted")).env_remove("RVENV_PYTHON")
}

#[test]
fn the_current_directory_is_needed_for_relative_paths_only() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        let run = in_a_deleted_directory(&scratch, "exec \"$0\" --no-cache -p \"$1\" \"$2\"");
        run.arg(&python.path).arg(scratch.env()).silent();
        assert!(in_env(&scratch.env(), "import pip; print(pip.__name__)") == "pip");
    });
    let scratch = Scratch::new();
    let python = python();
    let list = in_a_deleted_directory(&scratch, "exec \"$0\" --list-pythons").env("PATH", bin(&python));
    assert!(list.ok().contains(python.path.to_str().unwrap()));
    let relative = format!("nowhere::../bin:{}:/usr/bin:/bin", bin(&python).display());
    let named = in_a_deleted_directory(&scratch, "exec \"$0\" -p python3 --without-pip \"$1\"").env("PATH", relative);
    named.arg(scratch.env()).silent();
    assert_eq!(configured(&scratch.env(), "home").map(PathBuf::from), Some(bin(&python)));
    let error = in_a_deleted_directory(&scratch, "exec \"$0\" -p ./python3 \"$1\"").arg(scratch.path("new")).error();
    assert!(error.starts_with("Unable to find './python3': the current directory no longer exists"), "{error}");
    assert!(in_a_deleted_directory(&scratch, "exec \"$0\" -p \"$1\" env").arg(&python.path).error().contains("'env'"));
}

#[test]
fn a_shim_in_a_deleted_directory_is_run_unless_the_directory_does_not_matter() {
    let scratch = Scratch::new();
    let Some(root) = own_pyenv(&scratch, &["3.9"]) else { return };
    let search_path = format!("{}:/usr/bin:/bin", root.join("shims").display());
    let run = || {
        let run = in_a_deleted_directory(&scratch, "exec \"$0\" --without-pip \"$1\"").arg(scratch.env());
        run.env("PATH", &search_path).env_remove("PYENV_VERSION").env_remove("PYENV_ROOT")
    };
    assert!(run().error().contains("pyenv: cannot change working directory"));
    run().env("PYENV_VERSION", "3.9.18").silent();
    assert_eq!(configured(&scratch.env(), "home").map(PathBuf::from), Some(root.join("versions/3.9.18/bin")));
}

#[test]
fn a_debug_build_is_found_by_the_d_in_its_version() {
    let (Some(debug), Some(plain)) = (unstable("3.13d"), pyenv("3.13")) else { return };
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("bin")).unwrap();
    symlink(&plain.path, scratch.path("bin/python3.13")).unwrap();
    symlink(&plain.path, scratch.path("bin/python3")).unwrap();
    symlink(&debug.path, scratch.path("bin/python3.13d")).unwrap();
    let rvenv = || {
        let run = scratch.rvenv().env("PATH", scratch.path("bin")).env("HOME", scratch.path(""));
        run.env_remove("PYENV_ROOT")
    };
    for (request, name) in [("3.13d", "python3.13d"), ("3d", "python3.13d"), ("3.13", "python3.13")] {
        rvenv().args(["-p", request, "--clear", "--without-pip", "env"]).silent();
        assert!(scratch.path("env/bin").join(name).exists(), "{request}");
        let is_debug = in_env(&scratch.env(), "import sys; print(hasattr(sys, 'gettotalrefcount'))");
        assert_eq!(is_debug == "True", request.ends_with('d'), "{request}");
    }
    let list = rvenv().args(["--list-pythons", "-p", "3.13d"]).ok();
    assert!(list.starts_with("3.13.") && list.contains("d ") && list.lines().count() == 1, "{list}");
    let json = rvenv().args(["--list-pythons", "-p", "3", "--format", "json"]).ok();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json[0]["debug"], &json[1]["debug"]), (&false.into(), &true.into()), "{json}");
    fs::remove_file(scratch.path("bin/python3.13d")).unwrap();
    let error = rvenv().args(["-p", "3.13d", "new"]).error();
    assert!(error.contains("found: CPython 3.13.0, not a debug build"), "{error}");
}
