//! The activation scripts, sourced by the real shells.

use std::path::Path;

use crate::harness::*;

/// A shell, how it sources a script, and the script.
struct Shell {
    program: &'static str,
    /// Arguments before the code.
    args: &'static [&'static str],
    source: &'static str,
    script: &'static str,
}

const SHELLS: [Shell; 10] = [
    Shell { program: "bash", args: &["--norc", "--noprofile", "-c"], source: ".", script: "activate" },
    Shell { program: "zsh", args: &["-f", "-c"], source: ".", script: "activate" },
    Shell { program: "dash", args: &["-c"], source: ".", script: "activate" },
    Shell { program: "ksh", args: &["-c"], source: ".", script: "activate" },
    Shell { program: "mksh", args: &["-c"], source: ".", script: "activate" },
    Shell { program: "yash", args: &["-c"], source: ".", script: "activate" },
    Shell { program: "busybox", args: &["sh", "-c"], source: ".", script: "activate" },
    Shell { program: "fish", args: &["--no-config", "-c"], source: "source", script: "activate.fish" },
    Shell { program: "tcsh", args: &["-f", "-c"], source: "source", script: "activate.csh" },
    Shell { program: "bsd-csh", args: &["-f", "-c"], source: "source", script: "activate.csh" },
];

/// Prints what activation is about, a line each; $1 has the environment's bin.
const REPORT: &str = "/usr/bin/printenv VIRTUAL_ENV VIRTUAL_ENV_PROMPT PATH PYTHONHOME";

fn installed() -> impl Iterator<Item = &'static Shell> {
    SHELLS.iter().filter(|shell| tool(shell.program).is_some())
}

fn activate(scratch: &Scratch, shell: &Shell, env_dir: &Path, then: &str) -> String {
    // The scripts are read by a name that needs no quoting.
    let link = scratch.path("plain");
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(env_dir.join("bin"), &link).unwrap();
    let code = format!("{} {}/{}\n{then}", shell.source, link.display(), shell.script);
    let run = scratch.run(shell.program).args(shell.args).arg(code);
    let output = run.env("PYTHONHOME", "/nowhere").env("HOME", scratch.path("")).output();
    assert!(output.stderr.is_empty(), "{}: {}", shell.program, String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn each_shell_gets_virtual_env_prompt_path_and_no_pythonhome() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--without-pip", "--prompt", "my prompt", "env"]).silent();
    let search_path = std::env::var("PATH").unwrap();
    for shell in installed() {
        let said = activate(&scratch, shell, &scratch.env(), REPORT);
        let env_dir = scratch.env().display().to_string();
        assert_eq!(said, format!("{env_dir}\nmy prompt\n{env_dir}/bin:{search_path}\n"), "{}", shell.program);
    }
}

#[test]
fn each_shell_is_as_it_was_after_deactivate() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
    let search_path = std::env::var("PATH").unwrap();
    for shell in installed() {
        let said = activate(&scratch, shell, &scratch.env(), &format!("deactivate\n{REPORT}"));
        assert_eq!(said, format!("{search_path}\n/nowhere\n"), "{}", shell.program);
    }
}

#[test]
fn hostile_names_reach_each_shell_as_they_are() {
    let names = [
        "a b\tc",
        "it's \"quoted\"",
        "$(touch pwned) `touch pwned` ${HOME}",
        "a;touch pwned;b&c|d>e",
        "!history! ^x^y",
        "100% \\ # ~ * ? [x] {y}",
        "-dash",
        "é 🐍",
        "a;touch pwned;__VENV_NAME__",
        "__VENV_DIR__'__VENV_PROMPT__",
    ];
    for name in names {
        let scratch = Scratch::new();
        let env_dir = scratch.path(name);
        scratch.rvenv_for(&python()).arg("--without-pip").arg(&env_dir).silent();
        for shell in installed() {
            let said = activate(
                &scratch,
                shell,
                &env_dir,
                "/usr/bin/printenv VIRTUAL_ENV VIRTUAL_ENV_PROMPT; python -c 'import sys; print(sys.prefix)'",
            );
            let dir = env_dir.display();
            assert_eq!(said, format!("{dir}\n{name}\n{dir}\n"), "{}", shell.program);
            assert!(!scratch.path("pwned").exists() && !env_dir.join("pwned").exists(), "{}: {name}", shell.program);
        }
    }
}

