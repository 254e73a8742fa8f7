//! The tools in docs/tools.md, each set up with the one line given there: rvenv creates the environment, and the tool
//! works.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::*;
use crate::jobs;
use crate::release::{packaging, virtualenv};

/// An environment with rvenv's wheel and the tools fetched by `tests/fetch`, and a directory of wheels.
struct Tools {
    scratch: Scratch,
    packages: PathBuf,
    python: PathBuf,
}

impl Tools {
    fn new() -> Option<Tools> {
        let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/jobs");
        let is_complete = fetched.join("complete").exists();
        if is_complete { Tools::of(&fetched) } else { missing("tools that create environments (tests/fetch)") }
    }

    /// The newest releases, and earlier ones.
    fn of_two_releases() -> impl Iterator<Item = Tools> {
        let earlier = packaging::older_jobs().and_then(|fetched| Tools::of(&fetched));
        [Tools::new(), earlier].into_iter().flatten()
    }

    fn of(fetched: &Path) -> Option<Tools> {
        let (scratch, wheel) = (Scratch::new(), packaging::wheel()?);
        scratch.rvenv().arg("-p").arg(fetched.join("bin/python")).arg("tools").silent();
        let pip = scratch.run(scratch.path("tools/bin/pip")).args(["--isolated", "--quiet", "install", "--no-index"]);
        pip.arg("--disable-pip-version-check").arg(wheel).silent();
        // Only this Python sees the tools, not the environments that they create.
        let packages = site_packages(fetched);
        fs::write(site_packages(&scratch.path("tools")).join("tools.pth"), format!("{}\n", packages.display()))
            .unwrap();
        fs::create_dir(scratch.path("wheels")).unwrap();
        fs::create_dir_all(scratch.path("home/.local/bin")).unwrap();
        jobs::small_wheel(&scratch.path("wheels"), "1.0");
        let python = scratch.path("tools/bin/python");
        Some(Tools { packages, scratch, python })
    }

    /// `python -m TOOL` in a shell that has run the commands on the page, without a network.
    fn run(&self, tool: &str, arguments: &[&str]) -> Run {
        self.run_after(&commands(tool), tool, arguments)
    }

    /// The same first without rvenv. Asserts that the environments below `directory` have the same contents.
    fn run_twice(&self, directory: &str, tool: &str, arguments: &[&str], adapt: impl Fn(Run) -> Run) -> String {
        let contents = || {
            let names =
                environments(&self.scratch.path(directory)).into_iter().map(|env_dir| virtualenv::names(&env_dir));
            // rvenv has more activation scripts than venv.
            let is_activation = |name: &String| name.to_lowercase().starts_with("activate");
            names.map(|names| names.into_iter().filter(|name| !is_activation(name)).collect()).collect()
        };
        adapt(self.run_after(&[], tool, arguments)).ok();
        let theirs: Vec<Vec<String>> = contents();
        fs::remove_dir_all(self.scratch.path(directory)).unwrap();
        let said = adapt(self.run(tool, arguments)).ok();
        assert_eq!(contents(), theirs, "{tool}");
        said
    }

    fn run_after(&self, settings: &[&str], tool: &str, arguments: &[&str]) -> Run {
        let (module, settings) = (tool.replace('-', "_"), settings.join("\n"));
        let code =
            format!("set -e\n{module}() {{ python -m {module} \"$@\"; }}\n{{ :\n{settings}\n}} >&2\n{module} \"$@\"");
        let run = self.scratch.run("sh").args(["-c", &code, "sh"]).args(arguments);
        let path = format!("{}:{}", self.scratch.path("tools/bin").display(), std::env::var("PATH").unwrap());
        let run = run.env("PATH", path).env("HOME", self.scratch.path("home"));
        let run = run.env("PIP_NO_INDEX", "1").env("PIP_CONFIG_FILE", "/dev/null");
        let run = run.env("PIP_FIND_LINKS", self.scratch.path("wheels")).env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
        run.env("RVENV_CACHE_DIR", shared_cache()).env_remove("RVENV_PYTHON").env_remove("XDG_CACHE_HOME")
    }

    /// The environments below a directory. Asserts that rvenv created each of them or installed pip into it.
    fn environments(&self, directory: &str) -> Vec<PathBuf> {
        let found = environments(&self.scratch.path(directory));
        for env_dir in &found {
            assert!(configured(env_dir, "rvenv").is_some(), "{}", env_dir.display());
        }
        found
    }
}

