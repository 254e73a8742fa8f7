//! The pipeline: `EnvBuilder` and its steps.

use std::path::Path;
use std::process::Command;

use crate::cache::Cache;
use crate::context::Context;
use crate::error::{Error, Quoted, Result};
use crate::event::Source;
use crate::interpreter::Interpreter;
use crate::options::{Existing, Options};
use crate::process;
use crate::seed;
use crate::steps::{configuration, directories, python, scripts};

/// Makes environments, in the steps of CPython's `venv.EnvBuilder`, each of which can be overridden.
///
/// Rust has no `super()`: each step's default calls a public function, and so can an override. They are
/// [`steps::directories::create`] (after [`seed::check`]), [`configuration::create`], [`python::setup`], [`seed::setup`],
/// [`steps::scripts::setup`], [`scripts::install`], [`Context::publish`] and [`seed::upgrade_dependencies`].
///
/// Until `publish` the environment's files stand in a hidden folder, at [`Context::staged`].
pub trait EnvBuilder: Sync {
    /// What was asked for.
    fn options(&self) -> &Options;

    /// The base Python.
    fn interpreter(&self) -> &Interpreter;

    /// Where what pip's wheels come to is kept for the next environment; nowhere, unless overridden.
    fn cache(&self) -> Cache {
        Cache::none()
    }

    /// Is told what is done, a line at a time, and what the processes say that are run for it.
    fn progress(&self, _line: &str, _source: Source) {}

    /// Is told of what was done otherwise than asked, and why.
    fn warn(&self, _line: &str) {}

    /// Makes an environment at `env_dir`, an absolute path or one relative to the current folder.
    ///
    /// A new environment is there as a whole or not at all; one that exists stays as it was if a step before
    /// `publish` fails.
    ///
    /// Others that work on this ENV_DIR take turns.
    fn create(&self, env_dir: &Path) -> Result<Context> {
        let mut context = self.create_directories(env_dir)?;
        self.create_configuration(&mut context)?;
        self.setup_python(&mut context)?;
        self.setup_pip(&mut context)?;
        self.setup_scripts(&mut context)?;
        match self.publish(&mut context) {
            // It exists now, which is another task.
            Err(Error::Appeared { .. }) => {
                // With it goes the lock, which is to be had again.
                drop(context);
                return self.create(env_dir);
            }
            published => published?,
        }
        if let Err(error) = self.finish(&mut context) {
            context.withdraw();
            return Err(error);
        }
        context.stage.release().into_iter().for_each(|warning| self.warn(&warning));
        Ok(context)
    }

    /// Checks ENV_DIR, begins to build it aside and makes its folders.
    fn create_directories(&self, env_dir: &Path) -> Result<Context> {
        if self.options().with_pip {
            seed::check(self.interpreter(), self.options())?;
        }
        let progress = |line: &str| self.progress(line, Source::Main);
        let context = directories::create(env_dir, self.interpreter(), self.options(), &progress)?;
        self.progress(&format!("Creating {}", Quoted(&context.env_dir)), Source::Main);
        Ok(context)
    }

    /// Writes pyvenv.cfg, and the `.gitignore` if it is wanted.
    fn create_configuration(&self, context: &mut Context) -> Result<()> {
        self.progress("Writing pyvenv.cfg", Source::Main);
        configuration::create(context, self.interpreter())
    }

    /// Puts the interpreter into bin.
    fn setup_python(&self, context: &mut Context) -> Result<()> {
        self.progress(&format!("Installing {}", Quoted(&context.executable)), Source::Main);
        let warnings = python::setup(context, self.interpreter())?;
        warnings.iter().for_each(|warning| self.warn(warning));
        Ok(())
    }

    /// Installs pip, and setuptools where the interpreter bundles it, if pip is wanted.
    fn setup_pip(&self, context: &mut Context) -> Result<()> {
        if !context.options.with_pip {
            return Ok(());
        }
        let progress = |line: &str| self.progress(line, Source::Main);
        let warnings = seed::setup(context, self.interpreter(), &self.cache(), &progress)?;
        warnings.iter().for_each(|warning| self.warn(warning));
        Ok(())
    }

