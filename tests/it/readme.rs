//! The commands and snippets of README.md and docs/reference.md do what the text says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::*;
use crate::jobs;
use crate::reference::REFERENCE;
use crate::release::packaging::distribution;
use crate::release::site::INSTALLING;

const README: &str = include_str!("../../README.md");

/// The README's blocks of code in a language.
pub fn blocks(language: &str) -> Vec<&'static str> {
    blocks_of(README, language)
}

/// A project with one requirement, a wheel of this repository's test, and a test of its own. Its PATH has rvenv, the
/// Python that the tests use, and pip without a network.
pub fn project(scratch: &Scratch) {
    scratch.write("requirements.txt", "smallest\n");
    scratch.write(
        "test_it.py",
        "import unittest, smallest\n\nclass It(unittest.TestCase):\n    def test(self): smallest.main()\n",
    );
    fs::create_dir(scratch.path("wheels")).unwrap();
    jobs::small_wheel(&scratch.path("wheels"), "1.0");
}

/// A program run in the project.
pub fn in_project(scratch: &Scratch, program: &str, path: &[&Path]) -> Run {
    let usual = ["/usr/bin", "/bin"].map(Path::new);
    let path = std::env::join_paths(path.iter().chain(&usual)).unwrap();
    let run = scratch.run(tool(program).expect("a program")).env("PATH", path).env("RVENV_CACHE_DIR", shared_cache());
    let run = run.env("HOME", scratch.path("")).env("PIP_NO_INDEX", "1").env("PIP_CONFIG_FILE", "/dev/null");
    run.env("PIP_FIND_LINKS", scratch.path("wheels"))
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        .env_remove("RVENV_PYTHON")
}

/// The directories of rvenv and of python3.
fn rvenv_and_python() -> [std::path::PathBuf; 2] {
    [Path::new(env!("CARGO_BIN_EXE_rvenv")), &python().path].map(|program| program.parent().unwrap().to_owned())
}

#[test]
fn each_block_is_in_a_language_that_is_tested() {
    let languages = |page: &'static str| {
        let fences = page.lines().filter_map(|line| line.strip_prefix("```")).step_by(2);
        fences.collect::<BTreeSet<_>>()
    };
    // `rust` is a doctest.
    assert_eq!(languages(README), BTreeSet::from(["console", "sh", "make", "yaml", "dockerfile", "rust,no_run"]));
    assert_eq!(languages(REFERENCE), BTreeSet::from(["sh"]));
    // install_sh.rs and install_ps1.rs run them.
    assert_eq!(languages(INSTALLING), BTreeSet::from(["sh", "powershell", "dockerfile"]));
    assert!(README.contains(&format!("On Windows: `{}`", blocks_of(INSTALLING, "powershell")[0].trim())));
}

#[test]
fn the_readme_and_the_page_of_benchmarks_are_short() {
    let words = |text: &str| text.split_whitespace().count();
    assert!(words(README) < 900);
    let benchmarks = include_str!("../../docs/benchmarks.md").split("```text").next().unwrap();
    assert!(benchmarks.lines().filter(|line| !line.starts_with('|')).map(words).sum::<usize>() < 900);
}

#[test]
fn the_flags_and_settings_in_the_tables_of_the_readme_are_documented_on_the_other_pages() {
    let tables = README.lines().filter(|line| line.starts_with('|'));
    let quoted: Vec<&str> = tables.flat_map(|line| line.split('`').skip(1).step_by(2)).collect();
    assert!(quoted.contains(&"--clear") && quoted.contains(&"virtualenv_command: rvenv"), "{quoted:?}");
    for text in quoted {
        assert!(REFERENCE.contains(text) || include_str!("../../docs/tools.md").contains(text), "{text}");
    }
}

#[test]
fn the_links_between_the_pages_lead_to_files_and_headings() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let anchor = |heading: &str| {
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>()
    };
    let mut pages: Vec<_> = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(|page| root.join(page)).into();
    pages.extend(names_in(&root.join("docs")).into_iter().map(|name| root.join("docs").join(name)));
    for page in pages.iter().filter(|page| page.extension().is_some_and(|extension| extension == "md")) {
        let text = fs::read_to_string(page).unwrap();
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            if file.contains("://") {
                continue;
            }
            assert!(target.exists(), "{}: {link}", page.display());
            let text = if heading.is_empty() { String::new() } else { fs::read_to_string(&target).unwrap() };
            let mut headings = text.lines().filter(|line| line.starts_with('#')).map(anchor);
            assert!(heading.is_empty() || headings.any(|other| other == heading), "{}: {link}", page.display());
        }
    }
}