/// The environments below a directory.
fn environments(directory: &Path) -> Vec<PathBuf> {
    let walk = walkdir::WalkDir::new(directory).sort_by_file_name().into_iter().flatten();
    let configured = walk.filter(|entry| entry.file_name() == "pyvenv.cfg");
    configured.map(|entry| entry.path().parent().unwrap().to_owned()).collect()
}

const PAGE: &str = include_str!("../../../docs/tools.md");

/// The rows of the page's table: a tool, and how it is set up.
fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| tool"));
    rows.filter_map(|row| row.trim_matches(['|', ' ']).split_once(" | "))
}

/// The code in a tool's row.
fn settings(tool: &str) -> Vec<&'static str> {
    let (_, row) = rows().find(|(name, _)| name.split('\'').next() == Some(tool)).unwrap_or_else(|| panic!("{tool}"));
    row.split('`').skip(1).step_by(2).collect()
}

/// The shell commands in a tool's row. Of one that runs the tool, its variable.
fn commands(tool: &str) -> Vec<&'static str> {
    let has_variable = |code: &&'static str| code.starts_with("VIRTUALENV_SEEDER=");
    let (of_tool, mut commands): (Vec<_>, Vec<_>) = settings(tool).into_iter().partition(has_variable);
    commands.retain(|code| ["export ", "rvenv ", "chmod ", "pdm "].iter().any(|start| code.starts_with(start)));
    if let Some(variable) = of_tool.first().and_then(|code| code.split(' ').next()) {
        commands.extend([variable, "export VIRTUALENV_SEEDER"]);
    }
    // "the same PYTHONPATH as for build"
    if tool == "pdm" { [commands, self::commands("build")].concat() } else { commands }
}

const PRINT_PREFIX: &str = "import sys; print(sys.prefix)";

#[test]
fn tox_environments_are_seeded_by_rvenv() {
    for tools in Tools::of_two_releases() {
        tools.scratch.write(
        "tox.ini",
        format!(
            "[tox]\nenvlist = py\nskipsdist = true\n[testenv]\ndeps = smallest\ncommands = python -c '{PRINT_PREFIX}'\n"
        ),
    );
        let said = tools.run_twice(".tox", "tox", &[], |run| run);
        let [env_dir] = &tools.environments(".tox")[..] else { panic!("one environment: {said}") };
        assert!(said.contains(&env_dir.display().to_string()) && said.contains("congratulations"), "{said}");
    }
}

#[test]
fn tox_takes_the_seeder_from_its_configuration() {
    for tools in Tools::of_two_releases() {
        let configuration = settings("tox")[1];
        assert!(configuration.starts_with("set_env = "));
        tools.scratch.write("tox.ini", format!("[tox]\nenvlist = py\nskipsdist = true\n[testenv]\n{configuration}\n"));
        tools.run_after(&[], "tox", &[]).ok();
        assert_eq!(tools.environments(".tox").len(), 1);
    }
}

#[test]
fn tox_passes_the_seeder_on_to_a_virtualenv_without_the_plugin_unless_it_is_unset_or_the_plugin_installed() {
    let (Some(tools), Some(wheel)) = (Tools::new(), packaging::wheel()) else { return };
    fs::copy(wheel, tools.scratch.path("wheels").join(wheel.file_name().unwrap())).unwrap();
    let tox = |deps: &str, command: &str| {
        // virtualenv as it is in an environment that has it.
        let lines = [
            "[tox]\nenvlist = py\nskipsdist = true\n[testenv]\nallowlist_externals = env",
            &format!("deps = {deps}\nset_env = PYTHONPATH={}", tools.packages.display()),
            &format!("commands = {command} --app-data {{tox_root}}/data {{tox_root}}/inner"),
        ];
        tools.scratch.write("tox.ini", lines.join("\n"));
        let output = tools.run("tox", &[]).output();
        assert_eq!(tools.environments(".tox").len(), 1);
        (output.status.success(), [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap()).concat())
    };
    let way_out = |marker: &str| PAGE.split(marker).nth(1).and_then(|rest| rest.split('`').next()).unwrap();
    let (succeeded, said) = tox("", "python -m virtualenv");
    assert!(!succeeded && said.contains("seeder 'rvenv' is not available"), "{said}");
    let unset = way_out("first is `").replace("virtualenv", "python -m virtualenv");
    for (deps, command, seeder) in
        [("", &*unset, None), (way_out("`commands`, or `"), "python -m virtualenv --clear", Some(()))]
    {
        let (succeeded, said) = tox(deps, command);
        assert!(succeeded && tools.scratch.path("inner/bin/pip").exists(), "{said}");
        assert_eq!(configured(&tools.scratch.path("inner"), "rvenv").map(drop), seeder);
    }
}

