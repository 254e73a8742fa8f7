//! Activate.ps1 in PowerShell: the cells in `tests/powershell`, of which each has a session of its own in one process, and
//! what needs another process.

#[cfg(unix)]
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::*;

/// A script in `tests/powershell`.
fn script(name: &str) -> PathBuf {
    absolute(env!("CARGO_MANIFEST_DIR")).join("tests/powershell").join(name)
}

/// PowerShell with a script in a file. Errors have no colours.
fn run(scratch: &Scratch, pwsh: &Path, script: &Path) -> Run {
    let run = scratch.run(pwsh).args(["-NoProfile", "-NonInteractive", "-File"]).arg(script);
    let run = run.env("NO_COLOR", "1").env("TERM", "dumb").env("HOME", scratch.path(""));
    run.env_remove("VIRTUAL_ENV_DISABLE_PROMPT")
}

fn make(scratch: &Scratch, name: &str, flags: &[&str]) -> PathBuf {
    let env_dir = scratch.path(name);
    scratch.rvenv_for(&python()).arg("--without-pip").args(flags).arg(&env_dir).silent();
    env_dir
}

#[test]
fn each_cell_holds_in_a_session_of_its_own_with_and_without_strict_mode() {
    let Some(pwsh) = pwsh() else { return };
    let scratch = Scratch::new();
    #[cfg_attr(windows, allow(unused_mut, reason = "only programs for Linux are added"))]
    let mut foreign = vec![scratch.path("venv")];
    scratch.venv(&python()).args(["--without-pip", "venv"]).ok();
    #[cfg(unix)] // programs for Linux
    for (tool, args) in [("virtualenv", &["--no-seed", "-q"][..]), ("uv", &["venv", "-q", "--offline"])] {
        if let Some(program) = peer(tool) {
            let env_dir = scratch.path(tool);
            scratch.run(program).args(args).arg("-p").arg(python().path).arg(&env_dir).ok();
            foreign.push(env_dir);
        }
    }
    let run = run(&scratch, &pwsh, &script("run.ps1")).arg(absolute(env!("CARGO_BIN_EXE_rvenv"))).arg(scratch.path(""));
    let run = run.arg(python().path).arg("-Foreign").arg(std::env::join_paths(foreign).unwrap());
    let output = run.output();
    let said = String::from_utf8_lossy(&output.stdout);
    let count = said.trim_end().strip_suffix(" cells").and_then(|count| count.parse::<usize>().ok());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.is_empty() && count.is_some_and(|count| count > 40), "{said}{stderr}");
}

#[cfg(windows)] // Elsewhere, every script may run.
#[test]
fn the_policy_remote_signed_lets_the_script_run() {
    let Some(pwsh) = pwsh() else { return };
    let scratch = Scratch::new();
    let env_dir = make(&scratch, "a & b (c) é", &[]);
    let code = "[Console]::OutputEncoding = [Text.UTF8Encoding]::new(); . '.\\a & b (c) é\\Scripts\\Activate.ps1'; $env:VIRTUAL_ENV";
    for (policy, expected) in [("Restricted", String::new()), ("RemoteSigned", format!("{}\n", env_dir.display()))] {
        let run = scratch.run(&pwsh).args(["-NoProfile", "-NonInteractive", "-ExecutionPolicy", policy]);
        let output = run.args(["-Command", code]).output();
        assert_eq!(String::from_utf8_lossy(&output.stdout).replace('\r', ""), expected, "{policy}: {output:?}");
    }
}

