//! A value as a literal of the shell or language that will read it. Each takes and gives bytes, since a path
//! need not be UTF-8, and each literal stands for itself: templates put no quotes around it.

use std::ffi::OsStr;
use std::path::Path;

/// Which rules a value is quoted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    Posix,
    Csh,
    Fish,
    PowerShell,
    Cmd,
}

impl Quoting {
    /// The rules for the script of this name, by its suffix as CPython goes by it.
    pub(super) fn of_script(name: &Path) -> Quoting {
        match name.extension().and_then(OsStr::to_str) {
            Some("csh" | "tcsh") => Quoting::Csh,
            Some("fish") => Quoting::Fish,
            Some("ps1") => Quoting::PowerShell,
            Some("bat" | "cmd") => Quoting::Cmd,
            _ => Quoting::Posix,
        }
    }

    pub(super) fn quote(self, value: &OsStr) -> Vec<u8> {
        let value = value.as_encoded_bytes();
        let escape: fn(u8) -> Option<&'static [u8]> = match self {
            // cmd.exe has no quoting that holds inside `set "A=B"`, where its templates put values.
            Quoting::Cmd => return value.to_owned(),
            Quoting::PowerShell => return powershell(value),
            _ if is_plain(value) => return value.to_owned(),
            Quoting::Posix => |byte| (byte == b'\'').then_some(br"'\''"),
            // History is expanded within single quotes too, and a line ends where no backslash stands.
            Quoting::Csh => |byte| match byte {
                b'\'' => Some(br"'\''"),
                b'!' => Some(br"'\!'"),
                b'\n' => Some(b"\\\n"),
                _ => None,
            },
            Quoting::Fish => |byte| match byte {
                b'\'' => Some(br"\'"),
                b'\\' => Some(br"\\"),
                _ => None,
            },
        };
        in_single_quotes(value, escape)
    }
}

/// A word of a command line that is kept on one line of UTF-8: what does not fit in single quotes is in `$'…'`
/// (POSIX.1-2024, and bash, zsh, ksh and busybox long before).
pub(crate) fn posix_line(word: &OsStr) -> String {
    match word.to_str() {
        Some(text) if !text.chars().any(char::is_control) => {
            String::from_utf8_lossy(&Quoting::Posix.quote(word)).into_owned()
        }
        _ => format!("$'{}'", word.as_encoded_bytes().escape_ascii()),
    }
}

/// Whether every shell reads these bytes as themselves, in any place.
fn is_plain(value: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-".contains(byte);
    !value.is_empty() && value.iter().all(is_plain)
}

fn in_single_quotes(value: &[u8], escape: impl Fn(u8) -> Option<&'static [u8]>) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for byte in value {
        match escape(*byte) {
            Some(escaped) => quoted.extend(escaped),
            None => quoted.push(*byte),
        }
    }
    quoted.push(b'\'');
    quoted
}

/// PowerShell takes the typographer's single quotes for its own; each is doubled.
fn powershell(value: &[u8]) -> Vec<u8> {
    let mut quoted = String::from("'");
    for c in String::from_utf8_lossy(value).chars() {
        quoted.push(c);
        if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
            quoted.push(c);
        }
    }
    quoted.push('\'');
    quoted.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(quoting: Quoting, value: &str) -> String {
        String::from_utf8(quoting.quote(value.as_ref())).unwrap()
    }

    #[test]
    fn plain_values_stand_bare() {
        for quoting in [Quoting::Posix, Quoting::Csh, Quoting::Fish] {
            assert_eq!(quoted(quoting, "/home/me/.venv"), "/home/me/.venv");
            assert_eq!(quoted(quoting, ""), "''");
        }
    }

    #[test]
    fn each_shell_has_its_own_rules() {
        let value = r"it's \ $(x) `y` !z";
        assert_eq!(quoted(Quoting::Posix, value), r"'it'\''s \ $(x) `y` !z'");
        assert_eq!(quoted(Quoting::Csh, value), r"'it'\''s \ $(x) `y` '\!'z'");
        assert_eq!(quoted(Quoting::Fish, value), r"'it\'s \\ $(x) `y` !z'");
        assert_eq!(quoted(Quoting::PowerShell, "it's ‘so’"), "'it''s ‘‘so’’'");
    }

    #[test]
    fn a_command_line_is_one_line_of_utf8() {
        assert_eq!(posix_line("a b".as_ref()), "'a b'");
        assert_eq!(posix_line("a\nb".as_ref()), r"$'a\nb'");
        #[cfg(unix)]
        assert_eq!(posix_line(std::os::unix::ffi::OsStrExt::from_bytes(b"a\xff'")), r"$'a\xff\''");
    }
}
