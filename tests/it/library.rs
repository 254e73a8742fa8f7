//! The library, used as other programs would to build their own environment creators.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use rvenv::{
    Activator, Context, Discovery, EnvBuilder, Error, Event, Existing, Interpreter, Links, Platform, PythonRequest,
    Result, Source, Steps, Surroundings, VersionRequest,
};

use crate::harness::*;

fn interpreter() -> Interpreter {
    let discovery = Discovery::new(Surroundings::new([], None));
    discovery.find(&PythonRequest::Path(python().path)).unwrap()
}

/// Steps that record their names and call their defaults, except `post_setup`, which calls `last`, and
/// `upgrade_dependencies`, which does nothing.
struct Recording<F: Fn(&EnvBuilder, &mut Context) -> Result<()>> {
    steps: RefCell<Vec<&'static str>>,
    last: F,
}

impl<F: Fn(&EnvBuilder, &mut Context) -> Result<()>> Recording<F> {
    fn new(last: F) -> Self {
        Recording { steps: RefCell::default(), last }
    }

    fn step(&self, name: &'static str) {
        self.steps.borrow_mut().push(name);
    }
}

impl<F: Fn(&EnvBuilder, &mut Context) -> Result<()>> Steps for Recording<F> {
    fn create_directories(&self, builder: &EnvBuilder, env_dir: &Path) -> Result<Context> {
        self.step("create_directories");
        builder.create_directories(env_dir)
    }

    fn create_configuration(&self, builder: &EnvBuilder, context: &mut Context) -> Result<()> {
        self.step("create_configuration");
        builder.create_configuration(context)
    }

    fn setup_python(&self, builder: &EnvBuilder, context: &mut Context) -> Result<()> {
        self.step("setup_python");
        builder.setup_python(context)
    }

    fn setup_pip(&self, builder: &EnvBuilder, context: &mut Context) -> Result<()> {
        self.step("setup_pip");
        builder.setup_pip(context)
    }

    fn setup_scripts(&self, builder: &EnvBuilder, context: &mut Context) -> Result<()> {
        self.step("setup_scripts");
        let staged = context.staged(context.cfg_path()).unwrap();
        assert_ne!(staged, context.cfg_path());
        assert!(staged.is_file());
        builder.setup_scripts(context)
    }

    fn post_setup(&self, builder: &EnvBuilder, context: &mut Context) -> Result<()> {
        self.step("post_setup");
        (self.last)(builder, context)
    }

    fn upgrade_dependencies(&self, _: &EnvBuilder, _: &mut Context) -> Result<()> {
        self.step("upgrade_dependencies");
        Ok(())
    }
}

/// A builder, and a function that returns the lines it has reported from a source (`None`: its warnings).
fn told_by(builder: EnvBuilder) -> (EnvBuilder, impl Fn(Option<Source>) -> Vec<String>) {
    type Told = Vec<(Option<Source>, String)>;
    let told: Arc<Mutex<Told>> = Arc::default();
    let lines = told.clone();
    let builder = builder.on_event(move |event| {
        lines.lock().unwrap().push(match event {
            Event::Progress { line, source, .. } => (Some(source), line.to_owned()),
            Event::Warning { line, .. } => (None, line.to_owned()),
            Event::Files { .. } => return,
            other => panic!("{other:?}"),
        });
    });
    let of = move |source| {
        let told = told.lock().unwrap();
        told.iter().filter(|(from, _)| *from == source).map(|(_, line)| line.clone()).collect()
    };
    (builder, of)
}

fn plain() -> EnvBuilder {
    EnvBuilder::new(interpreter())
}

const STEPS: [&str; 7] = [
    "create_directories",
    "create_configuration",
    "setup_python",
    "setup_pip",
    "setup_scripts",
    "post_setup",
    "upgrade_dependencies",
];

#[test]
fn the_default_options_are_those_in_the_documentation() {
    let context = plain().create(Scratch::new().env()).unwrap();
    let options = context.options();
    assert!(!options.system_site_packages && !options.with_pip && !options.upgrade_deps && !options.scm_ignore_files);
    assert_eq!((options.existing, &options.prompt), (Existing::Keep, &None));
    assert_eq!(options.links, if cfg!(windows) { Links::Copy } else { Links::Symlink });
    assert!(options.find_links.is_empty() && options.scripts.is_empty());
}

#[test]
fn only_paths_in_the_environment_can_be_staged() {
    let scratch = Scratch::new();
    let context = plain().create(scratch.env()).unwrap();
    assert_eq!(context.staged(scratch.env().join("bin/x")).unwrap(), scratch.env().join("bin/x"));
    for outside in [scratch.path("other"), scratch.env().join("../other"), "pyvenv.cfg".into()] {
        let error = context.staged(&outside).unwrap_err();
        assert!(matches!(&error, Error::Outside { env_dir, .. } if *env_dir == scratch.env()), "{error}");
        assert_eq!(error.path(), Some(outside.as_path()));
    }
}

