//! How launchers start: as those of the pip that is installed, and from any path.

use std::fs;
use std::path::Path;

use crate::harness::*;

/// Prints the lines with which the installed pip would begin a script for the Python at a path.
const PIPS: &str = "
import os, sys
sys.executable = os.fsdecode(sys.argv[1])
from pip._vendor.distlib.scripts import ScriptMaker
sys.stdout.buffer.write(ScriptMaker(None, '.')._get_shebang('utf-8'))
";

/// Runs pip's launcher. pip itself takes far longer to start, so only the first run starts it, and others a package in its
/// place.
fn starts_pip(scratch: &Scratch, env_dir: &Path) {
    let mut run =
        scratch.run(env_dir.join("bin/pip")).arg("--version").env("PYTHONIOENCODING", "utf-8:backslashreplace");
    let stand_in = scratch.path("stand-in");
    if stand_in.exists() {
        run = run.env("PYTHONPATH", stand_in);
    } else {
        for module in ["pip/__init__.py", "pip/_internal/cli/__init__.py"] {
            scratch.write(&format!("stand-in/{module}"), "");
        }
        scratch.write("stand-in/pip/_internal/__init__.py", "def main(): print('pip in its place')");
        scratch.write("stand-in/pip/_internal/cli/main.py", "from pip._internal import main");
    }
    assert!(run.ok().starts_with("pip "), "{env_dir:?}");
}

#[test]
fn launchers_begin_as_those_of_the_installed_pip() {
    for_each_python(|python| {
        let scratch = Scratch::new();
        let longest = 127 - "#!//bin/python3.99\n".len() - scratch.path("").as_os_str().len();
        let names = [
            "env".to_owned(),
            "a b'c".to_owned(),
            "x".repeat(longest / 2),
            "x".repeat(longest + 9),
            format!("{} é", "x".repeat(99)),
        ];
        for name in names {
            let env_dir = scratch.path(&name);
            scratch.rvenv_for(python).arg(&env_dir).silent();
            let launcher = fs::read_to_string(env_dir.join("bin/pip")).unwrap();
            let (_, version) = launcher.split_once("/bin/python").expect("a launcher of a Python");
            let version: String = version.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            let exe = format!("python{version}");
            let run = scratch.run(env_dir.join("bin/python")).args(["-c", PIPS]).arg(env_dir.join("bin").join(exe));
            let expected = run.ok();
            assert!(launcher.starts_with(&format!("{}\n", expected.trim_end())), "{expected}\n{launcher}");
            starts_pip(&scratch, &env_dir);
        }
    });
}

#[test]
fn pip_starts_from_any_path() {
    let mut names: Vec<Vec<u8>> = [
        "encoding=latin-9",
        "coding=utf-7 x",
        "vim fileencoding=sjis",
        "coding=none '''",
        "it's \\N \"$HOME\"",
        "a\tb",
        "(x) & y;",
    ]
    .map(|name| name.as_bytes().to_owned())
    .into();
    if able("names that are not UTF-8").is_some() {
        names.extend([b"caf\xe9".to_vec(), b"coding=\xe9 \xff'\\".to_vec()]);
    }
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        for name in names.iter().flat_map(|name| [name.clone(), [&name[..], &[b'x'; 120]].concat()]) {
            let env_dir = scratch.path(os(&name));
            scratch.rvenv_for(python).arg(&env_dir).silent();
            starts_pip(&scratch, &env_dir);
            fs::remove_dir_all(&env_dir).unwrap();
        }
    });
}
