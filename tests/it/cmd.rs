//! `activate.bat` and `deactivate.bat`, run by cmd.exe: what they set, and that deactivation restores everything.
//!
//! Wine's cmd.exe differs from that of Windows. It expands values again after expanding them, so a `%` in a value read
//! with `%NAME%` is special, and so is a `!` in one read with `!NAME!`. It does not support `!NAME:a=b!` or carets
//! before `!`. It loses the variables of `for` after `endlocal`. It echoes what `call` runs, and reads batch files in
//! one code page, whatever chcp has set. What depends on these is tested on Windows only.

use std::collections::BTreeMap;
use std::fs;
use std::os::windows::process::CommandExt;
use std::path::{Path, PathBuf};

use crate::harness::*;

/// A directory name with special characters, and the part of it that Wine handles correctly.
const HOSTILE: &str = "a & b (c) ^d $P=,'it''s' %PATH% 100% !x! é 🐍";
const HOSTILE_IN_WINE: &str = "a & b (c) ^d $P=,'it''s'";

fn hostile() -> &'static str {
    if is_wine() { HOSTILE_IN_WINE } else { HOSTILE }
}

/// Gives a process its own console, since there may be none. The code page belongs to the console.
const CREATE_NO_WINDOW: u32 = 0x0800_0000;

/// Whether this is Wine.
fn is_wine() -> bool {
    std::env::var_os("WINEPREFIX").is_some() || std::env::var_os("WINELOADER").is_some()
}

/// A batch file to be run by cmd.exe: how it is started, and with which variables.
struct Batch<'a> {
    scratch: &'a Scratch,
    /// Whether `!NAME!` is expanded from the start: `/v:on` or `/v:off`.
    switch: &'static str,
    variables: Vec<(&'a str, &'a str)>,
}

impl Batch<'_> {
    fn new(scratch: &Scratch) -> Batch<'_> {
        Batch { scratch, switch: "/v:off", variables: vec![] }
    }

    /// Runs these lines, asserts that they succeed with nothing on stderr, and returns stdout.
    fn says(&self, lines: &[&str]) -> String {
        let text = ["@echo off", r#""%SystemRoot%\System32\chcp.com" 65001 > nul"#].iter().chain(lines);
        let text: String = text.map(|line| format!("{line}\r\n")).collect();
        self.scratch.write("code.bat", text);
        let mut run = self.scratch.run("cmd.exe");
        // cmd.exe parses its command line itself, by other rules than those that `args` quotes for.
        run.0.raw_arg(format!("/d {} /c code.bat", self.switch));
        run.0.env("PROMPT", "$P$G").creation_flags(CREATE_NO_WINDOW);
        for (name, value) in &self.variables {
            run.0.env(name, value);
        }
        let output = run.output();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && stderr.is_empty(), "{lines:#?}\n{}\n{stderr}", output.status);
        String::from_utf8(output.stdout).expect("UTF-8").replace("\r\n", "\n")
    }

    /// Runs these lines and returns, for each line `@`, all variables and the ERRORLEVEL at that point.
    fn states(&self, lines: &[&str]) -> Vec<BTreeMap<String, String>> {
        let list = ["echo @", "echo ERRORLEVEL=%ERRORLEVEL%", "set"];
        let lines: Vec<&str> =
            lines.iter().flat_map(|line| if *line == "@" { list.to_vec() } else { vec![*line] }).collect();
        let said = self.says(&lines);
        let state = |text: &str| {
            let variables = text.lines().filter_map(|line| line.split_once('='));
            variables.map(|(name, value)| (name.to_uppercase(), value.to_owned())).collect()
        };
        said.split("@\n").skip(1).map(state).collect()
    }
}

/// Creates an environment and copies its scripts to names that need no quoting.
fn environment(scratch: &Scratch, name: &str, called: &str) -> PathBuf {
    let env_dir = scratch.path(name);
    scratch.rvenv_for(&python()).arg("--without-pip").arg(&env_dir).silent();
    call(scratch, &env_dir, called);
    env_dir
}

