//! `--check`: an environment is intact, or each problem is printed with the command that repairs it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::harness::*;

/// Runs a check that must find something (exit code 1, nothing on stderr), and returns the lines on stdout.
fn findings(scratch: &Scratch, env_dir: impl AsRef<Path>) -> Vec<String> {
    let output = scratch.rvenv().arg("--check").arg(env_dir.as_ref()).output();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Likewise, where there need not be any.
fn findings_or_none(scratch: &Scratch, env_dir: impl AsRef<Path>) -> Vec<String> {
    let output = check(scratch, env_dir).output();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn check(scratch: &Scratch, env_dir: impl AsRef<Path>) -> Run {
    scratch.rvenv().arg("--check").arg(env_dir.as_ref())
}

#[test]
fn environments_of_rvenv_and_cpython_are_intact_and_stay_unchanged() {
    for_each_python(|python| {
        let scratch = Scratch::new();
        scratch.rvenv_for(python).arg("ours, with a 'quote'").silent();
        scratch.rvenv_for(python).args(["--without-pip", "plain"]).silent();
        Theirs::with(python, |theirs| {
            let paths = [&scratch.path("ours, with a 'quote'"), &scratch.path("plain"), &theirs.env_dir];
            let before = paths.map(|path| tree(path));
            scratch.rvenv().arg("--check").args(paths).silent();
            assert!(paths.map(|path| tree(path)) == before);
        });
    });
}

#[test]
fn environments_of_virtualenv_and_uv_are_intact() {
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
fn each_problem_is_found_and_its_remedy_repairs_it() {
    let scratch = Scratch::new();
    // Not the default Python, so that a command without its version would switch to another one.
    let Some(python) = pyenv("3.12") else { return };
    type Break = dyn Fn(&Path);
    let break_it: [(&str, &Break); 7] = [
        ("it has no pyvenv.cfg", &|env| fs::remove_file(env.join("pyvenv.cfg")).unwrap()),
        ("does not exist", &|env| fs::write(env.join("pyvenv.cfg"), "home = /nowhere\n").unwrap()),
        ("is missing", &|env| fs::remove_file(site_packages(env).join("pip/__init__.py")).unwrap()),
        ("RECORD is missing", &|env| {
            let dist_info =
                names_in(&site_packages(env)).into_iter().find(|name| name.ends_with(".dist-info")).unwrap();
            fs::remove_file(site_packages(env).join(dist_info).join("RECORD")).unwrap();
        }),
        ("it is a broken symbolic link", &|env| {
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
        let remedy = found[0].rsplit("; run: rvenv ").next().unwrap();
        let is_known = remedy.starts_with("-p ") || remedy.contains(" -p ");
        assert!(is_known || ["it has no pyvenv.cfg", "does not exist"].contains(&reason), "{found:?}");
        let run = if is_known { scratch.rvenv() } else { scratch.rvenv_for(&python) };
        run.args(remedy.split(' ')).silent();
        check(&scratch, "env").silent();
        assert!(configured(&scratch.env(), "version").unwrap().starts_with("3.12."), "{reason}");
    }
}

#[test]
fn a_remedy_switches_neither_to_another_implementation_nor_to_another_build() {
    let scratch = Scratch::new();
    if let Some(pypy) = pypy() {
        scratch.rvenv_for(&pypy).arg("env").silent();
        let packages = names_in(&scratch.path("env/lib"));
        fs::remove_file(scratch.path("env/bin/python")).unwrap();
        paste_remedies(&scratch, "env");
        assert_eq!(names_in(&scratch.path("env/lib")), packages);
        check(&scratch, "env").silent();
    }
    // As that of a free-threaded build, which pyvenv.cfg does not tell from others.
    fs::create_dir_all(scratch.path("gone/lib/python3.13t/site-packages")).unwrap();
    fs::write(scratch.path("gone/pyvenv.cfg"), "home = /nowhere\nversion = 3.13.0\n").unwrap();
    assert!(findings(&scratch, "gone")[0].ends_with(" -p 3.13t gone"));
}

#[test]
fn an_invalid_version_in_pyvenv_cfg_is_not_suggested() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
    for (version, command) in [("", "env"), ("?", "env"), ("3.12.1", "-p 3.12 env")] {
        fs::write(scratch.path("env/pyvenv.cfg"), format!("home = /nowhere\nversion = {version}\n")).unwrap();
        assert!(
            findings(&scratch, "env")[0].ends_with(&format!("; run: rvenv --upgrade --without-pip {command}")),
            "{version}"
        );
    }
}

#[test]
fn a_moved_environment_is_reported() {
    for_some_pythons(|python| {
        for ours in [true, false] {
            let scratch = Scratch::new();
            if ours {
                scratch.rvenv_for(python).arg("before").silent();
            } else {
                Theirs::with(python, |theirs| scratch.run("cp").arg("-a").arg(&theirs.env_dir).arg("before").silent());
            }
            scratch.write("before/bin/mine", "#!/usr/bin/env python3\n");
            scratch.write("before/bin/system", "#!/usr/bin/python3\n");
            fs::rename(scratch.path("before"), scratch.env()).unwrap();
            let found = findings(&scratch, "env");
            // Those for nushell and xonsh find their environment themselves.
            for name in ["bin/activate:", "bin/activate.fish:", "bin/activate.csh:"] {
                let of_script = found.iter().filter(|line| line.contains(name)).collect::<Vec<_>>();
                assert!(of_script.len() == 1 && of_script[0].contains("has been moved"), "{name} {found:?}");
            }
            assert!(found.iter().any(|line| line.contains("bin/pip:") && line.contains("it runs '/")), "{found:?}");
            assert!(found.iter().all(|line| !line.contains("bin/mine") && !line.contains("bin/system")), "{found:?}");
            // The name that the others are links to, and the settings of CPython's own.
            let name = python.path.file_name().unwrap().to_str().unwrap();
            let command = format!("-p env/bin/{name} env");
            let command = if ours { format!("; run: rvenv {command}") } else { format!(" {command}") };
            assert!(found.iter().all(|line| line.ends_with(&command)), "{found:?}");
            // The suggested command works.
            scratch.rvenv_for(python).arg("env").silent();
            check(&scratch, "env").silent();
            assert!(scratch.run(scratch.path("env/bin/pip")).arg("--version").ok().starts_with("pip "));
        }
    });
}

#[test]
fn another_name_of_the_same_directory_is_not_a_move() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("real")).unwrap();
    symlink("real", scratch.path("link")).unwrap();
    scratch.rvenv_for(&python()).arg("link/ours").silent();
    let hostile = "it's a !b\\ $HOME 100%";
    scratch.rvenv_for(&python()).args(["--without-pip", &format!("link/{hostile}")]).silent();
    scratch.venv(&python()).args(["--without-pip", "link/venv"]).ok();
    let mut names = vec!["ours", hostile, "venv"];
    for (tool, args) in [("virtualenv", &["--no-seed", "-q"][..]), ("uv", &["venv", "-q", "--offline"])] {
        if let Some(program) = peer(tool) {
            let run = scratch.run(program).args(args).arg("-p").arg(python().path);
            run.arg(scratch.path("link").join(tool)).env("HOME", scratch.path("")).ok();
            names.push(tool);
        }
    }
    for name in names {
        for place in ["link", "real"] {
            scratch.rvenv().arg("--check").arg(format!("{place}/{name}")).silent();
        }
        // A link that leads elsewhere now is not the same directory.
        fs::rename(scratch.path("real").join(name), scratch.path("moved")).unwrap();
        let found = findings(&scratch, "moved");
        assert!(found.iter().any(|line| line.contains("has been moved")), "{name}: {found:?}");
        fs::remove_dir_all(scratch.path("moved")).unwrap();
    }
}

#[test]
fn json_is_printed_for_programs() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--without-pip", "good"]).silent();
    let output = scratch.rvenv().args(["--check", "--format", "json", "good", "a bad one"]).output();
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json[0], serde_json::json!({ "env_dir": "good", "sound": true, "findings": [] }));
    assert_eq!((&json[1]["env_dir"], &json[1]["sound"]), (&"a bad one".into(), &false.into()));
    let finding = &json[1]["findings"][0];
    assert_eq!(finding["path"], scratch.path("a bad one").to_str().unwrap());
    assert_eq!(finding["reason"], "no such directory");
    assert_eq!(finding["remedy"], "rvenv 'a bad one'");
}

