//! The settings of an existing environment of rvenv, CPython's venv, virtualenv or uv, as flags for the run that repairs
//! it: a run without them would reset its settings, as one of `python -m venv` does.

use std::path::{Path, PathBuf};

use crate::entries;
use crate::error::Result;
use crate::options::{Links, Options};
use crate::os;
use crate::platform::Platform;
use crate::quote;
use crate::steps::configuration::Configuration;
use crate::steps::scripts;

/// The flags in an environment's `command` that have no other trace in it. Only rvenv has them.
const ONLY_IN_COMMAND: [&str; 3] = ["--link-mode=", "--find-links=", "--scripts="];

/// Returns the flags that keep what the environment has, quoted for this system. None if it has no bin directory.
pub(crate) fn flags(env_dir: &Path) -> Result<Vec<String>> {
    let platform = Platform::current();
    let python = env_dir.join(platform.python());
    let bin_path = python.parent().unwrap_or(env_dir);
    if !bin_path.is_dir() {
        return Ok(vec![]);
    }
    let configuration = Configuration::read(&env_dir.join("pyvenv.cfg"))?.unwrap_or_default();
    let packages = packages(env_dir)?;
    let has = |project: &str| packages.iter().any(|path| is_of_project(path, project));
    let options = Options {
        system_site_packages: configuration.system_site_packages,
        links: links(bin_path, platform)?,
        with_pip: has("pip"),
        with_setuptools: has("setuptools") || !has("pip") || !bundles_setuptools(&configuration),
        compile: packages.iter().filter(|path| path.ends_with("pip")).all(|pip| pip.join("__pycache__").is_dir()),
        activators: scripts::activators_in(bin_path, platform),
        relocatable: configuration.relocatable,
        scm_ignore_files: os::exists(&env_dir.join(".gitignore")),
        prompt: configuration.prompt,
        ..Options::default()
    };
    let kept = quote::quoted_words(configuration.command.as_deref().unwrap_or_default());
    let kept = kept.into_iter().filter(|word| {
        let word = word.trim_start_matches(['"', '\'']);
        ONLY_IN_COMMAND.iter().any(|flag| word.starts_with(flag))
    });
    let flags = options.flags(platform).into_iter().map(|flag| quote::line(&[flag], platform));
    Ok(flags.chain(kept.map(str::to_owned)).collect())
}

/// Whether the interpreters in bin are links or copies, or on Windows launchers, which count as copies.
fn links(bin_path: &Path, platform: Platform) -> Result<Links> {
    let mut interpreters = entries::paths(bin_path)?;
    interpreters.retain(|path| is_interpreter(path));
    Ok(if interpreters.is_empty() {
        Links::usual_on(platform)
    } else if interpreters.iter().all(|path| path.is_symlink()) {
        Links::Symlink
    } else {
        // In an environment with copies, most of the names are links to one of them.
        Links::Copy
    })
}

/// The interpreter in bin that the others are links to, if there is one. A new one for it gets the same names.
pub(crate) fn main_interpreter(env_dir: &Path) -> PathBuf {
    let usual = env_dir.join(Platform::current().python());
    let mut there = entries::paths(usual.parent().unwrap_or(env_dir)).unwrap_or_default().into_iter();
    there.find(|path| is_interpreter(path) && entries::target_beside(path).is_none() && path.exists()).unwrap_or(usual)
}

/// Whether this is the name of an interpreter in bin.
pub(crate) fn is_interpreter(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (name, marks) = name.strip_suffix(".exe").map_or((&*name, ".td"), |name| (name, ".tdw"));
    name.strip_prefix("python").is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || marks.contains(c)))
}

/// CPython 3.12 and newer do not.
fn bundles_setuptools(configuration: &Configuration) -> bool {
    let version = configuration.version.as_deref().unwrap_or_default();
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(u32::MAX));
    (numbers.next(), numbers.next()) < (Some(3), Some(12))
}

/// What is in the environment's site-packages, those of all versions and implementations.
fn packages(env_dir: &Path) -> Result<Vec<PathBuf>> {
    let directories = [env_dir.to_owned(), env_dir.join("Lib")].into_iter();
    let mut packages = Vec::new();
    for directory in directories.chain(entries::paths(&env_dir.join("lib"))?) {
        packages.extend(entries::paths(&directory.join("site-packages"))?);
    }
    Ok(packages)
}

/// Whether this is a project's package or metadata.
fn is_of_project(path: &Path, project: &str) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_prefix(project).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}