#[test]
fn names_are_parsed_and_displayed() {
    for activator in Activator::ALL {
        assert_eq!(activator.to_string().parse(), Ok(activator));
    }
    let unknown = "zsh".parse::<Activator>().unwrap_err();
    assert!(unknown.to_string().starts_with("unknown activator \"zsh\"; choose from bash, batch, "), "{unknown}");
    assert_eq!("PyPy3.9".parse::<VersionRequest>().unwrap().to_string(), "pypy3.9");
    let unknown = "3.x".parse::<VersionRequest>().unwrap_err();
    assert!(unknown.to_string().starts_with("\"3.x\" is not a version such as 3.12"), "{unknown}");
    assert_eq!(Platform::Nt.to_string(), "nt");
    let interpreter = interpreter();
    assert_eq!(interpreter.to_string(), format!("CPython {}", interpreter.full_version()));
}

#[test]
fn steps_can_be_overridden_and_run_in_the_documented_order() {
    let scratch = Scratch::new();
    let (builder, told) = told_by(plain().with_pip(true).upgrade_deps(true));
    let steps = Recording::new(|_, _| Ok(()));
    let context = builder.create_with(scratch.env(), &steps).unwrap();
    assert_eq!(*steps.steps.borrow(), STEPS);
    assert!(told(Some(Source::Main)).iter().any(|line| line.starts_with("Installing pip ")));

    // The result is the same as without overrides.
    let before = tree(&scratch.env());
    fs::remove_dir_all(scratch.env()).unwrap();
    plain().with_pip(true).create(scratch.env()).unwrap();
    let after = tree(&scratch.env());
    assert!(before.keys().eq(after.keys()));
    assert_eq!(context.env_dir(), scratch.env());
}

#[test]
fn an_upgrade_skips_post_setup() {
    let scratch = Scratch::new();
    plain().create(scratch.env()).unwrap();
    let steps = Recording::new(|_, _| Ok(()));
    plain().existing(Existing::Upgrade).create_with(scratch.env(), &steps).unwrap();
    assert!(!steps.steps.borrow().contains(&"post_setup"));
}

#[test]
fn the_context_has_cpythons_values_under_cpythons_names() {
    let scratch = Scratch::new();
    let code = "
import json, os, sys, venv
context = venv.EnvBuilder(prompt=None).ensure_directories(sys.argv[1])
venv.EnvBuilder().create_configuration(context)
print('\\n'.join(getattr(context, name) for name in sys.argv[2:]))
";
    let env_dir = scratch.path("a b");
    let context = plain().create(&env_dir).unwrap();
    let ours = [
        ("env_dir", context.env_dir().as_os_str()),
        ("env_name", context.env_name()),
        ("executable", context.executable().as_os_str()),
        ("python_dir", context.python_dir().as_os_str()),
        ("python_exe", context.python_exe()),
        ("inc_path", context.inc_path().as_os_str()),
        ("lib_path", context.lib_path().as_os_str()),
        ("bin_path", context.bin_path().as_os_str()),
        ("bin_name", context.bin_name()),
        ("env_exe", context.env_exe().as_os_str()),
        ("env_exec_cmd", context.env_exec_cmd().as_os_str()),
        ("cfg_path", context.cfg_path().as_os_str()),
    ];
    let names = ours.iter().map(|(name, _)| *name);
    let theirs = scratch.run(python().path).args(["-Ic", code]).arg(&env_dir).args(names).ok();
    assert_eq!(theirs.lines().count(), ours.len());
    for ((name, ours), theirs) in ours.iter().zip(theirs.lines()) {
        assert_eq!(ours.to_str(), Some(theirs), "{name}");
    }
    // CPython's prompt includes the parentheses.
    assert_eq!(context.prompt(), "a b");
    assert_eq!(context.staged(context.cfg_path()).unwrap(), context.cfg_path(), "already published");
}

#[test]
fn post_setup_runs_the_environments_python_and_receives_its_lines_as_they_are_printed() {
    let scratch = Scratch::new();
    let steps = Recording::new(|builder, context| {
        let code = "import sys; print(sys.prefix, flush=True); print('warned', file=sys.stderr); print('end', end='')";
        builder.run(Command::new(context.env_exe()).args(["-I", "-c", code]))
    });
    let (builder, told) = told_by(plain());
    builder.create_with(scratch.env(), &steps).unwrap();
    assert_eq!(told(Some(Source::Stdout)), [scratch.env().display().to_string(), "end".to_owned()]);
    assert_eq!(told(Some(Source::Stderr)), ["warned"]);

    // Lines arrive before the program ends: it waits for a file that the handler of its first line creates.
    let file = scratch.path("told");
    const WAIT: &str = "
import os, sys, time
print('waiting', flush=True)
for _ in range(6000):
    if os.path.exists(sys.argv[1]): sys.exit()
    time.sleep(0.01)
sys.exit('no event arrived')";
    let mut command = Command::new(python().path);
    command.args(["-I", "-c", WAIT]).arg(&file);
    let builder = plain().on_event(move |event| {
        if let Event::Progress { line: "waiting", source: Source::Stdout, .. } = event {
            fs::write(&file, "").unwrap()
        }
    });
    builder.run(&mut command).unwrap();
}

