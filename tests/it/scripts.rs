//! `install_scripts`, as documented.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rvenv::{Context, Discovery, EnvBuilder, Event, Interpreter, PythonRequest, Result, Steps, Surroundings};

use crate::harness::*;

/// Installs a directory's scripts in addition to the built-in ones.
struct WithScripts<'a>(&'a Path);

impl Steps for WithScripts<'_> {
    fn setup_scripts(&self, builder: &EnvBuilder, context: &mut Context) -> Result<()> {
        builder.setup_scripts(context)?;
        builder.install_scripts(context, self.0)
    }
}

fn interpreter(scratch: &Scratch) -> Interpreter {
    let discovery = Discovery::new(Surroundings::new([], scratch.path("")));
    discovery.find(&PythonRequest::Path(python().path)).unwrap()
}

/// Creates an environment with these scripts. Returns the result and the warnings.
fn build(scratch: &Scratch, scripts: &Path) -> (Result<Context>, Vec<String>) {
    let warnings: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = warnings.clone();
    let builder = EnvBuilder::new(interpreter(scratch)).on_event(move |event| {
        if let Event::Warning { line, .. } = event {
            told.lock().unwrap().push(line.to_owned());
        }
    });
    let built = builder.create_with(scratch.path("a b"), &WithScripts(scripts));
    let warnings = warnings.lock().unwrap().clone();
    (built, warnings)
}

#[test]
fn common_and_posix_are_installed_with_their_placeholders_replaced() {
    let scratch = Scratch::new();
    let scripts = scratch.path("scripts");
    scratch.write("scripts/README", "not a script");
    scratch.write("scripts/nt/tool.bat", "not for this system");
    scratch.write(
        "scripts/common/values",
        "__VENV_DIR__|__VENV_NAME__|__VENV_PROMPT__|__VENV_BIN_NAME__|__VENV_PYTHON__|__VENV_OTHER__",
    );
    scratch
        .write_script("scripts/posix/sub/tool", "#!/bin/sh\nexec __VENV_PYTHON__ -c 'import sys; print(sys.prefix)'\n");
    scratch.write("scripts/common/values.fish", "__VENV_NAME__");
    scratch.write("scripts/common/logo.bin", b"\xff\xfe__VENV_DIR__");

    let (built, warnings) = build(&scratch, &scripts);
    let context = built.unwrap();
    let env_dir = scratch.path("a b");
    let bin = env_dir.join("bin");
    let text = fs::read_to_string(bin.join("values")).unwrap();
    let dir = env_dir.display();
    assert_eq!(
        text,
        format!("'{dir}'|'a b'|'a b'|bin|'{dir}/bin/{}'|__VENV_OTHER__", context.python_exe().to_string_lossy())
    );
    assert_eq!(fs::read_to_string(bin.join("values.fish")).unwrap(), "'a b'");
    assert_eq!(scratch.run(bin.join("sub/tool")).ok(), format!("{dir}\n"));
    assert_eq!(fs::metadata(bin.join("sub/tool")).unwrap().permissions().mode() & 0o777, 0o755);
    assert!(!bin.join("README").exists() && !bin.join("tool.bat").exists() && !bin.join("logo.bin").exists());
    let [warning] = &warnings[..] else { panic!("{warnings:?}") };
    assert!(warning.contains("logo.bin") && warning.contains("may be binary"), "{warning}");
}

#[test]
fn a_missing_scripts_directory_is_an_error_that_leaves_nothing_behind() {
    let scratch = Scratch::new();
    let missing = scratch.path("missing");
    let (built, _) = build(&scratch, &missing);
    let error = built.unwrap_err().to_string();
    assert!(error.starts_with(&format!("Unable to read '{}'", missing.display())), "{error}");
    assert!(scratch.names().is_empty());
}

#[test]
fn a_script_can_replace_a_built_in_one() {
    let scratch = Scratch::new();
    let scripts = scratch.path("scripts");
    scratch.write("scripts/common/activate", "ours");
    let (built, _) = build(&scratch, &scripts);
    built.unwrap();
    assert_eq!(fs::read_to_string(scratch.path("a b/bin/activate")).unwrap(), "ours");
}

#[test]
fn scripts_directories_are_installed_in_order_after_the_built_in_scripts() {
    let scratch = Scratch::new();
    scratch.write_script("team/common/tool", "#!/bin/sh\nexec __VENV_PYTHON__ -c 'import sys; print(sys.prefix)'\n");
    scratch.write("team/common/activate.d/one.sh", "cd __VENV_DIR__");
    scratch.write("team/posix/which", "team");
    scratch.write("mine/posix/which", "mine");
    scratch.write("mine/common/activate.fish", "mine");
    let directories = ["--scripts", "team", "--scripts=mine"];
    scratch.rvenv_for(&python()).args(["--without-pip"]).args(directories).arg("a b").silent();
    let bin = scratch.path("a b/bin");
    let text = |name: &str| fs::read_to_string(bin.join(name)).unwrap();
    assert_eq!(scratch.run(bin.join("tool")).ok(), format!("{}\n", scratch.path("a b").display()));
    assert_eq!(text("activate.d/one.sh"), format!("cd '{}'", scratch.path("a b").display()));
    assert_eq!((text("which"), text("activate.fish")), ("mine".to_owned(), "mine".to_owned()));
    assert!(text("activate").contains("deactivate"));

    let command = configured(&scratch.path("a b"), "command").unwrap();
    let before = tree(&scratch.path("a b"));
    fs::remove_dir_all(scratch.path("a b")).unwrap();
    scratch.run("sh").args(["-c", &command]).current_dir("/").silent();
    assert_eq!(tree(&scratch.path("a b")), before);
}