fn call(scratch: &Scratch, env_dir: &Path, called: &str) {
    for script in ["activate.bat", "deactivate.bat"] {
        let text = fs::read(env_dir.join("Scripts").join(script)).unwrap();
        scratch.write(&format!("{called}-{script}"), text);
    }
}

/// The value of a variable; `-` if it is not set.
fn value<'a>(state: &'a BTreeMap<String, String>, name: &str) -> &'a str {
    state.get(name).map_or("-", String::as_str)
}

/// Asserts that an environment is active, with its name as the prompt.
fn assert_active(state: &BTreeMap<String, String>, env_dir: &Path, rest: &str, what: &str) {
    let (dir, name) = (env_dir.to_str().unwrap(), env_dir.file_name().unwrap().to_str().unwrap());
    assert_eq!(value(state, "VIRTUAL_ENV"), dir, "{what}");
    assert_eq!(value(state, "VIRTUAL_ENV_PROMPT"), name, "{what}");
    assert_eq!(value(state, "PATH"), format!(r"{dir}\Scripts;{rest}"), "{what}");
    assert_eq!(value(state, "PYTHONHOME"), "-", "{what}");
    assert_eq!(value(state, "_OLD_CODEPAGE"), "-", "{what}");
    assert_eq!(value(state, "ERRORLEVEL"), "0", "{what}");
}

/// A situation before activation: its name, variables, and lines that are run.
type Situation<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str]);

#[test]
fn deactivation_restores_everything() {
    let scratch = Scratch::new();
    let environments = [("plain", "plain"), (hostile(), "hostile")];
    let environments = environments.map(|(name, called)| (environment(&scratch, name, called), called));
    let path = r"C:\Program Files (x86)\a;C:\b & c;C:\^d;%not%;C:\é;C:\windows\system32";
    let path = if is_wine() { path.replace("%not%;", "") } else { path.to_owned() };
    let situations: [Situation; 9] = [
        ("ordinary", &[], &[]),
        ("after a failure", &[], &["@", "cmd /d /c exit 3"]),
        ("hostile values", &[("PATH", &path), ("PYTHONHOME", r"C:\a & (b) ^c"), ("PROMPT", "a & b ^ (c) $P$G ")], &[]),
        ("no prompt shown", &[("VIRTUAL_ENV_DISABLE_PROMPT", "1")], &[]),
        ("nothing set", &[], &["set PROMPT=", "set PYTHONHOME=", "@"]),
        ("nested", &[("VIRTUAL_ENV", r"C:\outer & (x)"), ("VIRTUAL_ENV_PROMPT", "outer")], &[]),
        ("twice", &[], &["@", "call hostile-activate.bat"]),
        ("another before", &[], &["@", "call plain-activate.bat"]),
        ("no prompt shown any more", &[], &["call plain-activate.bat", "set VIRTUAL_ENV_DISABLE_PROMPT=1"]),
    ];
    // Wine does not support carets before `!`.
    let switches: fn(&str) -> &'static [&'static str] = |called| match (is_wine(), called) {
        (false, _) => &["/v:off", "/v:on"],
        (true, "plain") => &["/v:on"],
        (true, _) => &["/v:off"],
    };
    for situation in situations {
        for (env_dir, called) in &environments {
            for switch in switches(called) {
                in_situation(&scratch, situation, env_dir, called, switch);
            }
        }
    }
}

fn in_situation(scratch: &Scratch, situation: Situation, env_dir: &Path, called: &str, switch: &'static str) {
    let (situation, variables, before) = situation;
    let what = format!("{situation}, {called}, {switch}");
    let [activate, deactivate] = ["activate", "deactivate"].map(|script| format!("call {called}-{script}.bat"));
    let steps = [&activate, "@", &deactivate, "@"];
    let lines = if before.contains(&"@") { [before, &steps].concat() } else { [&["@"], before, &steps].concat() };
    let states = Batch { switch, variables: variables.to_vec(), ..Batch::new(scratch) }.states(&lines);
    let [was, active, after] = &states[..] else { panic!("{what}: {states:#?}") };

    assert_active(active, env_dir, value(was, "PATH"), &what);
    let (prompt, old) = (value(active, "PROMPT"), value(was, "PROMPT"));
    let name = env_dir.file_name().unwrap().to_str().unwrap().replace('$', "$$");
    match situation {
        "no prompt shown" | "no prompt shown any more" => assert_eq!(prompt, old, "{what}"),
        // Wine does not support the substitution that doubles a dollar sign there.
        _ if switch == "/v:on" && is_wine() => assert!(prompt.ends_with(&old.replace('-', "$P$G")), "{what}: {prompt}"),
        "nothing set" => assert_eq!(prompt, format!("({name}) $P$G"), "{what}"),
        _ => assert_eq!(prompt, format!("({name}) {old}"), "{what}"),
    }
    let (mut was, mut after) = (was.clone(), after.clone());
    // An inherited environment is not active any more.
    was.remove("VIRTUAL_ENV");
    was.remove("VIRTUAL_ENV_PROMPT");
    if situation == "no prompt shown any more" {
        after.remove("VIRTUAL_ENV_DISABLE_PROMPT");
    }
    assert_eq!(was, after, "{what}");
}