#[test]
fn nox_sessions_work_with_venv_and_virtualenv() {
    for tools in Tools::of_two_releases() {
        let session = |name: &str, backend: &str| {
            format!(
                "@nox.session(venv_backend='{backend}')\ndef {name}(session):\n    session.install('smallest')\n    \
             session.run('smallest')\n"
            )
        };
        tools
            .scratch
            .write("noxfile.py", format!("import nox\n{}{}", session("one", "venv"), session("two", "virtualenv")));
        tools.run_twice(".nox", "nox", &[], |run| run);
        assert_eq!(tools.environments(".nox").len(), 2);
    }
}

#[test]
fn build_creates_its_isolated_environment_with_rvenv() {
    for tools in Tools::of_two_releases() {
        let backend = "import os, shutil, sys\n\
                   def build_wheel(directory, *_):\n    \
                   shutil.copy(os.path.join(sys.prefix, 'pyvenv.cfg'), os.environ['SEEN'])\n    \
                   shutil.copy(os.environ['WHEEL'], directory)\n    \
                   return os.path.basename(os.environ['WHEEL'])\n";
        tools.scratch.write("project/backend.py", backend);
        let project = "[build-system]\nrequires = ['smallest']\nbuild-backend = 'backend'\nbackend-path = ['.']\n\
                   [project]\nname = 'smallest'\nversion = '1.0'\n";
        tools.scratch.write("project/pyproject.toml", project);
        let wheel = tools.scratch.path("wheels").join("smallest-1.0-py3-none-any.whl");
        fs::create_dir(tools.scratch.path("seen")).unwrap();
        let build = tools.run("build", &["--wheel", "project"]);
        let said = build.env("SEEN", tools.scratch.path("seen")).env("WHEEL", wheel).ok();
        assert!(said.contains("Successfully built smallest-1.0"), "{said}");
        assert_eq!(tools.environments("seen").len(), 1);
    }
}

#[test]
fn pipx_creates_environments_with_a_stand_in() {
    for tools in Tools::of_two_releases() {
        // The earlier release has no such flag.
        let is_new = tools.run("pipx", &["install", "--help"]).ok().contains("--skip-maintenance");
        let flags: &[&str] = if is_new { &["--skip-maintenance"] } else { &[] };
        let pipx = tools.run("pipx", &["install", "smallest"]).args(flags);
        pipx.env("PIPX_HOME", tools.scratch.path("pipx")).env("PIPX_BIN_DIR", tools.scratch.path("bin")).ok();
        // pipx creates the one for its shared pip in another way.
        assert_eq!(tools.environments("pipx/venvs").len(), 1);
        assert_eq!(tools.scratch.run(tools.scratch.path("bin/smallest")).ok(), "1.0\n");
    }
}

#[test]
fn pipx_and_uv_install_rvenv_itself() {
    let (Some(tools), Some(wheel)) = (Tools::new(), packaging::wheel()) else { return };
    let version = |bin: &str| {
        let installed = tools.scratch.path(bin).join("rvenv");
        assert_eq!(
            tools.scratch.run(installed).arg("--version").ok(),
            concat!("rvenv ", env!("CARGO_PKG_VERSION"), "\n")
        );
    };
    let pipx = tools.run("pipx", &["install", "--skip-maintenance"]).arg(wheel);
    pipx.env("PIPX_HOME", tools.scratch.path("pipx")).env("PIPX_BIN_DIR", tools.scratch.path("bin")).ok();
    version("bin");
    let Some(uv) = peer("uv") else { return };
    let uv = tools.scratch.run(uv).args(["tool", "install", "--offline", "--python"]).arg(&tools.python).arg(wheel);
    let uv = uv.env("HOME", tools.scratch.path("home")).env("UV_CACHE_DIR", tools.scratch.path("uv-cache"));
    uv.env("UV_TOOL_DIR", tools.scratch.path("uv")).env("UV_TOOL_BIN_DIR", tools.scratch.path("uv-bin")).ok();
    version("uv-bin");
}