#[test]
fn an_update_of_the_base_is_not_a_problem() {
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

/// What another run could change: every name in an environment with its kind, the settings, and whether pip is compiled.
fn kept(env_dir: &Path) -> (Vec<(String, bool)>, Vec<Option<String>>) {
    let names = tree(env_dir).into_iter().map(|(name, entry)| (name, matches!(entry, Entry::Link { .. })));
    let keys = ["include-system-site-packages", "prompt", "relocatable"];
    // A prompt has other quotes than virtualenv's.
    let value = |key| configured(env_dir, key).map(|value| value.replace(['"', '\''], ""));
    (names.collect(), keys.map(value).into())
}

/// Runs the commands that `--check` prints for an environment, as one would paste them into a shell.
fn paste_remedies(scratch: &Scratch, env_dir: &str) {
    let mut remedies: Vec<String> =
        findings(scratch, env_dir).iter().map(|line| line.split_once("; run: ").unwrap().1.to_owned()).collect();
    remedies.dedup();
    let path = format!("{}:/usr/bin:/bin", Path::new(env!("CARGO_BIN_EXE_rvenv")).parent().unwrap().display());
    for remedy in remedies {
        // With the cache that the environment was created with: a .pyc has the time of the module.
        scratch.run("sh").args(["-c", &remedy]).env("PATH", &path).env("RVENV_CACHE_DIR", shared_cache()).silent();
    }
}

#[test]
fn the_remedy_of_a_moved_environment_keeps_its_settings() {
    let Some(python) = pyenv("3.11") else { return };
    let scratch = Scratch::new();
    scratch.write("own scripts/common/mine", "VIRTUAL_ENV=__VENV_DIR__\n");
    for flags in [
        &[][..],
        &["--system-site-packages"],
        &["--prompt", "it's $HOME"],
        &["--without-pip"],
        &["--no-setuptools"],
        &["--copies", "--without-pip"],
        &["--no-compile"],
        &["--activators", "bash,fish"],
        &["--activators", ""],
        &["--without-scm-ignore-files"],
        &["--scripts", "own scripts"],
        &["--link-mode", "hardlink"],
        &["--relocatable", "--prompt", "p"],
    ] {
        scratch.rvenv_for(&python).args(flags).arg("env").silent();
        let made_here = (tree_without_times(&scratch.env()), configuration(&scratch.env()));
        fs::remove_dir_all(scratch.env()).unwrap();
        scratch.rvenv_for(&python).args(flags).arg("before").silent();
        fs::rename(scratch.path("before"), scratch.env()).unwrap();
        if flags.contains(&"--relocatable") {
            // Nothing in it names the old place, so something else has to be repaired.
            fs::remove_file(site_packages(&scratch.env()).join("pip/__init__.py")).unwrap();
        }
        paste_remedies(&scratch, "env");
        check(&scratch, "env").silent();
        let (mut tree, mut configuration) = (tree_without_times(&scratch.env()), configuration(&scratch.env()));
        let (mut expected_tree, mut expected) = made_here;
        // The command names the environment's own Python, which the settings were taken from.
        for (tree, configuration) in [(&mut tree, &mut configuration), (&mut expected_tree, &mut expected)] {
            tree.remove("pyvenv.cfg");
            configuration.retain(|(key, _)| key != "command");
        }
        assert!(tree == expected_tree, "{flags:?}");
        assert_eq!(configuration, expected, "{flags:?}");
        fs::remove_dir_all(scratch.env()).unwrap();
    }
}

#[test]
fn the_remedy_of_a_moved_environment_of_another_tool_adds_nothing() {
    let Some(python) = pyenv("3.11") else { return };
    let venv = |flags: &[&str]| Some((python.path.clone(), [&["-m", "venv"], flags].concat().join(" ")));
    let peer = |name: &str, flags: &str| Some((peer(name)?, flags.to_owned()));
    for tool in [
        venv(&["--without-pip"]),
        venv(&["--system-site-packages", "--prompt=theirs"]),
        venv(&["--without-pip", "--copies"]),
        peer("virtualenv", "-q --no-periodic-update --no-setuptools --system-site-packages --prompt theirs -p"),
        peer("virtualenv", "-q --no-periodic-update --activators bash,fish --copies -p"),
        peer("uv", "venv -q --offline --prompt theirs -p"),
        peer("uv", "venv -q --offline --relocatable --system-site-packages -p"),
    ] {
        let Some((program, flags)) = tool else { continue };
        let scratch = Scratch::new();
        let run = scratch.run(program).args(flags.split(' '));
        let run = if flags.ends_with("-p") { run.arg(&python.path) } else { run };
        run.arg("before").ok();
        fs::rename(scratch.path("before"), scratch.env()).unwrap();
        let before = kept(&scratch.env());
        if findings_or_none(&scratch, "env").is_empty() {
            fs::remove_file(scratch.path("env/bin/python3")).unwrap();
            symlink("/nowhere/python3", scratch.path("env/bin/python3")).unwrap();
        }
        paste_remedies(&scratch, "env");
        let after = kept(&scratch.env());
        // Parts of the layout that virtualenv and uv leave out.
        let is_layout = |name: &str| name == "lib64" || name.starts_with("include");
        let added = after.0.iter().filter(|entry| !before.0.contains(entry) && !is_layout(&entry.0));
        let added: Vec<_> = added.collect();
        assert!(added.is_empty(), "{flags}: {added:?}");
        assert_eq!(after.1, before.1, "{flags}");
    }
}

/// Installs, as pip would, a distribution `tool` with a console script `hello`, and a script that no distribution owns.
fn install_tool(env_dir: &Path, shebang: &str) {
    let packages = site_packages(env_dir);
    let script = format!("{shebang}import tool\ntool.main()\n");
    fs::write(env_dir.join("bin/hello"), &script).unwrap();
    fs::write(env_dir.join("bin/mine"), format!("{shebang}print('mine')\n")).unwrap();
    for name in ["bin/hello", "bin/mine"] {
        fs::set_permissions(env_dir.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(packages.join("tool.py"), "def main(): print('hello')\n").unwrap();
    fs::create_dir(packages.join("tool-1.0.dist-info")).unwrap();
    fs::write(packages.join("tool-1.0.dist-info/METADATA"), "Name: tool\nVersion: 1.0\n").unwrap();
    let rows = "tool.py,,\ntool-1.0.dist-info/METADATA,,\ntool-1.0.dist-info/RECORD,,\n";
    let hello = format!("../../../bin/hello,sha256=x,{}\n", script.len());
    fs::write(packages.join("tool-1.0.dist-info/RECORD"), hello + rows).unwrap();
}

const VERIFY: &str = "
import base64, hashlib, importlib.metadata
for file in importlib.metadata.files('tool'):
    if file.hash:
        digest = hashlib.new(file.hash.mode, file.read_binary()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b'=').decode() == file.hash.value, file
        assert file.size == len(file.read_binary())
";

#[test]
fn a_run_repairs_the_console_scripts_of_a_moved_environment() {
    let (Some(python), scratch) = (pyenv("3.12"), Scratch::new()) else { return };
    let pips = "#!/bin/sh\n'''exec' \"{}/bin/python\" \"$0\" \"$@\"\n' '''\n";
    for (from, shebang) in [("before", "#!{}/bin/python\n"), ("be fore", pips)] {
        for flags in [&[][..], &["--upgrade"], &["--without-pip"]] {
            scratch.rvenv_for(&python).arg(from).silent();
            install_tool(&scratch.path(from), &shebang.replace("{}", scratch.path(from).to_str().unwrap()));
            fs::rename(scratch.path(from), scratch.env()).unwrap();
            let found = findings(&scratch, "env");
            let of = |name: &str| found.iter().find(|line| line.contains(name)).unwrap();
            assert!(
                of("bin/hello:").ends_with("; run: rvenv -p env/bin/python3 env")
                    && of("bin/mine:").ends_with("; repair it by hand")
            );
            let output = scratch.rvenv_for(&python).args(flags).arg("env").output();
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.success() && said.lines().count() == 1, "{said}");
            assert!(said.starts_with("Warning: these scripts in ") && said.contains(": mine;"), "{said}");
            assert_eq!(scratch.run(scratch.path("env/bin/hello")).ok(), "hello\n", "{flags:?}");
            in_env(&scratch.env(), VERIFY);
            let left = findings(&scratch, "env");
            assert!(left.iter().all(|line| !line.contains("bin/hello") && !line.contains("bin/pip")), "{left:?}");
            fs::remove_dir_all(scratch.env()).unwrap();
        }
    }
}

#[test]
fn what_a_repair_cannot_read_is_named() {
    let (Some(python), scratch) = (pyenv("3.12"), Scratch::new()) else { return };
    scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
    install_tool(&scratch.env(), "#!/nowhere/bin/python\n");
    let dist_info = names_in(&site_packages(&scratch.env())).into_iter().find(|name| name.ends_with("info")).unwrap();
    let record = site_packages(&scratch.env()).join(dist_info).join("RECORD");
    fs::remove_file(&record).unwrap();
    fs::create_dir(&record).unwrap();
    let output = scratch.rvenv_for(&python).args(["--without-pip", "env"]).output();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains(&format!("Warning: unable to read '{}', so it is not repaired: ", record.display())),
        "{said}"
    );
}

#[test]
fn a_run_for_another_version_repairs_console_scripts() {
    let (Some(old), Some(new)) = (pyenv("3.11"), pyenv("3.12")) else { return };
    let scratch = Scratch::new();
    scratch.rvenv_for(&old).arg("env").silent();
    let shebang = format!("#!{}\n", scratch.path("env/bin/python3.11").display());
    install_tool(&scratch.env(), &shebang);
    let packages = site_packages(&scratch.env());
    let newer = scratch.path("env/lib/python3.12/site-packages");
    fs::create_dir_all(&newer).unwrap();
    for name in ["tool.py", "tool-1.0.dist-info"] {
        fs::rename(packages.join(name), newer.join(name)).unwrap();
    }
    let output = scratch.rvenv_for(&new).arg("env").output();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains(": mine;") && said.lines().count() == 1, "{said}");
    assert_eq!(scratch.run(scratch.path("env/bin/hello")).ok(), "hello\n");
    let found = findings(&scratch, "env");
    assert!(found.len() == 1 && found[0].contains("bin/mine: it runs '"), "{found:?}");
}