    /// Installs the activation scripts, and those of the folders that were named; an upgrade leaves those that are there.
    fn setup_scripts(&self, context: &mut Context) -> Result<()> {
        if context.options.existing == Existing::Upgrade {
            return Ok(());
        }
        self.progress("Installing the activation scripts", Source::Main);
        let warnings = scripts::setup(context, self.interpreter().platform)?;
        warnings.iter().for_each(|warning| self.warn(warning));
        Ok(())
    }

    /// Makes what was built the environment at ENV_DIR.
    fn publish(&self, context: &mut Context) -> Result<()> {
        context.publish()
    }

    /// What follows when the environment stands at its final path: `post_setup`, except in an upgrade, and
    /// `upgrade_dependencies`. If it fails, a new environment is taken away again.
    fn finish(&self, context: &mut Context) -> Result<()> {
        if context.options.existing != Existing::Upgrade {
            self.post_setup(context)?;
        }
        if context.options.upgrade_deps {
            self.progress("Upgrading pip", Source::Main);
            self.upgrade_dependencies(context)?;
        }
        Ok(())
    }

    /// A place for more: does nothing. The environment stands at its final path, so its Python can be run, by
    /// [`run`](Self::run). If it fails, a new environment is taken away again.
    fn post_setup(&self, _context: &mut Context) -> Result<()> {
        Ok(())
    }

    /// Has the environment's pip bring itself, and setuptools where the interpreter bundles it, up to date.
    fn upgrade_dependencies(&self, context: &Context) -> Result<()> {
        seed::upgrade_dependencies(context, self.interpreter(), &|line, source| self.progress(line, source))
    }

    /// Installs the scripts below `path`'s folders `common` and `posix` (or `nt`) into bin, with their
    /// placeholders replaced; to be called from an override of `setup_scripts` or `post_setup`.
    fn install_scripts(&self, context: &mut Context, path: &Path) -> Result<()> {
        let warnings = scripts::install(context, self.interpreter().platform, path)?;
        warnings.iter().for_each(|warning| self.warn(warning));
        Ok(())
    }

    /// Runs a command without input to its end, and gives `progress` each line of its two streams as it comes; to be
    /// called from an override of `post_setup`.
    ///
    /// Errors with [`Error::Command`](crate::Error::Command), which has the last of what it said, if it cannot be run
    /// or its exit code is not 0. Whatever of its own it leaves running is ended.
    fn run(&self, command: &mut Command) -> Result<()> {
        process::stream(command, &self.options().interrupt, &|line, source| self.progress(line, source))
    }
}

type Progress<'a> = Box<dyn Fn(&str, Source) + Sync + 'a>;
type Warn<'a> = Box<dyn Fn(&str) + Sync + 'a>;

/// The builder with nothing overridden: CPython's environment.
pub struct Venv<'a> {
    options: Options,
    interpreter: Interpreter,
    cache: Cache,
    progress: Progress<'a>,
    warn: Warn<'a>,
}

impl<'a> Venv<'a> {
    /// A builder of environments for `interpreter`, silent about what it does.
    pub fn new(interpreter: Interpreter, options: Options) -> Venv<'a> {
        Venv { options, interpreter, cache: Cache::none(), progress: Box::new(|_, _| {}), warn: Box::new(|_| {}) }
    }

    /// Keeps in `cache` what the next environment needs too.
    pub fn with_cache(mut self, cache: Cache) -> Self {
        self.cache = cache;
        self
    }

    /// Has `progress` told what is done.
    pub fn on_progress(mut self, progress: impl Fn(&str, Source) + Sync + 'a) -> Self {
        self.progress = Box::new(progress);
        self
    }

    /// Has `warn` told what is done otherwise than asked.
    pub fn on_warning(mut self, warn: impl Fn(&str) + Sync + 'a) -> Self {
        self.warn = Box::new(warn);
        self
    }
}

impl EnvBuilder for Venv<'_> {
    fn options(&self) -> &Options {
        &self.options
    }

    fn interpreter(&self) -> &Interpreter {
        &self.interpreter
    }

    fn cache(&self) -> Cache {
        self.cache.clone()
    }

    fn progress(&self, line: &str, source: Source) {
        (self.progress)(line, source);
    }

    fn warn(&self, line: &str) {
        (self.warn)(line);
    }
}
