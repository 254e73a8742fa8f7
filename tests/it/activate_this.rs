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
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let (_, command) =
        said.trim_end().split_once(" but of Python 3.13; to change that, run: rvenv ").expect("a command");
    assert_eq!(command, format!("--upgrade -p {}.{} {}", other.version.0, other.version.1, scratch.env().display()));
}

/// Programs such as R's reticulate run the script in `__main__` of the environment's own Python, unasked.
#[test]
fn in_the_environments_own_python_there_is_nothing_to_do() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        scratch.rvenv_for(python).args(["--without-pip", "env"]).silent();
        let code = "
import os, sys
before, path, modules = None, list(sys.path), None
script = os.path.join(os.path.dirname(sys.executable), 'activate_this.py')
__file__ = script
before = {name: value for name, value in globals().items() if name != '__file__'}
exec(open(script, encoding='utf-8').read())
assert globals() == dict(before, before=before), set(globals()) ^ set(before)
assert sys.path == path and os.environ['VIRTUAL_ENV'] == sys.prefix
print(os.environ['PATH'])
";
        let bin = scratch.env().join(BIN);
        for rest in [vec![], vec![bin.clone()], vec![std::env::temp_dir(), bin.clone()]] {
            let path = std::env::join_paths(rest.iter().chain([&std::env::temp_dir()])).unwrap();
            let run =
                scratch.run(program_of(&scratch.env(), "python")).args(["-X", "utf8", "-c", code]).env("PATH", path);
            let said = run.ok();
            assert!(said.starts_with(bin.to_str().unwrap()), "{said}");
            assert_eq!(said.matches(bin.to_str().unwrap()).count(), 1, "{said}");
        }
    });
}

#[test]
fn it_leaves_no_name_and_no_file_in_the_globals_of_another_python_either() {
    let scratch = Scratch::new();
    let python = python();
    scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
    let script = scratch.env().join(BIN).join("activate_this.py");
    let code = "
import sys
with open(sys.argv[1], encoding='utf-8') as file:
    text = file.read()
__file__ = sys.argv[1]
before = None
before = {name: value for name, value in globals().items() if name != '__file__'}
exec(text)
assert globals() == dict(before, before=before), set(globals()) ^ set(before)
print(sys.prefix)
";
    let said = scratch.run(&python.path).args(["-c", code]).arg(&script).ok();
    assert_eq!(said.trim_end(), scratch.env().to_str().unwrap());
    fs::remove_file(scratch.path("env/pyvenv.cfg")).unwrap();
    let code = code.replace("exec(text)\n", "try: exec(text)\nexcept RuntimeError: del __file__\n");
    scratch.run(&python.path).args(["-c", &code]).arg(&script).ok();
}

#[cfg(unix)] // links
#[test]
fn an_environment_whose_base_became_another_version_is_activated_in_its_own_python() {
    let (Some(first), Some(then)) = (pyenv("3.10"), pyenv("3.11")) else { return };
    let scratch = Scratch::new();
    let root = |python: &Python| python.path.parent().unwrap().parent().unwrap().to_owned();
    std::os::unix::fs::symlink(root(&first), scratch.path("base")).unwrap();
    let base = scratch.path("base/bin/python3");
    scratch.rvenv().args(["--without-pip", "-p"]).arg(base).arg("env").silent();
    fs::remove_file(scratch.path("base")).unwrap();
    std::os::unix::fs::symlink(root(&then), scratch.path("base")).unwrap();
    let script = scratch.env().join("bin/activate_this.py");
    let code = format!("{ACTIVATED}\nprint(sys.version_info[1], sys.prefix)");
    let said = scratch.run(scratch.env().join("bin/python")).args(["-c", &code]).arg(script).ok();
    assert_eq!(said, format!("11 {}\n", scratch.env().display()));
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
