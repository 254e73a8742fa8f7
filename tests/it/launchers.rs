//! How launchers start: as those of the pip that is installed, and from any path.

use std::fs;

use crate::harness::*;

/// Prints the lines with which the installed pip would begin a script for the Python at a path.
const PIPS: &str = "
import os, sys
sys.executable = os.fsdecode(sys.argv[1])
from pip._vendor.distlib.scripts import ScriptMaker
sys.stdout.buffer.write(ScriptMaker(None, '.')._get_shebang('utf-8'))
";

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
            assert!(scratch.run(env_dir.join("bin/pip")).arg("--version").ok().starts_with("pip "), "{name}");
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
            let run = scratch.run(env_dir.join("bin/pip")).arg("--version");
            assert!(run.env("PYTHONIOENCODING", "utf-8:backslashreplace").ok().starts_with("pip "), "{env_dir:?}");
            fs::remove_dir_all(&env_dir).unwrap();
        }
    });
}
