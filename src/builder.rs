//! `EnvBuilder`, which makes environments, and `Steps`, by which somebody else's builder makes them differently.
//!
//! CPython's `venv.EnvBuilder` is a class whose methods a subclass overrides and calls by `super()`. Here the class is
//! a type and the subclass a trait: each method of [`Steps`] is given the builder, whose method of the same name is
//! the default.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use crate::cache::Cache;
use crate::caller::Caller;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::event::{Event, Observer};
use crate::interpreter::Interpreter;
use crate::interrupt::Interrupt;
use crate::options::{Existing, Options};
use crate::process;
use crate::seed::{self, Images};
use crate::steps::{configuration, dependencies, directories, pip, python, scripts};

/// Makes environments for one Python, in the steps of CPython's `venv.EnvBuilder`.
///
/// ```no_run
/// use rvenv::{Cache, Discovery, EnvBuilder, Options, PythonRequest, Surroundings};
///
/// # fn main() -> rvenv::Result<()> {
/// # let current_dir = std::path::PathBuf::from("/");
/// let surroundings = Surroundings::new(std::env::vars_os(), current_dir);
/// let interpreter = Discovery::new(surroundings, Cache::none()).find(&PythonRequest::Default)?;
/// let builder = EnvBuilder::new(interpreter, Options::default().with_pip(true).prompt("demo"));
/// let context = builder.create(".venv".as_ref())?;
/// println!("{}", context.env_exe.display());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct EnvBuilder {
    interpreter: Interpreter,
    options: Options,
    caller: Caller,
    images: Images,
}

impl EnvBuilder {
    /// A builder that tells nothing, keeps nothing, and is stopped by nothing.
    pub fn new(interpreter: Interpreter, options: Options) -> EnvBuilder {
        EnvBuilder { interpreter, options, caller: Caller::default(), images: Images::default() }
    }

    /// Keeps in `cache` what the next environment needs too.
    pub fn cache(mut self, cache: Cache) -> EnvBuilder {
        self.caller.cache = cache;
        self
    }

