//! The activation scripts, sourced by real shells: what they set, and that `deactivate` restores everything.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::harness::*;

/// A shell and its syntax. `@` in code is replaced by a path.
struct Shell {
    program: &'static str,
    /// Arguments before the script.
    args: &'static [&'static str],
    script: &'static str,
    source: &'static str,
    /// Turns on options that make careless scripts fail.
    strict: &'static str,
    /// Turns on tracing of commands, with the values of their variables. Empty if the shell has no tracing.
    trace: &'static str,
    /// Prints those of VIRTUAL_ENV, VIRTUAL_ENV_PROMPT, PATH and PYTHONHOME that are set, as a program sees them.
    report: &'static str,
    /// Writes all variables, functions and aliases to the file `@`.
    dump: &'static str,
    /// Code that sets the prompt to `> `, and code that prints it.
    prompt: (&'static str, &'static str),
    /// Prints the status of the last command.
    status: &'static str,
}

const PRINTENV: &str = "/usr/bin/printenv VIRTUAL_ENV VIRTUAL_ENV_PROMPT PATH PYTHONHOME || :";
const DUMP: &str = "{ set; alias; typeset -f 2>/dev/null || :; /usr/bin/env | /usr/bin/sed 's/^/env /'; } >@";
const PS1: (&str, &str) = ("PS1='> '", "/usr/bin/printf '%s\\n' \"$PS1\"");
const POSIX: Shell = Shell {
    program: "dash",
    args: &[],
    script: "activate",
    source: ". @",
    strict: "set -euf; IFS=/; unset OSTYPE",
    trace: "set -x",
    report: PRINTENV,
    dump: DUMP,
    prompt: PS1,
    status: "echo \"status $?\"",
};
const CSH: Shell = Shell {
    program: "tcsh",
    args: &["-f"],
    script: "activate.csh",
    source: "source @",
    strict: "",
    trace: "set echo; set verbose",
    report: "/usr/bin/printenv VIRTUAL_ENV VIRTUAL_ENV_PROMPT PATH PYTHONHOME",
    dump: "(set; alias; /usr/bin/env | /usr/bin/sed 's/^/env /') >@",
    prompt: ("set prompt = '> '", "echo \"$prompt:q\""),
    status: "echo \"status $status\"",
};

/// The supported shells, except cmd.exe, which cannot be run here.
const SHELLS: [Shell; 13] = [
    Shell {
        program: "bash",
        args: &["--norc", "--noprofile"],
        strict: "set -eufo pipefail; set +h; IFS=/; unset OSTYPE",
        ..POSIX
    },
    Shell { program: "zsh", args: &["-f"], strict: "setopt nounset errexit noglob; IFS=/; unset OSTYPE", ..POSIX },
    POSIX,
    Shell { program: "ksh", ..POSIX },
    Shell { program: "mksh", ..POSIX },
    Shell { program: "yash", ..POSIX },
    Shell { program: "busybox", args: &["sh"], ..POSIX },
    Shell {
        program: "fish",
        args: &["--no-config"],
        script: "activate.fish",
        source: "source @",
        strict: "",
        trace: "set fish_trace 1",
        dump: "begin; set; functions -a | string replace -a , \\n; /usr/bin/env | /usr/bin/sed 's/^/env /'; end >@",
        prompt: ("function fish_prompt; echo -n '> '; end", "fish_prompt; echo"),
        status: "echo \"status $status\"",
        ..POSIX
    },
    CSH,
    Shell { program: "bsd-csh", ..CSH },
    Shell {
        program: "nu",
        args: &["--no-config-file"],
        script: "activate.nu",
        source: "overlay use @",
        strict: "",
        trace: "",
        report: "try { ^/usr/bin/printenv VIRTUAL_ENV VIRTUAL_ENV_PROMPT PATH PYTHONHOME }",
        dump: "^/usr/bin/env o> @; scope aliases | get name | to text o>> @; overlay list | to nuon o>> @",
        prompt: ("$env.PROMPT_COMMAND = {|| '> '}", "print (do $env.PROMPT_COMMAND)"),
        status: "print $\"status ($env.LAST_EXIT_CODE? | default 0)\"",
    },
    Shell {
        program: "xonsh",
        args: &["--no-rc"],
        script: "activate.xsh",
        source: "source @",
        strict: "$XONSH_SUBPROC_CMD_RAISE_ERROR = True",
        trace: "",
        report: "$[/bin/sh -c '/usr/bin/printenv VIRTUAL_ENV VIRTUAL_ENV_PROMPT PATH PYTHONHOME || :']",
        dump: "open(r'@', 'w').write('\\n'.join(['%s=%r' % pair for pair in __xonsh__.env.detype().items()] + list(aliases) + list(__xonsh__.ctx)))",
        prompt: ("$PROMPT = '> '", "print($PROMPT, flush=True)"),
        status: "print('status', 0, flush=True)",
    },
    Shell {
        program: "pwsh",
        args: &["-NoProfile", "-NonInteractive", "-File"],
        script: "Activate.ps1",
        source: ". @",
        strict: "Set-StrictMode -Version Latest; $ErrorActionPreference = 'Stop'",
        trace: "Set-PSDebug -Trace 2",
        report: "/bin/sh -c '/usr/bin/printenv VIRTUAL_ENV VIRTUAL_ENV_PROMPT PATH PYTHONHOME || :'",
        dump: "& { Get-ChildItem Variable:, Function:, Alias: | ForEach-Object Name; /usr/bin/env | /usr/bin/sed 's/^/env /' } >@",
        prompt: ("function prompt { '> ' }", "(prompt 6>&1) -join ''"),
        status: "\"status $([int] -not $?)\"",
    },
];

