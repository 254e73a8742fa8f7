//! The command line: carries out what the flags ask for.

mod cache_dir;
mod flags;
mod foreign;
mod generate;
mod pip_only;
mod progress;
mod report;
mod signals;
mod stand_in;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use clap::CommandFactory;
use flags::Mode;
use pip_only::{PipOnly, is_environment};
use progress::Progress;
use rvenv::{
    Activator, Cache, Discovery, EnvBuilder, Event, Existing, Interrupt, LinkMode, Links, Options, PythonRequest,
    Surroundings,
};

pub use flags::Cli;
pub use report::Unsound;
pub use signals::Signals;

impl Cli {
    /// Does what the flags ask for. Environments are created in order; the first failure ends the run.
    pub fn run(self, interrupt: Interrupt) -> Result<()> {
        if self.upgrade && self.clear {
            bail!("you cannot supply --upgrade and --clear together.");
        }
        self.foreign.check()?;
        let cache = self.cache();
        if self.reset_cache {
            cache.reset()?;
        }
        if self.cache_info {
            return report::cache(&cache, self.format);
        }
        let surroundings = Surroundings::new(env::vars_os(), env::current_dir().ok());
        let discovery = Discovery::new(surroundings, cache.clone()).with_interrupt(interrupt.clone());
        if let Some(product) = self.generate {
            return product.generate(Cli::command(), || Ok(discovery.find(&self.request())?));
        }
        if self.list_pythons {
            return report::pythons(&discovery.list(&self.request())?, self.format);
        }
        if self.env_dirs.is_empty() {
            return Ok(());
        }
        if self.check {
            return report::soundness(&self.env_dirs, &discovery, self.format);
        }
        let interpreter = discovery.find(&self.request())?;
        let purelib = interpreter.scheme.purelib.clone();
        let builder = EnvBuilder::new(interpreter, self.options()?)
            .cache(cache)
            .interrupt(interrupt)
            .interactive(!self.quiet)
            .program(env::current_exe().map_or_else(|_| "rvenv".into(), Into::<OsString>::into))
            .on_event(self.observer());
        for env_dir in self.env_dirs.iter().map(Path::new) {
            match self.pip_only {
                false => builder.create(env_dir)?,
                true if is_environment(env_dir, &purelib) => builder.create_with(env_dir, &PipOnly)?,
                true => bail!("there is no environment for this Python at {}", env_dir.display()),
            };
        }
        Ok(())
    }

    fn request(&self) -> PythonRequest {
        // An empty variable counts as unset; an empty argument is an error.
        let variable = || env::var_os("RVENV_PYTHON").filter(|text| !text.is_empty());
        match self.python.clone().or_else(variable) {
            Some(text) => PythonRequest::from(text.as_os_str()),
            None => PythonRequest::Default,
        }
    }

    /// The cache to use: that of the flags or variables, or the default one if its directory can be determined.
    fn cache(&self) -> Cache {
        if self.no_cache {
            return Cache::none();
        }
        // An empty variable counts as unset.
        let variable = || env::var_os("RVENV_CACHE_DIR").filter(|directory| !directory.is_empty()).map(PathBuf::from);
        let Some(asked) = self.cache_dir.clone().or_else(variable) else {
            return cache_dir::usual().map_or_else(Cache::none, Cache::at);
        };
        let cache = Cache::at(asked);
        // --cache-info and --reset-cache fail with this error later.
        let is_only_used = !self.reset_cache && !self.cache_info;
        match cache.check() {
            Err(error) if is_only_used && !self.quiet => drop(writeln!(io::stderr(), "Warning: {error}")),
            _ => {}
        }
        cache
    }

    fn options(&self) -> Result<Options> {
        let mut options = Options::default()
            .system_site_packages(self.system_site_packages)
            .with_pip(!self.without_pip)
            .with_setuptools(!self.no_setuptools)
            .find_links(self.find_links())
            .scripts(self.scripts.clone())
            .upgrade_deps(self.upgrade_deps)
            .scm_ignore_files(!self.without_scm_ignore_files)
            .compile(!self.no_compile)
            .relocatable(self.relocatable);
        options.existing = match (self.clear, self.upgrade) {
            (true, _) => Existing::Clear { force: self.force },
            (_, true) => Existing::Upgrade,
            _ => Existing::Keep,
        };
        options.links = match (self.symlinks, self.copies) {
            (true, _) => Links::Symlink,
            (_, true) => Links::Copy,
            _ => options.links,
        };
        options.link_mode = match self.link_mode {
            Mode::Copy => LinkMode::Copy,
            Mode::Clone => LinkMode::Clone,
            Mode::Hardlink => LinkMode::Hardlink,
        };
        if let Some(list) = &self.activators {
            options.activators = activators(list)?;
        }
        options.prompt = self.prompt.clone();
        options.source_date = source_date()?;
        Ok(options)
    }

    /// Prints the builder's events to stderr, depending on --verbose and --quiet.
    fn observer(&self) -> impl Fn(Event<'_>) + Send + Sync + 'static {
        let (progress, verbose, quiet) = (self.progress(), self.verbose, self.quiet);
        move |event| match event {
            Event::Progress { line, .. } if verbose => progress.say(line),
            Event::Progress { line, .. } => progress.show(line),
            Event::TerminalInUse => progress.clear(),
            Event::Warning { line } if !quiet => progress.say(&format!("Warning: {line}")),
            _ => {}
        }
    }

    fn find_links(&self) -> Vec<PathBuf> {
        if !self.find_links.is_empty() {
            return self.find_links.clone();
        }
        let directories = env::var_os("RVENV_FIND_LINKS").unwrap_or_default();
        env::split_paths(&directories).filter(|directory| !directory.as_os_str().is_empty()).collect()
    }

    /// Shows long operations on a terminal, but not in CI, where nobody watches.
    fn progress(&self) -> Progress {
        let in_ci = env::var_os("CI").is_some_and(|ci| !ci.is_empty());
        if self.quiet || self.verbose || in_ci { Progress::none() } else { Progress::on_terminal() }
    }
}

/// The activators in a list separated by commas. Fails if one is unknown.
fn activators(list: &str) -> Result<Vec<Activator>> {
    let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| name.parse().map_err(anyhow::Error::msg)).collect::<Result<_>>().context("--activators")
}

/// The time in SOURCE_DATE_EPOCH, which is in seconds since 1970.
fn source_date() -> Result<Option<SystemTime>> {
    let Some(epoch) = env::var_os("SOURCE_DATE_EPOCH").filter(|epoch| !epoch.is_empty()) else { return Ok(None) };
    let since = epoch.to_str().and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    match since.and_then(|since| UNIX_EPOCH.checked_add(since)) {
        Some(time) => Ok(Some(time)),
        None => bail!(
            "SOURCE_DATE_EPOCH is {epoch:?}, which is not a number of seconds since 1970; unset it or set it to one"
        ),
    }
}
