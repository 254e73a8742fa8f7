//! `--generate python-stand-in`: a script that tools can use as a Python. It runs rvenv for `-m venv`, and that Python
//! for everything else.

use std::env;
use std::path::Path;

use anyhow::{Context, Result};
use rvenv::Interpreter;

/// The script below the paths, which are filled in above it.
const SCRIPT: &str = r#"
passed=0 module='' flags=bBdEiIOPqsSuvx
for argument; do
    case $module$argument in
        -m | -["$flags"]m | -["$flags"]["$flags"]m) module=module: ;;
        -mvenv | -["$flags"]mvenv | module:venv)
            shift $((passed + 1))
            exec "$rvenv" --python "$python" "$@"
            ;;
        # Python's flags that take no argument.
        -["$flags"] | -["$flags"]["$flags"]) ;;
        *) break ;;
    esac
    passed=$((passed + 1))
done
exec "$python" "$@"
"#;

/// The script for this Python, which runs this program.
///
/// Fails if the path of either cannot be written in a script.
pub fn script(interpreter: &Interpreter) -> Result<String> {
    let program = env::current_exe().context("Unable to find the path of rvenv")?;
    Ok(format!(
        "#!/bin/sh\n# Stands in for a Python: `-m venv` runs rvenv, anything else that Python.\npython={} rvenv={}\n{}",
        quoted(interpreter.asked())?,
        quoted(&program)?,
        SCRIPT.trim_start_matches('\n'),
    ))
}

fn quoted(path: &Path) -> Result<String> {
    let text =
        path.to_str().with_context(|| format!("{} is not UTF-8, so a script cannot contain it", path.display()))?;
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}
