//! `--generate python-stand-in`: a script that other tools can use as a Python.

use crate::harness::*;

/// Writes the script for a Python, under a name that needs quoting.
fn stand_in(scratch: &Scratch, python: &Python) -> std::path::PathBuf {
    let script = scratch.rvenv_for(python).args(["--generate", "python-stand-in"]).ok();
    scratch.write_script("a python", &script)
}

#[test]
fn it_runs_that_python_but_creates_environments_with_rvenv() {
    let (Some(python), scratch) = (pyenv("3.12"), Scratch::new()) else { return };
    let script = stand_in(&scratch, &python);
    let run = || scratch.run(&script).env("RVENV_CACHE_DIR", scratch.path("cache")).env_remove("RVENV_PYTHON");
    assert_eq!(run().arg("--version").ok(), "Python 3.12.1\n");
    assert_eq!(run().args(["-c", "import sys; print(*sys.argv[1:])", "-m", "venv"]).ok(), "-m venv\n");
    assert_eq!(run().args(["-m", "platform", "--terse"]).ok().lines().count(), 1);
    for (at, flags) in [&["-m", "venv"][..], &["-mvenv"], &["-Im", "venv"], &["-Imvenv"], &["-I", "-s", "-m", "venv"]]
        .iter()
        .enumerate()
    {
        let env = format!("an env {at}");
        run().args(*flags).args(["--without-pip", &env]).silent();
        let env = scratch.path(&env);
        assert!(configured(&env, "rvenv").is_some(), "{flags:?}");
        assert_eq!(configured(&env, "home").as_deref(), python.path.parent().and_then(std::path::Path::to_str));
    }
    let terse = run().args(["-mplatform", "venv"]).ok();
    assert!(terse.contains("Linux"), "{terse}");
    // Options with a separate argument, and words after -c or another module, are left to Python.
    let code = "import sys; print(sys.argv)";
    assert_eq!(run().args(["-W", "ignore", "-c", code, "venv"]).ok(), "['-c', 'venv']\n");
    assert_eq!(
        run().args(["-m", "venv", "--upgrade", "--clear", "x"]).error(),
        "you cannot supply --upgrade and --clear together."
    );
}

#[test]
fn for_an_environments_python_it_runs_that_one() {
    let scratch = Scratch::new();
    scratch.rvenv().args(["--without-pip", "env"]).silent();
    let python = Python { path: scratch.path("env/bin/python"), ..python() };
    let script = stand_in(&scratch, &python);
    let prefix = scratch.run(&script).args(["-c", "import sys; print(sys.prefix)"]).ok();
    assert_eq!(prefix.trim_end(), scratch.env().to_str().unwrap());
}

#[test]
fn it_fails_if_the_requested_python_is_missing() {
    let scratch = Scratch::new();
    let error = scratch.rvenv().args(["--generate", "python-stand-in", "-p", "4.2"]).error();
    assert!(error.contains("none matches 4.2"), "{error}");
}

#[test]
fn it_passes_shellcheck() {
    let (Some(shellcheck), scratch) = (tool("shellcheck"), Scratch::new()) else { return };
    let script = stand_in(&scratch, &python());
    scratch.run(shellcheck).arg(script).silent();
}
