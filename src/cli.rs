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

/// Creates virtual Python environments in one or more target directories.
#[derive(Debug, Parser)]
#[command(
    name = "rvenv",
    version,
    disable_version_flag = true,
    infer_long_args = true,
    args_override_self = true,
    after_help = "Once an environment has been created, you may wish to activate it, e.g. by sourcing an \
                  activate script in its bin directory."
)]
pub struct Cli {
    /// A directory to create the environment in
    #[arg(value_name = "ENV_DIR", value_parser = OsStringValueParser::new(), value_hint = ValueHint::DirPath)]
    #[arg(required_unless_present_any = ["list_pythons", "cache_info", "reset_cache", "generate"])]
    env_dirs: Vec<OsString>,

    /// Give the virtual environment access to the system site-packages dir
    #[arg(long)]
    system_site_packages: bool,

    /// Use symlinks rather than copies, when symlinks are not the default for the platform
    #[arg(long, conflicts_with = "copies")]
    symlinks: bool,

    /// Use copies rather than symlinks, even when symlinks are the default for the platform
    #[arg(long, alias = "always-copy")]
    copies: bool,

    /// Delete the contents of the environment directory if it already exists, before environment creation
    #[arg(long)]
    clear: bool,

    /// With --clear, delete the contents of a directory that is no environment too
    #[arg(long, requires = "clear")]
    force: bool,

    /// Upgrade the environment directory to use this version of Python, assuming Python has been upgraded
    /// in-place; its prompt and its access to the system site-packages stay
    #[arg(long)]
    upgrade: bool,

    /// Skip installing pip in the virtual environment
    #[arg(long, visible_alias = "no-pip", alias = "no-seed")]
    without_pip: bool,

    // For programs that make the rest: the package on PyPI, virtualenv's plugin.
    /// Install pip into an environment of this Python that is there, with the directories for it, and change nothing else
    #[arg(long, hide = true, conflicts_with_all = ["clear", "upgrade", "without_pip"])]
    pip_only: bool,

    /// Leave setuptools out where Python bundles it (3.11 and older)
    #[arg(long, alias = "no-distribute")]
    no_setuptools: bool,

    /// A directory with wheels of pip and setuptools, the newest of which are taken before Python's bundled ones; can
    /// be repeated [env: RVENV_FIND_LINKS, separated as PATH is]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, alias = "extra-search-dir")]
    find_links: Vec<PathBuf>,

    /// Install only these activation scripts, of bash, batch, cshell, fish, nushell, powershell, python and xonsh, with commas
    /// between them; none if it is empty
    #[arg(long, value_name = "LIST")]
    activators: Option<String>,

    /// A directory with scripts to install after the activation scripts, from its subdirectories `common` and `posix`
    /// or `nt`, their placeholders such as __VENV_DIR__ replaced; can be repeated
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    scripts: Vec<PathBuf>,

    // The alias: `--p` is `--prompt` to argparse.
    /// An alternative prompt prefix for this environment; `.` is the current directory's name
    #[arg(long, value_name = "PROMPT", alias = "p", value_parser = OsStringValueParser::new())]
    prompt: Option<OsString>,

    /// Upgrade pip (and setuptools, where Python bundles it) to the latest version on PyPI
    #[arg(long)]
    upgrade_deps: bool,

    /// Skip adding the SCM ignore file (.gitignore) to the environment directory
    #[arg(long, alias = "no-vcs-ignore")]
    without_scm_ignore_files: bool,

    /// The Python to make the environment for: a path, a name on PATH, or a version such as 3.12, >=3.10 or pypy3.9
    /// [default: python3, then python, on PATH] [env: RVENV_PYTHON]
    #[arg(short, long, value_name = "PYTHON", value_hint = ValueHint::ExecutablePath)]
    python: Option<OsString>,

    /// Say whether the environments are sound, and change nothing: exit code 1 and a line for each fault if not
    #[arg(long, group = "printing", conflicts_with_all = ["list_pythons", "cache_info"])]
    check: bool,

    /// List the Pythons that would be chosen from, in that order, and make nothing
    #[arg(long, group = "printing")]
    list_pythons: bool,

    /// How a list or an answer is printed
    #[arg(long, value_name = "FORMAT", default_value = "text", requires = "printing")]
    format: Format,

    /// Leave the .pyc files out; Python compiles what it imports, where it may
    #[arg(long)]
    no_compile: bool,

