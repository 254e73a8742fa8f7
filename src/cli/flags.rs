//! The flags, with their help. docs/reference.md describes them too.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, PossibleValuesParser};
use clap::{ArgAction, Args, Parser, ValueHint};

use super::compatibility::Compatibility;
use super::generate::PRODUCTS;
use super::report::Format;

// Which flags go together is decided by groups. At most one of each can be passed:
//
// - `mode`: the flags that ask for something other than to create environments, so none of those that say how to;
// - `subject`: ENV_DIR, or one of the flags that need none;
// - `report`: the flags that print what `--format` applies to.

const PYTHON: &str = "Which Python";

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
    after_help = "Run `rvenv --help` for details and examples.",
    after_long_help = EXAMPLES
)]
pub struct Cli {
    /// Directories to create environments in
    ///
    /// They are created in order; the first failure ends the run. To repair an environment, run the same command
    /// again: packages are kept.
    #[arg(value_name = "ENV_DIR", value_parser = OsStringValueParser::new(), value_hint = ValueHint::DirPath)]
    #[arg(group = "subject", required_unless_present_any = ["list_pythons", "cache_info", "reset_cache", "generate"])]
    pub(super) env_dirs: Vec<OsString>,

    #[command(flatten)]
    pub(super) environment: Environment,

    /// Python to use: a path, name or version [default: python3 on PATH]
    ///
    /// A path to an executable or an environment, a name on PATH such as pypy3, or a version such as 3.12, '>=3.10' or
    /// pypy3.9. If PATH has no python3, python is used. Of several, the first that exists. [env: RVENV_PYTHON]
    #[arg(short, long, help_heading = PYTHON, value_name = "PYTHON", value_hint = ValueHint::ExecutablePath)]
    #[arg(requires = "subject", conflicts_with_all = ["check", "cache_info"])]
    pub(super) python: Vec<OsString>,

    /// List the available Pythons, most preferred first
    #[arg(long, help_heading = PYTHON, groups = ["mode", "subject", "report"])]
    pub(super) list_pythons: bool,

    #[command(flatten)]
    pub(super) pip: Pip,

    #[command(flatten)]
    pub(super) cache: CacheFlags,

    #[command(flatten)]
    pub(super) output: Output,

    #[command(flatten)]
    pub(super) compatibility: Compatibility,
}

/// What to create.
#[derive(Debug, Args)]
#[command(next_help_heading = "What to create")]
#[group(conflicts_with = "mode", requires = "env_dirs")]
pub struct Environment {
    /// Let the environment import the system's site-packages
    #[arg(long)]
    pub(super) system_site_packages: bool,

    /// Symlink the interpreter [default, except on Windows]
    #[arg(long, conflicts_with = "copies")]
    pub(super) symlinks: bool,

    /// Copy the interpreter instead of linking it
    ///
    /// On Windows, where this is the default, launchers that start the base interpreter are installed instead.
    #[arg(long, alias = "always-copy")]
    pub(super) copies: bool,

    /// Replace an existing environment with a new one
    ///
    /// The old environment is kept until the new one is complete. A directory that is not an environment is refused.
    #[arg(long)]
    pub(super) clear: bool,

    /// With --clear, also empty a directory that is not an environment
    #[arg(long, requires = "clear")]
    pub(super) force: bool,

    /// Switch an existing environment to another Python (see -p)
    ///
    /// Its prompt, scripts and access to the system's site-packages are kept, and so are its packages: those
    /// installed for another X.Y have to be installed again.
    #[arg(long)]
    pub(super) upgrade: bool,

    // argparse takes `--p` as `--prompt`.
    /// Text to show in the shell's prompt [default: the name of ENV_DIR]
    ///
    /// `.` means the name of the current directory.
    #[arg(long, value_name = "PROMPT", alias = "p", value_parser = OsStringValueParser::new())]
    pub(super) prompt: Option<OsString>,

    /// Activation scripts to install, e.g. bash,fish [default: all]
    ///
    /// A list of bash, batch, cshell, fish, nushell, powershell, python and xonsh, separated by commas. An empty list
    /// installs none.
    #[arg(long, value_name = "LIST")]
    pub(super) activators: Option<String>,

    /// Also install your own scripts from DIR (can be repeated)
    ///
    /// DIR has the layout of CPython's venv/scripts: files below `common`, and below `posix` or `nt`. Placeholders such
    /// as __VENV_DIR__ are replaced.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) scripts: Vec<PathBuf>,

    /// Create an environment that still works when moved or copied
    ///
    /// Activation scripts and launchers find their own directory. To make launchers that pip writes later
    /// relocatable, run rvenv again.
    #[arg(long)]
    pub(super) relocatable: bool,