#[test]
fn a_large_file_in_bin_is_not_read_into_memory() {
    let (Some(()), scratch) = (able("ulimit -v"), Scratch::new()) else { return };
    scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
    fs::File::create(scratch.path("env/bin/large")).unwrap().set_len(300 << 20).unwrap();
    let limited = ["-c", "ulimit -v 200000 && exec \"$@\"", "sh", env!("CARGO_BIN_EXE_rvenv"), "--check", "env"];
    scratch.run("sh").args(limited).silent();
}

#[test]
fn an_unreadable_environment_does_not_stop_the_check_of_the_others() {
    let scratch = Scratch::new();
    for name in ["a", "b", "c"] {
        scratch.rvenv_for(&python()).args(["--without-pip", name]).silent();
    }
    fs::remove_file(scratch.path("a/bin/python3")).unwrap();
    fs::remove_file(scratch.path("b/pyvenv.cfg")).unwrap();
    fs::create_dir(scratch.path("b/pyvenv.cfg")).unwrap();
    fs::write(scratch.path("c/pyvenv.cfg"), "version = 3.13.0\n").unwrap();
    let output = scratch.rvenv().args(["--check", "a", "b", "c"]).output();
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "/a/bin/python",
        "/b/pyvenv.cfg: Unable to ",
        "/c/pyvenv.cfg: it has no 'home' key; run: rvenv --without-pip -p 3.13 c",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(1), &b""[..]));
    let output = scratch.rvenv().args(["--check", "--format", "json", "a", "b", "c"]).output();
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let environments = json.as_array().unwrap();
    assert_eq!(environments.len(), 3);
    assert!(environments.iter().all(|env| env["sound"] == false && env["findings"][0]["reason"].is_string()));
}

