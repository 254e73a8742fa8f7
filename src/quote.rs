//! A value as a literal of the shell or language that will read it. Each takes and gives bytes, since a path
//! need not be UTF-8, and each literal stands for itself: templates put no quotes around it, but for those of cmd.exe.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::os;

/// Which rules a value is quoted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quoting {
    Posix,
    Csh,
    Fish,
    PowerShell,
    Cmd,
    Nu,
    /// Python, and xonsh, which is Python to its literals.
    Python,
}

impl Quoting {
    /// The rules for the script of this name, by its suffix as CPython goes by it.
    pub(crate) fn of_script(name: &Path) -> Quoting {
        match name.extension().and_then(OsStr::to_str) {
            Some("csh" | "tcsh") => Quoting::Csh,
            Some("fish") => Quoting::Fish,
            Some("ps1") => Quoting::PowerShell,
            Some("bat" | "cmd") => Quoting::Cmd,
            Some("nu") => Quoting::Nu,
            Some("py" | "xsh") => Quoting::Python,
            _ => Quoting::Posix,
        }
    }

    pub(crate) fn quote(self, value: &OsStr) -> Vec<u8> {
        let bytes = value.as_encoded_bytes();
        match self {
            Quoting::Posix => single_quoted(bytes, |byte| (byte == b'\'').then_some(br"'\''")),
            Quoting::Csh => single_quoted(bytes, csh_escape),
            Quoting::Fish => single_quoted(bytes, fish_escape),
            Quoting::PowerShell => in_text(bytes, powershell, "$(throw", ")"),
            Quoting::Cmd => cmd(bytes),
            Quoting::Nu => in_text(bytes, nu, "(error make --unspanned {msg:", "})"),
            Quoting::Python => python(value).into_bytes(),
        }
    }
}

/// A word of a command line that is kept on one line of UTF-8: what does not fit in single quotes is in `$'…'`
/// (POSIX.1-2024, and bash, zsh, ksh and busybox long before).
pub(crate) fn posix_line(word: &OsStr) -> String {
    match word.to_str() {
        Some(text) if !text.chars().any(char::is_control) => {
            String::from_utf8_lossy(&Quoting::Posix.quote(word)).into_owned()
        }
        _ => format!("\"$(printf '{}')\"", word.as_encoded_bytes().iter().map(printf_escape).collect::<String>()),
    }
}

/// A command line for the shells of this system.
pub(crate) fn line(words: &[OsString]) -> String {
    match os::IS_WINDOWS {
        true => windows_line(words),
        false => words.iter().map(|word| posix_line(word)).collect::<Vec<_>>().join(" "),
    }
}

