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
    // The flags that exclude another precede it in parentheses.
    let name = |spec: &str| match spec.strip_prefix('(').and_then(|excluded| excluded.split_once(')')) {
        Some((_, name)) => name.to_owned(),
        None => spec.trim_start_matches('*').to_owned(),
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
fn powershell_and_elvish_have_each_flag_in_their_completions() {
    for shell in ["powershell", "elvish"] {
        let script = generated(&format!("completions={shell}"));
        for flag in flags() {
            assert!(script.contains(&format!("'{flag}'")) || script.contains(&format!("cand {flag} ")), "{flag}");
        }
    }
}

#[cfg(unix)] // a grammar for Linux
#[test]
fn powershells_completions_are_valid_by_its_grammar() {
    let Some(python) = peer("python") else { return };
    let scratch = Scratch::new();
    // The grammar does not support a method with a script block as its argument (PowerShell 4).
    let script = generated("completions=powershell").replace("$completions.Where{", "$completions | Where-Object {");
    let script = scratch.write("rvenv.ps1", script);
    let code = "
import sys, tree_sitter, tree_sitter_powershell as grammar
tree = tree_sitter.Parser(tree_sitter.Language(grammar.language())).parse(open(sys.argv[1], 'rb').read())
assert tree.root_node.child_count and not tree.root_node.has_error
";
    scratch.run(python).args(["-c", code]).arg(script).ok();
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