#[test]
fn overridden_steps_keep_the_warnings_and_checks_of_their_defaults() {
    let scratch = Scratch::new();
    scratch.write("scripts/common/binary", b"\xff");
    let (builder, told) = told_by(plain().scripts([scratch.path("scripts"), scratch.path("")]));
    builder.create_with(scratch.env(), &Recording::new(|_, _| Ok(()))).unwrap();
    let [binary, empty] = &told(None)[..] else { panic!("{:?}", told(None)) };
    assert!(binary.starts_with("unable to copy script ") && empty.contains(" has no directory common or "));

    // Without a pip wheel, the first step fails, even if it is overridden.
    let mut without_pip = interpreter();
    without_pip.wheels.clear();
    let builder = EnvBuilder::new(without_pip).with_pip(true);
    let error = builder.create_with(scratch.path("b"), &Recording::new(|_, _| Ok(()))).unwrap_err();
    assert!(matches!(error, Error::NoPip { .. }), "{error}");
}

#[test]
fn a_failing_post_setup_removes_a_new_environment_and_keeps_an_existing_one() {
    let scratch = Scratch::new();
    let fail = |_: &EnvBuilder, context: &mut Context| {
        assert!(context.env_exe().exists() && context.cfg_path().exists());
        Err(Error::hook("the team's server is down"))
    };
    let (builder, steps) = (plain(), Recording::new(fail));
    let error = builder.create_with(scratch.path("new/parent/env"), &steps).unwrap_err();
    assert_eq!(error.to_string(), "the team's server is down");
    assert!(matches!(error, Error::Hook(_)));
    assert!(scratch.names().is_empty(), "with its parent directories");

    plain().create(scratch.env()).unwrap();
    builder.create_with(scratch.env(), &steps).unwrap_err();
    assert!(program_of(&scratch.env(), "python").exists());
}

#[test]
fn a_step_that_fails_before_publish_leaves_nothing_behind() {
    struct Failing;
    impl Steps for Failing {
        fn setup_scripts(&self, _: &EnvBuilder, context: &mut Context) -> Result<()> {
            assert!(context.staged(context.env_exe()).unwrap().symlink_metadata().is_ok());
            Err(Error::hook("no scripts today"))
        }
    }
    let scratch = Scratch::new();
    plain().create_with(scratch.env(), &Failing).unwrap_err();
    assert!(scratch.names().is_empty());
}

#[test]
fn errors_report_what_failed_and_at_which_path() {
    let scratch = Scratch::new();
    let file = scratch.write("file", "");
    let refused = |env_dir: &Path| plain().create(env_dir).unwrap_err();
    let error = refused(&file);
    assert!(matches!(&error, Error::Directory { path, .. } if *path == file));
    assert_eq!(error.path(), Some(file.as_path()));
    let with_separator = scratch.path(if cfg!(windows) { "a;b" } else { "a:b" });
    assert!(matches!(refused(&with_separator), Error::Refused { path, .. } if path == with_separator));

    let error = plain().scripts([scratch.path("missing")]).create(scratch.env()).unwrap_err();
    let Error::Io { what, path, error: source, .. } = &error else { panic!("{error}") };
    assert_eq!((*what, path, source.kind()), ("read", &scratch.path("missing"), std::io::ErrorKind::NotFound));

    let mut without_pip = interpreter();
    without_pip.wheels.clear();
    let python = without_pip.executable.clone();
    let error = EnvBuilder::new(without_pip).with_pip(true).create(scratch.env()).unwrap_err();
    assert!(matches!(error, Error::NoPip { python: named, .. } if named == python));

    let builder = plain();
    let failing = ["-c", "import sys; print('why', file=sys.stderr); sys.exit(4)"];
    let error = builder.run(Command::new(interpreter().executable).args(failing)).unwrap_err();
    let Error::Command { command, outcome, .. } = &error else { panic!("{error}") };
    assert!(command.contains("sys.exit(4)"), "{command}");
    assert_eq!((outcome.as_str(), error.path()), ("returned non-zero exit status 4. why", None));
    assert_eq!(scratch.names(), ["file"]);
}

#[cfg(unix)] // names of arbitrary bytes
#[test]
fn nothing_panics_on_bad_input() {
    let scratch = Scratch::new();
    let long = "x".repeat(5000);
    for bad in [b"".as_slice(), b"/", b"a\nb", b"a\0b", b"\xff:", long.as_bytes(), b"/dev/null/x", b"/proc/nowhere"] {
        let error = plain().create(os(bad)).unwrap_err();
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
    }
    for prompt in [b"".as_slice(), b"\0", b"\xff\n\x1b'\"$(x)", long.as_bytes()] {
        plain().prompt(os(prompt)).existing(Existing::Clear { force: false }).create(scratch.env()).unwrap();
        assert_eq!(in_env(&scratch.env(), "import sys; print(sys.prefix)"), scratch.env().display().to_string());
    }
}
