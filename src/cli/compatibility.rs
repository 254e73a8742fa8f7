//! Flags of virtualenv and uv, for callers that run rvenv in their place. Some ask for what rvenv does anyway, others
//! for what it does not do. Flags that have a counterpart are aliases of it.

use anyhow::{Result, bail};
use clap::Args;

/// The flags, all hidden from the help.
#[derive(Debug, Args)]
#[group(conflicts_with = "mode", requires = "env_dirs")]
pub struct Compatibility {
    /// virtualenv and uv: what rvenv does anyway, or does not have
    #[arg(long, hide = true, aliases = ["never-download", "distribute", "no-clear", "offline", "no-project", "no-config"])]
    #[arg(aliases = ["no-python-downloads"])]
    no_download: bool,

    /// virtualenv: do not look for newer seed packages in the background (always so)
    #[arg(long, hide = true)]
    no_periodic_update: bool,

    /// virtualenv: do not install wheel (always so)
    #[arg(long, hide = true)]
    no_wheel: bool,

    /// Older virtualenv, and uv: no access to the system site-packages [default]
    #[arg(long, hide = true, overrides_with = "system_site_packages")]
    no_site_packages: bool,

    /// uv: install pip [default]
    #[arg(long, hide = true, overrides_with = "without_pip")]
    seed: bool,

    /// uv: keep existing files [default]
    #[arg(long, hide = true)]
    allow_existing: bool,

    /// virtualenv: version of pip
    #[arg(long, hide = true, value_name = "VERSION")]
    pip: Option<String>,

    /// virtualenv: version of setuptools
    #[arg(long, hide = true, value_name = "VERSION")]
    setuptools: Option<String>,

    /// virtualenv: version of wheel
    #[arg(long, hide = true, value_name = "VERSION")]
    wheel: Option<String>,

    /// virtualenv: plugin that creates the environment
    #[arg(long, hide = true, value_name = "NAME")]
    creator: Option<String>,

    /// virtualenv: plugin that installs the seed packages
    #[arg(long, hide = true, value_name = "NAME")]
    seeder: Option<String>,

    /// virtualenv: cache directory
    #[arg(long, hide = true, value_name = "DIR")]
    app_data: Option<String>,
}

/// virtualenv's names for the version that it bundles.
const BUNDLED: [&str; 2] = ["bundle", "embed"];

impl Compatibility {
    /// Fails if a flag asks for something that rvenv does not do.
    pub fn check(&self) -> Result<()> {
        for (project, version) in [("pip", &self.pip), ("setuptools", &self.setuptools)] {
            match version {
                Some(version) if !BUNDLED.contains(&version.as_str()) => bail!(
                    "--{project} {version} is not supported: rvenv installs the {project} that Python bundles; for \
                     another one, put its wheel into DIR and pass --find-links DIR, or leave --{project} out and \
                     upgrade it with pip"
                ),
                _ => {}
            }
        }
        if let Some(version) = &self.wheel {
            bail!(
                "--wheel {version} is not supported: rvenv does not install wheel; leave --wheel out, and install it \
                 with pip"
            );
        }
        for (flag, name) in [("creator", &self.creator), ("seeder", &self.seeder)] {
            if let Some(name) = name {
                bail!(
                    "--{flag} {name} is not supported: rvenv has no plugins; leave --{flag} out, or run \
                     `virtualenv --{flag} {name}`"
                );
            }
        }
        match &self.app_data {
            Some(directory) => {
                bail!("--app-data {directory} is not supported: that is virtualenv's cache; use --cache-dir DIR")
            }
            None => Ok(()),
        }
    }
}
