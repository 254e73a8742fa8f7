//! What was asked for.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::interrupt::Interrupt;
use crate::platform::Platform;
use crate::quote;

/// What an environment shall be like. The defaults are those of CPython's `venv.EnvBuilder`; the command
/// line's differ from them in `with_pip` and `scm_ignore_files`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Whether the base's site-packages can be imported from the environment. Default: no.
    pub system_site_packages: bool,
    /// What becomes of an ENV_DIR that exists. Default: it stays, and is written over.
    pub existing: Existing,
    /// Whether the interpreter is linked to or copied. Default: linked, and copied on Windows.
    pub links: Links,
    /// Whether pip (and setuptools, where the interpreter bundles it) is installed. Default: no.
    pub with_pip: bool,
    /// Whether setuptools comes along with pip where the interpreter bundles both (up to Python 3.11). Default: yes.
    pub with_setuptools: bool,
    /// Folders with wheels of pip and setuptools. The newest that suits the interpreter, by its tags and its
    /// Requires-Python, is installed before the interpreter's own; which of the two projects are installed does not
    /// depend on it. A relative path is relative to the current folder.
    pub find_links: Vec<PathBuf>,
    /// Folders whose scripts are installed after the built-in ones, by the rules of
    /// [`install_scripts`](crate::EnvBuilder::install_scripts).
    pub scripts: Vec<PathBuf>,
    /// What stands before the shell's prompt; `.` is the current folder's name (bpo-38901), none the
    /// environment's.
    pub prompt: Option<OsString>,
    /// Whether pip and setuptools are brought up to date from the package index (CPython 3.9).
    pub upgrade_deps: bool,
    /// Whether pip may ask on the terminal for what `upgrade_deps` needs, such as a password of the package index, if this
    /// process has a terminal for its input and is in its foreground. Default: no.
    pub interactive: bool,
    /// Whether a `.gitignore` that covers the environment is written (CPython 3.13).
    pub scm_ignore_files: bool,
    /// For environments that are the same byte for byte (SOURCE_DATE_EPOCH, of reproducible-builds.org): modules were
    /// changed then, and their .pyc go by a hash of the source (PEP 552), where Python has such.
    pub source_date: Option<SystemTime>,
    /// Whether .pyc files come with the modules (pip's word: `--no-compile` leaves them out).
    pub compile: bool,
    /// How files come from the cache into the environment.
    pub link_mode: LinkMode,
    /// What can stop the work on the way.
    pub interrupt: Interrupt,
    /// How pyvenv.cfg's `command` names this program.
    pub program: OsString,
}

/// What becomes of an ENV_DIR that exists: `venv.EnvBuilder`'s `clear` and `upgrade`, which cannot both be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Existing {
    /// What is there stays; what an environment needs is written anew.
    #[default]
    Keep,
    /// The folder is emptied; without `force` only if it holds an environment or nothing.
    Clear {
        /// Whether a folder that is no environment may be emptied too.
        force: bool,
    },
    /// The environment is pointed at this interpreter; its scripts stay.
    Upgrade,
}

/// How the environment gets its interpreter: `venv.EnvBuilder`'s `symlinks`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Links {
    /// A symbolic link to the base's executable.
    Symlink,
    /// A copy of the base's executable.
    Copy,
}

/// How pip's files come from the cache into the environment. Where one way cannot be had, they are copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LinkMode {
    /// Each environment has its own files.
    #[default]
    Copy,
    /// Each environment has its own files, which share their blocks on disk until one is changed (copy-on-write).
    Clone,
    /// The environments' files are one and the same: whoever changes one changes it in all.
    Hardlink,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            system_site_packages: false,
            existing: Existing::Keep,
            links: Platform::current().default_links(),
            with_pip: false,
            with_setuptools: true,
            find_links: vec![],
            scripts: vec![],
            prompt: None,
            upgrade_deps: false,
            interactive: false,
            scm_ignore_files: false,
            source_date: None,
            compile: true,
            link_mode: LinkMode::Copy,
            interrupt: Interrupt::default(),
            program: "rvenv".into(),
        }
    }
}

impl Options {
    /// The command line that makes this environment again, quoted for a POSIX shell: pyvenv.cfg's `command`.
    pub(crate) fn command(&self, python: &Path, env_dir: &Path) -> String {
        let mut words = vec![self.program.clone(), "--python".into(), python.into()];
        let mut flag = |wanted: bool, flag: &str| words.extend(wanted.then(|| flag.into()));
        flag(self.links == Links::Copy, "--copies");
        flag(!self.with_pip, "--without-pip");
        flag(!self.with_setuptools, "--no-setuptools");
        flag(self.system_site_packages, "--system-site-packages");
        flag(matches!(self.existing, Existing::Clear { .. }), "--clear");
        flag(self.existing == (Existing::Clear { force: true }), "--force");
        flag(self.existing == Existing::Upgrade, "--upgrade");
        flag(self.upgrade_deps, "--upgrade-deps");
        flag(!self.compile, "--no-compile");
        flag(self.link_mode == LinkMode::Clone, "--link-mode=clone");
        flag(self.link_mode == LinkMode::Hardlink, "--link-mode=hardlink");
        let mut option = |flag: &str, value: &OsStr| words.push([OsStr::new(flag), value].into_iter().collect());
        for (flag, folders) in [("--find-links=", &self.find_links), ("--scripts=", &self.scripts)] {
            for folder in folders {
                // As it is here, wherever the command is run again.
                let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
                option(flag, folder.as_os_str());
            }
        }
        if let Some(prompt) = &self.prompt {
            option("--prompt=", prompt);
        }
        if !self.scm_ignore_files {
            words.push("--without-scm-ignore-files".into());
        }
        words.push(env_dir.into());
        words.iter().map(|word| quote::posix_line(word)).collect::<Vec<_>>().join(" ")
    }
}