#[test]
fn the_script_and_the_completions_are_valid_in_windows_powershell() {
    let Some(pwsh) = pwsh() else { return };
    let scratch = Scratch::new();
    let ours = make(&scratch, "an é env", &[]).join(BIN).join("Activate.ps1");
    let completions = scratch.rvenv().args(["--generate", "completions=powershell"]).ok();
    let completions = scratch.write("completions.ps1", completions);
    // What it refuses: each line alone.
    let later = [
        "1 ?? 2",
        "$a ??= 3",
        "${a}?.Length",
        "${a}?[0]",
        "$a ? 1 : 2",
        "ls && ls",
        "ls || ls",
        "$IsWindows",
        "Split-Path -LiteralPath x -Parent",
        "Join-Path a b c",
        "function x { clean { } }",
        "'é'",
        "if (",
    ];
    let later: Vec<PathBuf> =
        later.iter().enumerate().map(|(i, line)| scratch.write(&format!("later-{i}.ps1"), line)).collect();
    let said = run(&scratch, &pwsh, &script("parse.ps1")).args(&later).arg(ours).arg(completions).ok();
    for file in &later {
        let refused = said.lines().any(|line| line.starts_with(&format!("{}:", file.display())));
        assert!(refused, "{} in {said}", fs::read_to_string(file).unwrap());
    }
    let refused = said.lines().filter(|line| line.contains("Activate.ps1:") || line.contains("completions.ps1:"));
    assert_eq!(refused.collect::<Vec<_>>(), [""; 0]);
}

/// Activates `env` in a process, prints PATH before and after `deactivate`, and which variables are left.
#[cfg(unix)] // bash
const ONCE: &str = ". env/bin/Activate.ps1
\"$env:PATH\"; deactivate; \"$env:PATH\"; \"left: $(Get-ChildItem Env:VIRTUAL_ENV*, Env:_OLD_VIRTUAL_*)\"\n";

#[cfg(unix)] // bash
#[test]
fn a_process_started_from_a_shell_with_the_environment_has_it_on_path_once_and_deactivates_it() {
    let (Some(pwsh), Some(bash)) = (pwsh(), tool("bash")) else { return };
    let scratch = Scratch::new();
    let bin = make(&scratch, "env", &[]).join("bin");
    let once = scratch.write("once.ps1", ONCE);
    let outer = scratch.write(
        "outer.ps1",
        format!(". env/bin/Activate.ps1; & '{}' -NoProfile -NonInteractive -File once.ps1\n", pwsh.display()),
    );
    let from_bash = ". env/bin/activate; exec \"$@\"";
    let from_bash = scratch.run(bash).args(["-c", from_bash, "bash"]).arg(&pwsh);
    let from_bash = from_bash.args(["-NoProfile", "-NonInteractive", "-File"]).arg(once);
    for said in [from_bash.ok(), run(&scratch, &pwsh, &outer).ok()] {
        let lines: Vec<&str> = said.lines().collect();
        let [active, after, "left: "] = lines[..] else { panic!("{said}") };
        assert!(active.starts_with(&format!("{}:", bin.display())), "{said}");
        assert_eq!(active.matches(bin.to_str().unwrap()).count(), 1, "{said}");
        assert!(!after.contains(bin.to_str().unwrap()) && !after.is_empty(), "{said}");
    }
}

#[cfg(unix)] // sh, and where a profile is
#[test]
fn a_session_that_starts_with_the_script_is_active_and_can_be_deactivated() {
    let Some(pwsh) = pwsh() else { return };
    let scratch = Scratch::new();
    let env_dir = make(&scratch, "env", &[]);
    let script = env_dir.join(BIN).join("Activate.ps1");
    scratch.write("input", "\"is $env:VIRTUAL_ENV\"\ndeactivate\n\"is $(Test-Path Env:VIRTUAL_ENV)\"\nexit\n");
    scratch.write(".config/powershell/profile.ps1", format!(". '{}'\n", script.display()));
    let with_profile: [&OsStr; 1] = ["-NoLogo".as_ref()];
    let with_file = ["-NoProfile", "-NoLogo", "-NoExit", "-File"].map(OsStr::new);
    for args in [&with_profile[..], &[&with_file[..], &[script.as_os_str()]].concat()] {
        let run = scratch.run("sh").args(["-c", "exec \"$@\" <input", "sh"]).arg(&pwsh).args(args);
        let said = run.env("NO_COLOR", "1").env("TERM", "dumb").env("HOME", scratch.path("")).ok();
        let is_active = format!("is {}\n", env_dir.display());
        assert!(said.contains(&is_active) && said.contains("is False\n"), "{args:?}: {said}");
    }
}
