//! `--check`: an environment is sound, or what is wrong with it is said, with what mends it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::harness::*;

/// The findings of a check that finds something: each a line on stdout, exit code 1, nothing on stderr.
fn findings(scratch: &Scratch, env_dir: impl AsRef<Path>) -> Vec<String> {
    let output = scratch.rvenv().arg("--check").arg(env_dir.as_ref()).output();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn check(scratch: &Scratch, env_dir: impl AsRef<Path>) -> Run {
    scratch.rvenv().arg("--check").arg(env_dir.as_ref())
}

#[test]
fn what_each_maker_has_made_is_sound_and_stays_as_it_is() {
    for_each_python(|python| {
        let scratch = Scratch::new();
        scratch.rvenv_for(python).arg("ours, with a 'quote'").silent();
        scratch.rvenv_for(python).args(["--without-pip", "plain"]).silent();
        scratch.venv(python).arg("theirs").output();
        let names = ["ours, with a 'quote'", "plain", "theirs"];
        let before = names.map(|name| tree(&scratch.path(name)));
        scratch.rvenv().arg("--check").args(names).silent();
        assert!(names.map(|name| tree(&scratch.path(name))) == before);
    });
}

#[test]
fn what_the_rivals_have_made_is_sound() {
    let scratch = Scratch::new();
    let python = python();
    for (peer_name, arguments) in
        [("virtualenv", &["-q", "--no-periodic-update"][..]), ("uv", &["venv", "-q", "--offline"])]
    {
        let Some(peer) = peer(peer_name) else { continue };
        scratch.run(peer).args(arguments).arg("-p").arg(&python.path).arg(peer_name).ok();
        check(&scratch, peer_name).silent();
    }
}

#[test]
fn each_fault_is_found_and_its_remedy_mends_it() {
    let scratch = Scratch::new();
    let python = python();
    type Break = dyn Fn(&Path);
    let break_it: [(&str, &Break); 7] = [
        ("it has no pyvenv.cfg", &|env| fs::remove_file(env.join("pyvenv.cfg")).unwrap()),
        ("is gone", &|env| fs::write(env.join("pyvenv.cfg"), "home = /nowhere\n").unwrap()),
        ("is missing", &|env| fs::remove_file(site_packages(env).join("pip/__init__.py")).unwrap()),
        ("it has no RECORD", &|env| {
            let dist_info =
                names_in(&site_packages(env)).into_iter().find(|name| name.ends_with(".dist-info")).unwrap();
            fs::remove_file(site_packages(env).join(dist_info).join("RECORD")).unwrap();
        }),
        ("a link to nothing", &|env| {
            fs::remove_file(env.join("bin/python3")).unwrap();
            symlink("/nowhere/python3", env.join("bin/python3")).unwrap();
        }),
        ("cannot be used", &|env| {
            fs::remove_file(env.join("bin/python")).unwrap();
        }),
        ("pyvenv.cfg says 3.2.1", &|env| {
            let cfg = fs::read_to_string(env.join("pyvenv.cfg")).unwrap();
            let lines = cfg.lines().map(|line| if line.starts_with("version") { "version = 3.2.1" } else { line });
            fs::write(env.join("pyvenv.cfg"), lines.collect::<Vec<_>>().join("\n")).unwrap();
        }),
    ];
    for (reason, break_it) in break_it {
        scratch.rvenv_for(&python).args(["--clear", "--force", "env"]).silent();
        break_it(&scratch.env());
        let before = tree(&scratch.env());
        let found = findings(&scratch, "env");
        assert!(found.len() == 1 && found[0].contains(reason), "{reason}: {found:?}");
        assert!(tree(&scratch.env()) == before);
        let remedy = found[0].rsplit("; rvenv ").next().unwrap();
        scratch.rvenv_for(&python).args(remedy.split(' ')).silent();
        check(&scratch, "env").silent();
    }
}

#[test]
fn an_environment_that_was_moved_is_told() {
    for_each_python(|python| {
        for ours in [true, false] {
            let scratch = Scratch::new();
            let make = if ours { scratch.rvenv_for(python) } else { scratch.venv(python) };
            make.arg(scratch.path("before")).output();
            scratch.write("before/bin/mine", "#!/usr/bin/env python3\n");
            scratch.write("before/bin/system", "#!/usr/bin/python3\n");
            fs::rename(scratch.path("before"), scratch.env()).unwrap();
            let found = findings(&scratch, "env");
            for name in ["bin/activate:", "bin/activate.fish:", "bin/activate.csh:"] {
                assert!(found.iter().any(|line| line.contains(name) && line.contains("has been moved")), "{found:?}");
            }
            assert!(found.iter().any(|line| line.contains("bin/pip:") && line.contains("it starts '/")), "{found:?}");
            assert!(found.iter().all(|line| !line.contains("bin/mine") && !line.contains("bin/system")), "{found:?}");
            assert!(found.iter().any(|line| line.ends_with("; rvenv --clear env")), "{found:?}");
        }
    });
}

#[test]
fn programs_get_json() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--without-pip", "good"]).silent();
    let output = scratch.rvenv().args(["--check", "--format", "json", "good", "a bad one"]).output();
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json[0], serde_json::json!({ "env_dir": "good", "sound": true, "findings": [] }));
    assert_eq!((&json[1]["env_dir"], &json[1]["sound"]), (&"a bad one".into(), &false.into()));
    let finding = &json[1]["findings"][0];
    assert_eq!(finding["path"], scratch.path("a bad one").to_str().unwrap());
    assert_eq!(finding["reason"], "there is no such folder");
    assert_eq!(finding["remedy"], "rvenv 'a bad one'");
}

#[test]
fn an_update_of_the_base_is_no_fault() {
    let scratch = Scratch::new();
    let python = python();
    scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
    let cfg = fs::read_to_string(scratch.env().join("pyvenv.cfg")).unwrap();
    let (major, minor) = python.version;
    let older = cfg.lines().map(|line| match line.starts_with("version = ") {
        true => format!("version = {major}.{minor}.99\n"),
        false => format!("{line}\n"),
    });
    fs::write(scratch.env().join("pyvenv.cfg"), older.collect::<String>()).unwrap();
    check(&scratch, "env").silent();
}