/// A command line for cmd.exe and PowerShell alike. What needs quotes is in double ones; of the program's path the names that
/// do, since PowerShell takes a word that begins with a quote for a text. A percent sign in cmd.exe, and a dollar sign or a
/// backtick in PowerShell, cannot be written for both.
pub(crate) fn windows_line(words: &[OsString]) -> String {
    let words = words.iter().map(|word| word.to_string_lossy().replace(char::is_control, " "));
    let quoted = words.enumerate().map(|(position, word)| match position {
        0 if !windows_needs_quotes(word.split('\\').next().unwrap_or_default()) => {
            word.split('\\').map(windows_word).collect::<Vec<_>>().join("\\")
        }
        _ => windows_word(&word),
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// A word in double quotes if it needs them: a quote in it is doubled, and so are the backslashes before the last one, as the C
/// runtime reads them.
fn windows_word(word: &str) -> String {
    if !windows_needs_quotes(word) {
        return word.to_owned();
    }
    let backslashes = word.len() - word.trim_end_matches('\\').len();
    format!("\"{}{}\"", word.replace('"', "\"\""), "\\".repeat(backslashes))
}

/// Whether one of the two shells would not read this word as itself.
fn windows_needs_quotes(word: &str) -> bool {
    word.is_empty() || !word.chars().all(|c| c.is_alphanumeric() || r"-_.:\/+=~".contains(c))
}

/// A byte in a format of printf that is in single quotes: what means something there is octal, which all of POSIX reads.
fn printf_escape(byte: &u8) -> String {
    match byte {
        b' ' | b'!'..=b'~' if !b"-'\\%".contains(byte) => char::from(*byte).into(),
        _ => format!("\\{byte:03o}"),
    }
}

/// Whether every shell reads these bytes as themselves, in any place.
fn is_plain(value: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-".contains(byte);
    !value.is_empty() && value.iter().all(is_plain)
}

/// The bytes in single quotes, but for those that mean something within them; plain ones bare.
fn single_quoted(value: &[u8], escape: fn(u8) -> Option<&'static [u8]>) -> Vec<u8> {
    if is_plain(value) {
        return value.to_owned();
    }
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

/// csh expands history within single quotes too, and ends a line where no backslash stands.
fn csh_escape(byte: u8) -> Option<&'static [u8]> {
    match byte {
        b'\'' => Some(br"'\''"),
        b'!' => Some(br"'\!'"),
        b'\n' => Some(b"\\\n"),
        _ => None,
    }
}

fn fish_escape(byte: u8) -> Option<&'static [u8]> {
    match byte {
        b'\'' => Some(br"\'"),
        b'\\' => Some(br"\\"),
        _ => None,
    }
}

/// A literal of a shell whose values are text. What is no text it cannot hold, and says so when the script is run.
fn in_text(value: &[u8], quote: fn(&str) -> String, fail: &str, end: &str) -> Vec<u8> {
    match std::str::from_utf8(value) {
        Ok(text) => quote(text),
        Err(_) => {
            let reason = format!("{} is not UTF-8, and this shell has no such paths", String::from_utf8_lossy(value));
            format!("{fail} {}{end}", quote(&reason))
        }
    }
    .into_bytes()
}

/// PowerShell takes the typographer's single quotes for its own; each is doubled.
fn powershell(text: &str) -> String {
    let mut quoted = String::from("'");
    for c in text.chars() {
        quoted.push(c);
        if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
            quoted.push(c);
        }
    }
    quoted + "'"
}

/// nushell expands nothing in double quotes but backslashes.
fn nu(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{{{:x}}}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// What stands between double quotes in a batch file, where all but a percent sign is itself: so CPython's templates and those
/// made for it have it. A quote in the value (a prompt's; no path has one) ends that, and from there on a caret keeps what means
/// something from doing so. Where the caller has delayed expansion on, `!` and `^` need a caret of their own, which the
/// script has in a variable; that expands to nothing where it is not set.
fn cmd(value: &[u8]) -> Vec<u8> {
    const DELAYED: &[u8] = b"%_VENV_CARET%";
    let mut quoted = Vec::new();
    let mut is_between_quotes = true;
    for byte in value {
        match byte {
            b'%' => quoted.push(b'%'),
            b'!' | b'^' if is_between_quotes => quoted.extend(DELAYED),
            b'!' => quoted.extend([DELAYED, DELAYED].concat()),
            b'^' => quoted.extend([b"^", DELAYED, DELAYED].concat()),
            b'"' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' if !is_between_quotes => quoted.push(b'^'),
            b'"' => is_between_quotes = false,
            _ => {}
        }
        // A line ends at the first one of these but a tabulator, and what follows would be run.
        quoted.push(if byte.is_ascii_control() && *byte != b'\t' { b' ' } else { *byte });
    }
    quoted
}

/// A Python literal, that of `repr()`, so that it cannot break out of its line. Bytes that are not UTF-8 are as
/// surrogateescape decodes them (PEP 383).
pub(crate) fn python(value: &OsStr) -> String {
    let quote = match value.as_encoded_bytes() {
        bytes if bytes.contains(&b'\'') && !bytes.contains(&b'"') => '"',
        _ => '\'',
    };
    let mut repr = String::from(quote);
    for chunk in value.as_encoded_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => repr.push_str("\\\\"),
                '\n' => repr.push_str("\\n"),
                '\r' => repr.push_str("\\r"),
                '\t' => repr.push_str("\\t"),
                c if c == quote => repr.extend(['\\', c]),
                c if is_printable(c) => repr.push(c),
                c if u32::from(c) < 0x100 => repr.push_str(&format!("\\x{:02x}", u32::from(c))),
                c if u32::from(c) < 0x10000 => repr.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => repr.push_str(&format!("\\U{:08x}", u32::from(c))),
            }
        }
        chunk.invalid().iter().for_each(|byte| repr.push_str(&format!("\\udc{byte:02x}")));
    }
    repr.push(quote);
    repr
}

/// `str.isprintable`. Rust escapes the same characters in a text, but for a combining mark at its beginning.
fn is_printable(c: char) -> bool {
    let after_a_letter = format!("a{c}");
    matches!(c, '\'' | '"') || after_a_letter.escape_debug().to_string() == after_a_letter
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
        assert_eq!(quoted(Quoting::Nu, "a \"b\" \\ $c\t"), "\"a \\\"b\\\" \\\\ $c\\u{9}\"");
        assert_eq!(quoted(Quoting::Python, "it's"), "\"it's\"");
    }

    #[test]
    fn a_value_is_itself_between_the_quotes_of_a_batch_file() {
        assert_eq!(quoted(Quoting::Cmd, r"C:\a & b (c) 100%\d|<>"), r"C:\a & b (c) 100%%\d|<>");
        assert_eq!(quoted(Quoting::Cmd, "a!b^c"), "a%_VENV_CARET%!b%_VENV_CARET%^c");
        let twice = "%_VENV_CARET%%_VENV_CARET%";
        assert_eq!(quoted(Quoting::Cmd, r#"a & "b" & (c)!^"#), format!(r#"a & "b^" ^& ^(c^){twice}!^{twice}^"#));
        assert_eq!(quoted(Quoting::Cmd, "a\ndel\r\n\u{1a}b\tc"), "a del   b\tc");
    }

    #[test]
    fn a_command_line_is_one_line_of_utf8() {
        assert_eq!(posix_line("a b".as_ref()), "'a b'");
        assert_eq!(posix_line("a\n%b".as_ref()), r#""$(printf 'a\012\045b')""#);
        let words = [r"C:\Program Files\rvenv.exe", "--prompt=it's", "-p", r"C:\a b\", "say \"x\"", r"C:\env", ""];
        let line = r#"C:\"Program Files"\rvenv.exe "--prompt=it's" -p "C:\a b\\" "say ""x""" C:\env """#;
        assert_eq!(windows_line(&words.map(OsString::from)), line);
        #[cfg(unix)]
        assert_eq!(posix_line(std::os::unix::ffi::OsStrExt::from_bytes(b"a\xff'")), r#""$(printf 'a\377\047')""#);
    }
}
