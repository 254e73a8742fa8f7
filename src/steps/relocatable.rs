//! The activation scripts of an environment that may be moved (`--relocatable`): each finds its own directory.

use crate::options::Activator;

/// How a script finds ENV_DIR.
pub(super) struct OwnDirectory {
    /// The code at the beginning of the script that finds it.
    code: &'static [u8],
    /// What replaces the path in the script.
    value: &'static str,
}

const fn own(code: &'static [u8], value: &'static str) -> OwnDirectory {
    OwnDirectory { code, value }
}

impl OwnDirectory {
    /// How the script of this activator finds ENV_DIR.
    pub(super) const fn of(activator: Activator) -> OwnDirectory {
        match activator {
            Activator::Bash => {
                own(include_bytes!("../../scripts/relocatable/activate"), "\"$_venv_dir\"\nunset _venv_dir")
            }
            // The script's own `:copy` can copy any value; the variable is then unset.
            Activator::Batch => own(
                include_bytes!("../../scripts/relocatable/activate.bat"),
                "\" !\r\n@call :copy _VENV_DIR VIRTUAL_ENV\r\n@set \"_VENV_DIR=",
            ),
            Activator::Cshell => {
                own(include_bytes!("../../scripts/relocatable/activate.csh"), "$_venv_dir:q\nunset _venv_dir")
            }
            Activator::Fish => own(include_bytes!("../../scripts/relocatable/activate.fish"), "$_venv_dir"),
            // Always finds its own directory; the other one is for text that lies in no file.
            Activator::Powershell => own(b"", "''"),
            // These always find their own directory.
            Activator::Nushell | Activator::Python | Activator::Xonsh => own(b"", ""),
        }
    }

    /// The template, with the code that finds ENV_DIR after the leading comment. The other placeholders stay.
    pub(super) fn within(&self, template: &[u8]) -> Vec<u8> {
        let placeholder = b"__VENV_DIR__";
        let Some(at) = position(template, placeholder) else { return template.to_owned() };
        let comment = [&b"\n\n"[..], b"\n\r\n"].iter().find_map(|end| Some(position(template, end)? + end.len()));
        let (comment, rest) = template.split_at(comment.unwrap_or(0).min(at));
        let (before, after) = rest.split_at(at - comment.len());
        // The same gap as the one after the comment.
        let gap = comment.get(comment.trim_ascii_end().len() + 1..).filter(|_| !self.code.is_empty());
        let gap = gap.unwrap_or_default();
        [comment, self.code, gap, before, self.value.as_bytes(), &after[placeholder.len()..]].concat()
    }
}

fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
