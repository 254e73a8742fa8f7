//! The README says what the program does, and its commands do what it says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::harness::*;
use crate::{jobs, packaging};

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

#[test]
fn the_table_of_variables_has_each_that_is_read() {
    let table = section("Environment variables");
    let sources = walkdir::WalkDir::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).into_iter().flatten();
    let sources = sources.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "rs"));
    let text: String = sources.map(|entry| fs::read_to_string(entry.path()).unwrap()).collect();
    let is_name = |word: &&str| {
        let is_upper = word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        is_upper && word.contains('_') && !word.starts_with('_')
    };
    let quoted = text.split('"').filter(is_name);
    // Two are the compiler's, one a placeholder, two are set.
    let compilers = ["CARGO_MANIFEST_DIR", "CARGO_PKG_VERSION", "ENV_DIR"];
    let others = [compilers.as_slice(), &["PIP_DISABLE_PIP_VERSION_CHECK", "VIRTUAL_ENV"]].concat();
    let read: BTreeSet<&str> = quoted.filter(|word| !others.contains(word)).collect();
    assert!(read.contains("RVENV_PYTHON"), "{read:?}");
    for name in read {
        assert!(table.contains(&format!("`{name}`")), "{name}");
    }
}

/// The text below a heading.
fn section(heading: &str) -> &'static str {
    let mut sections = README.split("\n## ");
    sections.find(|section| section.lines().next() == Some(heading)).unwrap_or_else(|| panic!("{heading}"))
}

/// The blocks of code in a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    README.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// A project with one requirement, a wheel of this repository's test, and a test of its own. Its PATH has rvenv, the
/// Python that the tests use, and pip without a network.
fn project(scratch: &Scratch) {
    scratch.write("requirements.txt", "smallest\n");
    scratch.write(
        "test_it.py",
        "import unittest, smallest\n\nclass It(unittest.TestCase):\n    def test(self): smallest.main()\n",
    );
    fs::create_dir(scratch.path("wheels")).unwrap();
    jobs::small_wheel(&scratch.path("wheels"), "1.0");
}

/// A program run in the project.
fn in_project(scratch: &Scratch, program: &str, path: &[&Path]) -> Run {
    let usual = ["/usr/bin", "/bin"].map(Path::new);
    let path = std::env::join_paths(path.iter().chain(&usual)).unwrap();
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
    let run = scratch.run(tool(program).expect("a program")).env("PATH", path).env("RVENV_CACHE_DIR", cache);
    let run = run.env("HOME", scratch.path("")).env("PIP_NO_INDEX", "1").env("PIP_CONFIG_FILE", "/dev/null");
    run.env("PIP_FIND_LINKS", scratch.path("wheels"))
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        .env_remove("RVENV_PYTHON")
}

/// A folder that has rvenv, and one that has python3.
fn rvenv_and_python() -> [std::path::PathBuf; 2] {
    [Path::new(env!("CARGO_BIN_EXE_rvenv")), &python().path].map(|program| program.parent().unwrap().to_owned())
}

#[test]
fn each_block_of_the_readme_is_of_a_language_that_is_tested() {
    let fences = README.lines().filter_map(|line| line.strip_prefix("```")).step_by(2);
    // `rust` is a doctest.
    let tested = ["console", "sh", "make", "yaml", "dockerfile", "rust,no_run"];
    assert_eq!(fences.collect::<BTreeSet<_>>(), BTreeSet::from(tested));
}

#[test]
fn the_commands_of_the_readme_run() {
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
    // They build this program, run this test, and measure.
    let others = ["cargo run --release -- .venv\n", "sh tests/run --install\n", "cargo bench --bench compare\n"];
    // release.rs installs it so.
    let others = [&others[..], &["pip install rvenv\n", "cargo install rvenv\n"]].concat();
    for script in blocks("sh").into_iter().filter(|script| !others.contains(script)) {
        run(script);
    }
    assert!(scratch.path(".local/share/bash-completion/completions/rvenv").metadata().unwrap().len() > 1000);
    // What comes after it asks a Python again, and makes no environment.
    assert_eq!(names_in(&scratch.path(".cache/rvenv")), ["interpreters"], "emptied");
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

#[test]
fn the_ci_snippets_and_the_dockerfile_do_their_work() {
    let (Some(python), Some(wheel)) = (pyenv("3.12"), packaging::wheel()) else { return };
    let [github, gitlab] = blocks("yaml")[..] else { panic!("two of YAML") };
    let [dockerfile] = blocks("dockerfile")[..] else { panic!("one Dockerfile") };
    let steps: Vec<&str> = github.lines().filter_map(|line| line.trim_start().strip_prefix("- run: ")).collect();
    let script = gitlab.split_once("  script:\n").unwrap().1;
    let script: Vec<&str> = script.lines().map(|line| line.trim_start().strip_prefix("- ").unwrap()).collect();
    let layers: Vec<&str> = dockerfile.lines().filter_map(|line| line.strip_prefix("RUN ")).collect();
    assert_eq!((steps.len(), script.len(), layers.len()), (4, 5, 3));

    // GitHub and Docker run each command in a shell of its own, GitLab all in one.
    for (commands, shared) in [(steps, false), (script, true), (layers, false)] {
        let scratch = Scratch::new();
        project(&scratch);
        scratch.rvenv_for(&python).arg("machine").silent();
        fs::copy(wheel, scratch.path("wheels").join(wheel.file_name().unwrap())).unwrap();
        let scripts =
            if shared { vec![commands.join("\n")] } else { commands.iter().map(|c| (*c).to_owned()).collect() };
        for script in scripts {
            let script = script.replace("/opt/app", scratch.path("app").to_str().unwrap());
            in_project(&scratch, "sh", &[&scratch.path("machine/bin")]).args(["-euc", &script]).ok();
        }
        let env = if scratch.path("app").exists() { "app" } else { ".venv" };
        assert_eq!(in_env(&scratch.path(env), "import smallest; print(smallest.version)"), "1.0");
        assert!(configured(&scratch.path(env), "version").unwrap().starts_with("3.12."));
    }
}