/// Whether a line of a dump changes all the time, regardless of what a script does.
fn is_volatile(line: &str) -> bool {
    let names = [
        "_=",
        "_ ",
        "RANDOM",
        "SRANDOM",
        "SECONDS",
        "LINENO",
        "EPOCH",
        "BASH_",
        "BASHPID",
        "PIPESTATUS",
        "FUNCNAME",
        "?",
        "status",
        "pipestatus",
        "ERRNO",
        "TTYIDLE",
        "HISTCMD",
        "history",
        "funcstack",
        "SHLVL",
        "CMD_DURATION",
        "LAST_EXIT_CODE",
        "LASTEXITCODE",
        "LAST_RETURN_CODE",
        "__warningregistry__",
        "command",
        "PPID",
        "KSH_",
        "LAST_JOB",
        "zsh_",
        "'!'",
        "'#'",
        "'$'",
        "'*'",
        "'?'",
        "'_'",
        "@",
        ".sh",
        "_AST_FEATURES",
        "'-'",
        "-",
        "0",
        "exit",
        "fish_",
        "errno",
        "XONSH_",
        "hash",
        "anyerror",
        // Functions that fish loads on demand.
        "__f",
    ];
    let line = line.strip_prefix("env ").unwrap_or(line);
    names.iter().any(|name| line.starts_with(name))
}

impl Shell {
    fn path(&self) -> Option<PathBuf> {
        match self.program {
            "nu" | "xonsh" => peer(self.program),
            "pwsh" => pwsh(),
            _ => tool(self.program),
        }
    }

    fn at(&self, code: &str, path: &Path) -> String {
        code.replace('@', path.to_str().expect("a plain path"))
    }

    /// Runs lines of code as a script, asserts that stderr is empty, and returns stdout.
    fn run(&self, scratch: &Scratch, lines: &[String], prepare: impl Fn(Run) -> Run) -> String {
        let file = self.write(scratch, lines);
        let program = self.path().expect("it was there a moment ago");
        let run = scratch.run(program).args(self.args).arg(file).env_remove("PYTHONHOME").env_remove("VIRTUAL_ENV");
        let run = run.env("HOME", scratch.path("")).env("TERM", "dumb").env("XONSH_SHOW_TRACEBACK", "True");
        let run = run.env("POWERSHELL_TELEMETRY_OPTOUT", "1");
        let run = run.env_remove("PYTHONDONTWRITEBYTECODE").env_remove("PYTHONUNBUFFERED");
        let output = prepare(run).output();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.is_empty(), "{}: {lines:#?}\n{stderr}", self.program);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn write(&self, scratch: &Scratch, lines: &[String]) -> PathBuf {
        let end = if self.program == "pwsh" { ".ps1" } else { "" };
        scratch.write(&format!("code.{}{end}", self.program), lines.join("\n") + "\n")
    }

    /// Whether a session takes a second to start.
    fn is_slow(&self) -> bool {
        ["pwsh", "xonsh"].contains(&self.program)
    }

    /// PATH in this shell if it is started with `given`: PowerShell puts its own directory in front.
    fn path_from(&self, given: &str) -> String {
        static OF_POWERSHELL: OnceLock<String> = OnceLock::new();
        if self.program != "pwsh" {
            return given.to_owned();
        }
        let print =
            || Scratch::new().run("pwsh").args(["-NoProfile", "-Command", "$PSHOME"]).ok().trim_end().to_owned();
        format!("{}:{given}", OF_POWERSHELL.get_or_init(print))
    }

    /// PowerShell takes a backslash in a name for a separator, so a relocatable environment is not found there.
    fn supports(&self, env_dir: &Path) -> bool {
        let has_backslash = env_dir.to_string_lossy().contains('\\');
        self.program != "pwsh" || !has_backslash || configured(env_dir, "relocatable").is_none()
    }

    /// Code that sources an environment's script, through a link whose name needs no quoting. CPython's script for
    /// PowerShell does not work through a link.
    fn activate(&self, scratch: &Scratch, env_dir: &Path) -> String {
        let is_plain = env_dir.to_string_lossy().chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
        if self.program == "pwsh" && is_plain {
            return self.at(self.source, &env_dir.join("bin").join(self.script));
        }
        let directory = PathBuf::from(format!("plain-{}", self.program)).join(key(env_dir));
        let link = scratch.path(directory);
        if !link.is_symlink() {
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            symlink(env_dir.join("bin"), &link).unwrap();
        }
        self.at(self.source, &link.join(self.script))
    }
}

fn key(path: &Path) -> String {
    path.as_os_str().as_encoded_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>().split_off(40)
}

fn installed() -> Vec<&'static Shell> {
    SHELLS.iter().filter(|shell| shell.path().is_some()).collect()
}

