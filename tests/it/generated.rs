//! Completions and the manual page, generated from the parser: real shells and groff accept them.

use std::collections::BTreeSet;

use crate::harness::*;

fn generated(what: &str) -> String {
    // No Python is needed, so there is none on PATH.
    Scratch::new().rvenv().env("PATH", "/nowhere").args(["--generate", what]).ok()
}

/// The long flags that `--help` shows.
fn flags() -> BTreeSet<String> {
    let help = Scratch::new().rvenv().arg("--help").ok();
    let words = help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    words.filter(|word| word.len() > 3 && word.starts_with("--")).map(str::to_owned).collect()
}

/// The completions that `shell` prints when it runs `script`, with the generated code in the file `name`.
fn completed(scratch: &Scratch, shell: &str, name: &str, what: &str, script: &str) -> Option<BTreeSet<String>> {
    let shell = if shell == "nu" { peer(shell)? } else { tool(shell)? };
    scratch.write(name, generated(what));
    // fish and nushell look for their configuration in HOME, and for the command on PATH.
    let path = format!("{}:/usr/bin:/bin", std::path::Path::new(env!("CARGO_BIN_EXE_rvenv")).parent()?.display());
    let run = scratch.run(shell).args(["-c", script]).env("HOME", scratch.path("")).env("PATH", path);
    Some(run.ok().lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect())
}

#[test]
fn bash_completes_each_flag_and_the_values_of_one() {
    let scratch = Scratch::new();
    let complete = "set -eu; . ./rvenv.bash
        complete -p rvenv >/dev/null
        ask() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _rvenv rvenv \"${!#}\" \"${COMP_WORDS[COMP_CWORD-1]}\"; }
        ask rvenv --; printf '%s\\n' \"${COMPREPLY[@]}\"
        ask rvenv --format j; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let Some(completed) = completed(&scratch, "bash", "rvenv.bash", "completions=bash", complete) else { return };
    assert!(completed.is_superset(&flags()), "{completed:?}");
    assert!(completed.contains("json") && !completed.contains("text"), "{completed:?}");
}