    /// Has `tell` told what is done, as it is done; also from other threads than the caller's.
    pub fn on_event(mut self, tell: impl Fn(Event<'_>) + Send + Sync + 'static) -> EnvBuilder {
        self.caller.observer = Observer::new(tell);
        self
    }

    /// Has `interrupt` stop the work.
    pub fn interrupt(mut self, interrupt: Interrupt) -> EnvBuilder {
        self.caller.interrupt = interrupt;
        self
    }

    /// Lets pip ask on the terminal for what [`Options::upgrade_deps`] needs, such as a password of the package index,
    /// if this process has a terminal for its input and is in its foreground.
    pub fn interactive(mut self, interactive: bool) -> EnvBuilder {
        self.caller.interactive = interactive;
        self
    }

    /// Has pyvenv.cfg's `command` name the program so, in place of `rvenv`.
    pub fn program(mut self, program: impl Into<OsString>) -> EnvBuilder {
        self.caller.program = program.into();
        self
    }

    /// Makes an environment at `env_dir`, an absolute path or one relative to the current directory.
    ///
    /// A new environment is there as a whole or not at all; one that exists stays as it was if a step before
    /// [`publish`](Self::publish) fails. Others that work on the same `env_dir` take turns.
    ///
    /// # Errors
    ///
    /// Whatever a step errors with; [`Error::Interrupted`] if the work was stopped.
    pub fn create(&self, env_dir: &Path) -> Result<Context> {
        self.create_with(env_dir, &Defaults)
    }

    /// Makes an environment as [`create`](Self::create) does, with some of the steps overridden.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create), and whatever an override errors with.
    pub fn create_with(&self, env_dir: &Path, steps: &dyn Steps) -> Result<Context> {
        let mut context = steps.create_directories(self, env_dir)?;
        steps.create_configuration(self, &mut context)?;
        steps.setup_python(self, &mut context)?;
        steps.setup_pip(self, &mut context)?;
        steps.setup_scripts(self, &mut context)?;
        match steps.publish(self, &mut context) {
            // It exists now, which is another task.
            Err(Error::Appeared { .. }) => {
                // With it goes the lock, which is to be had again.
                drop(context);
                return self.create_with(env_dir, steps);
            }
            published => published?,
        }
        if let Err(error) = self.finish(&mut context, steps) {
            if let Some(warning) = context.stage.withdraw() {
                self.caller.observer.warn(&warning);
            }
            return Err(error);
        }
        if let Some(warning) = context.stage.release() {
            self.caller.observer.warn(&warning);
        }
        Ok(context)
    }

    /// What follows when the environment stands at its final path.
    fn finish(&self, context: &mut Context, steps: &dyn Steps) -> Result<()> {
        if context.options.existing != Existing::Upgrade {
            steps.post_setup(self, context)?;
        }
        if context.options.upgrade_deps {
            steps.upgrade_dependencies(self, context)?;
        }
        Ok(())
    }

    /// Checks that the environment can be made at `env_dir`, begins to build it aside, and makes its directories.
    ///
    /// # Errors
    ///
    /// Before anything is made, if `env_dir` is a file, holds a character that no environment can work with, is the
    /// Python installation itself, or shall be cleared and is no environment; or if pip is wanted and there is no wheel
    /// of it.
    pub fn create_directories(&self, env_dir: &Path) -> Result<Context> {
        if self.options.with_pip {
            pip::check(&self.interpreter, &self.options)?;
        }
        directories::create(env_dir, &self.interpreter, &self.options, &self.caller)
    }

    /// Writes pyvenv.cfg (PEP 405), and a `.gitignore` if that is wanted and there is none.
    ///
    /// # Errors
    ///
    /// If a file cannot be written, or if pyvenv.cfg cannot hold the interpreter's path.
    pub fn create_configuration(&self, context: &mut Context) -> Result<()> {
        configuration::create(context)
    }

    /// Puts the interpreter into bin: links to the base's executable, or copies of it.
    ///
    /// # Errors
    ///
    /// If one cannot be made.
    pub fn setup_python(&self, context: &mut Context) -> Result<()> {
        python::setup(context)
    }

    /// Installs pip, and setuptools where the interpreter bundles it, if pip is wanted.
    ///
    /// # Errors
    ///
    /// If a wheel is not valid, or if something cannot be written.
    pub fn setup_pip(&self, context: &mut Context) -> Result<()> {
        if context.options.with_pip { pip::setup(context, &self.images) } else { Ok(()) }
    }

    /// Installs the activation scripts and those of [`Options::scripts`]; an upgrade leaves those that are there. The
    /// launchers that installed distributions have are pointed at this environment's Python, if it was moved or has
    /// another version now.
    ///
    /// # Errors
    ///
    /// If one cannot be read or written.
    pub fn setup_scripts(&self, context: &mut Context) -> Result<()> {
        seed::mend(context)?;
        scripts::setup(context)
    }

    /// Installs the scripts below `path`'s directories `common` and `posix` (or `nt`) into bin, their placeholders such
    /// as `__VENV_DIR__` replaced: `install_scripts`, to be called from an override of `setup_scripts` or `post_setup`.
    ///
    /// # Errors
    ///
    /// If something below `path` cannot be read, or a script cannot be written.
    pub fn install_scripts(&self, context: &mut Context, path: &Path) -> Result<()> {
        scripts::install(context, path)
    }

    /// Makes what was built the environment at `env_dir`, by one rename if it is new.
    ///
    /// # Errors
    ///
    /// If `env_dir` cannot be written to, if another program has made it meanwhile, or if the work was stopped; it is
    /// as it was then.
    pub fn publish(&self, context: &mut Context) -> Result<()> {
        self.caller.interrupt.check()?;
        let clear = matches!(context.options.existing, Existing::Clear { .. });
        context.stage.publish(clear)
    }

    /// Has the environment's pip bring itself, and setuptools where the interpreter bundles it, up to date.
    ///
    /// # Errors
    ///
    /// [`Error::Command`] if pip fails.
    pub fn upgrade_dependencies(&self, context: &mut Context) -> Result<()> {
        dependencies::upgrade(context)
    }

    /// Runs a command without input to its end, each line of its two streams told as it comes; to be called from an
    /// override of `post_setup`. Whatever of its own it leaves running is ended.
    ///
    /// # Errors
    ///
    /// [`Error::Command`], with the last of what it said, if it cannot be run or its exit code is not 0.
    pub fn run(&self, command: &mut Command) -> Result<()> {
        process::stream(command, &self.caller.interrupt, &|line, source| self.caller.observer.said(line, source))
    }
}

/// The steps in which an environment is made, in the order of CPython's `venv.EnvBuilder.create`. Each can be
/// overridden, and each default be called from an override, as a method of `builder`.
///
/// Until `publish` the environment's files stand in a hidden directory, at [`Context::staged`].
///
/// ```no_run
/// use rvenv::{Context, EnvBuilder, Result, Steps};
///
/// struct WithHooks;
///
/// impl Steps for WithHooks {
///     fn setup_scripts(&self, builder: &EnvBuilder, context: &mut Context) -> Result<()> {
///         builder.setup_scripts(context)?;
///         builder.install_scripts(context, "hooks".as_ref())
///     }
/// }
///
/// # fn make(builder: EnvBuilder) -> Result<()> {
/// builder.create_with(".venv".as_ref(), &WithHooks)?;
/// # Ok(())
/// # }
/// ```
pub trait Steps {
    /// By default [`EnvBuilder::create_directories`].
    fn create_directories(&self, builder: &EnvBuilder, env_dir: &Path) -> Result<Context> {
        builder.create_directories(env_dir)
    }

    /// By default [`EnvBuilder::create_configuration`].
    fn create_configuration(&self, builder: &EnvBuilder, context: &mut Context) -> Result<()> {
        builder.create_configuration(context)
    }

    /// By default [`EnvBuilder::setup_python`].
    fn setup_python(&self, builder: &EnvBuilder, context: &mut Context) -> Result<()> {
        builder.setup_python(context)
    }

    /// By default [`EnvBuilder::setup_pip`].
    fn setup_pip(&self, builder: &EnvBuilder, context: &mut Context) -> Result<()> {
        builder.setup_pip(context)
    }

    /// By default [`EnvBuilder::setup_scripts`].
    fn setup_scripts(&self, builder: &EnvBuilder, context: &mut Context) -> Result<()> {
        builder.setup_scripts(context)
    }

    /// By default [`EnvBuilder::publish`].
    fn publish(&self, builder: &EnvBuilder, context: &mut Context) -> Result<()> {
        builder.publish(context)
    }

    /// A place for more: does nothing. The environment stands at its final path, so its Python can be run, by
    /// [`EnvBuilder::run`]. If it fails, a new environment is taken away again. An upgrade leaves it out.
    fn post_setup(&self, _builder: &EnvBuilder, _context: &mut Context) -> Result<()> {
        Ok(())
    }

    /// By default [`EnvBuilder::upgrade_dependencies`].
    fn upgrade_dependencies(&self, builder: &EnvBuilder, context: &mut Context) -> Result<()> {
        builder.upgrade_dependencies(context)
    }
}

/// No step overridden: CPython's environment.
struct Defaults;

impl Steps for Defaults {}
