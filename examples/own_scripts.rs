//! Overrides one step, to install the scripts of a directory after the activation scripts. The directory has `common`
//! and `posix` (or `nt`) below it.
//!
//! ```console
//! $ cargo run --example own_scripts -- ENV_DIR SCRIPTS
//! ```

use std::env;
use std::path::PathBuf;

use rvenv::{Context, Discovery, EnvBuilder, PythonRequest, Result, Steps, Surroundings};

struct OwnScripts(PathBuf);

impl Steps for OwnScripts {
    fn setup_scripts(&self, builder: &EnvBuilder, context: &mut Context) -> Result<()> {
        builder.setup_scripts(context)?;
        builder.install_scripts(context, &self.0)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [env_dir, scripts] = &env::args_os().skip(1).map(PathBuf::from).collect::<Vec<_>>()[..] else {
        return Err("usage: own_scripts ENV_DIR SCRIPTS".into());
    };
    let surroundings = Surroundings::new(env::vars_os(), env::current_dir()?);
    let interpreter = Discovery::new(surroundings).find(&PythonRequest::Default)?;
    let context = EnvBuilder::new(interpreter).create_with(env_dir, &OwnScripts(scripts.clone()))?;
    println!("{}", context.bin_path().display());
    Ok(())
}
