//! What a terminal shows of work that lasts.

use crate::harness::*;

/// What a terminal gets to see of a run with these arguments, whose compiling takes a second.
fn shown(arguments: &str, ci: &str) -> Option<String> {
    let script = tool("script")?;
    let scratch = Scratch::new();
    let wrapper = scratch.python_that_compiles_after("sleep 1");
    let rvenv = env!("CARGO_BIN_EXE_rvenv");
    let command = format!("{rvenv} --no-cache -p {} env {arguments}", wrapper.display());
    // Where .pyc go by hashes, all have to be compiled.
    let run = scratch.run(script).args(["-qec", &command, "/dev/null"]).env("SOURCE_DATE_EPOCH", "1700000000");
    Some(run.env("CI", ci).env("TERM", "xterm").ok())
}

#[test]
fn a_terminal_shows_what_lasts_and_nothing_of_it_stays() {
    let Some(shown) = shown("", "") else { return };
    assert!(shown.contains("Compiling "), "{shown:?}");
    // The last that is done is to erase the line.
    let last = shown.rsplit("Compiling ").next().unwrap();
    let (_, after) = last.split_once("\x1b[2K").unwrap_or_else(|| panic!("{shown:?}"));
    assert!(!after.contains(char::is_alphabetic) || after.replace("\x1b[2K", "").trim().is_empty(), "{shown:?}");
}

#[test]
fn nothing_is_shown_to_who_wants_none_and_in_ci() {
    for (arguments, ci) in [("-q", ""), ("", "true"), ("2>/dev/null", ""), ("2>&1 | cat", "")] {
        let Some(shown) = shown(arguments, ci) else { return };
        assert_eq!(shown, "", "{arguments} {ci}");
    }
}