/// Names with characters that are special in some shell. The last one combines them all.
const HOSTILE: [&str; 12] = [
    "a b\tc",
    "it's \"quoted\"",
    "$(touch pwned) `touch pwned` ${HOME}",
    "a;touch pwned;b&c|d>e<f",
    "!history! ^x^y",
    "100% %n %~ \\ # ~ * ? [x] {y} {env_name}",
    "-dash",
    "é 🐍 ‘so’ “so”",
    "a;touch pwned;__VENV_NAME__",
    "__VENV_DIR__'__VENV_PROMPT__",
    "=ls ~root $PATH @(1+1) ($env.HOME)",
    "a 'b\" $(touch pwned) `touch pwned` ;&|!%\\#~*?{}[]()<>^é🐍__VENV_NAME__\tx",
];

fn make(scratch: &Scratch, name: &str) -> PathBuf {
    let env_dir = scratch.path(name);
    scratch.rvenv_for(&python()).arg("--without-pip").arg(&env_dir).silent();
    env_dir
}

/// Creates a relocatable environment elsewhere and moves it.
fn make_and_move(scratch: &Scratch, name: &str) -> PathBuf {
    let (made, env_dir) = (scratch.path("made elsewhere").join(name), scratch.path(name));
    scratch.rvenv_for(&python()).args(["--without-pip", "--relocatable"]).arg(&made).silent();
    fs::rename(made, &env_dir).unwrap();
    env_dir
}

const MAKES: [fn(&Scratch, &str) -> PathBuf; 2] = [make, make_and_move];

fn search_path() -> String {
    std::env::var("PATH").unwrap()
}

#[test]
fn each_shell_activates_and_deactivates_in_each_situation() {
    let situations = [
        "ordinary",
        "strict",
        "prompt disabled",
        "PYTHONHOME set",
        "nested",
        "twice",
        "another before",
        "no PATH",
        "empty PATH",
        "empty environment",
    ];
    let names = ["plain", HOSTILE[11]];
    for (turn, (make, name)) in MAKES.into_iter().flat_map(|make| names.map(|name| (make, name))).enumerate() {
        let scratch = Scratch::new();
        let (env_dir, other) = (make(&scratch, name), make(&scratch, "other"));
        for shell in installed().into_iter().filter(|shell| shell.supports(&env_dir)) {
            // Slow shells try each situation once.
            let (first, step) = if shell.is_slow() { (turn, 4) } else { (0, 1) };
            for situation in situations.into_iter().skip(first).step_by(step) {
                in_situation(&scratch, shell, situation, name, &env_dir, &other);
            }
        }
        assert!(!scratch.path("pwned").exists() && !env_dir.join("pwned").exists());
    }
}

fn in_situation(scratch: &Scratch, shell: &Shell, situation: &str, name: &str, env_dir: &Path, other: &Path) {
    let [before, after] = ["before", "after"].map(|name| scratch.path(name));
    let line = |code: &str| code.to_owned();
    // xonsh is a Python program and would not start with PYTHONHOME, so it is set from within.
    let sets_home = situation == "PYTHONHOME set" && shell.program == "xonsh";
    let set_up = if situation == "strict" { shell.strict } else { "" };
    let mut lines = vec![line(if sets_home { "$PYTHONHOME = '/usr'" } else { set_up })];
    // A non-interactive csh has no prompt, and the script would not create one.
    lines.push(line(shell.prompt.0));
    lines.push(shell.at(shell.dump, &before));
    lines.push(match situation {
        "twice" => shell.activate(scratch, env_dir),
        "another before" => shell.activate(scratch, other),
        _ => String::new(),
    });
    lines.push(shell.activate(scratch, env_dir));
    lines.extend([line(shell.status), line(shell.report), line(shell.prompt.1)]);
    lines.push(line("deactivate"));
    lines.extend([line(shell.status), line(shell.prompt.1), shell.at(shell.dump, &after)]);

    let said = shell.run(scratch, &lines, |run| match situation {
        "prompt disabled" => run.env("VIRTUAL_ENV_DISABLE_PROMPT", "1"),
        "PYTHONHOME set" if !sets_home => run.env("PYTHONHOME", "/usr"),
        // As in a shell that was started from one with an active environment.
        "nested" => run
            .env("VIRTUAL_ENV", other)
            .env("VIRTUAL_ENV_PROMPT", "other")
            .env("PATH", format!("{}:{}", other.join("bin").display(), search_path())),
        "no PATH" => run.env_remove("PATH"),
        "empty PATH" => run.env("PATH", ""),
        "empty environment" => {
            let mut run = run;
            run.0.env_clear();
            // Colours and character encodings are not tested here.
            run.env("TERM", "dumb").env("LC_ALL", "C.UTF-8")
        }
        _ => run,
    });
    let what = format!("{}, {situation}, {name:?}", shell.program);
    let dir = env_dir.display();
    let outer = if situation == "nested" { format!("{}:", other.join("bin").display()) } else { String::new() };
    let outer = shell.path_from(&(outer + &search_path()));
    let expected = format!("status 0\n{dir}\n{name}\n{dir}/bin:{outer}\n");
    let rest = if what.contains("PATH,") || situation == "empty environment" {
        // Without PATH, each shell has a default of its own.
        let first = format!("status 0\n{dir}\n{name}\n{dir}/bin");
        said.strip_prefix(&first).and_then(|rest| rest.split_once('\n')).map(|(_, rest)| rest)
    } else {
        said.strip_prefix(&expected)
    };
    let rest = rest.unwrap_or_else(|| panic!("{what}\n{said}\n{expected}"));
    let (prompt, rest) = rest.split_once('\n').unwrap_or_else(|| panic!("{what}: {said}"));
    match (situation, name) {
        ("prompt disabled", _) => assert_eq!(prompt, "> ", "{what}"),
        (_, "plain") => assert_eq!(prompt, "(plain) > ", "{what}"),
        _ => assert!(prompt.starts_with('(') && prompt.ends_with(") > "), "{what}: {prompt}"),
    }
    assert_eq!(rest, "status 0\n> \n", "{what}");

    let state = |file: &Path| -> BTreeSet<String> {
        let text = String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned();
        text.lines().filter(|line| !is_volatile(line)).map(str::to_owned).collect()
    };
    let (before, after) = (state(&before), state(&after));
    // dash and similar shells cannot undo the export of PATH.
    let keeps_export =
        ["dash", "busybox"].contains(&shell.program) && !before.iter().any(|line| line.starts_with("env PATH="));
    // An inherited environment is not active any more.
    let is_of_venv = |line: &String| line.strip_prefix("env ").unwrap_or(line).starts_with("VIRTUAL_ENV");
    let is_left = |line: &String| is_of_venv(line) && !line.contains("DISABLE_PROMPT");
    assert!(!after.iter().any(is_left), "{what}: {after:#?}");
    let is_their_own =
        |line: &&String| keeps_export && line.starts_with("env PATH=") || situation == "nested" && is_of_venv(line);
    let changed: Vec<_> = before.symmetric_difference(&after).filter(|line| !is_their_own(line)).collect();
    assert!(changed.is_empty(), "{what}: {changed:#?}");
}

