//! The README says what the program does.

use std::collections::BTreeSet;

use crate::harness::*;

const README: &str = include_str!("../../README.md");

/// The words of a text that are long options.
fn long_options(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    words.filter(|word| word.len() > 2 && word.starts_with("--") && !word.starts_with("---")).collect()
}

#[test]
fn the_table_of_flags_has_each_flag_of_the_help_and_no_other() {
    let help = Scratch::new().rvenv().arg("--help").ok();
    let table = README.split("\n## ").find(|section| section.starts_with("Flags")).unwrap();
    // An alias that help does not show.
    let mut shown = long_options(&help);
    shown.insert("--no-distribute");
    assert_eq!(long_options(table), shown);
}

#[test]
fn the_activation_table_has_each_script() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--without-pip", "env"]).silent();
    let scripts = names_in(&scratch.env().join("bin")).into_iter().filter(|name| !name.starts_with("python"));
    for script in scripts {
        assert!(
            README.contains(&format!("`.venv/bin/{script}`")) || README.contains(&format!(" .venv/bin/{script}`")),
            "{script}"
        );
    }
}
