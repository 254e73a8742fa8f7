//! The options for creating an environment.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::activator::Activator;
use crate::platform::Platform;
use crate::quote;

/// The options for an environment. The defaults are those of CPython's `venv.EnvBuilder`. Those of the command line
/// differ in `with_pip` and `scm_ignore_files`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Whether the environment can import from the base's site-packages. Default: no.
    pub system_site_packages: bool,
    /// What happens to an existing ENV_DIR. Default: its contents stay, and the environment's files are overwritten.
    pub existing: Existing,
    /// Whether the interpreter is a link or a copy. Default: a link, or on Windows a copy.
    pub links: Links,
    /// Whether pip (and setuptools, where the interpreter bundles it) is installed. Default: no.
    pub with_pip: bool,
    /// Whether setuptools is installed along with pip where the interpreter bundles both (up to Python 3.11). Default:
    /// yes.
    pub with_setuptools: bool,
    /// Directories with wheels of pip and setuptools. The newest wheel that is compatible with the interpreter (by its
    /// tags and Requires-Python) takes precedence over the bundled one. This does not affect which of the two projects
    /// are installed. A relative path is relative to the current directory.
    pub find_links: Vec<PathBuf>,
    /// Which activation scripts are installed. Default: all that the platform has.
    pub activators: Vec<Activator>,
    /// Directories with scripts that are installed after the built-in ones, by the rules of
    /// [`install_scripts`](crate::EnvBuilder::install_scripts).
    pub scripts: Vec<PathBuf>,
    /// The text before the shell's prompt. `.` means the name of the current directory (bpo-38901), `None` the name of
    /// the environment.
    pub prompt: Option<OsString>,
    /// Whether pip and setuptools are upgraded from the package index (CPython 3.9). Default: no.
    pub upgrade_deps: bool,
    /// Whether to write a `.gitignore` that excludes the whole environment (CPython 3.13). Default: no.
    pub scm_ignore_files: bool,
    /// The date for byte-for-byte reproducible environments (SOURCE_DATE_EPOCH, see reproducible-builds.org). Modules
    /// get it as their modification time, and their .pyc files are validated by a hash of the source (PEP 552) where
    /// Python supports that.
    pub source_date: Option<SystemTime>,
    /// Whether .pyc files are installed with the modules; pip's `--no-compile` omits them. Default: yes.
    pub compile: bool,
    /// How files get from the cache into the environment. Default: copied.
    pub link_mode: LinkMode,
    /// Whether the environment can be moved or copied elsewhere: its activation scripts and launchers find their own
    /// directory at run time. An environment that is relocatable stays so. Absolute paths remain in pyvenv.cfg (the
    /// base's home), in scripts from [`scripts`](field@Options::scripts) (ENV_DIR), and until the next run in launchers
    /// that pip writes (the environment's Python). Default: no.
    pub relocatable: bool,
}

/// What happens to an existing ENV_DIR: `venv.EnvBuilder`'s `clear` and `upgrade`, which exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
        match platform {
            Platform::Posix => Links::Symlink,
            Platform::Nt => Links::Copy,
        }
    }
}

/// How pip's files get from the cache into the environment. Where a mode is not supported, they are copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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

impl Default for Options {
    fn default() -> Self {
        Options {
            system_site_packages: false,
            existing: Existing::Keep,
            links: Links::usual_on(Platform::current()),
            with_pip: false,
            with_setuptools: true,
            find_links: vec![],
            activators: Activator::ALL.to_vec(),
            scripts: vec![],
            prompt: None,
            upgrade_deps: false,
            scm_ignore_files: false,
            source_date: None,
            compile: true,
            link_mode: LinkMode::Copy,
            relocatable: false,
        }
    }
}

/// The keyword arguments of `venv.EnvBuilder`, as methods to chain: `Options::default().with_pip(true).prompt("demo")`.
impl Options {
    /// Sets [`system_site_packages`](field@Options::system_site_packages).
    pub fn system_site_packages(mut self, system_site_packages: bool) -> Options {
        self.system_site_packages = system_site_packages;
        self
    }

    /// Deletes the contents of an existing environment before creating the new one; a directory that is not an
    /// environment is refused. Replaces [`upgrade`](Self::upgrade), since only one of the two can be set.
    pub fn clear(mut self, clear: bool) -> Options {
        self.existing = match self.existing {
            _ if clear => Existing::Clear { force: false },
            Existing::Clear { .. } => Existing::Keep,
            other => other,
        };
        self
    }

    /// Links to the interpreter if true, and copies it if false.
    pub fn symlinks(mut self, symlinks: bool) -> Options {
        self.links = if symlinks { Links::Symlink } else { Links::Copy };
        self
    }

