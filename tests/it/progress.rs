//! Progress on a terminal.

use crate::harness::*;

/// The terminal output of a run with these arguments in which compiling takes a second.
fn shown(arguments: &str, ci: &str) -> Option<String> {
    able("script -qec")?;
    let scratch = Scratch::new();
    let wrapper = scratch.python_that_compiles_after("sleep 1");
    let rvenv = env!("CARGO_BIN_EXE_rvenv");
    let command = format!("{rvenv} --no-cache -p {} env {arguments}", wrapper.display());
    // With SOURCE_DATE_EPOCH, .pyc files are hash-based, so all modules have to be compiled.
    let run = scratch.run("script").args(["-qec", &command, "/dev/null"]).env("SOURCE_DATE_EPOCH", "1700000000");
    Some(run.env("CI", ci).env("TERM", "xterm").ok())
}

#[test]
fn a_terminal_shows_progress_and_erases_it_at_the_end() {
    let Some(shown) = shown("", "") else { return };
    assert!(shown.contains("Compiling "), "{shown:?}");
    // Whatever was shown last is erased at the end.
    let (_, after) = shown.rsplit_once("\x1b[2K").unwrap_or_else(|| panic!("{shown:?}"));
    assert!(after.trim().is_empty(), "{shown:?}");
}

#[test]
fn no_progress_is_shown_with_quiet_in_ci_or_without_a_terminal() {
    for (arguments, ci) in [("-q", ""), ("", "true"), ("2>/dev/null", ""), ("2>&1 | cat", "")] {
        let Some(shown) = shown(arguments, ci) else { return };
        assert_eq!(shown, "", "{arguments} {ci}");
    }
}
