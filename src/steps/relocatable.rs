//! The activation scripts of an environment that may be moved (`--relocatable`): each finds its own directory.

use crate::options::Activator;

/// The template of an activator's script, with the code that finds ENV_DIR after the leading comment, and what this
/// code finds in the place of the path. The other placeholders stay.
pub(super) fn with_own_directory(activator: Activator, template: &[u8]) -> Vec<u8> {
    let (code, value): (&[u8], &[u8]) = match activator {
        Activator::Bash => (include_bytes!("../../scripts/relocatable/activate"), b"\"$_venv_dir\"\nunset _venv_dir"),
        // The script's own `:copy` can copy any value; the variable is then unset.
        Activator::Batch => (
            include_bytes!("../../scripts/relocatable/activate.bat"),
            b"\" !\r\n@call :copy _VENV_DIR VIRTUAL_ENV\r\n@set \"_VENV_DIR=",
        ),
        Activator::Cshell => {
            (include_bytes!("../../scripts/relocatable/activate.csh"), b"$_venv_dir:q\nunset _venv_dir")
        }
        Activator::Fish => (include_bytes!("../../scripts/relocatable/activate.fish"), b"$_venv_dir"),
        // Always finds its own directory; the other one is for text that lies in no file.
        Activator::Powershell => (b"", b"''"),
        // These always find their own directory.
        Activator::Nushell | Activator::Python | Activator::Xonsh => (b"", b""),
    };
    let placeholder = b"__VENV_DIR__";
    let Some(at) = position(template, placeholder) else { return template.to_owned() };
    // The empty line after the comment goes before the code too.
    let empty_line = [&b"\n\n"[..], b"\n\r\n"].iter().find_map(|end| Some((position(template, end)? + 1, &end[1..])));
    let (comment, gap) = empty_line.filter(|_| !code.is_empty()).unwrap_or_default();
    let (before, after) = (&template[comment..at], &template[at + placeholder.len()..]);
    [&template[..comment], gap, code, before, value, after].concat()
}

fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