#[test]
fn control_characters_in_names_are_escaped() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
    scratch.write("env/bin/\x1b[2Jevil\n", "#!/gone/python\n");
    let found = findings(&scratch, "env");
    assert!(found.len() == 1 && found[0].contains("\\u{1b}[2Jevil\\n: it runs '/gone/python'"), "{found:?}");
}

#[test]
fn neither_a_check_nor_a_search_runs_the_code_of_an_environments_packages() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        scratch.rvenv_for(python).args(["--without-pip", "env"]).silent();
        let hook = site_packages(&scratch.env()).join("hook.pth");
        fs::write(hook, "import os; open(os.environ['TRACE'], 'w').close()\n").unwrap();
        let run = || scratch.rvenv().env("TRACE", scratch.path("trace")).arg("--no-cache");
        run().args(["--check", "env"]).silent();
        run().args(["-p", "env", "--without-pip", "other"]).silent();
        assert_eq!(scratch.names(), ["env", "other"]);
        assert_eq!(configured(&scratch.path("other"), "home"), configured(&scratch.env(), "home"));
    });
}

#[test]
fn an_empty_interpreter_and_a_launcher_that_cannot_be_read_are_found() {
    let (Some(python), scratch) = (debian(), Scratch::new()) else { return };
    scratch.rvenv_for(&python).arg("env").silent();
    let bin = scratch.env().join("bin");
    let other = bin.join("python3.99");
    fs::write(&other, "").unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o755)).unwrap();
    let found = findings(&scratch, "env");
    assert!(found.len() == 1 && found[0].contains("/bin/python3.99: it is empty; run: rvenv "), "{found:?}");
    fs::remove_file(other).unwrap();
    fs::set_permissions(bin.join("pip"), fs::Permissions::from_mode(0o0)).unwrap();
    // Not one of rvenv's.
    fs::write(bin.join("secret"), "").unwrap();
    fs::set_permissions(bin.join("secret"), fs::Permissions::from_mode(0o0)).unwrap();
    let output = if fs::read(bin.join("pip")).is_err() {
        check(&scratch, "env").output()
    } else {
        // Root can read it.
        let Some(()) = able("setpriv --reuid") else { return };
        fs::set_permissions(scratch.path(""), fs::Permissions::from_mode(0o755)).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_rvenv"), scratch.path("rvenv")).unwrap();
        let run = scratch.run("setpriv").args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        run.args(["./rvenv", "--no-cache", "--check", "env"]).output()
    };
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.lines().count() == 1 && said.contains("/bin/pip: it cannot be read: Permission denied"), "{said}");
}