#[test]
fn binary_scripts_and_misplaced_scripts_cause_warnings() {
    let scratch = Scratch::new();
    scratch.write("binary/common/logo", b"\xff\xfe");
    scratch.write("flat/tool", "nobody's");
    let run = |args: &[&str]| {
        let output = scratch.rvenv_for(&python()).args(["--without-pip", "--clear", "env"]).args(args).output();
        assert!(output.status.success() && output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    };
    let binary = run(&["--scripts", "binary"]);
    assert!(binary.starts_with("Warning: ") && binary.contains("logo") && binary.contains("may be binary"), "{binary}");
    let flat = run(&["--scripts", "flat"]);
    assert_eq!(flat, "Warning: 'flat' has no directory common or posix: no scripts to install\n");
    assert_eq!(run(&["--scripts", "flat", "--quiet"]), "");
}

#[test]
fn a_missing_directory_for_the_scripts_flag_leaves_nothing_behind() {
    let scratch = Scratch::new();
    let error = scratch.rvenv_for(&python()).args(["--without-pip", "--scripts", "missing", "env"]).error();
    assert!(error.starts_with("Unable to read 'missing': "), "{error}");
    assert!(scratch.names().is_empty());
}

#[test]
fn an_upgrade_leaves_the_scripts_as_they_are() {
    let scratch = Scratch::new();
    scratch.write("team/common/tool", "old");
    let rvenv = || scratch.rvenv_for(&python()).args(["--without-pip", "--scripts", "team", "env"]);
    rvenv().silent();
    scratch.write("team/common/tool", "new");
    rvenv().arg("--upgrade").silent();
    assert_eq!(fs::read_to_string(scratch.path("env/bin/tool")).unwrap(), "old");
    rvenv().silent();
    assert_eq!(fs::read_to_string(scratch.path("env/bin/tool")).unwrap(), "new");
}

#[test]
fn links_among_scripts_are_followed() {
    let scratch = Scratch::new();
    scratch.write("elsewhere/tool", "__VENV_NAME__");
    fs::create_dir_all(scratch.path("team/posix")).unwrap();
    std::os::unix::fs::symlink("../elsewhere", scratch.path("team/common")).unwrap();
    std::os::unix::fs::symlink("../../elsewhere/tool", scratch.path("team/posix/other")).unwrap();
    scratch.rvenv_for(&python()).args(["--without-pip", "--scripts", "team", "env"]).silent();
    for name in ["tool", "other"] {
        let path = scratch.path("env/bin").join(name);
        assert_eq!(fs::read_to_string(&path).unwrap(), "env");
        assert!(!path.is_symlink());
    }
}

#[test]
fn an_unreadable_script_is_named_and_nothing_is_left_behind() {
    type Make = fn(&Path);
    let unreadable: [(&str, Make); 3] = [
        ("dangling", |path| std::os::unix::fs::symlink("nowhere", path).unwrap()),
        ("circle", |path| std::os::unix::fs::symlink("..", path).unwrap()),
        ("fifo", |path| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success())),
    ];
    for (name, make) in unreadable {
        let scratch = Scratch::new();
        scratch.write("team/common/tool", "");
        make(&scratch.path("team/common").join(name));
        let error = scratch.rvenv_for(&python()).args(["--without-pip", "--scripts", "team", "env"]).error();
        assert!(error.starts_with(&format!("Unable to read 'team/common/{name}': ")), "{error}");
        assert_eq!(scratch.names(), ["team"]);
    }
}

#[test]
fn post_setup_can_install_scripts_into_the_finished_environment() {
    struct Late<'a>(&'a Path);
    impl Steps for Late<'_> {
        fn post_setup(&self, builder: &EnvBuilder, context: &mut Context) -> Result<()> {
            builder.install_scripts(context, self.0)
        }
    }
    let scratch = Scratch::new();
    scratch.write_script("team/common/sub/tool", "#!/bin/sh\necho __VENV_DIR__\n");
    let builder = EnvBuilder::new(interpreter(&scratch));
    builder.create_with(scratch.env(), &Late(&scratch.path("team"))).unwrap();
    assert_eq!(scratch.run(scratch.path("env/bin/sub/tool")).ok(), format!("{}\n", scratch.env().display()));
}