#[test]
fn hostile_names_reach_each_shell_unchanged() {
    for make in MAKES {
        let scratch = Scratch::new();
        let env_dirs = HOSTILE.map(|name| make(&scratch, name));
        for shell in installed() {
            // xonsh would expand that anywhere in PATH, so the script refuses such names.
            let is_refused = |env_dir: &Path| shell.program == "xonsh" && env_dir.to_string_lossy().contains("$PATH");
            let is_found = |env_dir: &&Path| shell.supports(env_dir) && !is_refused(env_dir);
            let env_dirs: Vec<&Path> = env_dirs.iter().map(PathBuf::as_path).filter(is_found).collect();
            for session in env_dirs.chunks(if shell.is_slow() { env_dirs.len() } else { 1 }) {
                reaches(&scratch, shell, session);
            }
        }
    }
}

/// Activates environments one after another in one session, and checks what a program sees then.
fn reaches(scratch: &Scratch, shell: &Shell, env_dirs: &[&Path]) {
    let lines =
        env_dirs.iter().flat_map(|dir| [shell.activate(scratch, dir), shell.report.into(), "deactivate".into()]);
    let said = shell.run(scratch, &lines.collect::<Vec<_>>(), |run| run);
    let path = shell.path_from(&search_path());
    let expected = env_dirs.iter().map(|dir| {
        let name = dir.file_name().unwrap().to_string_lossy();
        format!("{dir}\n{name}\n{dir}/bin:{path}\n", dir = dir.display())
    });
    assert_eq!(said, expected.collect::<String>(), "{}", shell.program);
    assert!(!scratch.path("pwned").exists(), "{}: {env_dirs:?}", shell.program);
    assert!(env_dirs.iter().all(|env_dir| !env_dir.join("pwned").exists()), "{}", shell.program);
}

#[test]
fn xonsh_refuses_a_path_that_contains_a_variable() {
    let Some(xonsh) = SHELLS.iter().find(|shell| shell.program == "xonsh" && shell.path().is_some()) else { return };
    let scratch = Scratch::new();
    let env_dir = make(&scratch, "a $HOME b");
    let code = scratch.write("code", format!("{}\n", xonsh.activate(&scratch, &env_dir)));
    let output = scratch.run(xonsh.path().unwrap()).args(xonsh.args).arg(code).output();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("contains the name of a variable, which xonsh would expand: $HOME"), "{stderr}");
}

#[test]
fn random_names_reach_each_shell_unchanged() {
    let alphabet: Vec<char> = " \t'\"`$(){}[]<>;&|!%^\\#~*?=@,.:+-_aA1é🐍‘’".chars().filter(|c| *c != ':').collect();
    let count = std::env::var("RVENV_NAMES").ok().and_then(|count| count.parse().ok()).unwrap_or(12);
    // A fixed seed, so that every run tests the same names.
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let scratch = Scratch::new();
    let env_dirs: Vec<PathBuf> = (0..count)
        .map(|_| {
            let name: String = (0..1 + random(24)).map(|_| alphabet[random(alphabet.len())]).collect();
            MAKES[random(2)](&scratch, &format!("x{name}x"))
        })
        .collect();
    for shell in installed() {
        let env_dirs: Vec<&Path> = env_dirs.iter().map(PathBuf::as_path).filter(|dir| shell.supports(dir)).collect();
        for session in env_dirs.chunks(if shell.is_slow() { env_dirs.len() } else { 1 }) {
            reaches(&scratch, shell, session);
        }
    }
}

