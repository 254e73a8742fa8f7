//! Flags of virtualenv and uv, for whoever calls rvenv in their place: those that ask for what it does anyway, and those that ask
//! for what it does not do. The ones that have a counterpart are aliases of that.

use anyhow::{Result, bail};
use clap::Args;

/// All hidden from the help.
#[derive(Debug, Args)]
pub struct Foreign {
    /// virtualenv: nothing is ever downloaded.
    #[arg(long, hide = true, alias = "never-download")]
    no_download: bool,

    /// virtualenv: no seed package is looked for in the background.
    #[arg(long, hide = true)]
    no_periodic_update: bool,

    /// virtualenv: wheel is not installed.
    #[arg(long, hide = true)]
    no_wheel: bool,

    /// virtualenv of old, and uv: what is so unless other flags say otherwise.
    #[arg(long, hide = true, overrides_with = "system_site_packages")]
    no_site_packages: bool,

    /// uv: pip is installed.
    #[arg(long, hide = true, overrides_with = "without_pip")]
    seed: bool,

    /// uv: what is there stays.
    #[arg(long, hide = true)]
    allow_existing: bool,

    /// virtualenv: which pip.
    #[arg(long, hide = true, value_name = "VERSION")]
    pip: Option<String>,

    /// virtualenv: which setuptools.
    #[arg(long, hide = true, value_name = "VERSION")]
    setuptools: Option<String>,

    /// virtualenv: which wheel.
    #[arg(long, hide = true, value_name = "VERSION")]
    wheel: Option<String>,

    /// virtualenv: by which plugin.
    #[arg(long, hide = true, value_name = "NAME")]
    creator: Option<String>,

    /// virtualenv: by which plugin.
    #[arg(long, hide = true, value_name = "NAME")]
    seeder: Option<String>,

    /// virtualenv: its cache.
    #[arg(long, hide = true, value_name = "DIR")]
    app_data: Option<String>,
}

/// What virtualenv calls the version that comes with it.
const BUNDLED: [&str; 2] = ["bundle", "embed"];

impl Foreign {
    /// Errors if something is asked for that rvenv does not do.
    pub fn check(&self) -> Result<()> {
        for (project, version) in [("pip", &self.pip), ("setuptools", &self.setuptools)] {
            match version {
                Some(version) if !BUNDLED.contains(&version.as_str()) => bail!(
                    "--{project} {version}: rvenv installs the {project} that Python bundles; for another one, put its wheel \
                     into a directory and name that with --find-links DIR, or leave --{project} out and upgrade it with pip"
                ),
                _ => {}
            }
        }
        if let Some(version) = &self.wheel {
            bail!("--wheel {version}: rvenv does not install wheel; leave --wheel out, and install it with pip");
        }
        for (flag, name) in [("creator", &self.creator), ("seeder", &self.seeder)] {
            if let Some(name) = name {
                bail!("--{flag} {name}: rvenv has no plugins; leave --{flag} out, or run virtualenv --{flag} {name}");
            }
        }
        match &self.app_data {
            Some(directory) => {
                bail!("--app-data {directory}: that is a cache of virtualenv's; rvenv's is where --cache-dir DIR says")
            }
            None => Ok(()),
        }
    }
}