#[test]
fn the_shell_commands_run() {
    let scratch = Scratch::new();
    project(&scratch);
    let [rvenv, python] = rvenv_and_python();
    // The cache that they empty is one in HOME.
    let sh =
        || in_project(&scratch, "sh", &[&rvenv, &python]).env_remove("RVENV_CACHE_DIR").env_remove("XDG_CACHE_HOME");
    let run = |script: &str| sh().args(["-euc", script]).ok();
    let session = blocks("console").concat();
    let commands: Vec<&str> = session.lines().map(|line| line.split_once("$ ").expect("a command").1).collect();
    assert!(run(&commands.join("\n")).contains(&format!("from {}", scratch.path(".venv").display())));
    // The first two build this program and run this test; release.rs and install_sh.rs do the others.
    let others = ["cargo run --release -- .venv\n", "sh tests/run --install\n"];
    let others =
        [&others[..], &["pip install rvenv-cli\n", "cargo install rvenv\n", blocks_of(INSTALLING, "sh")[0]]].concat();
    assert_eq!(blocks("sh"), others);
    for script in blocks_of(REFERENCE, "sh") {
        run(script);
    }
    assert!(scratch.path(".local/share/bash-completion/completions/rvenv").metadata().unwrap().len() > 1000);
    assert_eq!(configured(&scratch.path(".venv"), "relocatable").as_deref(), Some("true"));
    // Emptied; what follows queries a Python, but installs nothing.
    assert_eq!(names_in(&scratch.path(".cache/rvenv")), ["CACHEDIR.TAG", "interpreters"]);
}

#[test]
fn the_makefile_makes_an_environment_once_and_again_for_other_requirements() {
    let (Some(_), scratch) = (tool("make"), Scratch::new()) else { return };
    project(&scratch);
    let [makefile] = blocks("make")[..] else { panic!("one Makefile") };
    scratch.write("Makefile", makefile);
    let [rvenv, python] = rvenv_and_python();
    let make = || in_project(&scratch, "make", &[&rvenv, &python]);
    assert!(make().arg("test").ok().contains("rvenv .venv\n"));
    assert!(!make().arg("test").ok().contains("rvenv .venv\n"), "it is there");

    jobs::small_wheel(&scratch.path("wheels"), "2.0");
    scratch.write("requirements.txt", "smallest>=2\n");
    assert!(make().arg("test").ok().contains("2.0"));
    scratch.write("requirements.txt", "no-such-project\n");
    for _ in 0..2 {
        assert_eq!(make().arg("test").output().status.code(), Some(2), "until it can be installed");
    }
}

/// Files with commands that users, pip or a workflow run.
fn pages() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places =
        ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs", "pypi", ".github", "packaging", "pyproject.toml"];
    let files = places.iter().flat_map(|place| walkdir::WalkDir::new(root.join(place)).into_iter().flatten());
    let texts = files.filter_map(|file| Some((file.path().to_owned(), fs::read_to_string(file.path()).ok()?)));
    texts.collect()
}

/// The arguments after each `command` in a text that name something that begins with `rvenv`, and the whole command.
fn installed_by<'a>(text: &'a str, command: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let ends = |c: char| matches!(c, '`' | '"' | '\'' | ')' | ';' | '&' | '|');
    let commands = text.lines().filter_map(move |line| Some(line.split_once(command)?.1));
    commands.map(move |rest| rest.split(ends).next().unwrap()).flat_map(|arguments| {
        arguments.split_whitespace().filter(|word| word.starts_with("rvenv")).map(move |word| (word, arguments))
    })
}

#[test]
fn each_command_that_installs_rvenv_for_python_names_the_distribution() {
    let mut found = BTreeSet::new();
    for (path, text) in pages() {
        for command in ["pip install", "pipx install", "pipx inject", "uv tool install", "uv pip install"] {
            for (name, arguments) in installed_by(&text, command) {
                assert_eq!(name, distribution(), "{command}{arguments} in {}", path.display());
                // A workflow installs what was built, never what an index has.
                assert!(!path.ends_with("release.yml") || arguments.contains("--no-index"), "{arguments}");
                found.insert((path.clone(), command));
            }
        }
        // Lists in configuration files.
        for line in text.lines().filter(|line| line.contains("requires =") || line.contains("dependencies: [")) {
            let names = line.split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_'));
            assert!(names.filter(|name| name.starts_with("rvenv")).all(|name| name == distribution()), "{line}");
        }
    }
    let files = found.iter().map(|(path, _)| path.file_name().unwrap().to_str().unwrap()).collect::<BTreeSet<_>>();
    assert!(files.is_superset(&["README.md", "tools.md", "release.yml", "_program.py"].into()), "{files:?}");
    assert!(found.len() > files.len() + 2, "{found:?}");
}
