//! The commands and snippets of README.md and docs/reference.md do what the text says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::harness::*;
use crate::reference::REFERENCE;
use crate::site::INSTALLING;
use crate::{jobs, packaging};

const README: &str = include_str!("../../README.md");

/// The README's blocks of code in a language.
fn blocks(language: &str) -> Vec<&'static str> {
    blocks_of(README, language)
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
