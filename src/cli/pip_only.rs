//! `--pip-only`: pip, and nothing else, for an environment that somebody else makes, of whose steps this is one.

use std::path::Path;

use rvenv::{Context, EnvBuilder, Result, Steps};

/// Installs pip into an environment that is there.
pub struct PipOnly;

impl Steps for PipOnly {
    fn create_configuration(&self, _: &EnvBuilder, _: &mut Context) -> Result<()> {
        Ok(())
    }

    fn setup_python(&self, _: &EnvBuilder, _: &mut Context) -> Result<()> {
        Ok(())
    }

    fn setup_scripts(&self, _: &EnvBuilder, _: &mut Context) -> Result<()> {
        Ok(())
    }
}

/// Whether there is an environment at `env_dir` whose packages are where `purelib` says, and so of the same Python.
pub fn is_environment(env_dir: &Path, purelib: &Path) -> bool {
    env_dir.join("pyvenv.cfg").is_file() && env_dir.join(purelib).is_dir()
}
