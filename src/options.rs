//! The options for creating an environment.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::SystemTime;

use crate::error::ParseError;
use crate::platform::Platform;

/// Defines [`Options`], and the default of each after `=`.
macro_rules! options {
    ($($(#[$doc:meta])* $option:ident: $type:ty = $default:expr,)*) => {
        /// The options for an environment, which the methods of the same names of [`EnvBuilder`](crate::EnvBuilder)
        /// set. The defaults are those of CPython's `venv.EnvBuilder`. Those of the command line differ in `with_pip`
        /// and `scm_ignore_files`.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Options {
            $($(#[$doc])* pub $option: $type,)*
        }

        impl Default for Options {
            fn default() -> Self {
                Options { $($option: $default,)* }
            }
        }
    };
}

options! {
    /// Whether the environment can import from the base's site-packages. Default: no.
    system_site_packages: bool = false,
    /// What happens to an existing ENV_DIR. Default: its contents stay, and the environment's files are overwritten.
    existing: Existing = Existing::Keep,
    /// Whether the interpreter is a link or a copy. Default: a link, or on Windows a copy.
    links: Links = Links::usual_on(Platform::current()),
    /// Whether pip (and setuptools, where the interpreter bundles it) is installed. Default: no.
    with_pip: bool = false,
    /// Whether setuptools is installed along with pip where the interpreter bundles both (up to Python 3.11). Default:
    /// yes.
    with_setuptools: bool = true,
    /// Directories with wheels of pip and setuptools. The newest wheel that is compatible with the interpreter (by its
    /// tags and Requires-Python) takes precedence over the bundled one. This does not affect which of the two projects
    /// are installed. A relative path is relative to the current directory.
    find_links: Vec<PathBuf> = vec![],
    /// The wheels to install instead of any others, as virtualenv's seeder installs them: in place of any other version,
    /// and with launchers for each form of the version (`pip`, `pip3`, `pip3.12`, `pip-3.12`). Default: none.
    seed_wheels: Vec<PathBuf> = vec![],
    /// Which activation scripts are installed. Default: all that the platform has.
    activators: Vec<Activator> = Activator::ALL.to_vec(),
    /// Directories with scripts that are installed after the built-in ones, by the rules of
    /// [`install_scripts`](crate::EnvBuilder::install_scripts).
    scripts: Vec<PathBuf> = vec![],
    /// The text before the shell's prompt. `.` means the name of the current directory (bpo-38901), `None` the name of
    /// the environment.
    prompt: Option<OsString> = None,
    /// Whether pip and setuptools are upgraded from the package index (CPython 3.9). Default: no.
    upgrade_deps: bool = false,
    /// Whether to write a `.gitignore` that excludes the whole environment (CPython 3.13). Default: no.
    scm_ignore_files: bool = false,
    /// The date for byte-for-byte reproducible environments (SOURCE_DATE_EPOCH, see reproducible-builds.org). Modules
    /// get it as their modification time, and their .pyc files are validated by a hash of the source (PEP 552) where
    /// Python supports that.
    source_date: Option<SystemTime> = None,
    /// Whether .pyc files are installed with the modules; pip's `--no-compile` omits them. Default: yes.
    compile: bool = true,
    /// How files get from the cache into the environment. Default: copied.
    link_mode: LinkMode = LinkMode::Copy,
    /// Whether the environment can be moved or copied elsewhere: its activation scripts and launchers find their own
    /// directory at run time. An environment that is relocatable stays so. Absolute paths remain in pyvenv.cfg (the
    /// base's home), in scripts from [`scripts`](field@Options::scripts) (ENV_DIR), and until the next run in launchers
    /// that pip writes (the environment's Python). Default: no.
    relocatable: bool = false,
}

/// What happens to an existing ENV_DIR: `venv.EnvBuilder`'s `clear` and `upgrade`, which exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Existing {
    /// Keeps the contents, and writes the environment's own files again.
    #[default]
    Keep,
    /// Empties the directory; without `force` only if it is an environment or empty.
    Clear {
        /// Whether to also empty a directory that is not an environment.
        force: bool,
    },
    /// Points the environment at this interpreter; its scripts stay.
    Upgrade,
}

/// How the interpreter is put into the environment: `venv.EnvBuilder`'s `symlinks`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Links {
    /// A symbolic link to the base's executable.
    Symlink,
    /// A copy of the base's executable.
    Copy,
}

impl Links {
    /// Returns what `python -m venv` does on this platform when neither `--symlinks` nor `--copies` is given.
    pub const fn usual_on(platform: Platform) -> Links {
        platform.posix_or_nt(Links::Symlink, Links::Copy)
    }
}

/// How pip's files get from the cache into the environment. Where a mode is not supported, they are copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum LinkMode {
    /// Each environment has its own copy of the files.
    #[default]
    Copy,
    /// Each environment has its own files, which share disk blocks until one is changed (copy-on-write).
    Clone,
    /// All environments share the same files: a change in one environment changes them all.
    Hardlink,
}

