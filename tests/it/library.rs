//! The library: what others build their own environment creators on.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use rvenv::{
    Cache, Context, Discovery, EnvBuilder, Error, Existing, Interpreter, Links, Options, PythonRequest, Result, Source,
    Surroundings, Venv,
};

use crate::harness::*;

fn interpreter() -> Interpreter {
    let discovery = Discovery::new(Surroundings::new([], None), Cache::none());
    discovery.find(&PythonRequest::Path(python().path)).unwrap()
}

/// A builder that writes down which steps it is taken through and what it is told, and does something at the last.
struct Recording<F: Fn(&dyn EnvBuilder, &mut Context) -> Result<()> + Sync> {
    options: Options,
    interpreter: Interpreter,
    steps: Mutex<Vec<&'static str>>,
    said: Mutex<Vec<(String, Source)>>,
    last: F,
}

impl<F: Fn(&dyn EnvBuilder, &mut Context) -> Result<()> + Sync> Recording<F> {
    fn new(options: Options, last: F) -> Self {
        let (steps, said) = (Mutex::default(), Mutex::default());
        Recording { options, interpreter: interpreter(), steps, said, last }
    }

    fn step(&self, name: &'static str) {
        self.steps.lock().unwrap().push(name);
    }

    fn said(&self, source: Source) -> Vec<String> {
        let said = self.said.lock().unwrap();
        said.iter().filter(|(_, from)| *from == source).map(|(line, _)| line.clone()).collect()
    }
}

impl<F: Fn(&dyn EnvBuilder, &mut Context) -> Result<()> + Sync> EnvBuilder for Recording<F> {
    fn options(&self) -> &Options {
        &self.options
    }

    fn interpreter(&self) -> &Interpreter {
        &self.interpreter
    }

    fn progress(&self, line: &str, source: Source) {
        self.said.lock().unwrap().push((line.to_owned(), source));
    }

    fn create_directories(&self, env_dir: &Path) -> Result<Context> {
        self.step("create_directories");
        rvenv::seed::check(&self.interpreter, &self.options)?;
        rvenv::steps::directories::create(env_dir, &self.interpreter, &self.options, &|line| {
            self.progress(line, Source::Main)
        })
    }

    fn create_configuration(&self, context: &mut Context) -> Result<()> {
        self.step("create_configuration");
        rvenv::steps::configuration::create(context, &self.interpreter)
    }

    fn setup_python(&self, context: &mut Context) -> Result<()> {
        self.step("setup_python");
        rvenv::steps::python::setup(context, &self.interpreter).map(drop)
    }

    fn setup_pip(&self, context: &mut Context) -> Result<()> {
        self.step("setup_pip");
        rvenv::seed::setup(context, &self.interpreter, &self.cache(), &|line| self.progress(line, Source::Main))
            .map(drop)
    }

    fn setup_scripts(&self, context: &mut Context) -> Result<()> {
        self.step("setup_scripts");
        rvenv::steps::scripts::setup(context, self.interpreter.platform).map(drop)
    }

    fn publish(&self, context: &mut Context) -> Result<()> {
        self.step("publish");
        assert_ne!(context.staged(&context.cfg_path), context.cfg_path);
        assert!(context.staged(&context.cfg_path).is_file());
        context.publish()
    }

    fn post_setup(&self, context: &mut Context) -> Result<()> {
        self.step("post_setup");
        (self.last)(self, context)
    }

    fn upgrade_dependencies(&self, _context: &Context) -> Result<()> {
        self.step("upgrade_dependencies");
        Ok(())
    }
}

const STEPS: [&str; 8] = [
    "create_directories",
    "create_configuration",
    "setup_python",
    "setup_pip",
    "setup_scripts",
    "publish",
    "post_setup",
    "upgrade_dependencies",
];

#[test]
fn options_are_by_default_what_the_documentation_says() {
    let options = Options::default();
    assert!(!options.system_site_packages && !options.with_pip && !options.upgrade_deps && !options.scm_ignore_files);
    assert_eq!((options.existing, options.prompt), (Existing::Keep, None));
    assert_eq!(options.links, if cfg!(windows) { Links::Copy } else { Links::Symlink });
    assert!(options.find_links.is_empty() && options.scripts.is_empty());
}