    /// Points an existing environment at this interpreter. Replaces [`clear`](Self::clear), since only one of the two
    /// can be set.
    pub fn upgrade(mut self, upgrade: bool) -> Options {
        self.existing = match self.existing {
            _ if upgrade => Existing::Upgrade,
            Existing::Upgrade => Existing::Keep,
            other => other,
        };
        self
    }

    /// Sets [`with_pip`](field@Options::with_pip).
    pub fn with_pip(mut self, with_pip: bool) -> Options {
        self.with_pip = with_pip;
        self
    }

    /// Sets [`prompt`](field@Options::prompt).
    pub fn prompt(mut self, prompt: impl Into<OsString>) -> Options {
        self.prompt = Some(prompt.into());
        self
    }

    /// Sets [`upgrade_deps`](field@Options::upgrade_deps).
    pub fn upgrade_deps(mut self, upgrade_deps: bool) -> Options {
        self.upgrade_deps = upgrade_deps;
        self
    }

    /// Sets [`scm_ignore_files`](field@Options::scm_ignore_files).
    pub fn scm_ignore_files(mut self, scm_ignore_files: bool) -> Options {
        self.scm_ignore_files = scm_ignore_files;
        self
    }

    /// Sets [`existing`](field@Options::existing), which covers both `clear` and `upgrade`.
    pub fn existing(mut self, existing: Existing) -> Options {
        self.existing = existing;
        self
    }

    /// Sets [`links`](field@Options::links).
    pub fn links(mut self, links: Links) -> Options {
        self.links = links;
        self
    }

    /// Sets [`with_setuptools`](field@Options::with_setuptools).
    pub fn with_setuptools(mut self, with_setuptools: bool) -> Options {
        self.with_setuptools = with_setuptools;
        self
    }

    /// Sets [`find_links`](field@Options::find_links).
    pub fn find_links(mut self, find_links: impl IntoIterator<Item = PathBuf>) -> Options {
        self.find_links = find_links.into_iter().collect();
        self
    }

    /// Sets [`activators`](field@Options::activators).
    pub fn activators(mut self, activators: impl IntoIterator<Item = Activator>) -> Options {
        self.activators = activators.into_iter().collect();
        self
    }

    /// Sets [`scripts`](field@Options::scripts).
    pub fn scripts(mut self, scripts: impl IntoIterator<Item = PathBuf>) -> Options {
        self.scripts = scripts.into_iter().collect();
        self
    }

    /// Sets [`source_date`](field@Options::source_date).
    pub fn source_date(mut self, source_date: SystemTime) -> Options {
        self.source_date = Some(source_date);
        self
    }

    /// Sets [`compile`](field@Options::compile).
    pub fn compile(mut self, compile: bool) -> Options {
        self.compile = compile;
        self
    }

    /// Sets [`link_mode`](field@Options::link_mode).
    pub fn link_mode(mut self, link_mode: LinkMode) -> Options {
        self.link_mode = link_mode;
        self
    }

    /// Sets [`relocatable`](field@Options::relocatable).
    pub fn relocatable(mut self, relocatable: bool) -> Options {
        self.relocatable = relocatable;
        self
    }

    /// Returns pyvenv.cfg's `command`: the command line to create this environment again with `program`, quoted for the
    /// platform's shells.
    pub(crate) fn command(&self, platform: Platform, program: &OsStr, python: &Path, env_dir: &Path) -> String {
        let mut words = vec![program.to_owned(), "--python".into(), python.into()];
        words.extend(self.flags(platform));
        words.push(env_dir.into());
        match platform {
            Platform::Posix => words.iter().map(|word| quote::posix_line(word)).collect::<Vec<_>>().join(" "),
            Platform::Nt => quote::windows_line(&words),
        }
    }

    /// Returns the flags of the command line that select these options.
    pub(crate) fn flags(&self, platform: Platform) -> Vec<OsString> {
        let mut words = Vec::new();
        let mut flag = |wanted: bool, flag: &str| words.extend(wanted.then(|| flag.into()));
        let is_unusual = self.links != Links::usual_on(platform);
        flag(is_unusual && self.links == Links::Copy, "--copies");
        flag(is_unusual && self.links == Links::Symlink, "--symlinks");
        flag(!self.with_pip, "--without-pip");
        flag(!self.with_setuptools, "--no-setuptools");
        flag(self.system_site_packages, "--system-site-packages");
        flag(matches!(self.existing, Existing::Clear { .. }), "--clear");
        flag(self.existing == (Existing::Clear { force: true }), "--force");
        flag(self.existing == Existing::Upgrade, "--upgrade");
        flag(self.upgrade_deps, "--upgrade-deps");
        flag(self.relocatable, "--relocatable");
        flag(!self.compile, "--no-compile");
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
        if !self.scm_ignore_files {
            words.push("--without-scm-ignore-files".into());
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
