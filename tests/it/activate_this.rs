//! `activate_this.py`, which activates an environment in a Python that is already running.

use std::fs;

use crate::harness::*;

/// Code that activates an environment. Its argument is the path of `activate_this.py`.
const ACTIVATED: &str = "
import os, sys
path = sys.argv[1]
base = sys.base_prefix
exec(open(path, encoding='utf-8').read(), {'__file__': path})
";

#[test]
fn a_running_python_uses_the_environment() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        let name = if cfg!(windows) { "it's % here é" } else { "it's \\ here é" };
        let env_dir = scratch.path(name);
        scratch.rvenv_for(python).arg("--without-pip").arg(&env_dir).silent();
        // On Windows, Python would print the path in a code page.
        let is_windows = cfg!(windows);
        let site_packages = if is_windows { env_dir.join(r"Lib\site-packages") } else { site_packages(&env_dir) };
        fs::write(site_packages.join("mine.py"), "value = 42").unwrap();
        let code = format!(
            "{ACTIVATED}
import mine
print(mine.value, os.environ['VIRTUAL_ENV_PROMPT'], 'PYTHONHOME' in os.environ, sys.base_prefix == base)
print(sys.prefix)
print(os.environ['VIRTUAL_ENV'])
print(os.environ['PATH'].split(os.pathsep)[0])
"
        );
        let script = env_dir.join(BIN).join("activate_this.py");
        let run = scratch.run(&python.path).args(["-X", "utf8", "-c", &code]).arg(script);
        let (dir, bin) = (env_dir.display(), env_dir.join(BIN));
        assert_eq!(run.ok(), format!("42 {name} False True\n{dir}\n{dir}\n{}\n", bin.display()));
    });
}

#[test]
fn a_python_of_another_version_is_refused() {
    let pythons = pythons();
    let (Some(one), Some(other)) = (pythons.iter().find(|python| python.version == (3, 13)), pythons.first()) else {
        return;
    };
    if one.version == other.version {
        return;
    }
    let scratch = Scratch::new();
    scratch.rvenv_for(one).args(["--without-pip", "env"]).silent();
    let output = scratch.run(&other.path).arg(scratch.env().join(BIN).join("activate_this.py")).output();
    let version = format!("is not an environment of Python {}.{}", other.version.0, other.version.1);
    assert!(String::from_utf8_lossy(&output.stderr).contains(&version), "{output:?}");
}

#[test]
fn the_script_activates_the_environment_it_is_now_in() {
    let scratch = Scratch::new();
    let python = python();
    scratch.rvenv_for(&python).args(["--without-pip", "before"]).silent();
    let copy = "import shutil; shutil.copytree('before', 'copy', symlinks=True)";
    scratch.run(&python.path).args(["-c", copy]).silent();
    let script = scratch.path("copy").join(BIN).join("activate_this.py");
    let code = format!("{ACTIVATED}\nprint(sys.prefix)");
    let run = scratch.run(&python.path).args(["-c", &code]).arg(&script);
    assert_eq!(run.ok().trim(), scratch.path("copy").to_str().unwrap());

    let nameless = "import sys; exec(open(sys.argv[1]).read(), {})";
    let output = scratch.run(&python.path).args(["-c", nameless]).arg(&script).output();
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("RuntimeError: __file__ is not set; run: exec("),
        "{output:?}"
    );

    fs::remove_file(scratch.path("copy/pyvenv.cfg")).unwrap();
    let output = scratch.run(&python.path).args(["-c", &code]).arg(&script).output();
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not in an environment"), "{output:?}");
}