#[test]
fn each_step_can_be_overridden_and_call_its_default_in_the_documentations_order() {
    let scratch = Scratch::new();
    let mut options = Options::default();
    options.with_pip = true;
    options.upgrade_deps = true;
    let builder = Recording::new(options, |_, _| Ok(()));
    let context = builder.create(&scratch.env()).unwrap();
    assert_eq!(*builder.steps.lock().unwrap(), STEPS);
    assert!(builder.said(Source::Main).iter().any(|line| line.starts_with("Installing pip ")));

    // What comes of it is what comes of nothing overridden.
    let before = tree(&scratch.env());
    fs::remove_dir_all(scratch.env()).unwrap();
    let mut options = Options::default();
    options.with_pip = true;
    rvenv::create(&scratch.env(), interpreter(), options).unwrap();
    let after = tree(&scratch.env());
    assert!(before.keys().eq(after.keys()));
    assert_eq!(context.env_dir, scratch.env());
}

#[test]
fn an_upgrade_leaves_post_setup_out() {
    let scratch = Scratch::new();
    rvenv::create(&scratch.env(), interpreter(), Options::default()).unwrap();
    let mut options = Options::default();
    options.existing = Existing::Upgrade;
    let builder = Recording::new(options, |_, _| Ok(()));
    builder.create(&scratch.env()).unwrap();
    assert!(!builder.steps.lock().unwrap().contains(&"post_setup"));
}

#[test]
fn the_context_is_cpythons_under_cpythons_names() {
    let scratch = Scratch::new();
    let code = "
import json, os, sys, venv
context = venv.EnvBuilder(prompt=None).ensure_directories(sys.argv[1])
venv.EnvBuilder().create_configuration(context)
print('\\n'.join(getattr(context, name) for name in sys.argv[2:]))
";
    let env_dir = scratch.path("a b");
    let context = Venv::new(interpreter(), Options::default()).create(&env_dir).unwrap();
    let ours = [
        ("env_dir", context.env_dir.as_os_str()),
        ("env_name", &context.env_name),
        ("executable", context.executable.as_os_str()),
        ("python_dir", context.python_dir.as_os_str()),
        ("python_exe", &context.python_exe),
        ("inc_path", context.inc_path.as_os_str()),
        ("lib_path", context.lib_path.as_os_str()),
        ("bin_path", context.bin_path.as_os_str()),
        ("bin_name", &context.bin_name),
        ("env_exe", context.env_exe.as_os_str()),
        ("env_exec_cmd", context.env_exec_cmd.as_os_str()),
        ("cfg_path", context.cfg_path.as_os_str()),
    ];
    let names = ours.iter().map(|(name, _)| *name);
    let theirs = scratch.run(python().path).args(["-Ic", code]).arg(&env_dir).args(names).ok();
    assert_eq!(theirs.lines().count(), ours.len());
    for ((name, ours), theirs) in ours.iter().zip(theirs.lines()) {
        assert_eq!(ours.to_str(), Some(theirs), "{name}");
    }
    // CPython's has the parentheses in it.
    assert_eq!(context.prompt, "a b");
    assert_eq!(context.staged(&context.cfg_path), context.cfg_path, "it is published");
}

#[test]
fn post_setup_runs_the_environments_python_and_is_told_its_lines_as_they_come() {
    let scratch = Scratch::new();
    let builder = Recording::new(Options::default(), |builder, context| {
        let code = "import sys; print(sys.prefix, flush=True); print('warned', file=sys.stderr); print('end', end='')";
        builder.run(Command::new(&context.env_exe).args(["-I", "-c", code]))
    });
    builder.create(&scratch.env()).unwrap();
    assert_eq!(builder.said(Source::Stdout), [scratch.env().display().to_string(), "end".to_owned()]);
    assert_eq!(builder.said(Source::Stderr), ["warned"]);

    // Before its end: the file that it waits for is made by who is told of its first line.
    let told = scratch.path("told");
    let wait =
        "import os, sys, time\nprint('waiting', flush=True)\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.01)";
    let venv = Venv::new(interpreter(), Options::default()).on_progress(|line, source| {
        if (line, source) == ("waiting", Source::Stdout) {
            fs::write(&told, "").unwrap()
        }
    });
    venv.run(Command::new(python().path).args(["-I", "-c", wait]).arg(&told)).unwrap();
}

