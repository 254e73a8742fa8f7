//! `--pip-only`: installs pip and nothing else, as one step of an environment that another program creates.

use std::path::Path;

use rvenv::{Context, EnvBuilder, Result, Steps};

/// Installs pip into an existing environment.
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

/// Whether there is an environment at `env_dir` that has its packages in `purelib`, and so is one of the same Python.
pub fn is_environment(env_dir: &Path, purelib: &Path) -> bool {
    env_dir.join("pyvenv.cfg").is_file() && env_dir.join(purelib).is_dir()
}
