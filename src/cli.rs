//! The command line: decides what the flags ask for, and does it.

mod compatibility;
mod create;
mod flags;
mod generate;
mod progress;
mod report;
mod signals;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::CommandFactory;
use clap::error::ErrorKind;
use create::first;
use etcetera::base_strategy::{BaseStrategy, choose_base_strategy, choose_native_strategy};
use etcetera::home_dir;
use flags::CacheFlags;
use generate::{PYTHON_STAND_IN, generate};
use rvenv::{Cache, Discovery, Interrupt, PythonRequest, Surroundings};

pub use flags::Cli;
pub use report::print_help;
pub use signals::Signals;

impl Cli {
    /// Does what the flags ask for. Returns false if an environment is not intact.
    pub fn run(self, interrupt: Interrupt) -> Result<bool> {
        self.check()?;
        let cache = self.cache.open(self.output.quiet)?;
        let surroundings = Surroundings::new(env::vars_os(), env::current_dir().ok());
        let discovery = Discovery::new(surroundings).cache(cache.clone()).interrupt(interrupt.clone());
        let (requests, format) = (requests(&self.python), self.output.format);
        if let Some(product) = &self.output.generate {
            generate(product, Cli::command(), || Ok(first(&requests, |request| discovery.find(request))?))?;
        } else if self.list_pythons {
            report::pythons(&first(&requests, |request| discovery.list(request))?, format)?;
        } else if self.cache.cache_info {
            report::cache(&cache, format)?;
        } else if self.output.check {
            return report::check(&self.env_dirs, &discovery, format);
        } else if !self.env_dirs.is_empty() {
            // Otherwise it is `--reset-cache` alone: the cache is emptied in every mode.
            self.create(&requests, &discovery, cache, interrupt)?;
        }
        Ok(true)
    }

    /// Which flags go together is decided by the parser, see flags.rs, except for what it cannot express.
    fn check(&self) -> Result<()> {
        let needs_no_python = self.output.generate.as_ref().is_some_and(|product| product != PYTHON_STAND_IN);
        if needs_no_python && !self.python.is_empty() {
            let message = "the argument '--python <PYTHON>' can only be used with '--generate python-stand-in'";
            Cli::command().error(ErrorKind::ArgumentConflict, message).exit();
        }
        if self.environment.upgrade && self.environment.clear {
            bail!("you cannot supply --upgrade and --clear together.");
        }
        self.compatibility.check()
    }
}

/// The Pythons that `--python` or RVENV_PYTHON mean; the first that exists is used.
fn requests(pythons: &[OsString]) -> Vec<PythonRequest> {
    // An empty variable counts as unset; an empty argument is an error.
    let variable = env::var_os("RVENV_PYTHON").filter(|text| !text.is_empty() && pythons.is_empty());
    let requests: Vec<_> = pythons.iter().chain(&variable).map(|text| PythonRequest::from(text.as_os_str())).collect();
    if requests.is_empty() { vec![PythonRequest::Default] } else { requests }
}

impl CacheFlags {
    /// The cache that was asked for, or the default one if its directory is known; emptied if that was asked for.
    pub fn open(&self, quiet: bool) -> Result<Cache> {
        if self.no_cache {
            return Ok(Cache::none());
        }
        // An empty variable counts as unset.
        let variable = || env::var_os("RVENV_CACHE_DIR").filter(|directory| !directory.is_empty()).map(PathBuf::from);
        let wanted = self.cache_dir.clone().or_else(variable).map(expanded);
        let is_wanted = wanted.is_some();
        let cache = wanted.or_else(default_directory).map_or_else(Cache::none, Cache::at);
        // Without a default cache, runs only take longer; one that is there but never used would surprise.
        let is_expected = is_wanted || cache.path().is_some_and(|directory| directory.symlink_metadata().is_ok());
        // --cache-info and --reset-cache fail with this error themselves.
        if is_expected && !self.reset_cache && !self.cache_info && !quiet {
            if let Err(error) = cache.check() {
                let _ = writeln!(io::stderr(), "Warning: {error}");
            }
        }
        if self.reset_cache {
            cache.reset()?;
        }
        Ok(cache)
    }
}

/// The path with the home directory in the place of `~`, as in pip's variables: no shell replaces it there.
fn expanded(directory: PathBuf) -> PathBuf {
    match (directory.strip_prefix("~"), home_dir()) {
        (Ok(below), Ok(home)) if home.is_absolute() => home.join(below),
        _ => directory,
    }
}

/// The directory `rvenv` in the user's cache directory. That is `$XDG_CACHE_HOME`, also on macOS, where the default is
/// `~/Library/Caches`. None if the user's home directory does not exist, as for services and in containers, since it
/// would have to be created; and none if the variables that name it are relative, since the cache would be created in
/// the current directory.
fn default_directory() -> Option<PathBuf> {
    let caches = match env::var_os("XDG_CACHE_HOME").filter(|caches| !caches.is_empty()) {
        Some(_) => choose_base_strategy().ok()?.cache_dir(),
        None => choose_native_strategy().ok()?.cache_dir(),
    };
    let is_homeless = home_dir().is_ok_and(|home| home.is_absolute() && caches.starts_with(&home) && !home.is_dir());
    (caches.is_absolute() && !is_homeless).then(|| caches.join("rvenv"))
}
