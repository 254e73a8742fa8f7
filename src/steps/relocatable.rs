//! The activation scripts of an environment that may be moved (`--relocatable`): each finds its own directory.

use crate::options::Activator;

/// The template of an activator's script, with the code that finds ENV_DIR after the leading comment, and what this
/// code finds in the place of the path. The other placeholders stay.
pub(super) fn with_own_directory(activator: Activator, template: &str) -> String {
    let (code, value) = match activator {
        Activator::Bash => (include_str!("../../scripts/relocatable/activate"), "\"$_venv_dir\"\nunset _venv_dir"),
        // The script's own `:copy` can copy any value; the variable is then unset.
        Activator::Batch => (
            include_str!("../../scripts/relocatable/activate.bat"),
            "\" !\r\n@call :copy _VENV_DIR VIRTUAL_ENV\r\n@set \"_VENV_DIR=",
        ),
        Activator::Cshell => (include_str!("../../scripts/relocatable/activate.csh"), "$_venv_dir:q\nunset _venv_dir"),
        Activator::Fish => (include_str!("../../scripts/relocatable/activate.fish"), "$_venv_dir"),
        // Always finds its own directory; the other one is for text that lies in no file.
        Activator::Powershell => ("", "''"),
        // These always find their own directory.
        Activator::Nushell | Activator::Python | Activator::Xonsh => ("", ""),
    };
    let Some((before, after)) = template.split_once("__VENV_DIR__") else { return template.to_owned() };
    // The empty line after the comment goes before the code too.
    let empty_line = ["\n\n", "\n\r\n"].iter().find_map(|end| Some((before.find(end)? + 1, &end[1..])));
    let (comment, gap) = empty_line.filter(|_| !code.is_empty()).unwrap_or_default();
    [&before[..comment], gap, code, &before[comment..], value, after].concat()
}