#[test]
fn pre_commit_runs_a_local_hook_in_an_environment_seeded_by_rvenv() {
    let Some(git) = tool("git") else { return };
    for tools in Tools::of_two_releases() {
        let hooks = format!(
            "repos:\n- repo: local\n  hooks:\n  - id: hook\n    name: hook\n    entry: python -c '{PRINT_PREFIX}'\n    \
         language: python\n    additional_dependencies: [smallest]\n    always_run: true\n    verbose: true\n"
        );
        tools.scratch.write("project/.pre-commit-config.yaml", hooks);
        let project = tools.scratch.path("project");
        for arguments in [&["init", "-q"][..], &["add", "-A"]] {
            tools.scratch.run(&git).args(arguments).current_dir(&project).silent();
        }
        // pre-commit builds a package of its own there.
        let wheels = tools.packages.join("virtualenv/seed/wheels/embed");
        for wheel in names_in(&wheels).into_iter().filter(|name| name.starts_with("setuptools-")) {
            fs::copy(wheels.join(&wheel), tools.scratch.path("wheels").join(&wheel)).unwrap();
        }
        let said = tools.run_twice("hooks", "pre-commit", &["run"], |run| {
            run.env("PRE_COMMIT_HOME", tools.scratch.path("hooks")).current_dir(&project)
        });
        let [env_dir] = &tools.environments("hooks")[..] else { panic!("one environment: {said}") };
        assert!(said.contains(&env_dir.display().to_string()), "{said}");
    }
}

/// A project's dependencies: the only wheel that is available.
const ON_SMALLEST: &str =
    "dependencies = [\"smallest @ file:///${PROJECT_ROOT}/../wheels/smallest-1.0-py3-none-any.whl\"]\n";

#[test]
fn poetry_environments_are_seeded_by_rvenv() {
    let Some(tools) = Tools::new() else { return };
    let project = "[project]\nname = 'project'\nversion = '1.0'\nrequires-python = '>=3.8'\n\
                   [tool.poetry]\npackage-mode = false\n\
                   [tool.poetry.dependencies]\nsmallest = {path = '../wheels/smallest-1.0-py3-none-any.whl'}\n";
    tools.scratch.write("project/pyproject.toml", project);
    let poetry = |arguments: &[&str]| {
        let run = tools.run("poetry", arguments).current_dir(tools.scratch.path("project"));
        run.env("POETRY_VIRTUALENVS_IN_PROJECT", "true").ok()
    };
    poetry(&["install", "--no-interaction"]);
    assert_eq!(tools.environments("project").len(), 1);
    assert_eq!(poetry(&["run", "smallest"]), "1.0\n");
}

#[test]
fn pdm_creates_its_environment_with_rvenv() {
    let Some(tools) = Tools::new() else { return };
    let project = "[project]\nname = 'project'\nversion = '1.0'\nrequires-python = '>=3.8'\n";
    tools.scratch.write("project/pyproject.toml", format!("{project}{ON_SMALLEST}[tool.pdm]\ndistribution = false\n"));
    let pdm = |arguments: &[&str]| {
        let run = tools.run("pdm", arguments).current_dir(tools.scratch.path("project"));
        run.env("PDM_CHECK_UPDATE", "false").ok()
    };
    pdm(&["install"]);
    assert_eq!(tools.environments("project").len(), 1);
    assert_eq!(pdm(&["run", "smallest"]), "1.0\n");
}

#[test]
fn hatch_environments_are_seeded_by_rvenv() {
    let Some(tools) = Tools::new() else { return };
    let project = "[project]\nname = 'project'\nversion = '1.0'\n\
                   [tool.hatch.envs.default]\nskip-install = true\ninstaller = 'pip'\ndependencies = ['smallest']\n";
    tools.scratch.write("project/pyproject.toml", project);
    let run = tools.run("hatch", &["run", "smallest"]).current_dir(tools.scratch.path("project"));
    let data = tools.scratch.path("hatch");
    let said = run.env("HATCH_DATA_DIR", data).ok();
    assert!(said.ends_with("1.0\n"), "{said}");
    assert_eq!(tools.environments("hatch").len(), 1);
}

