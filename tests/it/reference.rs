//! The tables of docs/reference.md list what the program has. (readme.rs runs its commands.)

use std::collections::BTreeSet;
use std::fs;

use crate::harness::*;

pub const REFERENCE: &str = include_str!("../../docs/reference.md");

/// The text below a heading, up to the next one of the same level.
pub fn section(heading: &str) -> &'static str {
    let level = heading.split(' ').next().expect("number signs");
    let (_, rest) = REFERENCE.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("{heading}"));
    let end = [level, "##"].into_iter().filter_map(|level| rest.find(&format!("\n{level} "))).min();
    &rest[..end.unwrap_or(rest.len())]
}

/// The cells of each row of the table in a text, without the header row.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let lines = text.lines().filter(|line| line.starts_with("| ")).skip(1);
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// The options in a text, short and long, each with the name of its value.
fn options(text: &str) -> BTreeSet<String> {
    let text = text.replace(['`', ',', '<', '>', '[', ']'], " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_option = |word: &str| word.starts_with('-') && word.len() > 1;
    let is_value = |word: &str| word.bytes().all(|byte| byte.is_ascii_uppercase());
    let mut found = BTreeSet::new();
    for (index, word) in words.iter().enumerate().filter(|(_, word)| is_option(word)) {
        let value = words.get(index + 1).filter(|next| is_value(next)).copied();
        found.insert([Some(*word), value].into_iter().flatten().collect::<Vec<_>>().join(" "));
    }
    found
}

/// The sections of the summary that `-h` prints: heading and lines, each of which has a flag.
fn summary() -> Vec<(String, Vec<String>)> {
    let help = Scratch::new().rvenv().arg("-h").ok();
    let sections = help.split("\n\n").filter_map(|section| section.trim_start().split_once(":\n"));
    let sections = sections.filter(|(_, lines)| lines.trim_start().starts_with('-'));
    sections.map(|(heading, lines)| (heading.to_owned(), lines.lines().map(str::to_owned).collect())).collect()
}

#[test]
fn the_tables_list_the_flags_of_the_help_under_its_headings_in_its_order() {
    let summary = summary();
    assert_eq!(section("## Flags").matches("\n### ").count(), summary.len());
    for (heading, lines) in summary {
        let table = rows(section(&format!("### {heading}")));
        let in_table: Vec<_> = table.iter().map(|row| options(row[0])).collect();
        // Two spaces precede the description; an alias is in brackets at its end.
        let in_help = lines.iter().map(|line| {
            let (flag, rest) = line.trim_start().split_once("  ").expect("a description");
            let alias = rest.split_once("[alias: ").map_or("", |(_, alias)| alias);
            &options(flag) | &options(alias)
        });
        assert_eq!(in_table, in_help.collect::<Vec<_>>(), "{heading}");
    }
    assert!(section("### pip").contains("`--no-distribute`"), "an alias that the help does not show");
}

#[test]
fn the_tables_name_each_value_that_a_flag_accepts() {
    for flag in ["--link-mode", "--format", "--generate"] {
        let output = Scratch::new().rvenv().args([flag, "unknown", "env"]).output();
        let error = String::from_utf8(output.stderr).unwrap();
        let (_, values) = error.split_once("[possible values: ").expect("its values");
        let table = rows(section("## Flags"));
        let row = table.iter().find(|row| row[0].contains(flag)).expect("its row");
        for value in values.split(']').next().unwrap().split(", ") {
            let value = value.trim_start_matches("completions=");
            assert!(row[2].contains(&format!("`{value}`")) || row[2].contains(&format!("={value}`")), "{flag} {value}");
        }
    }
}

#[test]
fn the_activation_table_has_each_script() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
    let table = section("## Activation");
    for script in names_in(&scratch.env().join("bin")).into_iter().filter(|name| !name.starts_with("python")) {
        assert!(table.contains(&format!(".venv/bin/{script}`")), "{script}");
    }
}

#[test]
fn the_table_of_variables_has_each_one_that_is_read() {
    let table = section("## Environment variables");
    let sources = walkdir::WalkDir::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).into_iter().flatten();
    let sources = sources.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "rs"));
    let text: String = sources.map(|entry| fs::read_to_string(entry.path()).unwrap()).collect();
    let is_name = |word: &&str| {
        let is_upper = word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        is_upper && word.contains('_') && !word.starts_with('_')
    };
    let quoted = text.split('"').filter(is_name);
    // Names without an underscore are found by the calls that read them.
    let calls = ["var_os(\"", ".var(\"", "surroundings.path(\"", "self.path(\""];
    let called = calls.iter().flat_map(|call| text.split(call).skip(1)).map(|rest| rest.split('"').next().unwrap());
    // The compiler's, a placeholder, and two that are set.
    let others = ["CARGO_MANIFEST_DIR", "CARGO_PKG_VERSION", "ENV_DIR", "PIP_DISABLE_PIP_VERSION_CHECK", "VIRTUAL_ENV"];
    let read: BTreeSet<&str> = quoted.chain(called).filter(|word| !others.contains(word)).collect();
    assert!(["RVENV_PYTHON", "CI", "PROGRAMFILES"].iter().all(|name| read.contains(name)), "{read:?}");
    for name in read {
        assert!(table.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn the_table_of_exit_codes_has_each_code() {
    let scratch = Scratch::new();
    let code = |arguments: &[&str]| scratch.rvenv().args(arguments).output().status.code().expect("an exit code");
    let codes = [code(&["--cache-info"]), code(&["--check", "none"]), code(&["--unknown"])];
    // tests/it/signals.rs tests the signals.
    let signals = [1, 2, 15].map(|signal| 128 + signal);
    let table = rows(section("## Exit codes"));
    let listed: Vec<i32> = table.iter().flat_map(|row| row[0].split(", ")).map(|code| code.parse().unwrap()).collect();
    assert_eq!(listed, [codes, signals].concat());
}
