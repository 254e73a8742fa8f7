//! Creates the environments that the command line names.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use rvenv::{
    Activator, Cache, Context, Discovery, EnvBuilder, Error, Event, Existing, Interpreter, Interrupt, LinkMode, Links,
    PythonRequest, Steps,
};

use super::flags::Cli;
use super::progress::Progress;

impl Cli {
    /// Creates the environments in order; the first failure ends the run.
    pub(super) fn create(
        &self,
        requests: &[PythonRequest],
        discovery: &Discovery,
        cache: Cache,
        interrupt: Interrupt,
    ) -> Result<()> {
        let interpreter = first(requests, |request| discovery.find(request))?;
        let purelib = interpreter.scheme.purelib.clone();
        let builder = self
            .builder(interpreter)?
            .cache(cache)
            .interrupt(interrupt)
            .interactive(!self.output.quiet)
            .program(env::current_exe().map_or_else(|_| "rvenv".into(), Into::<OsString>::into))
            .on_event(self.observer());
        for env_dir in self.env_dirs.iter().map(Path::new) {
            if !self.pip.pip_only {
                builder.create(env_dir)?;
            } else if is_of_this_python(env_dir, requests, &purelib) {
                builder.create_with(env_dir, &PipOnly)?;
            } else {
                bail!("there is no environment for this Python at {}", env_dir.display());
            }
        }
        Ok(())
    }

    /// A builder with the options that the flags and variables name.
    fn builder(&self, interpreter: Interpreter) -> Result<EnvBuilder> {
        let Cli { environment, pip, .. } = self;
        let mut builder = EnvBuilder::new(interpreter)
            .system_site_packages(environment.system_site_packages)
            .existing(match (environment.clear, environment.upgrade) {
                (true, _) => Existing::Clear { force: environment.force },
                (_, true) => Existing::Upgrade,
                _ => Existing::Keep,
            })
            .with_pip(!pip.without_pip)
            .with_setuptools(!pip.no_setuptools)
            .find_links(self.find_links())
            .seed_wheels(&pip.seed_wheel)
            .scripts(&environment.scripts)
            .upgrade_deps(pip.upgrade_deps)
            .scm_ignore_files(!environment.without_scm_ignore_files)
            .compile(!pip.no_compile)
            .link_mode(match self.cache.link_mode.as_str() {
                "clone" => LinkMode::Clone,
                "hardlink" => LinkMode::Hardlink,
                _ => LinkMode::Copy,
            })
            .relocatable(environment.relocatable);
        if environment.symlinks || environment.copies {
            builder = builder.links(if environment.copies { Links::Copy } else { Links::Symlink });
        }
        if let Some(list) = &environment.activators {
            let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
            let activators: Result<Vec<Activator>, _> = names.map(str::parse).collect();
            builder = builder.activators(activators.context("--activators")?);
        }
        if let Some(prompt) = &environment.prompt {
            builder = builder.prompt(prompt);
        }
        if let Some(time) = source_date()? {
            builder = builder.source_date(time);
        }
        Ok(builder)
    }

    fn find_links(&self) -> Vec<PathBuf> {
        let variable = env::var_os("RVENV_FIND_LINKS").unwrap_or_default();
        let of_variable = env::split_paths(&variable).filter(|directory| !directory.as_os_str().is_empty());
        if self.pip.find_links.is_empty() { of_variable.collect() } else { self.pip.find_links.clone() }
    }

    /// Prints the builder's events to stderr, depending on --verbose and --quiet.
    fn observer(&self) -> impl Fn(Event<'_>) + Send + Sync + 'static {
        let (verbose, quiet) = (self.output.verbose, self.output.quiet);
        // Nobody watches in CI.
        let in_ci = env::var_os("CI").is_some_and(|ci| !ci.is_empty());
        let progress = Progress::new(!quiet && !verbose && !in_ci);
        move |event| match event {
            Event::Progress { line, .. } if verbose => progress.say(line),
            Event::Progress { line, .. } => progress.show(line),
            Event::Files { written, total, .. } if !verbose => progress.count(written, total),
            Event::TerminalInUse => progress.clear(),
            Event::Warning { line, .. } if !quiet => progress.say(&format!("Warning: {line}")),
            _ => {}
        }
    }
}

/// Whether there is an environment at `env_dir` that has its packages in `purelib`, or whose Python was asked for: one
/// that a program creates for another version has no such directory yet.
fn is_of_this_python(env_dir: &Path, requests: &[PythonRequest], purelib: &Path) -> bool {
    let is_its_own = matches!(requests, [PythonRequest::Path(python)] if python.starts_with(env_dir));
    env_dir.join("pyvenv.cfg").is_file() && (is_its_own || env_dir.join(purelib).is_dir())
}

/// The time in SOURCE_DATE_EPOCH, which is in seconds since 1970.
fn source_date() -> Result<Option<SystemTime>> {
    let Some(epoch) = env::var_os("SOURCE_DATE_EPOCH").filter(|epoch| !epoch.is_empty()) else { return Ok(None) };
    let since = epoch.to_str().and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    let time = since.and_then(|since| UNIX_EPOCH.checked_add(since));
    let fault = "which is not a number of seconds since 1970; unset it or set it to one";
    time.with_context(|| format!("SOURCE_DATE_EPOCH is {epoch:?}, {fault}")).map(Some)
}

/// `--pip-only`: installs pip and nothing else, as one step of an environment that another program creates.
struct PipOnly;

impl Steps for PipOnly {
    fn create_configuration(&self, _: &EnvBuilder, _: &mut Context) -> rvenv::Result<()> {
        Ok(())
    }

    fn setup_python(&self, _: &EnvBuilder, _: &mut Context) -> rvenv::Result<()> {
        Ok(())
    }

    fn setup_scripts(&self, _: &EnvBuilder, _: &mut Context) -> rvenv::Result<()> {
        Ok(())
    }
}

/// What the first of these requests finds that finds anything; otherwise the error of the last.
pub fn first<T>(requests: &[PythonRequest], find: impl Fn(&PythonRequest) -> rvenv::Result<T>) -> rvenv::Result<T> {
    let mut found = find(requests.first().unwrap_or(&PythonRequest::Default));
    for request in requests.iter().skip(1) {
        match found {
            Err(Error::NoPython { .. } | Error::Python { .. }) => found = find(request),
            found => return found,
        }
    }
    found
}
