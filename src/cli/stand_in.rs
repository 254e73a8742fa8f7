//! `--generate python-stand-in`: a script that is a Python to a tool, and has rvenv make what the tool has that Python's venv make.

use std::env;
use std::path::Path;

use anyhow::{Context, Result};
use rvenv::Interpreter;

/// Between the paths, which are filled in before it.
const SCRIPT: &str = r#"
passed=0 module='' flags=bBdEiIOPqsSuvx
for argument; do
    case $module$argument in
        -m | -["$flags"]m | -["$flags"]["$flags"]m) module=module: ;;
        -mvenv | -["$flags"]mvenv | module:venv)
            shift $((passed + 1))
            exec "$rvenv" --python "$python" "$@"
            ;;
        # Flags of Python's that take no argument.
        -["$flags"] | -["$flags"]["$flags"]) ;;
        *) break ;;
    esac
    passed=$((passed + 1))
done
exec "$python" "$@"
"#;

/// The script for this Python, which runs this program.
///
/// Errors if one of their paths cannot be written in it.
pub fn script(interpreter: &Interpreter) -> Result<String> {
    let program = env::current_exe().context("Unable to find out where rvenv is")?;
    Ok(format!(
        "#!/bin/sh\n# Stands in for a Python: `-m venv` is rvenv's work, and all else that Python's.\npython={} rvenv={}\n{}",
        quoted(interpreter.asked())?,
        quoted(&program)?,
        SCRIPT.trim_start_matches('\n'),
    ))
}

fn quoted(path: &Path) -> Result<String> {
    let text = path.to_str().with_context(|| format!("{} is not UTF-8, and cannot be in a script", path.display()))?;
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}