#[test]
fn a_path_that_is_not_utf8_reaches_each_shell_that_supports_it() {
    let (Some(()), scratch) = (able("names that are not UTF-8"), Scratch::new()) else { return };
    let env_dir = scratch.path(os(b"caf\xe9 \xff'x"));
    scratch.rvenv_for(&python()).arg("--without-pip").arg(&env_dir).silent();
    for shell in installed() {
        let file = shell.write(&scratch, &[shell.activate(&scratch, &env_dir), shell.report.to_owned()]);
        let program = shell.path().unwrap();
        let output = scratch.run(program).args(shell.args).arg(file).env("HOME", scratch.path("")).output();
        if shell.program == "yash" {
            // yash refuses a script that is not valid text.
            continue;
        }
        if shell.program == "pwsh" {
            // PowerShell's paths are text, so no program finds the environment.
            continue;
        }
        if shell.program == "nu" {
            // nushell's paths are text. The script reports an error and changes nothing.
            assert!(String::from_utf8_lossy(&output.stderr).contains("is not UTF-8"));
            continue;
        }
        let first = output.stdout.split(|byte| *byte == b'\n').next().unwrap();
        assert_eq!(os(first), env_dir.as_os_str(), "{}: {}", shell.program, String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn an_empty_environment_and_an_unusual_path_are_restored() {
    let scratch = Scratch::new();
    let env_dir = make(&scratch, "env");
    for shell in installed().into_iter().filter(|shell| shell.script == "activate") {
        for (what, set_up) in [("unset", "unset PATH"), ("empty", "PATH=; export PATH"), ("as it is", ":")] {
            let show = "echo \"${PATH-unset}\"; echo \"${PS1-unset}\"; echo \"${VIRTUAL_ENV-unset}\"";
            let lines = [
                set_up.to_owned(),
                "unset PS1".to_owned(),
                show.to_owned(),
                shell.activate(&scratch, &env_dir),
                "echo \"$PATH\"".to_owned(),
                "deactivate".to_owned(),
                show.to_owned(),
            ];
            let file = scratch.write("code", lines.join("\n") + "\n");
            let mut run = scratch.run(tool(shell.program).unwrap()).args(shell.args).arg(file);
            run.0.env_clear();
            let said = run.ok();
            let said: Vec<&str> = said.lines().collect();
            assert_eq!(said.len(), 7, "{}: {said:?}", shell.program);
            assert_eq!(said[..3], said[4..], "{} with PATH {what}", shell.program);
            let bin = env_dir.join("bin").display().to_string();
            let expected = if what == "as it is" && !said[0].is_empty() && said[0] != "unset" {
                format!("{bin}:{}", said[0])
            } else {
                bin
            };
            assert_eq!(said[3], expected, "{} with PATH {what}", shell.program);
        }
    }
}

#[test]
fn cpythons_environment_activated_before_or_after_ours_is_undone() {
    let Some(python) = pyenv("3.13") else { return };
    let scratch = Scratch::new();
    let (env_dir, theirs_dir) = (make(&scratch, "env"), scratch.path("theirs"));
    scratch.venv(&python).args(["--without-pip", "theirs"]).ok();
    for shell in installed().into_iter().filter(|shell| theirs_dir.join("bin").join(shell.script).exists()) {
        let (ours, theirs) = (shell.activate(&scratch, &env_dir), shell.activate(&scratch, &theirs_dir));
        let (ours, theirs) = (ours.as_str(), theirs.as_str());
        let active = format!("{0}\nenv\n{0}/bin:{1}\n", env_dir.display(), shell.path_from(&search_path()));
        let none = format!("{}\n", shell.path_from(&search_path()));
        for (steps, expected) in [
            (&[ours, theirs, "deactivate", shell.report][..], none.clone()),
            (&[ours, theirs, "deactivate", ours, shell.report, "deactivate", shell.report], format!("{active}{none}")),
            (&[theirs, ours, shell.report, "deactivate", shell.report], format!("{active}{none}")),
        ] {
            let lines: Vec<String> = [shell.prompt.0].iter().chain(steps).map(|line| (*line).to_owned()).collect();
            assert_eq!(shell.run(&scratch, &lines, |run| run), expected, "{}: {steps:?}", shell.program);
        }
    }
}

#[test]
fn a_prompt_is_shown_literally_and_runs_nothing() {
    let name = "$(touch pwned) `touch pwned` 100% \\w %n";
    let scratch = Scratch::new();
    let env_dir = make(&scratch, name);
    for (program, show) in [
        ("bash", "printf '%s\\n' \"${PS1@P}\""),
        ("zsh", "print -rP -- \"$PS1\""),
        ("zsh", "setopt promptsubst; deactivate; . @; print -rP -- \"$PS1\""),
    ] {
        let Some(shell) = installed().into_iter().find(|shell| shell.program == program) else { continue };
        let activate = shell.activate(&scratch, &env_dir);
        let show = show.replace(". @", &activate);
        let said = shell.run(&scratch, &["PS1='> '".to_owned(), activate, show], |run| run);
        assert_eq!(said, format!("({name}) > \n"), "{program}");
    }
    // These show a prompt only on a terminal, so run them on a pseudoterminal.
    scratch.write(".yashrc", "");
    let on_a_terminal = able("script -qec").map_or(&[][..], |()| &["dash", "ksh", "mksh", "yash", "busybox"]);
    for program in on_a_terminal.iter().copied() {
        let Some(shell) = installed().into_iter().find(|shell| shell.program == program) else { continue };
        let input = scratch.write("input", format!("PS1='> '\n{}\n:\nexit\n", shell.activate(&scratch, &env_dir)));
        let terminal = format!("script -qec '{program} {} -i' /dev/null <{}", shell.args.join(" "), input.display());
        let run = scratch.run("sh").args(["-c", &terminal]).env("HOME", scratch.path("")).env_remove("ENV");
        let said = String::from_utf8_lossy(&run.output().stdout).into_owned();
        // yash and busybox interpret backslashes after expanding everything else, so compare only what precedes them.
        let shown = name.split('\\').next().unwrap();
        assert!(said.contains(&format!("({shown}")), "{program}: {said}");
    }
    assert!(!scratch.path("pwned").exists());
}

#[test]
fn a_command_found_before_is_looked_up_again() {
    let scratch = Scratch::new();
    let env_dir = make(&scratch, "env");
    scratch.write_script("bin/tool", "#!/bin/sh\necho old\n");
    fs::copy(scratch.path("bin/tool"), env_dir.join("bin/tool")).unwrap();
    scratch.write_script("env/bin/tool", "#!/bin/sh\necho new\n");
    for shell in installed() {
        let call = if shell.program == "nu" { "^tool | print -n" } else { "tool" };
        let lines = [
            call.to_owned(),
            shell.activate(&scratch, &env_dir),
            call.to_owned(),
            "deactivate".to_owned(),
            call.to_owned(),
        ];
        let path = format!("{}:{}", scratch.path("bin").display(), search_path());
        let said = shell.run(&scratch, &lines, |run| run.env("PATH", &path));
        assert_eq!(said, "old\nnew\nold\n", "{}", shell.program);
    }
}

#[test]
fn tracing_an_activation_reveals_no_unrelated_variable() {
    for (shell, make) in installed().into_iter().flat_map(|shell| MAKES.map(|make| (shell, make))) {
        let scratch = Scratch::new();
        let (env_dir, other) = (make(&scratch, "env"), make(&scratch, "other"));
        let lines = [
            shell.trace.to_owned(),
            shell.activate(&scratch, &other),
            shell.activate(&scratch, &env_dir),
            "deactivate".to_owned(),
        ];
        let code = shell.write(&scratch, &lines);
        let run = scratch.run(shell.path().unwrap()).args(shell.args).arg(code);
        let output = run.env("HOME", scratch.path("")).env("TERM", "dumb").env("TOKEN", "a secret").output();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(shell.trace.is_empty() || said.contains("VIRTUAL_ENV"), "{}: {said}", shell.program);
        assert!(!said.contains("a secret"), "{}: {said}", shell.program);
    }
}

/// Code that defines a function or alias `pydoc` of the user's, which prints `mine` and its arguments.
fn own_pydoc(shell: &Shell) -> &'static [&'static str] {
    match shell.program {
        "bash" => &["pydoc () { echo mine \"$@\"; }", "shopt -s expand_aliases; alias pydoc='echo mine'"],
        "zsh" | "dash" => &["pydoc () { echo mine \"$@\"; }", "alias pydoc='echo mine'"],
        "fish" => &["function pydoc; echo mine $argv; end"],
        "tcsh" | "bsd-csh" => &["alias pydoc 'echo mine \\!*'"],
        "nu" => &["alias pydoc = echo mine"],
        "xonsh" => &["aliases['pydoc'] = ['echo', 'mine']"],
        "pwsh" => &["function pydoc { \"mine $args\" }", "Set-Alias pydoc mine; function mine { \"mine $args\" }"],
        _ => &["pydoc () { echo mine \"$@\"; }"],
    }
}

#[test]
fn pydoc_is_the_environments_until_it_is_deactivated_unless_the_user_has_one() {
    let scratch = Scratch::new();
    let env_dir = make(&scratch, "env");
    fs::remove_file(env_dir.join("bin/python")).unwrap();
    scratch.write_script("env/bin/python", "#!/bin/sh\necho \"environment's $@\"\n");
    scratch.write_script("bin/pydoc", "#!/bin/sh\necho \"system's $@\"\n");
    scratch.write_script("bin/python", "#!/bin/sh\necho \"system's python\"\n");
    let path = format!("{}:{}", scratch.path("bin").display(), search_path());
    for shell in installed() {
        let activate = shell.activate(&scratch, &env_dir);
        let activate = activate.as_str();
        let call = "pydoc x";
        let lines = [activate, call, activate, call, "deactivate", call].map(str::to_owned);
        let said = shell.run(&scratch, &lines, |run| run.env("PATH", &path));
        let expected = "environment's -m pydoc x\nenvironment's -m pydoc x\nsystem's x\n";
        assert_eq!(said, expected, "{}", shell.program);
        for own in own_pydoc(shell) {
            // nushell cannot make an export depend on what there is, so its overlay hides a command of the user's.
            let call = if shell.program == "nu" { "print (pydoc x | str join ' ')" } else { call };
            let while_active = if shell.program == "nu" { "" } else { call };
            let lines = [own, activate, while_active, "deactivate", call].map(str::to_owned);
            let said = shell.run(&scratch, &lines, |run| run.env("PATH", &path));
            let lines = said.lines().collect::<Vec<_>>();
            assert!(
                !lines.is_empty() && lines.iter().all(|line| *line == "mine x"),
                "{}: {own}: {said}",
                shell.program
            );
        }
    }
}

#[test]
fn commands_that_the_user_has_redefined_do_not_matter() {
    for make in MAKES {
        let scratch = Scratch::new();
        let env_dir = make(&scratch, "env");
        for shell in installed() {
            let define = |names: &[&str], code: &str| -> Vec<String> {
                names.iter().map(|name| code.replace("NAME", name)).collect()
            };
            let redefined = match shell.script {
                "activate" => {
                    define(&["hash", "cd", "pwd", "echo", "readlink", "realpath"], "NAME () { /bin/echo HIJACKED; }")
                }
                "activate.fish" => define(
                    &["printf", "functions", "set_color", "contains", "type", "realpath", "cd", "pydoc"],
                    "function NAME; builtin printf 'HIJACKED\\n'; end",
                ),
                "activate.csh" => define(&["printenv", "cd", "python"], "alias NAME '/bin/echo HIJACKED'"),
                _ => continue,
            };
            let rest = [shell.activate(&scratch, &env_dir), shell.report.to_owned(), shell.prompt.1.to_owned()];
            let lines: Vec<String> = [shell.prompt.0.to_owned()]
                .into_iter()
                .chain(redefined)
                .chain(rest)
                .chain(["deactivate".to_owned()])
                .collect();
            let said = shell.run(&scratch, &lines, |run| run);
            assert!(said.starts_with(env_dir.to_str().unwrap()), "{}: {said}", shell.program);
            assert!(said.contains("(env)") && !said.contains("HIJACKED"), "{}: {said}", shell.program);
        }
    }
}

#[test]
fn zsh_that_takes_values_for_patterns_activates_and_deactivates() {
    let Some(zsh) = installed().into_iter().find(|shell| shell.program == "zsh") else { return };
    for make in MAKES {
        let scratch = Scratch::new();
        let name = "a [b]* (c)~^#?";
        let env_dir = make(&scratch, name);
        let path = format!("/no [such]*:{}", search_path());
        for options in ["emulate csh", "setopt GLOB_SUBST GLOB_ASSIGN EXTENDED_GLOB"] {
            let lines = [
                options.to_owned(),
                "PS1='[> *'; old=\"$PATH\"".to_owned(),
                zsh.activate(&scratch, &env_dir),
                zsh.report.to_owned(),
                "/usr/bin/printf '%s\\n' \"$PS1\"; deactivate; /usr/bin/printf '%s\\n' \"$PS1\"".to_owned(),
                "[ \"$old\" = \"$PATH\" ] && echo same".to_owned(),
            ];
            let said = zsh.run(&scratch, &lines, |run| run.env("PATH", &path));
            let dir = env_dir.display();
            let expected =
                format!("{dir}\n{name}\n{dir}/bin:{path}\n(${{VIRTUAL_ENV_PROMPT//\\%/%%}}) [> *\n[> *\nsame\n");
            let expanded = expected.replace("${VIRTUAL_ENV_PROMPT//\\%/%%}", name);
            assert!([expected, expanded].contains(&said), "{options}: {said}");
        }
    }
}

#[test]
fn nushell_and_xonsh_find_an_environment_that_was_moved() {
    let scratch = Scratch::new();
    let made = make(&scratch, "made");
    let env_dir = scratch.path("moved");
    fs::rename(made, &env_dir).unwrap();
    for shell in installed().into_iter().filter(|shell| ["nu", "xonsh"].contains(&shell.program)) {
        let said = shell.run(&scratch, &[shell.activate(&scratch, &env_dir), shell.report.to_owned()], |run| run);
        assert_eq!(said.lines().next(), env_dir.to_str(), "{}", shell.program);
    }
}

#[test]
fn nushell_says_how_to_use_its_script_where_deactivation_would_not_work() {
    let Some(nu) = peer("nu") else { return };
    let scratch = Scratch::new();
    let script = make(&scratch, "env").join("bin/activate.nu");
    let script = script.display();
    for code in [format!("source {script}"), format!("use {script}"), format!("overlay use {script} as mine")] {
        let code = scratch.write("code.nu", format!("{code}\nprint $env.VIRTUAL_ENV\n"));
        let run = scratch.run(&nu).arg("--no-config-file").arg(code).env("HOME", scratch.path(""));
        let output = run.env_remove("VIRTUAL_ENV").output();
        // The message is broken into lines.
        let said = String::from_utf8_lossy(&output.stderr).replace("\n  | ", "");
        assert!(said.contains(&format!("instead, run: overlay use {script}")), "{said}");
        assert!(!output.status.success() && output.stdout.is_empty());
    }
}

/// dh-virtualenv, virtualenv-tools and virtualenv-clone.
#[test]
fn tools_that_move_environments_by_rewriting_lines_leave_the_scripts_working() {
    let replace_lines = |text: &str, start: &str, dir: &str| {
        let line = |line: &str| if line.starts_with(start) { format!("{start}{dir}\n") } else { format!("{line}\n") };
        text.lines().map(line).collect::<String>()
    };
    for tool in ["replaces lines", "replaces values", "replaces the path"] {
        let scratch = Scratch::new();
        let (made, moved) = (make(&scratch, "env"), scratch.path("moved"));
        fs::rename(&made, &moved).unwrap();
        for name in names_in(&moved.join("bin")).into_iter().filter(|name| name.starts_with("activate")) {
            let path = moved.join("bin").join(&name);
            let (text, dir) = (fs::read_to_string(&path).unwrap(), moved.to_str().unwrap());
            let start = match &*name {
                "activate" => "VIRTUAL_ENV=",
                "activate.csh" => "setenv VIRTUAL_ENV",
                "activate.fish" => "set -gx VIRTUAL_ENV",
                _ => "",
            };
            let text = match tool {
                "replaces the path" => text.replace(made.to_str().unwrap(), dir),
                _ if start.is_empty() => text,
                "replaces lines" => {
                    let space = if start.ends_with('=') { "" } else { " " };
                    replace_lines(&text, start, &format!("{space}\"{dir}\""))
                }
                _ => replace_lines(
                    &text,
                    &format!("{}{}", start.trim_end_matches('='), if start.ends_with('=') { "=" } else { " " }),
                    dir,
                ),
            };
            fs::write(path, text).unwrap();
        }
        for shell in installed() {
            let said = shell.run(&scratch, &[shell.activate(&scratch, &moved), shell.report.to_owned()], |run| run);
            let expected = format!("{0}\nenv\n{0}/bin:", moved.display());
            assert!(said.starts_with(&expected), "{}, {tool}: {said}", shell.program);
        }
    }
}

#[test]
fn activation_runs_no_program() {
    let Some(()) = able("strace -f") else { return };
    let scratch = Scratch::new();
    let env_dir = make(&scratch, "env");
    for shell in installed().into_iter().filter(|shell| shell.program != "xonsh") {
        let executed = |lines: &[String]| {
            let file = shell.write(&scratch, lines);
            let program = shell.path().unwrap();
            let run = scratch
                .run("strace")
                .args(["-f", "-qq", "--seccomp-bpf", "-e", "trace=execve", "-o"])
                .arg(scratch.path("trace"));
            run.arg(program).args(shell.args).arg(file).env("HOME", scratch.path("")).ok();
            let calls = fs::read_to_string(scratch.path("trace")).unwrap();
            calls.lines().filter(|line| line.ends_with("= 0")).count()
        };
        let idle = executed(&[String::new()]);
        let used = executed(&[shell.activate(&scratch, &env_dir), "deactivate".to_owned()]);
        assert_eq!(used, idle, "{}", shell.program);
    }
}

#[test]
fn each_script_passes_its_shells_own_checker() {
    for (make, name) in [(MAKES[0], HOSTILE[11]), (MAKES[0], "plain name"), (MAKES[1], "plain name")] {
        let scratch = Scratch::new();
        let env_dir = make(&scratch, name);
        let script = |shell: &str| env_dir.join("bin").join(shell);
        for (program, args, file) in [
            ("bash", &["-n"][..], "activate"),
            ("zsh", &["-n"], "activate"),
            ("dash", &["-n"], "activate"),
            ("ksh", &["-n"], "activate"),
            ("mksh", &["-n"], "activate"),
            ("yash", &["-n"], "activate"),
            ("fish", &["--no-execute"], "activate.fish"),
        ] {
            if tool(program).is_some() {
                scratch.run(program).args(args).arg(script(file)).silent();
            }
        }
        if let Some(nu) = peer("nu") {
            fs::copy(script("activate.nu"), scratch.path("check.nu")).unwrap();
            let said = scratch.run(nu).args(["--no-config-file", "-c", "nu-check --as-module check.nu"]).ok();
            assert_eq!(said.trim(), "true");
        }
        if peer("xonsh").is_some() {
            fs::copy(script("activate.xsh"), scratch.path("check.xsh")).unwrap();
            let code = "from xonsh.parser import Parser; assert Parser().parse(open('check.xsh').read())";
            scratch.run(peer("python").unwrap()).args(["-c", code]).ok();
        }
        let Some(shellcheck) = tool("shellcheck").filter(|_| name == "plain name") else { continue };
        for shell in ["sh", "bash", "dash", "ksh"] {
            scratch.run(&shellcheck).args(["-s", shell, "plain name/bin/activate"]).silent();
        }
    }
}

#[test]
fn every_template_is_tested() {
    // cmd.rs tests the scripts for cmd.exe, and activate_this.rs tests activate_this.py.
    let others = ["activate.bat", "deactivate.bat", "activate_this.py"];
    let tested: BTreeSet<&str> = SHELLS.iter().map(|shell| shell.script).chain(others).collect();
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let found: BTreeSet<String> = ["common", "posix", "nt", "relocatable"]
        .iter()
        .flat_map(|directory| names_in(&templates.join(directory)))
        .collect();
    assert_eq!(found.iter().map(String::as_str).collect::<BTreeSet<_>>(), tested);
}