#[test]
fn ansible_pip_module_creates_its_environment_with_rvenv() {
    let Some(tools) = Tools::new() else { return };
    let env_dir = tools.scratch.env();
    let setting = settings("ansible")[0].replace(": ", "=");
    let task = format!("name=smallest virtualenv={} {setting}", env_dir.display());
    let python = format!("ansible_python_interpreter={}", tools.python.display());
    let arguments =
        ["adhoc", "localhost", "--connection", "local", "-e", &python, "-m", "ansible.builtin.pip", "-a", &task];
    let path = format!("{}:/usr/bin:/bin", tools.scratch.path("tools/bin").display());
    let run = tools.run("ansible", &arguments).env("PATH", path).env("LC_ALL", "C.UTF-8");
    run.env("ANSIBLE_HOME", tools.scratch.path("ansible")).ok();
    assert_eq!(tools.environments("env").len(), 1);
    assert_eq!(tools.scratch.run(env_dir.join("bin/smallest")).ok(), "1.0\n");
}

#[test]
fn virtualenvwrapper_creates_environments_with_rvenv() {
    let Some(tools) = Tools::new() else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/jobs/bin/virtualenvwrapper.sh");
    let code = format!(
        "{}\n. '{}'\nmkvirtualenv --no-wheel made && python -c '{PRINT_PREFIX}'\n",
        commands("virtualenvwrapper").join("\n"),
        script.display()
    );
    let (code, path) = (tools.scratch.write("code", code), tools.scratch.path("tools/bin"));
    let run = tools.scratch.run("bash").arg(code).env("WORKON_HOME", tools.scratch.path("workon"));
    let run = run.env("PATH", format!("{}:/usr/bin:/bin", path.display())).env("HOME", tools.scratch.path("home"));
    let said = run.env("VIRTUALENVWRAPPER_PYTHON", &tools.python).ok();
    let [env_dir] = &tools.environments("workon")[..] else { panic!("one environment: {said}") };
    assert!(said.ends_with(&format!("{}\n", env_dir.display())), "{said}");
}

/// Uses the function in docs/tools.md.
#[test]
fn direnv_layout_creates_an_environment() {
    let (Some(tools), Some(direnv)) = (Tools::new(), tool("direnv")) else { return };
    let layout = PAGE.split("```sh\nlayout_rvenv()").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    tools.scratch.write("home/.config/direnv/direnvrc", format!("layout_rvenv(){layout}"));
    tools.scratch.write("project/.envrc", settings("direnv")[0]);
    let project = tools.scratch.path("project");
    let direnv = |arguments: &[&str]| {
        let run = tools.scratch.run(&direnv).args(arguments).current_dir(&project);
        let run = run.env("HOME", tools.scratch.path("home")).env_remove("XDG_CONFIG_HOME").env_remove("XDG_DATA_HOME");
        run.env("PATH", format!("{}:/usr/bin:/bin", tools.scratch.path("tools/bin").display())).output()
    };
    direnv(&["allow"]);
    let output = direnv(&["exec", ".", "python", "-c", PRINT_PREFIX]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let [env_dir] = &tools.environments("project")[..] else { panic!("one environment: {output:?}") };
    assert_eq!(said.trim_end(), env_dir.to_str().unwrap(), "{output:?}");
    // Another Python takes effect, and the user's files stay.
    for python in ["3.11", "3.12"].into_iter().filter_map(pyenv) {
        tools.scratch.write("project/.venv/kept", "");
        tools.scratch.write("project/.envrc", format!("{} -p {}", settings("direnv")[0], python.path.display()));
        direnv(&["allow"]);
        let output = direnv(&["exec", ".", "python", "-c", "import sys; print(*sys.version_info[:2], sep='.')"]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(said.trim_end(), format!("{}.{}", python.version.0, python.version.1), "{output:?}");
        assert!(tools.scratch.path("project/.venv/kept").exists());
    }
}

#[test]
fn each_tool_on_the_page_has_a_test() {
    let tests = Scratch::new().run(std::env::current_exe().unwrap()).args(["--list", "--format", "terse"]).ok();
    assert!(rows().count() >= 12);
    for (tool, _) in rows() {
        let name = tool.split('\'').next().unwrap().replace('-', "_");
        let starts = [format!("release::tools::{name}_"), format!("release::{name}::")];
        assert!(tests.lines().any(|test| starts.iter().any(|start| test.starts_with(start))), "{tool}");
    }
}
