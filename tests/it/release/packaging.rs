//! The wheel that `pip install .` builds: the program, and a module that runs it for the calling Python.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::harness::*;
use crate::readme::{blocks, in_project, project};
use crate::release::files;

/// A wheel for this machine: the released one if there is a current release, otherwise an unoptimised one built once.
pub fn wheel() -> Option<&'static Path> {
    static WHEEL: OnceLock<Option<PathBuf>> = OnceLock::new();
    let released = || Some(files::dist()?.join(files::wheel_for(files::TARGETS[0].1)));
    let build = || Some(build(&packager("maturin")?));
    WHEEL.get_or_init(|| if files::is_current() { released() } else { build() }).as_deref()
}

/// The name of the distribution on PyPI, from pyproject.toml.
pub fn distribution() -> &'static str {
    let project = include_str!("../../../pyproject.toml");
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

/// A program that builds packages and finds the other build tools in `target/packagers`.
pub fn packaging(scratch: &Scratch, program: &Path) -> Run {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/packagers/bin");
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

#[test]
fn the_ci_snippets_and_the_dockerfile_do_their_work() {
    let (Some(python), Some(wheel)) = (pyenv("3.12"), wheel()) else { return };
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