/// The activation script or scripts for one kind of shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Activator {
    /// `activate`, for bash and other POSIX shells.
    Bash,
    /// `activate.bat` and `deactivate.bat`, for cmd.exe.
    Batch,
    /// `activate.csh`.
    Cshell,
    /// `activate.fish`.
    Fish,
    /// `activate.nu`.
    Nushell,
    /// `Activate.ps1`.
    Powershell,
    /// `activate_this.py`, for programs written in Python.
    Python,
    /// `activate.xsh`, which virtualenv does not have.
    Xonsh,
}

impl Activator {
    /// All activators. Which of their scripts are installed also depends on the platform.
    pub const ALL: [Activator; 8] =
        [Self::Bash, Self::Batch, Self::Cshell, Self::Fish, Self::Nushell, Self::Powershell, Self::Python, Self::Xonsh];

    /// Returns virtualenv's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Activator::Bash => "bash",
            Activator::Batch => "batch",
            Activator::Cshell => "cshell",
            Activator::Fish => "fish",
            Activator::Nushell => "nushell",
            Activator::Powershell => "powershell",
            Activator::Python => "python",
            Activator::Xonsh => "xonsh",
        }
    }
}

impl fmt::Display for Activator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Activator {
    type Err = ParseError;

    /// Parses virtualenv's name. The error lists the valid names.
    fn from_str(name: &str) -> Result<Activator, ParseError> {
        let found = Activator::ALL.into_iter().find(|activator| activator.name() == name);
        let names = || Activator::ALL.map(Activator::name).join(", ");
        found.ok_or_else(|| ParseError(format!("unknown activator {name:?}; choose from {}", names())))
    }
}

impl Options {
    /// Returns the flags of the command line that select these options.
    pub(crate) fn flags(&self, platform: Platform) -> Vec<OsString> {
        let mut words = Vec::new();
        let mut flag = |wanted: bool, flag: &str| words.extend(wanted.then(|| flag.into()));
        let links = if self.links == Links::Copy { "--copies" } else { "--symlinks" };
        flag(self.links != Links::usual_on(platform), links);
        flag(!self.with_pip, "--without-pip");
        flag(!self.with_setuptools, "--no-setuptools");
        flag(self.system_site_packages, "--system-site-packages");
        flag(matches!(self.existing, Existing::Clear { .. }), "--clear");
        flag(self.existing == (Existing::Clear { force: true }), "--force");
        flag(self.existing == Existing::Upgrade, "--upgrade");
        flag(self.upgrade_deps, "--upgrade-deps");
        flag(self.relocatable, "--relocatable");
        flag(!self.compile, "--no-compile");
        flag(!self.scm_ignore_files, "--without-scm-ignore-files");
        flag(self.link_mode == LinkMode::Clone, "--link-mode=clone");
        flag(self.link_mode == LinkMode::Hardlink, "--link-mode=hardlink");
        let mut option = |flag: &str, value: &OsStr| words.push([OsStr::new(flag), value].into_iter().collect());
        for (flag, directories) in [("--find-links=", &self.find_links), ("--scripts=", &self.scripts)] {
            for directory in directories {
                // The command may be run again in another directory.
                let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.clone());
                option(flag, directory.as_os_str());
            }
        }
        if Activator::ALL.iter().any(|activator| !self.activators.contains(activator)) {
            let names: Vec<&str> = self.activators.iter().map(|activator| activator.name()).collect();
            option("--activators=", names.join(",").as_ref());
        }
        if let Some(prompt) = &self.prompt {
            option("--prompt=", prompt);
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interpreter_is_copied_on_windows_by_default() {
        assert_eq!(Links::usual_on(Platform::Nt), Links::Copy);
        assert_eq!(Links::usual_on(Platform::Posix), Links::Symlink);
    }
}
