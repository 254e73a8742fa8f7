//! The command line: the flags, and what they mean.

mod cache_dir;
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
use clap::builder::OsStringValueParser;
use clap::{ArgAction, CommandFactory, Parser, ValueEnum, ValueHint};
use foreign::Foreign;
use generate::Product;
use pip_only::{PipOnly, is_environment};
use progress::Progress;
use report::Format;
use rvenv::{
    Activator, Cache, Discovery, EnvBuilder, Event, Existing, Interrupt, LinkMode, Links, Options, PythonRequest,
    Source, Surroundings,
};

pub use report::Unsound;
pub use signals::Signals;

/// The headings of the help, and of the tables in docs/reference.md.
const WHAT: &str = "What to create";
const PYTHON: &str = "Which Python";
const PIP: &str = "pip";
const CACHE: &str = "Cache";
const OUTPUT: &str = "Output";

const AFTER_HELP: &str = "Run `rvenv --help` for details and examples.";

const EXAMPLES: &str = "\
Examples:
  rvenv .venv                      create an environment for the first python3 on PATH
  . .venv/bin/activate             activate it in sh, bash or zsh
  rvenv -p 3.12 .venv              use Python 3.12
  rvenv --without-pip .venv        leave pip out
  rvenv --check .venv              report what is wrong with it
  rvenv -p 3.12 .venv              repair it
  rvenv --upgrade -p 3.13 .venv    switch it to Python 3.13
  rvenv --clear .venv              start over";

/// Create Python virtual environments, as `python -m venv` does, but faster
#[derive(Debug, Parser)]
#[command(
    name = "rvenv",
    version,
    disable_version_flag = true,
    disable_help_flag = true,
    infer_long_args = true,
    args_override_self = true,
    max_term_width = 100,
    after_help = AFTER_HELP,
    after_long_help = EXAMPLES
)]
pub struct Cli {
    /// Directories to create environments in
    ///
    /// They are created in order; the first failure ends the run. To repair an environment, run the same command
    /// again: packages are kept.
    #[arg(value_name = "ENV_DIR", value_parser = OsStringValueParser::new(), value_hint = ValueHint::DirPath)]
    #[arg(required_unless_present_any = ["list_pythons", "cache_info", "reset_cache", "generate"])]
    env_dirs: Vec<OsString>,

    /// Let the environment import the system's site-packages
    #[arg(long, help_heading = WHAT)]
    system_site_packages: bool,

    /// Symlink the interpreter [default, except on Windows]
    #[arg(long, help_heading = WHAT, conflicts_with = "copies")]
    symlinks: bool,

    /// Copy the interpreter instead of linking it
    ///
    /// On Windows, where this is the default, launchers that start the base interpreter are installed instead.
    #[arg(long, help_heading = WHAT, alias = "always-copy")]
    copies: bool,

    /// Replace an existing environment with a new one
    ///
    /// The old environment is kept until the new one is complete. A directory that is not an environment is refused.
    #[arg(long, help_heading = WHAT)]
    clear: bool,

    /// With --clear, also empty a directory that is not an environment
    #[arg(long, help_heading = WHAT, requires = "clear")]
    force: bool,

    /// Switch an existing environment to another Python (see -p)
    ///
    /// Its prompt, scripts and access to the system's site-packages are kept, and so are its packages: those
    /// installed for another X.Y have to be installed again.
    #[arg(long, help_heading = WHAT)]
    upgrade: bool,

    // argparse takes `--p` as `--prompt`.
    /// Text to show in the shell's prompt [default: the name of ENV_DIR]
    ///
    /// `.` means the name of the current directory.
    #[arg(long, help_heading = WHAT, value_name = "PROMPT", alias = "p", value_parser = OsStringValueParser::new())]
    prompt: Option<OsString>,

    /// Activation scripts to install, e.g. bash,fish [default: all]
    ///
    /// A list of bash, batch, cshell, fish, nushell, powershell, python and xonsh, separated by commas. An empty list
    /// installs none.
    #[arg(long, help_heading = WHAT, value_name = "LIST")]
    activators: Option<String>,

    /// Also install your own scripts from DIR (can be repeated)
    ///
    /// DIR has the layout of CPython's venv/scripts: files below `common`, and below `posix` or `nt`. Placeholders such
    /// as __VENV_DIR__ are replaced.
    #[arg(long, help_heading = WHAT, value_name = "DIR", value_hint = ValueHint::DirPath)]
    scripts: Vec<PathBuf>,

    /// Create an environment that still works when moved or copied
    ///
    /// Activation scripts and launchers find their own directory. To make launchers that pip writes later
    /// relocatable, run rvenv again.
    #[arg(long, help_heading = WHAT)]
    relocatable: bool,

    /// Do not write a .gitignore into the environment
    #[arg(long, help_heading = WHAT, alias = "no-vcs-ignore")]
    without_scm_ignore_files: bool,