#[test]
fn strict_posix_shells_stay_alive() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
    for shell in installed().filter(|shell| shell.script == "activate") {
        let code = "set -eu; unset PS1 OSTYPE HOSTTYPE 2>/dev/null || :; . env/bin/activate; echo \"$?\"; deactivate; echo \"$?\"";
        let run = scratch.run(shell.program).args(shell.args).arg(code).env_remove("PYTHONHOME");
        assert_eq!(run.ok(), "0\n0\n", "{}", shell.program);
    }
    let bash = "set -euo pipefail +h; . env/bin/activate; deactivate; echo \"${PS1-unset}\"";
    assert_eq!(scratch.run("bash").args(["--norc", "-c", bash]).env_remove("PS1").ok(), "unset\n");
}

#[test]
fn the_prompt_stands_before_what_it_was_unless_disabled() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--without-pip", "--prompt", "name", "env"]).silent();
    let code = "PS1='$ '; . env/bin/activate; printf '%s\\n' \"$PS1\"; deactivate; printf '%s\\n' \"$PS1\"";
    for shell in installed().filter(|shell| shell.script == "activate") {
        let run = || scratch.run(shell.program).args(shell.args).arg(code);
        assert_eq!(run().ok(), "(name) $ \n$ \n", "{}", shell.program);
        assert_eq!(run().env("VIRTUAL_ENV_DISABLE_PROMPT", "1").ok(), "$ \n$ \n", "{}", shell.program);
    }
    if tool("fish").is_some() {
        let code = "function fish_prompt; echo -n old $status; end; source env/bin/activate.fish; false; fish_prompt; deactivate; false; fish_prompt";
        let said = scratch.run("fish").args(["--no-config", "-c", code]).env("TERM", "dumb").ok();
        assert!(said.contains("(name)") && said.ends_with("old 1old 1"), "{said:?}");
    }
    if tool("tcsh").is_some() {
        let code = "set prompt='> '\nsource env/bin/activate.csh\necho \"$prompt\"\ndeactivate\necho \"$prompt\"";
        assert_eq!(scratch.run("tcsh").args(["-f", "-c", code]).ok(), "(name) > \n> \n");
    }
}

#[test]
fn one_environment_over_another_leads_back_to_none() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--without-pip", "env", "other"]).silent();
    let search_path = std::env::var("PATH").unwrap();
    for shell in installed() {
        let source = |env: &str| format!("{} {}/bin/{}\n", shell.source, scratch.path(env).display(), shell.script);
        let then = format!(
            "{}{}/usr/bin/printenv VIRTUAL_ENV PATH\ndeactivate\n/usr/bin/printenv VIRTUAL_ENV PATH\ntrue",
            source("other"),
            source("other")
        );
        let said = activate(&scratch, shell, &scratch.env(), &then);
        let other = scratch.path("other").display().to_string();
        assert_eq!(said, format!("{other}\n{other}/bin:{search_path}\n{search_path}\n"), "{}", shell.program);
    }
}

#[test]
fn an_environment_of_cpythons_before_and_after_ours_is_undone() {
    let scratch = Scratch::new();
    let Some(python) = pyenv("3.13") else { return };
    scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
    scratch.venv(&python).args(["--without-pip", "theirs"]).ok();
    let search_path = std::env::var("PATH").unwrap();
    for shell in installed() {
        let source = |env: &str| format!("{} {}/bin/{}", shell.source, scratch.path(env).display(), shell.script);
        let (ours, theirs) = (source("env"), source("theirs"));
        let report = "/usr/bin/printenv PATH VIRTUAL_ENV";
        let bin = scratch.env().join("bin").display().to_string();
        let env_dir = scratch.env().display().to_string();
        let active = format!("{bin}:{search_path}\n{env_dir}\n");
        let none = format!("{search_path}\n");
        // Ours is active already when these lines begin.
        for (then, expected) in [
            (format!("{theirs}\ndeactivate\n{report}\ntrue"), none.clone()),
            (format!("{theirs}\ndeactivate\n{ours}\n{report}\ndeactivate\n{report}\ntrue"), format!("{active}{none}")),
            (format!("deactivate\n{theirs}\n{ours}\n{report}\ndeactivate\n{report}\ntrue"), format!("{active}{none}")),
        ] {
            // CPython's activate.csh fails where there is no prompt.
            let prompt = if shell.source == "source" && shell.program != "fish" { "set prompt='> '\n" } else { "" };
            let said = activate(&scratch, shell, &scratch.env(), &format!("{prompt}{then}"));
            assert_eq!(said, expected, "{}: {then}", shell.program);
        }
    }
}

#[test]
fn the_posix_script_is_clean_to_shellcheck() {
    let Some(shellcheck) = tool("shellcheck") else { return };
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--without-pip", "--prompt", "a b", "env"]).silent();
    for shell in ["sh", "bash", "dash", "ksh"] {
        scratch.run(&shellcheck).args(["-s", shell, "env/bin/activate"]).silent();
    }
}
