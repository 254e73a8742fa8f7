//! The flags, with their help. docs/reference.md describes them too.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::OsStringValueParser;
use clap::{ArgAction, Parser, ValueEnum, ValueHint};

use super::foreign::Foreign;
use super::generate::Product;
use super::report::Format;

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
    pub(super) env_dirs: Vec<OsString>,

    /// Let the environment import the system's site-packages
    #[arg(long, help_heading = WHAT)]
    pub(super) system_site_packages: bool,

    /// Symlink the interpreter [default, except on Windows]
    #[arg(long, help_heading = WHAT, conflicts_with = "copies")]
    pub(super) symlinks: bool,

    /// Copy the interpreter instead of linking it
    ///
    /// On Windows, where this is the default, launchers that start the base interpreter are installed instead.
    #[arg(long, help_heading = WHAT, alias = "always-copy")]
    pub(super) copies: bool,

    /// Replace an existing environment with a new one
    ///
    /// The old environment is kept until the new one is complete. A directory that is not an environment is refused.
    #[arg(long, help_heading = WHAT)]
    pub(super) clear: bool,

    /// With --clear, also empty a directory that is not an environment
    #[arg(long, help_heading = WHAT, requires = "clear")]
    pub(super) force: bool,

    /// Switch an existing environment to another Python (see -p)
    ///
    /// Its prompt, scripts and access to the system's site-packages are kept, and so are its packages: those
    /// installed for another X.Y have to be installed again.
    #[arg(long, help_heading = WHAT)]
    pub(super) upgrade: bool,

    // argparse takes `--p` as `--prompt`.
    /// Text to show in the shell's prompt [default: the name of ENV_DIR]
    ///
    /// `.` means the name of the current directory.
    #[arg(long, help_heading = WHAT, value_name = "PROMPT", alias = "p", value_parser = OsStringValueParser::new())]
    pub(super) prompt: Option<OsString>,

    /// Activation scripts to install, e.g. bash,fish [default: all]
    ///
    /// A list of bash, batch, cshell, fish, nushell, powershell, python and xonsh, separated by commas. An empty list
    /// installs none.
    #[arg(long, help_heading = WHAT, value_name = "LIST")]
    pub(super) activators: Option<String>,

    /// Also install your own scripts from DIR (can be repeated)
    ///
    /// DIR has the layout of CPython's venv/scripts: files below `common`, and below `posix` or `nt`. Placeholders such
    /// as __VENV_DIR__ are replaced.
    #[arg(long, help_heading = WHAT, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) scripts: Vec<PathBuf>,

    /// Create an environment that still works when moved or copied
    ///
    /// Activation scripts and launchers find their own directory. To make launchers that pip writes later
    /// relocatable, run rvenv again.
    #[arg(long, help_heading = WHAT)]
    pub(super) relocatable: bool,

    /// Do not write a .gitignore into the environment
    #[arg(long, help_heading = WHAT, alias = "no-vcs-ignore")]
    pub(super) without_scm_ignore_files: bool,

    /// Python to use: a path, name or version [default: python3 on PATH]
    ///
    /// A path to an executable or an environment, a name on PATH such as pypy3, or a version such as 3.12, '>=3.10' or
    /// pypy3.9. If PATH has no python3, python is used. [env: RVENV_PYTHON]
    #[arg(short, long, help_heading = PYTHON, value_name = "PYTHON", value_hint = ValueHint::ExecutablePath)]
    pub(super) python: Option<OsString>,

    /// List the available Pythons, most preferred first
    #[arg(long, help_heading = PYTHON, group = "printing")]
    pub(super) list_pythons: bool,

    /// Do not install pip
    #[arg(long, help_heading = PIP, visible_alias = "no-pip", alias = "no-seed")]
    pub(super) without_pip: bool,

    // For programs that create the rest: the package on PyPI and the virtualenv plugin.
    /// Install only pip, into an existing environment of this Python
    #[arg(long, hide = true, conflicts_with_all = ["clear", "upgrade", "without_pip"])]
    pub(super) pip_only: bool,

    /// Install pip without setuptools, which Python 3.11 and older bundle
    #[arg(long, help_heading = PIP, alias = "no-distribute")]
    pub(super) no_setuptools: bool,

    /// Prefer pip and setuptools wheels found in DIR (can be repeated)
    ///
    /// The newest suitable wheel in DIR is installed instead of the one that Python bundles. [env: RVENV_FIND_LINKS,
    /// directories separated as in PATH]
    #[arg(long, help_heading = PIP, value_name = "DIR", value_hint = ValueHint::DirPath, alias = "extra-search-dir")]
    pub(super) find_links: Vec<PathBuf>,

    /// Upgrade pip (and setuptools, if bundled) from the package index
    #[arg(long, help_heading = PIP)]
    pub(super) upgrade_deps: bool,

    /// Do not write .pyc files
    ///
    /// Python then compiles each module when it is first imported.
    #[arg(long, help_heading = PIP)]
    pub(super) no_compile: bool,

    /// How to install pip's files: copy, clone or hardlink [default: copy]
    ///
    /// `clone` shares disk blocks with the cache until a file is modified. `hardlink` is the fastest, but editing a
    /// file in one environment changes it in all. If unsupported, both fall back to copying.
    #[arg(long, help_heading = CACHE, value_name = "MODE", default_value = "copy")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    pub(super) link_mode: Mode,

    /// Cache directory [default: rvenv in the user's cache directory]
    ///
    /// It holds interpreter metadata and the installed wheels, with bytecode. [env: RVENV_CACHE_DIR]
    #[arg(long, help_heading = CACHE, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) cache_dir: Option<PathBuf>,

    /// Neither read nor write the cache
    #[arg(long, help_heading = CACHE)]
    pub(super) no_cache: bool,

    /// Print the cache directory and its size
    #[arg(long, help_heading = CACHE, group = "printing", conflicts_with = "no_cache")]
    pub(super) cache_info: bool,

    /// Empty the cache, before creating ENV_DIR if one is given
    #[arg(long, help_heading = CACHE, conflicts_with = "no_cache", alias = "reset-app-data")]
    pub(super) reset_cache: bool,

    /// Report what is wrong with existing environments; change nothing
    ///
    /// Prints a line for each problem, with the command that repairs it, and exits with 1 if there are any.
    #[arg(long, help_heading = OUTPUT, group = "printing", conflicts_with_all = ["list_pythons", "cache_info"])]
    pub(super) check: bool,

    /// Format of lists and reports: text or json [default: text]
    ///
    /// Applies to --check, --list-pythons and --cache-info.
    #[arg(long, help_heading = OUTPUT, value_name = "FORMAT", default_value = "text", requires = "printing")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    pub(super) format: Format,

    /// Print a generated file: completions=SHELL, man, python-stand-in
    ///
    /// Shell completions (of bash, zsh, fish, powershell, nushell or elvish), the manual page, or a shell script that
    /// acts as the chosen Python but creates its environments with rvenv.
    #[arg(long, help_heading = OUTPUT, value_name = "WHAT", hide_possible_values = true)]
    pub(super) generate: Option<Product>,

    /// Print each step to stderr
    #[arg(short, long, help_heading = OUTPUT)]
    pub(super) verbose: bool,

    /// Print only errors to stderr
    #[arg(short, long, help_heading = OUTPUT, overrides_with = "verbose")]
    pub(super) quiet: bool,

    #[command(flatten)]
    pub(super) foreign: Foreign,

    /// Print rvenv's version
    #[arg(short = 'V', long, help_heading = OUTPUT, action = ArgAction::Version)]
    pub(super) version: Option<bool>,

    /// Print help: a summary with -h, the details with --help
    #[arg(short, long, help_heading = OUTPUT, action = ArgAction::Help)]
    pub(super) help: Option<bool>,
}

/// How files are created from the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Mode {
    Copy,
    Clone,
    Hardlink,
}