    /// Python to use: a path, name or version [default: python3 on PATH]
    ///
    /// A path to an executable or an environment, a name on PATH such as pypy3, or a version such as 3.12, '>=3.10' or
    /// pypy3.9. If PATH has no python3, python is used. [env: RVENV_PYTHON]
    #[arg(short, long, help_heading = PYTHON, value_name = "PYTHON", value_hint = ValueHint::ExecutablePath)]
    python: Option<OsString>,

    /// List the available Pythons, most preferred first
    #[arg(long, help_heading = PYTHON, group = "printing")]
    list_pythons: bool,

    /// Do not install pip
    #[arg(long, help_heading = PIP, visible_alias = "no-pip", alias = "no-seed")]
    without_pip: bool,

    // For programs that create the rest: the package on PyPI and the virtualenv plugin.
    /// Install only pip, into an existing environment of this Python
    #[arg(long, hide = true, conflicts_with_all = ["clear", "upgrade", "without_pip"])]
    pip_only: bool,

    /// Install pip without setuptools, which Python 3.11 and older bundle
    #[arg(long, help_heading = PIP, alias = "no-distribute")]
    no_setuptools: bool,

    /// Prefer pip and setuptools wheels found in DIR (can be repeated)
    ///
    /// The newest suitable wheel in DIR is installed instead of the one that Python bundles. [env: RVENV_FIND_LINKS,
    /// directories separated as in PATH]
    #[arg(long, help_heading = PIP, value_name = "DIR", value_hint = ValueHint::DirPath, alias = "extra-search-dir")]
    find_links: Vec<PathBuf>,

    /// Upgrade pip (and setuptools, if bundled) from the package index
    #[arg(long, help_heading = PIP)]
    upgrade_deps: bool,

    /// Do not write .pyc files
    ///
    /// Python then compiles each module when it is first imported.
    #[arg(long, help_heading = PIP)]
    no_compile: bool,

    /// How to install pip's files: copy, clone or hardlink [default: copy]
    ///
    /// `clone` shares disk blocks with the cache until a file is modified. `hardlink` is the fastest, but editing a
    /// file in one environment changes it in all. If unsupported, both fall back to copying.
    #[arg(long, help_heading = CACHE, value_name = "MODE", default_value = "copy")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    link_mode: Mode,

    /// Cache directory [default: rvenv in the user's cache directory]
    ///
    /// It holds interpreter metadata and the installed wheels, with bytecode. [env: RVENV_CACHE_DIR]
    #[arg(long, help_heading = CACHE, value_name = "DIR", value_hint = ValueHint::DirPath)]
    cache_dir: Option<PathBuf>,

    /// Neither read nor write the cache
    #[arg(long, help_heading = CACHE)]
    no_cache: bool,

    /// Print the cache directory and its size
    #[arg(long, help_heading = CACHE, group = "printing", conflicts_with = "no_cache")]
    cache_info: bool,

    /// Empty the cache, before creating ENV_DIR if one is given
    #[arg(long, help_heading = CACHE, conflicts_with = "no_cache", alias = "reset-app-data")]
    reset_cache: bool,

    /// Report what is wrong with existing environments; change nothing
    ///
    /// Prints a line for each problem, with the command that repairs it, and exits with 1 if there are any.
    #[arg(long, help_heading = OUTPUT, group = "printing", conflicts_with_all = ["list_pythons", "cache_info"])]
    check: bool,

    /// Format of lists and reports: text or json [default: text]
    ///
    /// Applies to --check, --list-pythons and --cache-info.
    #[arg(long, help_heading = OUTPUT, value_name = "FORMAT", default_value = "text", requires = "printing")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    format: Format,

    /// Print a generated file: completions=SHELL, man, python-stand-in
    ///
    /// Shell completions (of bash, zsh, fish, powershell, nushell or elvish), the manual page, or a shell script that
    /// acts as the chosen Python but creates its environments with rvenv.
    #[arg(long, help_heading = OUTPUT, value_name = "WHAT", hide_possible_values = true)]
    generate: Option<Product>,

    /// Print each step to stderr
    #[arg(short, long, help_heading = OUTPUT)]
    verbose: bool,

    /// Print only errors to stderr
    #[arg(short, long, help_heading = OUTPUT, overrides_with = "verbose")]
    quiet: bool,

    #[command(flatten)]
    foreign: Foreign,

    /// Print rvenv's version
    #[arg(short = 'V', long, help_heading = OUTPUT, action = ArgAction::Version)]
    version: Option<bool>,

    /// Print help: a summary with -h, the details with --help
    #[arg(short, long, help_heading = OUTPUT, action = ArgAction::Help)]
    help: Option<bool>,
}

/// How files are created from the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    Copy,
    Clone,
    Hardlink,
}

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
            .interactive(true)
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
            Event::Progress { line, source: Source::Question } => progress.ask(line),
            Event::Progress { line, .. } if verbose => progress.say(line),
            Event::Progress { line, source: Source::Main } => progress.doing(line),
            Event::Progress { line, .. } => progress.heard(line),
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