    /// Do not write a .gitignore into the environment
    #[arg(long, alias = "no-vcs-ignore")]
    pub(super) without_scm_ignore_files: bool,
}

/// How to install pip.
#[derive(Debug, Args)]
#[command(next_help_heading = "pip")]
#[group(conflicts_with = "mode", requires = "env_dirs")]
pub struct Pip {
    /// Do not install pip
    #[arg(long, visible_alias = "no-pip", alias = "no-seed")]
    pub(super) without_pip: bool,

    // For programs that create the rest: the package on PyPI and the virtualenv plugin.
    /// Install only pip, into an existing environment of this Python
    #[arg(long, hide = true, conflicts_with_all = ["Environment", "without_pip"])]
    pub(super) pip_only: bool,

    // For the virtualenv plugin.
    /// With --pip-only, install exactly these wheels, as virtualenv does
    #[arg(long, hide = true, requires = "pip_only", value_name = "WHEEL")]
    pub(super) seed_wheel: Vec<PathBuf>,

    /// Install pip without setuptools, which Python 3.11 and older bundle
    #[arg(long, alias = "no-distribute")]
    pub(super) no_setuptools: bool,

    /// Prefer pip and setuptools wheels found in DIR (can be repeated)
    ///
    /// The newest suitable wheel in DIR is installed instead of the one that Python bundles. [env: RVENV_FIND_LINKS,
    /// directories separated as in PATH]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, alias = "extra-search-dir")]
    pub(super) find_links: Vec<PathBuf>,

    /// Upgrade pip (and setuptools, if bundled) from the package index
    #[arg(long)]
    pub(super) upgrade_deps: bool,

    /// Do not write .pyc files
    ///
    /// Python then compiles each module when it is first imported.
    #[arg(long)]
    pub(super) no_compile: bool,
}

/// How to use the cache.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Cache")]
pub struct CacheFlags {
    /// How to install pip's files: copy, clone or hardlink [default: copy]
    ///
    /// `clone` shares disk blocks with the cache until a file is modified. `hardlink` is the fastest, but editing a
    /// file in one environment changes it in all. If unsupported, both fall back to copying.
    #[arg(long, value_name = "MODE", default_value = "copy", conflicts_with = "mode", requires = "env_dirs")]
    #[arg(value_parser = PossibleValuesParser::new(["copy", "clone", "hardlink"]))]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    pub(super) link_mode: String,

    /// Cache directory [default: rvenv in the user's cache directory]
    ///
    /// It holds interpreter metadata and the installed wheels, with bytecode. [env: RVENV_CACHE_DIR]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) cache_dir: Option<PathBuf>,

    /// Neither read nor write the cache
    #[arg(long)]
    pub(super) no_cache: bool,

    /// Print the cache directory and its size
    #[arg(long, groups = ["mode", "subject", "report"], conflicts_with = "no_cache")]
    pub(super) cache_info: bool,

    /// Empty the cache, before creating ENV_DIR if one is given
    #[arg(long, conflicts_with = "no_cache", alias = "reset-app-data")]
    pub(super) reset_cache: bool,
}

/// What to print.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// Report what is wrong with existing environments; change nothing
    ///
    /// Prints a line for each problem, with the command that repairs it, and exits with 1 if there are any.
    #[arg(long, groups = ["mode", "report"])]
    pub(super) check: bool,

    /// Format of lists and reports: text or json [default: text]
    ///
    /// Applies to --check, --list-pythons and --cache-info.
    #[arg(long, value_name = "FORMAT", default_value = "text", requires = "report")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    pub(super) format: Format,

    /// Print a generated file: completions=SHELL, man, python-stand-in
    ///
    /// Shell completions (of bash, zsh, fish, powershell, nushell or elvish), the manual page, or a shell script that
    /// acts as the chosen Python but creates its environments with rvenv.
    #[arg(long, groups = ["mode", "subject"], value_name = "WHAT", hide_possible_values = true)]
    #[arg(value_parser = PossibleValuesParser::new(PRODUCTS))]
    pub(super) generate: Option<String>,

    /// Print each step to stderr
    #[arg(short, long)]
    pub(super) verbose: bool,

    /// Print only errors to stderr
    #[arg(short, long, overrides_with = "verbose")]
    pub(super) quiet: bool,

    /// Print rvenv's version
    #[arg(short = 'V', long, action = ArgAction::Version)]
    pub(super) version: Option<bool>,

    /// Print help: a summary with -h, the details with --help
    #[arg(short, long, action = ArgAction::Help)]
    pub(super) help: Option<bool>,
}
