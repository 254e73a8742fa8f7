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
    #[arg(aliases = ["no-python-downloads", "no-periodic-update", "no-wheel", "allow-existing"])]
    no_download: bool,

    /// Older virtualenv, and uv: no access to the system site-packages [default]
    #[arg(long, hide = true, overrides_with = "system_site_packages")]
    no_site_packages: bool,

    /// uv: install pip [default]
    #[arg(long, hide = true, overrides_with = "without_pip")]
    seed: bool,

    // virtualenv's, for what rvenv does not do: other versions, plugins, and the directory of its cache.
    #[arg(long, hide = true, value_name = "VERSION")]
    pip: Option<String>,
    #[arg(long, hide = true, value_name = "VERSION")]
    setuptools: Option<String>,
    #[arg(long, hide = true, value_name = "VERSION")]
    wheel: Option<String>,
    #[arg(long, hide = true, value_name = "NAME")]
    creator: Option<String>,
    #[arg(long, hide = true, value_name = "NAME")]
    seeder: Option<String>,
    #[arg(long, hide = true, value_name = "DIR")]
    app_data: Option<String>,
}

impl Compatibility {
    /// Fails if a flag asks for something that rvenv does not do.
    pub fn check(&self) -> Result<()> {
        // virtualenv's names for the version that it bundles.
        let is_another = |version: &&String| !["bundle", "embed"].contains(&version.as_str());
        let bundled = "rvenv installs the {flag} that Python bundles; for another one, put its wheel into DIR and pass \
                       --find-links DIR, or leave --{flag} out and upgrade it with pip";
        let plugin = "rvenv has no plugins; leave --{flag} out, or run `virtualenv --{flag} {value}`";
        for (flag, value, instead) in [
            ("pip", self.pip.as_ref().filter(is_another), bundled),
            ("setuptools", self.setuptools.as_ref().filter(is_another), bundled),
            ("wheel", self.wheel.as_ref(), "rvenv does not install wheel; leave --wheel out, and install it with pip"),
            ("creator", self.creator.as_ref(), plugin),
            ("seeder", self.seeder.as_ref(), plugin),
            ("app-data", self.app_data.as_ref(), "that is virtualenv's cache; use --cache-dir DIR"),
        ] {
            if let Some(value) = value {
                let instead = instead.replace("{flag}", flag).replace("{value}", value);
                bail!("--{flag} {value} is not supported: {instead}");
            }
        }
        Ok(())
    }
}
