//! `EnvBuilder`, which creates environments, and `Steps`, the trait to implement in order to customise it.
//!
//! CPython's `venv.EnvBuilder` is a class: subclasses override its methods and call the originals through `super()`.
//! Here the class is a type and the subclass a trait. Each method of [`Steps`] gets the builder, and by default calls
//! the builder's method of the same name.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::cache::Cache;
use crate::context::{Context, Session};
use crate::error::Result;
use crate::event::{Event, Observer};
use crate::interpreter::Interpreter;
use crate::interrupt::Interrupt;
use crate::options::{Activator, Existing, LinkMode, Links, Options};
use crate::process;
use crate::seed::{self, Images};
use crate::steps::{configuration, directories, python, scripts};

/// Creates environments for one Python, in the steps of CPython's `venv.EnvBuilder`.
///
/// ```no_run
/// use rvenv::{Discovery, EnvBuilder, PythonRequest, Surroundings};
///
/// # fn main() -> rvenv::Result<()> {
/// # let current_dir = std::path::PathBuf::from("/");
/// let surroundings = Surroundings::new(std::env::vars_os(), current_dir);
/// let interpreter = Discovery::new(surroundings).find(&PythonRequest::Default)?;
/// let context = EnvBuilder::new(interpreter).with_pip(true).prompt("demo").create(".venv")?;
/// println!("{}", context.env_exe().display());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct EnvBuilder {
    interpreter: Interpreter,
    options: Options,
    session: Session,
    images: Images,
}