#[test]
fn the_environments_python_is_the_first_on_path() {
    let scratch = Scratch::new();
    let env_dir = environment(&scratch, hostile(), "env");
    let python = r#"python -X utf8 -c "import sys; print(sys.prefix)""#;
    let said = Batch::new(&scratch).says(&["call env-activate.bat && echo fine", python]);
    assert_eq!(said, format!("fine\n{}\n", env_dir.display()));
}

/// Scripts that find their own environment cannot be copied, so they are run in their directory, by plain names.
#[test]
fn a_moved_environment_is_activated_at_its_new_path() {
    let scratch = Scratch::new();
    for (name, switch) in [(hostile(), "/v:off"), (if is_wine() { "env" } else { hostile() }, "/v:on")] {
        let (made, env_dir) = (scratch.path("made"), scratch.path(format!("{name} {}", &switch[3..])));
        scratch.rvenv_for(&python()).args(["--without-pip", "--relocatable", "--prompt", name]).arg(&made).silent();
        fs::rename(&made, &env_dir).unwrap();
        let go = if switch == "/v:on" { r#"cd /d "!ENV_DIR!\Scripts""# } else { r#"cd /d "%ENV_DIR%\Scripts""# };
        let lines = [go, "@", "call activate.bat", "@", "call deactivate.bat", "@"];
        let variables = vec![("ENV_DIR", env_dir.to_str().unwrap())];
        let states = Batch { switch, variables, ..Batch::new(&scratch) }.states(&lines);
        let [was, active, after] = &states[..] else { panic!("{states:#?}") };
        assert_eq!(value(active, "VIRTUAL_ENV"), env_dir.to_str().unwrap(), "{switch}");
        assert_eq!(value(active, "VIRTUAL_ENV_PROMPT"), name, "{switch}");
        let path = format!(r"{}\Scripts;{}", env_dir.display(), value(was, "PATH"));
        assert_eq!(value(active, "PATH"), path, "{switch}");
        assert!(active.keys().all(|name| !name.starts_with("_VENV")), "{active:#?}");
        assert_eq!(was, after, "{switch}");
    }
}

#[test]
fn deactivation_without_activation_changes_nothing() {
    let scratch = Scratch::new();
    environment(&scratch, "env", "env");
    for switch in ["/v:off", "/v:on"] {
        let variables = vec![("PYTHONHOME", r"C:\mine"), ("VIRTUAL_ENV", r"C:\mine"), ("VIRTUAL_ENV_PROMPT", "mine")];
        let batch = Batch { switch, variables, ..Batch::new(&scratch) };
        let states = batch.states(&[
            "@",
            "call env-deactivate.bat",
            "@",
            "set VIRTUAL_ENV=",
            "@",
            "call env-deactivate.bat",
            "@",
        ]);
        assert_eq!(states[0], states[1]);
        assert_eq!(states[2], states[3]);
        assert_eq!(value(&states[1], "VIRTUAL_ENV"), r"C:\mine");
    }
}

#[test]
fn a_prompt_set_while_active_stays() {
    let scratch = Scratch::new();
    environment(&scratch, "env", "env");
    for before in ["rem", "set PROMPT=", "set VIRTUAL_ENV_DISABLE_PROMPT=1"] {
        let set = r#"set "PROMPT=mine & (x) ""#;
        let lines = [before, "call env-activate.bat", set, "call env-deactivate.bat", "@"];
        for switch in ["/v:off", "/v:on"] {
            let states = Batch { switch, ..Batch::new(&scratch) }.states(&lines);
            assert_eq!(value(&states[0], "PROMPT"), "mine & (x) ", "{before}");
            assert!(states[0].keys().all(|name| !name.starts_with("_OLD")), "{states:#?}");
        }
    }
}

#[test]
fn a_prompt_is_literal_text_and_runs_nothing() {
    let scratch = Scratch::new();
    let prompt = r#"say "hi" & echo x> pwned | <b> (c) ^ $P"#;
    // Wine pairs quotes differently.
    let prompt = if is_wine() { &*prompt.replace('"', "") } else { prompt };
    scratch.rvenv_for(&python()).args(["--without-pip", "--prompt", prompt]).arg(scratch.env()).silent();
    call(&scratch, &scratch.env(), "env");
    let states = Batch::new(&scratch).states(&["call env-activate.bat", "@", "call env-deactivate.bat", "@"]);
    assert_eq!(value(&states[0], "VIRTUAL_ENV_PROMPT"), prompt);
    let shown = prompt.replace('"', "''").replace('$', "$$");
    assert_eq!(value(&states[0], "PROMPT"), format!("({shown}) $P$G"));
    assert_eq!(value(&states[1], "PROMPT"), "$P$G");
    assert!(!scratch.path("pwned").exists());
}

#[test]
fn quotes_in_variables_are_restored() {
    if is_wine() {
        return say_missing("a cmd.exe whose `for` keeps its variables after `endlocal` (Wine's does not)");
    }
    let scratch = Scratch::new();
    let env_dir = environment(&scratch, "env", "env");
    let path = r#""C:\a & b";C:\c & d;"C:\e";%SystemRoot%\System32"#;
    for switch in ["/v:off", "/v:on"] {
        let variables = vec![("PATH", path), ("PYTHONHOME", r#""C:\a & b"!^"#), ("PROMPT", r#""<$P>" & "#)];
        let batch = Batch { switch, variables, ..Batch::new(&scratch) };
        let states = batch.states(&["@", "call env-activate.bat", "@", "call env-deactivate.bat", "@"]);
        assert_eq!(states[0], states[2]);
        let rest = if switch == "/v:on" { path.to_owned() } else { path.replace('"', "") };
        assert_active(&states[1], &env_dir, &rest, switch);
    }
}

#[test]
fn the_code_page_is_restored() {
    let scratch = Scratch::new();
    environment(&scratch, "env", "env");
    let chcp = r#""%SystemRoot%\System32\chcp.com""#;
    let set = format!("{chcp} 850 > nul");
    let said = Batch::new(&scratch).says(&[&set, chcp, "call env-activate.bat", chcp, "call env-deactivate.bat", chcp]);
    let said: Vec<&str> = said.lines().collect();
    assert!(said.len() == 3 && said.iter().all(|line| *line == said[0] && line.contains("850")), "{said:?}");
}

#[test]
fn echo_stays_on_or_off() {
    let scratch = Scratch::new();
    environment(&scratch, "env", "env");
    for (state, script) in [("on", "activate"), ("off", "activate"), ("on", "deactivate"), ("off", "deactivate")] {
        let call = format!("call env-{script}.bat");
        let said = |lines: &[&str]| Batch::new(&scratch).says(lines).lines().last().unwrap().to_owned();
        let turn = format!("echo {state}");
        assert_eq!(said(&[&turn, &call, "@echo"]), said(&[&turn, "@echo"]));
        assert_ne!(said(&["echo on", &call, "@echo"]), said(&["echo off", &call, "@echo"]));
    }
}

/// The Pythons whose scripts differ most.
fn oldest_and_newest() -> Vec<Python> {
    let pythons = pythons();
    [pythons.first(), pythons.last()].into_iter().flatten().cloned().collect()
}

/// CPython's scripts do less than ours, but each undoes the other's work.
#[test]
fn cpythons_environment_activated_before_or_after_ours_is_undone() {
    for python in oldest_and_newest() {
        let scratch = Scratch::new();
        let env_dir = environment(&scratch, "ours", "ours");
        scratch.venv(&python).args(["--without-pip", "theirs"]).ok();
        call(&scratch, &scratch.path("theirs"), "theirs");
        let (ours, theirs) = ("call ours-activate.bat", "call theirs-activate.bat");
        let (leave_ours, leave_theirs) = ("call ours-deactivate.bat", "call theirs-deactivate.bat");
        let [home, unset] = [r"set PYTHONHOME=C:\mine", "rem"];
        for (first, steps) in [
            (home, &[ours, theirs, leave_theirs][..]),
            (home, &[theirs, ours, "@", leave_ours]),
            (home, &[ours, theirs, ours, "@", leave_ours]),
            (home, &[ours, leave_theirs]),
            (home, &[theirs, leave_ours]),
            (home, &[ours, theirs, leave_ours]),
            (home, &[ours, leave_theirs, ours, "@", leave_ours]),
            (unset, &[ours, theirs, leave_theirs, ours, "@", leave_ours]),
            ("set PROMPT=$G", &[ours, theirs, leave_theirs, ours, "@", leave_ours]),
        ] {
            let states = Batch::new(&scratch).states(&[&[first, "@"], steps, &["@"]].concat());
            let what = format!("{python:?}: {first}, {steps:?}");
            if let [was, active, _] = &states[..] {
                assert_active(active, &env_dir, value(was, "PATH"), &what);
                assert_eq!(value(active, "PROMPT"), format!("(ours) {}", value(was, "PROMPT")), "{what}");
            }
            assert_same_but_for_rest(&states[0], states.last().unwrap(), &what);
        }
    }
}

/// Asserts that the variables which another tool's deactivation also restores are as they were.
fn assert_same_but_for_rest(was: &BTreeMap<String, String>, is: &BTreeMap<String, String>, what: &str) {
    for name in ["PATH", "PROMPT", "PYTHONHOME", "VIRTUAL_ENV"] {
        assert_eq!(value(was, name), value(is, name), "{name}, {what}");
    }
}

#[test]
fn leftovers_of_another_tools_deactivation_are_not_restored() {
    for python in oldest_and_newest() {
        let scratch = Scratch::new();
        environment(&scratch, "ours", "ours");
        scratch.venv(&python).args(["--without-pip", "theirs"]).ok();
        call(&scratch, &scratch.path("theirs"), "theirs");
        let left = ["call ours-activate.bat", "call theirs-activate.bat", "call theirs-deactivate.bat"];
        let changed = [r"set PYTHONHOME=C:\mine", r"set PATH=C:\mine;%PATH%", "set PROMPT=mine", "@"];
        for rest in
            [&["call ours-deactivate.bat", "@"][..], &["call ours-activate.bat", "call ours-deactivate.bat", "@"]]
        {
            // An inherited value is not restored once another tool has deactivated the environment.
            let variables = vec![("VIRTUAL_ENV", r"C:\inherited")];
            let batch = Batch { variables, ..Batch::new(&scratch) };
            let states = batch.states(&[&left[..], &changed, rest].concat());
            assert_same_but_for_rest(&states[0], &states[1], &format!("{python:?}: {rest:?}"));
            assert_eq!(value(&states[1], "VIRTUAL_ENV"), "-");
        }
    }
}

#[test]
fn a_moved_environment_is_recognised_by_its_scripts() {
    let scratch = Scratch::new();
    for name in ["a & b (c) ^d 100% !x! é", "env"] {
        let env_dir = environment(&scratch, name, "env");
        scratch.rvenv().arg("--check").arg(&env_dir).ok();
        let moved = scratch.path(format!("moved {name}"));
        fs::rename(&env_dir, &moved).unwrap();
        let output = scratch.rvenv().arg("--check").arg(&moved).output();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        for script in ["activate", "activate.bat", "activate.fish"] {
            let start = format!("{}: it activates another", moved.join("Scripts").join(script).display());
            assert!(said.lines().any(|line| line.starts_with(&start)), "{start}: {said}");
        }
        assert!(!said.contains("deactivate.bat"), "{said}");
    }
}
