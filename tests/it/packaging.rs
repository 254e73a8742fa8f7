//! The wheel that `pip install .` builds: the program, and a module that runs it for the calling Python.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::harness::*;
use crate::release;

/// A wheel for this machine: the released one if there is a current release, otherwise an unoptimised one built once.
pub fn wheel() -> Option<&'static Path> {
    static WHEEL: OnceLock<Option<PathBuf>> = OnceLock::new();
    let released = || Some(release::dist()?.join(release::wheel_for(release::TARGETS[0].1)));
    let build = || Some(build(&packager("maturin")?));
    WHEEL.get_or_init(|| if release::is_current() { released() } else { build() }).as_deref()
}

/// The name of the distribution on PyPI, from pyproject.toml.
pub fn distribution() -> &'static str {
    let project = include_str!("../../pyproject.toml");
    project.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).expect("a name")
}

fn build(maturin: &Path) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wheels");
    let _ = fs::remove_dir_all(&directory);
    let scratch = Scratch::new();
    let maturin = packaging(&scratch, maturin).args(["build", "--quiet", "--profile=dev", "--locked"]);
    let maturin = maturin.args(["--compatibility=linux", "--manifest-path", MANIFEST, "--out"]).arg(&directory);
    maturin.ok();
    let names = names_in(&directory);
    assert_eq!(names.len(), 1, "{names:?}");
    directory.join(&names[0])
}

const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");

/// A program that builds packages and finds the other build tools in `target/tools`.
pub fn packaging(scratch: &Scratch, program: &Path) -> Run {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin");
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    // Not the target directory of the program under test.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packages");
    scratch.run(program).env("PATH", path).env("CARGO_TARGET_DIR", target).env("CARGO_PROFILE_DEV_DEBUG", "0")
}

/// The earlier releases of tools, and pex, that `tests/fetch` installs.
pub fn older_jobs() -> Option<PathBuf> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/older-jobs");
    if tools.join("complete").exists() { Some(tools) } else { missing("earlier releases of tools (tests/fetch)") }
}

/// Creates an environment of `python` with the wheel installed. Returns its Python.
fn installed(scratch: &Scratch, python: &Python) -> Option<PathBuf> {
    let wheel = wheel()?;
    scratch.rvenv_for(python).arg("tools").silent();
    let pip = scratch.run(scratch.path("tools/bin/pip")).args(["--isolated", "--quiet", "install", "--no-index"]);
    pip.arg("--disable-pip-version-check").arg(wheel).ok();
    Some(scratch.path("tools/bin/python"))
}

/// `python -m rvenv`.
fn module(scratch: &Scratch, python: &Path) -> Run {
    scratch.run(python).args(["-m", "rvenv"]).env("RVENV_CACHE_DIR", shared_cache()).env_remove("RVENV_PYTHON")
}

#[test]
fn python_m_rvenv_creates_an_environment_for_that_python() {
    for version in ["3.8", "3.12"] {
        let (Some(python), scratch) = (pyenv(version), Scratch::new()) else { return };
        let Some(tools) = installed(&scratch, &python) else { return };
        let version_said = format!("rvenv {}\n", env!("CARGO_PKG_VERSION"));
        assert_eq!(scratch.run(scratch.path("tools/bin/rvenv")).arg("--version").ok(), version_said);
        assert_eq!(module(&scratch, &tools).arg("--version").ok(), version_said);
        // Regardless of PATH and RVENV_PYTHON.
        module(&scratch, &tools).env("RVENV_PYTHON", "/nowhere").env("PATH", "/nowhere").arg("env").silent();
        assert!(configured(&scratch.env(), "version").unwrap().starts_with(&format!("{version}.")));
        assert_eq!(configured(&scratch.env(), "home").as_deref(), python.path.parent().and_then(Path::to_str));
        assert!(scratch.run(scratch.env().join("bin/pip")).arg("--version").ok().starts_with("pip "));
    }
}