/// Defines a setter for each option, and for what else the caller supplies, of its argument or the value after `=`.
macro_rules! setters {
    ($($option:ident: $type:ty $(= $value:expr)?,)*) => {
        $(setters! {
            #[doc = concat!("Sets [`Options::", stringify!($option), "`].")]
            options.$option: $type $(= $value)?,
        })*
    };
    ($($(#[$doc:meta])* $part:ident.$field:ident: $type:ty $(= $value:expr)?,)*) => {
        $($(#[$doc])* pub fn $field(mut self, $field: $type) -> EnvBuilder {
            $(let $field = $value;)?
            self.$part.$field = $field;
            self
        })*
    };
}

impl EnvBuilder {
    /// Returns a builder with the default options, and without an observer, a cache or an interrupt.
    pub fn new(interpreter: Interpreter) -> EnvBuilder {
        let session = Session { program: "rvenv".into(), ..Session::default() };
        EnvBuilder { interpreter, options: Options::default(), session, images: Images::default() }
    }

    setters! {
        system_site_packages: bool,
        existing: Existing,
        links: Links,
        with_pip: bool,
        with_setuptools: bool,
        upgrade_deps: bool,
        scm_ignore_files: bool,
        compile: bool,
        link_mode: LinkMode,
        relocatable: bool,
        find_links: impl IntoIterator<Item = impl AsRef<Path>> = paths(find_links),
        seed_wheels: impl IntoIterator<Item = impl AsRef<Path>> = paths(seed_wheels),
        scripts: impl IntoIterator<Item = impl AsRef<Path>> = paths(scripts),
        activators: impl IntoIterator<Item = Activator> = activators.into_iter().collect(),
        prompt: impl Into<OsString> = Some(prompt.into()),
        source_date: SystemTime = Some(source_date),
    }

    setters! {
        /// Uses `cache` for what the next environment needs too.
        session.cache: Cache,
        /// Lets `interrupt` stop the work.
        session.interrupt: Interrupt,
        /// Gives pip the terminal during [`Options::upgrade_deps`] if standard input and standard error are one. pip can
        /// then prompt, for example for the password of a package index, and its output is no event but goes to standard
        /// error.
        session.interactive: bool,
        /// Sets the program's name in pyvenv.cfg's `command`. Default: `rvenv`.
        session.program: impl Into<OsString> = program.into(),
    }

    /// Calls `tell` for each event as it happens, possibly from threads other than the caller's.
    pub fn on_event(mut self, tell: impl Fn(Event<'_>) + Send + Sync + 'static) -> EnvBuilder {
        self.session.observer = Observer::new(tell);
        self
    }

    /// Creates an environment at `env_dir`, which is absolute or relative to the current directory.
    ///
    /// A new environment appears complete or not at all. An existing one stays unchanged if a step before
    /// [`post_setup`](Steps::post_setup) fails. Concurrent runs on the same `env_dir` take turns.
    ///
    /// # Errors
    ///
    /// Any error of a step; [`Error::Interrupted`](crate::Error::Interrupted) if the work was interrupted.
    pub fn create(&self, env_dir: impl AsRef<Path>) -> Result<Context> {
        self.create_with(env_dir, &Defaults)
    }

    /// Creates an environment like [`create`](Self::create), with some of the steps overridden.
    ///
    /// # Errors
    ///
    /// Those of [`create`](Self::create), and any error of an override.
    pub fn create_with(&self, env_dir: impl AsRef<Path>, steps: &dyn Steps) -> Result<Context> {
        let env_dir = env_dir.as_ref();
        let mut context = steps.create_directories(self, env_dir)?;
        steps.create_configuration(self, &mut context)?;
        steps.setup_python(self, &mut context)?;
        steps.setup_pip(self, &mut context)?;
        steps.setup_scripts(self, &mut context)?;
        if !self.commit(&mut context)? {
            // Release the lock: the new run has to take it again.
            drop(context);
            return self.create_with(env_dir, steps);
        }
        let finished = self.finish(&mut context, steps);
        if context.stage.existed() && matches!(context.options.existing, Existing::Clear { .. }) {
            self.session.observer.doing("Removing the previous contents");
        }
        let warning = if finished.is_ok() { context.stage.release() } else { context.stage.roll_back() };
        if let Some(warning) = warning {
            self.session.observer.warn(&warning);
        }
        finished.map(|()| context)
    }

    /// Runs the steps that need the environment at its final path.
    fn finish(&self, context: &mut Context, steps: &dyn Steps) -> Result<()> {
        if context.options.existing != Existing::Upgrade {
            steps.post_setup(self, context)?;
        }
        if context.options.upgrade_deps {
            steps.upgrade_dependencies(self, context)?;
        }
        Ok(())
    }

    /// Checks that an environment can be created at `env_dir`, begins to build it in a staging directory, and creates
    /// its directories there.
    ///
    /// # Errors
    ///
    /// Before anything is created: if `env_dir` is a file, contains a character that environments cannot work with, is
    /// the Python installation itself, or is to be cleared but is not an environment; or if pip was requested and there
    /// is no wheel of it.
    pub fn create_directories(&self, env_dir: &Path) -> Result<Context> {
        if self.options.with_pip {
            seed::check(&self.interpreter, &self.options)?;
        }
        directories::create(env_dir, &self.interpreter, &self.options, &self.session)
    }

    /// Writes pyvenv.cfg (PEP 405), and a `.gitignore` if one was requested and none exists.
    ///
    /// # Errors
    ///
    /// If a file cannot be written, or if pyvenv.cfg cannot hold the interpreter's path.
    pub fn create_configuration(&self, context: &mut Context) -> Result<()> {
        configuration::write(context)
    }

    /// Installs the interpreter into bin: links to the base's executable, or copies of it.
    ///
    /// # Errors
    ///
    /// If a link or copy cannot be created.
    pub fn setup_python(&self, context: &mut Context) -> Result<()> {
        python::install(context)
    }

    /// Installs pip if it was requested, and with it setuptools where the interpreter bundles it.
    ///
    /// # Errors
    ///
    /// If a wheel is not valid, or a file cannot be written.
    pub fn setup_pip(&self, context: &mut Context) -> Result<()> {
        if context.options.with_pip { seed::install(context, &self.images) } else { Ok(()) }
    }

    /// Installs the activation scripts and those of [`Options::scripts`]; an upgrade leaves existing scripts alone. If
    /// the environment was moved or now has another Python version, the launchers of installed distributions are
    /// pointed at its Python.
    ///
    /// # Errors
    ///
    /// If a script or launcher cannot be read or written.
    pub fn setup_scripts(&self, context: &mut Context) -> Result<()> {
        seed::repair(context)?;
        scripts::install_all(context)
    }

    /// Installs the scripts in `path`'s directories `common` and `posix` (or `nt`) into bin, with placeholders such as
    /// `__VENV_DIR__` replaced. This is CPython's `install_scripts`, for use in an override of `setup_scripts` or
    /// `post_setup`.
    ///
    /// # Errors
    ///
    /// If something in `path` cannot be read, or a script cannot be written.
    pub fn install_scripts(&self, context: &mut Context, path: impl AsRef<Path>) -> Result<()> {
        scripts::install(context, path.as_ref())
    }

    /// Moves the finished environment to `env_dir`, if that is new by a single rename. An error leaves it unchanged.
    /// Returns false if another program has created `env_dir` in the meantime: start over with that.
    fn commit(&self, context: &mut Context) -> Result<bool> {
        self.session.interrupt.check()?;
        let waiting = "Waiting for a program that has a file of the new environment open";
        context.stage.commit(self.session.waiting(waiting.to_owned()))
    }

    /// Runs the environment's pip to upgrade pip, and setuptools where the interpreter bundles it.
    ///
    /// # Errors
    ///
    /// [`Error::Command`](crate::Error::Command) if pip fails.
    pub fn upgrade_dependencies(&self, context: &mut Context) -> Result<()> {
        seed::upgrade(context)
    }

    /// Runs a command without input until it ends, for use in an override of `post_setup`. Each line on its stdout or
    /// stderr is reported as an event when it is printed. Processes that the command leaves running are killed.
    ///
    /// # Errors
    ///
    /// [`Error::Command`](crate::Error::Command), with the last lines of its output, if it cannot be run or its exit code
    /// is not 0.
    pub fn run(&self, command: &mut Command) -> Result<()> {
        process::stream(command, &self.session.interrupt, &|line, source| self.session.observer.said(line, source))
    }
}

fn paths(paths: impl IntoIterator<Item = impl AsRef<Path>>) -> Vec<PathBuf> {
    paths.into_iter().map(|path| path.as_ref().to_owned()).collect()
}

/// Defines steps that call the builder's methods of the same names by default.
macro_rules! steps {
    ($($step:ident($argument:ident: $type:ty) -> $made:ty;)*) => {
        $(#[doc = concat!("Calls [`EnvBuilder::", stringify!($step), "`] by default.")]
        fn $step(&self, builder: &EnvBuilder, $argument: $type) -> Result<$made> {
            builder.$step($argument)
        })*
    };
}

/// The steps of creating an environment, in the order of CPython's `venv.EnvBuilder.create`. Each step can be
/// overridden; the override can call the default as a method of `builder`.
///
/// Up to `setup_scripts`, the environment's files are in a staging directory: see [`Context::staged`]. It is then moved to
/// its final path.
///
/// ```no_run
/// use rvenv::{Context, EnvBuilder, Result, Steps};
///
/// struct WithHooks;
///
/// impl Steps for WithHooks {
///     fn setup_scripts(&self, builder: &EnvBuilder, context: &mut Context) -> Result<()> {
///         builder.setup_scripts(context)?;
///         builder.install_scripts(context, "hooks")
///     }
/// }
///
/// # fn make(builder: EnvBuilder) -> Result<()> {
/// builder.create_with(".venv", &WithHooks)?;
/// # Ok(())
/// # }
/// ```
pub trait Steps {
    steps! {
        create_directories(env_dir: &Path) -> Context;
        create_configuration(context: &mut Context) -> ();
        setup_python(context: &mut Context) -> ();
        setup_pip(context: &mut Context) -> ();
        setup_scripts(context: &mut Context) -> ();
    }

    /// Does nothing by default: a hook for additional work. The environment is at its final path, so
    /// [`EnvBuilder::run`] can run its Python. If the hook fails, a new environment is removed again. An upgrade skips
    /// this step.
    fn post_setup(&self, _builder: &EnvBuilder, _context: &mut Context) -> Result<()> {
        Ok(())
    }

    steps! { upgrade_dependencies(context: &mut Context) -> (); }
}

/// No step overridden: creates the same environment as CPython.
struct Defaults;

impl Steps for Defaults {}
