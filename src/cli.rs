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
use create::{Create, first};
use etcetera::base_strategy::{BaseStrategy, choose_base_strategy, choose_native_strategy};
use etcetera::home_dir;
use flags::CacheFlags;
use generate::Product;
use report::Format;
use rvenv::{Cache, Discovery, Interrupt, PythonRequest, Surroundings};

pub use flags::Cli;
pub use report::Invalid;
pub use report::print_help;
pub use signals::Signals;

/// What the flags ask for, with what that needs.
enum Mode {
    Create(Box<Create>),
    Check {
        env_dirs: Vec<OsString>,
        format: Format,
    },
    ListPythons {
        requests: Vec<PythonRequest>,
        format: Format,
    },
    Generate {
        product: Product,
        requests: Vec<PythonRequest>,
    },
    CacheInfo {
        format: Format,
    },
    /// `--reset-cache` alone: the cache is emptied in every mode.
    ResetCache,
}

impl Cli {
    /// Does what the flags ask for.
    pub fn run(self, interrupt: Interrupt) -> Result<()> {
        let (cache, quiet) = (self.cache.clone(), self.output.quiet);
        let mode = self.mode()?;
        let cache = cache.open(quiet)?;
        let surroundings = Surroundings::new(env::vars_os(), env::current_dir().ok());
        let discovery = Discovery::new(surroundings).cache(cache.clone()).interrupt(interrupt.clone());
        match mode {
            Mode::Create(create) => create.run(&discovery, cache, interrupt),
            Mode::Check { env_dirs, format } => report::check(&env_dirs, &discovery, format),
            Mode::ListPythons { requests, format } => {
                report::pythons(&first(&requests, |request| discovery.list(request))?, format)
            }
            Mode::Generate { product, requests } => {
                product.generate(Cli::command(), || Ok(first(&requests, |request| discovery.find(request))?))
            }
            Mode::CacheInfo { format } => report::cache(&cache, format),
            Mode::ResetCache => Ok(()),
        }
    }

    /// Which flags go together is decided by the parser, see flags.rs, except for what it cannot express.
    fn mode(self) -> Result<Mode> {
        let Cli { env_dirs, environment, python, list_pythons, pip, cache, output, compatibility } = self;
        let format = output.format;
        if let Some(product) = output.generate {
            if !python.is_empty() && product != Product::PythonStandIn {
                let message = "the argument '--python <PYTHON>' can only be used with '--generate python-stand-in'";
                Cli::command().error(ErrorKind::ArgumentConflict, message).exit();
            }
            return Ok(Mode::Generate { product, requests: requests(&python) });
        }
        if list_pythons {
            return Ok(Mode::ListPythons { requests: requests(&python), format });
        }
        if cache.cache_info {
            return Ok(Mode::CacheInfo { format });
        }
        if output.check {
            return Ok(Mode::Check { env_dirs, format });
        }
        if env_dirs.is_empty() {
            return Ok(Mode::ResetCache);
        }
        if environment.upgrade && environment.clear {
            bail!("you cannot supply --upgrade and --clear together.");
        }
        compatibility.check()?;
        let (requests, link_mode) = (requests(&python), cache.link_mode);
        Ok(Mode::Create(Box::new(Create { env_dirs, requests, environment, pip, link_mode, output })))
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
    /// The cache to use: the one that was asked for, or the default one if its directory can be determined. It is
    /// emptied if that was asked for too.
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