#[test]
fn post_setup_that_fails_takes_a_new_environment_away_and_leaves_another() {
    let scratch = Scratch::new();
    let fail = |_: &dyn EnvBuilder, context: &mut Context| {
        assert!(context.env_exe.exists() && context.cfg_path.exists());
        Err(Error::Hook("the team's server is down".into()))
    };
    let builder = Recording::new(Options::default(), fail);
    let error = builder.create(&scratch.path("new/parent/env")).unwrap_err();
    assert_eq!(error.to_string(), "the team's server is down");
    assert!(matches!(error, Error::Hook(_)));
    assert!(scratch.names().is_empty(), "with the folders above it");

    rvenv::create(&scratch.env(), interpreter(), Options::default()).unwrap();
    builder.create(&scratch.env()).unwrap_err();
    assert!(scratch.env().join("bin/python").exists());
}

#[test]
fn a_step_that_fails_before_publish_leaves_nothing() {
    struct Failing(Options, Interpreter);
    impl EnvBuilder for Failing {
        fn options(&self) -> &Options {
            &self.0
        }
        fn interpreter(&self) -> &Interpreter {
            &self.1
        }
        fn setup_scripts(&self, context: &mut Context) -> Result<()> {
            assert!(context.staged(&context.env_exe).symlink_metadata().is_ok());
            Err(Error::Hook("no scripts today".into()))
        }
    }
    let scratch = Scratch::new();
    Failing(Options::default(), interpreter()).create(&scratch.env()).unwrap_err();
    assert!(scratch.names().is_empty());
}

#[test]
fn an_error_says_what_failed_and_at_which_path() {
    let scratch = Scratch::new();
    let file = scratch.write("file", "");
    let create = |env_dir: &Path| rvenv::create(env_dir, interpreter(), Options::default()).unwrap_err();
    let error = create(&file);
    assert!(matches!(&error, Error::Directory { path, .. } if *path == file));
    assert_eq!(error.path(), Some(file.as_path()));
    assert!(matches!(create(&scratch.path("a:b")), Error::Refused { path, .. } if path == scratch.path("a:b")));

    let mut options = Options::default();
    options.scripts = vec![scratch.path("missing")];
    let error = rvenv::create(&scratch.env(), interpreter(), options).unwrap_err();
    let Error::Io { what, path, source } = &error else { panic!("{error}") };
    assert_eq!((*what, path, source.kind()), ("read", &scratch.path("missing"), std::io::ErrorKind::NotFound));

    let mut without_pip = interpreter();
    without_pip.wheels.clear();
    let mut options = Options::default();
    options.with_pip = true;
    let python = without_pip.executable.clone();
    let error = rvenv::create(&scratch.env(), without_pip, options).unwrap_err();
    assert!(matches!(error, Error::NoPip { python: named, .. } if named == python));

    let venv = Venv::new(interpreter(), Options::default());
    let error = venv.run(Command::new("/bin/sh").args(["-c", "echo why >&2; exit 4"])).unwrap_err();
    let Error::Command { command, outcome } = &error else { panic!("{error}") };
    assert_eq!(command, "/bin/sh -c 'echo why >&2; exit 4'");
    assert_eq!((outcome.as_str(), error.path()), ("returned non-zero exit status 4. why", None));
    assert_eq!(scratch.names(), ["file"]);
}

#[test]
fn nothing_panics_on_bad_input() {
    let scratch = Scratch::new();
    let long = "x".repeat(5000);
    for bad in [b"".as_slice(), b"/", b"a\nb", b"a\0b", b"\xff:", long.as_bytes(), b"/dev/null/x", b"/proc/nowhere"] {
        let error = rvenv::create(Path::new(&os(bad)), interpreter(), Options::default()).unwrap_err();
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
    }
    for prompt in [b"".as_slice(), b"\0", b"\xff\n\x1b'\"$(x)", long.as_bytes()] {
        let mut options = Options::default();
        options.prompt = Some(os(prompt));
        options.existing = Existing::Clear { force: false };
        rvenv::create(&scratch.env(), interpreter(), options).unwrap();
        assert_eq!(in_env(&scratch.env(), "import sys; print(sys.prefix)"), scratch.env().display().to_string());
    }
}