#[test]
fn in_a_pex_the_module_and_the_api_run_the_program() {
    let (Some(python), Some(wheel), Some(tools)) = (pyenv("3.12"), wheel(), older_jobs()) else { return };
    let scratch = Scratch::new();
    let pex = |program: &Path| {
        let run = scratch.run(program).env("PEX_ROOT", scratch.path("unpacked"));
        run.env("RVENV_CACHE_DIR", shared_cache()).env_remove("RVENV_PYTHON")
    };
    let built = pex(&tools.join("bin/pex")).arg("--pre-resolved-dists").arg(wheel).arg(distribution());
    built.arg("--python").arg(&python.path).args(["-o", "app.pex"]).ok();
    let app = || pex(&python.path).arg("app.pex");
    app().args(["-m", "rvenv", "by-module"]).silent();
    app().args(["-c", "import rvenv; rvenv.create('by-api')"]).silent();
    let path = app().args(["-m", "rvenv", "--venv-path"]).ok();
    pex(&python.path).env("PYTHONPATH", path.trim_end()).args(["-m", "venv", "by-venv"]).silent();
    for env_dir in ["by-module", "by-api", "by-venv"] {
        assert!(configured(&scratch.path(env_dir), "rvenv").is_some(), "{env_dir}");
    }
}

#[test]
fn python_m_rvenv_accepts_another_python_and_passes_errors_on() {
    let (Some(one), Some(other), scratch) = (pyenv("3.12"), pyenv("3.9"), Scratch::new()) else { return };
    let Some(tools) = installed(&scratch, &one) else { return };
    for flag in ["-p", "--python", "--pyth"] {
        module(&scratch, &tools).arg(flag).arg(&other.path).args(["--clear", "--without-pip", "env"]).silent();
        assert!(configured(&scratch.env(), "version").unwrap().starts_with("3.9."), "{flag}");
    }
    assert_eq!(module(&scratch, &tools).output().status.code(), Some(2));
    let error = module(&scratch, &tools).args(["--upgrade", "--clear", "env"]).error();
    assert_eq!(error, "you cannot supply --upgrade and --clear together.");
}

#[test]
fn python_m_rvenv_finds_its_program_wherever_pip_puts_it() {
    let (Some(python), Some(wheel), scratch) = (pyenv("3.12"), wheel(), Scratch::new()) else { return };
    let prefix = python.path.ancestors().nth(2).unwrap();
    assert!(scratch.run("cp").arg("-a").arg(prefix).arg("base").output().status.success());
    let base = scratch.path("base/bin/python3");
    let makes = |run: Run| run.args(["--clear", "--without-pip", "env"]).silent();

    let user = scratch.path("user");
    let pip = |python: &Path, flags: &[&str]| {
        let pip = scratch.run(python).args(["-m", "pip", "--isolated", "--quiet", "--disable-pip-version-check"]);
        let pip = pip.args(["install", "--no-index", "--force-reinstall"]).args(flags).arg(wheel);
        pip.env("PYTHONUSERBASE", &user).ok()
    };
    // An environment with access to its base's site-packages.
    pip(&base, &[]);
    scratch.rvenv().args(["-p", "base", "--without-pip", "--system-site-packages", "seeing"]).silent();
    makes(module(&scratch, &scratch.path("seeing/bin/python")));
    assert_eq!(configured(&scratch.env(), "home"), Some(scratch.path("base/bin").display().to_string()));

    pip(&python.path, &["--target", "target"]);
    makes(module(&scratch, &python.path).env("PYTHONPATH", scratch.path("target")));
    pip(&python.path, &["--user"]);
    makes(module(&scratch, &python.path).env("PYTHONUSERBASE", &user));

    fs::remove_file(scratch.path("target/bin/rvenv")).unwrap();
    let error = module(&scratch, &python.path).env("PYTHONPATH", scratch.path("target")).arg("new").error();
    assert!(
        error.starts_with("the rvenv program is missing; install it again: pip install --force-reinstall rvenv-cli"),
        "{error}"
    );
}

#[test]
fn pip_recognises_the_project_by_its_pyproject_toml() {
    let (Some(pip), scratch) = (packager("pip"), Scratch::new()) else { return };
    let pip = packaging(&scratch, &pip).args(["--isolated", "--disable-pip-version-check", "install", "--dry-run"]);
    let said = pip.args(["--no-deps", "--no-build-isolation", env!("CARGO_MANIFEST_DIR")]).ok();
    assert!(said.contains(&format!("Would install {}-{}", distribution(), env!("CARGO_PKG_VERSION"))), "{said}");
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