#[test]
fn zsh_loads_the_completions_from_fpath() {
    let scratch = Scratch::new();
    // Completion needs a terminal, so print what `_arguments` would be given instead.
    let load = "set -eu; fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -d dump
        [[ ${_comps[rvenv]} == _rvenv ]]
        autoload +X _rvenv; _arguments() { print -rl -- ${(M)@:#*--*} }
        curcontext= ; _rvenv || true";
    let Some(completed) = completed(&scratch, "zsh", "_rvenv", "completions=zsh", load) else { return };
    // The flags that exclude another precede it in parentheses, and then comes an asterisk if it can be repeated.
    let name = |spec: &str| {
        let excluded = spec.strip_prefix('(').and_then(|spec| spec.split_once(')'));
        excluded.map_or(spec, |(_, name)| name).trim_start_matches('*').to_owned()
    };
    for flag in flags() {
        assert!(completed.iter().any(|spec| name(spec).starts_with(&flag)), "{flag}: {completed:?}");
    }
}

#[test]
fn fish_completes_each_flag_and_the_values_of_one() {
    let scratch = Scratch::new();
    let complete = "source rvenv.fish; and complete -C 'rvenv --'; and complete -C 'rvenv --generate completions=f'";
    let Some(completed) = completed(&scratch, "fish", "rvenv.fish", "completions=fish", complete) else { return };
    assert!(completed.is_superset(&flags()), "{completed:?}");
    assert!(completed.contains("completions=fish"), "{completed:?}");
}

#[cfg(unix)] // a nushell for Linux
#[test]
fn nushell_knows_each_flag_and_calls_the_program() {
    let scratch = Scratch::new();
    let list = "source rvenv.nu; help rvenv | print; rvenv --version | print";
    let Some(completed) = completed(&scratch, "nu", "rvenv.nu", "completions=nushell", list) else { return };
    for flag in flags() {
        let is_flag = |line: &String| line.split([' ', ',', ':']).any(|word| word == flag);
        assert!(completed.iter().any(is_flag), "{flag}: {completed:?}");
    }
    assert!(completed.contains(&format!("rvenv {}", env!("CARGO_PKG_VERSION"))), "{completed:?}");
}

#[test]
fn elvish_has_each_flag_in_its_completions() {
    let script = generated("completions=elvish");
    for flag in flags() {
        assert!(script.contains(&format!("cand {flag} ")), "{flag}");
    }
}

#[test]
fn powershell_completes_each_flag_and_the_values_of_one_and_leaves_paths_to_itself() {
    let Some(pwsh) = pwsh() else { return };
    let scratch = Scratch::new();
    scratch.write("rvenv.ps1", generated("completions=powershell"));
    scratch.write("a directory/file", "");
    let code = "Set-StrictMode -Version Latest; $ErrorActionPreference = 'Stop'; . ./rvenv.ps1
        foreach ($line in $input) { \"$line\" + ((TabExpansion2 $line $line.Length).CompletionMatches | ForEach-Object { '|' + $_.CompletionText }) }";
    let lines = [
        "rvenv --",
        "rvenv --format ",
        "rvenv -v --format j",
        "rvenv --link-mode ",
        "rvenv --activators ",
        "rvenv --generate completions=f",
        "rvenv --format json ",
        "rvenv -p ",
        "rvenv --cache-dir ./a",
        "rvenv --verbose a",
    ];
    let code = code.replace("$input", &format!("'{}'", lines.join("', '")));
    let run = scratch.run(pwsh).args(["-NoProfile", "-NonInteractive", "-Command", &code]).env("NO_COLOR", "1");
    let said = run.ok();
    let completed: Vec<Vec<&str>> = said.lines().map(|line| line.split('|').skip(1).map(str::trim).collect()).collect();
    assert_eq!(completed.len(), lines.len(), "{said}");
    assert!(flags().iter().all(|flag| completed[0].contains(&flag.as_str())), "{said}");
    let all = "bash batch cshell fish nushell powershell python xonsh";
    for (values, expected) in
        completed[1..6].iter().zip(["text json", "json", "copy clone hardlink", all, "completions=fish"])
    {
        assert_eq!(values.join(" "), expected, "{said}");
    }
    for values in &completed[6..] {
        assert!(values.iter().any(|value| value.contains("a directory")), "{said}");
        assert!(!values.iter().any(|value| value.starts_with('-')), "{said}");
    }
}

#[test]
fn no_shell_offers_flags_that_only_callers_of_other_tools_pass() {
    let hidden = [
        "no-download",
        "never-download",
        "no-periodic-update",
        "no-wheel",
        "no-site-packages",
        "seed",
        "allow-existing",
        "pip",
        "setuptools",
        "wheel",
        "creator",
        "seeder",
        "app-data",
        "pip-only",
    ];
    for shell in ["bash", "zsh", "fish", "powershell", "nushell", "elvish"] {
        let script = generated(&format!("completions={shell}"));
        let words: Vec<&str> = script.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).collect();
        let is_offered = |name: &str| {
            let flag = format!("--{name}");
            words.contains(&flag.as_str()) || words.windows(2).any(|pair| pair == ["-l", name])
        };
        assert!(is_offered("no-pip") && is_offered("relocatable"), "{shell}");
        for name in hidden {
            assert!(!is_offered(name), "{shell}: {name}");
        }
    }
}

#[test]
fn the_manual_page_renders_without_warnings_and_has_each_flag() {
    let Some(groff) = tool("groff") else { return };
    let scratch = Scratch::new();
    let page = scratch.write("rvenv.1", generated("man"));
    let output = scratch.run(groff).args(["-man", "-Tascii", "-P-cbou", "-ww", "-rHY=0"]).arg(page).output();
    let (text, warnings) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && warnings.is_empty(), "{warnings}");
    for flag in flags().iter().map(String::as_str).chain(["ENV_DIR", "RVENV_PYTHON", "RVENV_CACHE_DIR", "EXIT STATUS"])
    {
        assert!(text.contains(flag), "{flag}: {text}");
    }
}

#[test]
fn an_unknown_value_of_generate_is_a_usage_error_that_lists_the_valid_ones() {
    let output = Scratch::new().rvenv().args(["--generate", "completions=csh"]).output();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("completions=bash") && stderr.contains("man"), "{stderr}");
}
