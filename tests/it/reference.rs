//! The tables of docs/reference.md list what the program has. (readme.rs runs its commands.)

use std::collections::BTreeSet;
use std::fs;

use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Expr, ExprLit, Lit, Token};

use crate::harness::*;
use crate::structure::{Sources, is_for_tests};

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

/// The names of environment variables in the program's code.
#[derive(Default)]
struct Variables {
    /// The arguments of functions that read one, and other literals that look like such a name.
    read: BTreeSet<String>,
    /// All literals.
    literals: BTreeSet<String>,
}

impl Variables {
    fn of_the_program() -> Variables {
        let mut variables = Variables::default();
        Sources::read().files().for_each(|file| variables.visit_file(file));
        variables
    }

    fn add_read(&mut self, function: &syn::Ident, arguments: &Punctuated<Expr, Token![,]>) {
        if let (true, Some(Expr::Lit(ExprLit { lit: Lit::Str(name), .. }))) =
            (["var", "var_os", "path"].iter().any(|reads| function == reads), arguments.first())
        {
            self.read.insert(name.value());
        }
    }
}

impl<'ast> Visit<'ast> for Variables {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let Expr::Path(function) = &*call.func {
            self.add_read(&function.path.segments.last().unwrap().ident, &call.args);
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.add_read(&call.method, &call.args);
        visit::visit_expr_method_call(self, call);
    }

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        let text = literal.value();
        let is_upper = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        if is_upper && text.contains('_') && !text.starts_with('_') {
            self.read.insert(text.clone());
        }
        self.literals.insert(text);
    }
}

#[test]
fn the_table_of_variables_has_each_one_that_is_read_and_no_other() {
    let rows = rows(section("## Environment variables"));
    let listed: BTreeSet<&str> = rows.iter().flat_map(|row| row[0].split('`').skip(1).step_by(2)).collect();
    let Variables { read, literals } = Variables::of_the_program();
    for name in &read {
        let is_set = ["PIP_DISABLE_PIP_VERSION_CHECK", "VIRTUAL_ENV"].contains(&name.as_str());
        assert!(is_set || listed.contains(name.as_str()), "{name}");
    }
    let scripts = ["common", "relocatable"]
        .map(|place| fs::read_to_string(format!("{}/scripts/{place}/activate", env!("CARGO_MANIFEST_DIR"))).unwrap());
    for name in listed {
        let is_read = literals.contains(name) || scripts.iter().any(|script| script.contains(name));
        assert!(is_read || name == "PATHEXT", "{name} (a dependency reads PATHEXT)");
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