    /// How pip's files come from the cache: as copies; as copy-on-write clones, where the file system has them; or as
    /// hard links, and then whoever changes a file in one environment changes it in all
    #[arg(long, value_name = "MODE", default_value = "copy")]
    link_mode: Mode,

    /// Make an environment that works wherever it is moved or copied to: activation scripts and launchers find their own
    /// directory. Launchers that pip writes do so from the next run of rvenv on
    #[arg(long)]
    relocatable: bool,

    /// Where to keep what pip's wheels come to and what Pythons say of themselves [default: rvenv in the user's cache
    /// directory] [env: RVENV_CACHE_DIR]
    #[arg(long, value_name = "DIR")]
    #[arg(value_hint = ValueHint::DirPath)]
    cache_dir: Option<PathBuf>,

    /// Neither read nor write the cache
    #[arg(long)]
    no_cache: bool,

    /// Empty the cache, before anything else
    #[arg(long, conflicts_with = "no_cache", alias = "reset-app-data")]
    reset_cache: bool,

    /// Print where the cache is and how much it holds, and make nothing
    #[arg(long, group = "printing", conflicts_with = "no_cache")]
    cache_info: bool,

    /// Print a shell's completions of these flags, the manual page, or a script for sh that is a Python to tools and has rvenv
    /// do the work of its `-m venv`; and make nothing
    #[arg(long, value_name = "WHAT")]
    generate: Option<Product>,

    /// Say on stderr what is done
    #[arg(short, long)]
    verbose: bool,

    /// Say nothing on stderr but errors
    #[arg(short, long, overrides_with = "verbose")]
    quiet: bool,

    #[command(flatten)]
    foreign: Foreign,

    /// Print version
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
}

/// How files come from the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    Copy,
    Clone,
    Hardlink,
}

impl Cli {
    /// Makes the environments, in turn; the first failure ends it.
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
                true => bail!("there is no environment of this Python at {}", env_dir.display()),
            };
        }
        Ok(())
    }

    fn request(&self) -> PythonRequest {
        // An empty variable is an unset one; an empty argument asks for a Python that cannot be.
        let variable = || env::var_os("RVENV_PYTHON").filter(|text| !text.is_empty());
        match self.python.clone().or_else(variable) {
            Some(text) => PythonRequest::from(text.as_os_str()),
            None => PythonRequest::Default,
        }
    }

    /// The cache that is asked for; none where no directory is known for it.
    fn cache(&self) -> Cache {
        if self.no_cache {
            return Cache::none();
        }
        // An empty variable is an unset one.
        let variable = || env::var_os("RVENV_CACHE_DIR").filter(|directory| !directory.is_empty()).map(PathBuf::from);
        let Some(asked) = self.cache_dir.clone().or_else(variable) else {
            return cache_dir::usual().map_or_else(Cache::none, Cache::at);
        };
        let cache = Cache::at(asked);
        // Who asks for the cache itself is told by an error.
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

    /// Shows what the builder tells: on stderr, as much of it as is asked for.
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
        let folders = env::var_os("RVENV_FIND_LINKS").unwrap_or_default();
        env::split_paths(&folders).filter(|folder| !folder.as_os_str().is_empty()).collect()
    }

    /// On a terminal, what lasts is shown; not where nobody looks.
    fn progress(&self) -> Progress {
        let in_ci = env::var_os("CI").is_some_and(|ci| !ci.is_empty());
        if self.quiet || self.verbose || in_ci { Progress::none() } else { Progress::on_terminal() }
    }
}

/// What a list with commas names. Errors if there is no such activator.
fn activators(list: &str) -> Result<Vec<Activator>> {
    let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| name.parse().map_err(anyhow::Error::msg)).collect::<Result<_>>().context("--activators")
}

/// The time that SOURCE_DATE_EPOCH names, in seconds since 1970.
fn source_date() -> Result<Option<SystemTime>> {
    let Some(epoch) = env::var_os("SOURCE_DATE_EPOCH").filter(|epoch| !epoch.is_empty()) else { return Ok(None) };
    let since = epoch.to_str().and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    match since.and_then(|since| UNIX_EPOCH.checked_add(since)) {
        Some(time) => Ok(Some(time)),
        None => bail!("SOURCE_DATE_EPOCH is {epoch:?}, which is no number of seconds; set it to one or unset it"),
    }
}
