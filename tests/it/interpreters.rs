//! Whatever is named as Python: asked once, in time, and understood or refused in one line.

use std::fs;
use std::os::unix::fs::symlink;

use crate::harness::*;

#[test]
fn what_is_no_python_is_refused_with_the_reason() {
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
        (scratch.path(""), "it is a folder"),
        (scratch.path("dangling"), "it is a link to nothing"),
        (no_exec, "it is not executable"),
        ("/bin/ls".into(), "it does not answer as a Python does (exit status: 2)"),
        (garbage, "its answer does not read"),
        (dies, "it does not answer as a Python does (signal: 11"),
        (complains, "it does not answer as a Python does (exit status: 127): no such version"),
        (no_loader, "the interpreter or loader that it asks for does not exist"),
        (old, "it is Python 3.5.10, and rvenv makes environments for Python 3.6 and newer"),
    ];
    for (python, reason) in cases {
        let error = scratch.rvenv().arg("-p").arg(&python).arg("env").error();
        assert!(error.starts_with('\'') && error.contains(reason), "{}: {error}", python.display());
        assert_eq!(scratch.names(), before);
    }
}

#[test]
fn python_2_is_refused() {
    let Some(python) = pyenv_python_2() else { return };
    let scratch = Scratch::new();
    let error = scratch.rvenv().arg("-p").arg(python).arg("env").error();
    assert!(error.contains("it is older than Python 3.6"), "{error}");
}

fn pyenv_python_2() -> Option<std::path::PathBuf> {
    // Beside the others, which all have a python3.
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
fn a_link_named_otherwise_gives_an_environment_of_that_name() {
    for_each_python(|python| {
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
fn an_executable_linked_from_outside_its_prefix_has_a_home_with_a_standard_library() {
    for version in ["3.8", "3.12"] {
        let Some(python) = pyenv(version) else { continue };
        let scratch = Scratch::new();
        // An installation that was moved after it was built finds its library only from its own bin.
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
fn an_installation_reached_through_a_link_to_its_folder_keeps_the_stable_path() {
    let scratch = Scratch::new();
    let python = python();
    symlink(python.path.ancestors().nth(2).unwrap(), scratch.path("current")).unwrap();
    let linked = Python { path: scratch.path("current/bin/python3"), ..python };
    scratch.rvenv_for(&linked).args(["--without-pip", "env"]).silent();
    assert_eq!(configured(&scratch.env(), "home"), Some(scratch.path("current/bin").display().to_string()));
    in_env(&scratch.env(), "import json, encodings");
}
