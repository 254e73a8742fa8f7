//! Quotes values as literals for the shell or language that will read them. Values and literals are bytes, since a path
//! need not be UTF-8. The literals include any quotes, so templates add none, except those for cmd.exe.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::platform::Platform;

/// The quoting rules to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quoting {
    Posix,
    Csh,
    Fish,
    PowerShell,
    Cmd,
    Nu,
    /// Python, and xonsh, whose literals are Python's.
    Python,
}

impl Quoting {
    /// The rules for the script of this name, chosen by its suffix as in CPython.
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
            Quoting::Posix => quoted_unless_plain(bytes, &[(b'\'', br"'\''")]),
            // csh expands history even in single quotes, and needs a backslash before a line break.
            Quoting::Csh => quoted_unless_plain(bytes, &[(b'\'', br"'\''"), (b'!', br"'\!'"), (b'\n', b"\\\n")]),
            Quoting::Fish => quoted_unless_plain(bytes, &[(b'\'', br"\'"), (b'\\', br"\\")]),
            Quoting::PowerShell => in_text(bytes, powershell, "$(throw", ")"),
            Quoting::Cmd => cmd(bytes),
            Quoting::Nu => in_text(bytes, nu, "(error make --unspanned {msg:", "})"),
            Quoting::Python => python(value).into_bytes(),
        }
    }

    /// The value of the literal that `text` begins with, whichever tool has quoted it.
    pub(crate) fn unquoted(self, text: &[u8]) -> Vec<u8> {
        if self == Quoting::Cmd {
            let value = String::from_utf8_lossy(text.split(|byte| *byte == b'"').next().unwrap_or_default());
            return value.replace("%_VENV_CARET%", "").replace("%%", "%").into_bytes();
        }
        let (mut value, mut quote) = (Vec::new(), None);
        // nushell's raw strings begin with r#'.
        let mut bytes = text.strip_prefix(b"r#").unwrap_or(text).iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            let is_escaped = |next: &u8| match quote {
                None => true,
                Some(b'\'') => self == Quoting::Fish && b"'\\".contains(next),
                _ => b"\"\\$`".contains(next),
            };
            match byte {
                b'\\' => value.push(bytes.next_if(is_escaped).unwrap_or(byte)),
                b'\'' | b'"' if quote.is_none() => quote = Some(byte),
                _ if quote == Some(byte) => quote = None,
                // What ends a word, an argument or a raw string.
                b' ' | b'\t' | b')' | b'#' if quote.is_none() => break,
                _ => value.push(byte),
            }
        }
        value
    }
}

/// Quotes a word as one line of UTF-8: with control characters or other bytes it becomes `"$(printf '…')"`.
fn posix_word(word: &OsStr) -> String {
    match word.to_str() {
        Some(text) if !text.chars().any(char::is_control) => {
            String::from_utf8_lossy(&Quoting::Posix.quote(word)).into_owned()
        }
        _ => {
            // A command substitution loses the line breaks at its end. The third character of IFS is one.
            let bytes = word.as_encoded_bytes();
            let kept = bytes.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
            let breaks = "${IFS#??}".repeat(bytes.len() - kept);
            format!("\"$(printf '{}'){breaks}\"", bytes[..kept].iter().map(printf_escape).collect::<String>())
        }
    }
}

/// Quotes a command line for the shells of a platform.
pub(crate) fn line(words: &[OsString], platform: Platform) -> String {
    match platform {
        Platform::Posix => words.iter().map(|word| posix_word(word)).collect::<Vec<_>>().join(" "),
        Platform::Nt => windows_line(words),
    }
}

/// The words of a command line that was quoted by [`line`], with their quotes.
pub(crate) fn quoted_words(line: &str) -> Vec<&str> {
    let mut inside = None;
    let is_end = |c: char| {
        match inside {
            None if matches!(c, '"' | '\'') => inside = Some(c),
            Some(quote) if quote == c => inside = None,
            _ => {}
        }
        c == ' ' && inside.is_none()
    };
    line.split(is_end).filter(|word| !word.is_empty()).collect()
}

/// Quotes a command line for both cmd.exe and PowerShell. Words are put in double quotes if necessary. In the program's
/// path, only the components that need it are quoted: PowerShell reads a word that starts with a quote as a string.
/// There is no common way to write percent signs (special in cmd.exe), dollar signs and backticks (in PowerShell).
fn windows_line(words: &[OsString]) -> String {
    let words = words.iter().map(|word| word.to_string_lossy().replace(char::is_control, " "));
    let quoted = words.enumerate().map(|(position, word)| match position {
        0 if !windows_needs_quotes(word.split('\\').next().unwrap_or_default()) => {
            word.split('\\').map(windows_word).collect::<Vec<_>>().join("\\")
        }
        _ => windows_word(&word),
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// Puts a word in double quotes if necessary. Quotes and final backslashes are doubled, for the C runtime.
fn windows_word(word: &str) -> String {
    if !windows_needs_quotes(word) {
        return word.to_owned();
    }
    let backslashes = word.len() - word.trim_end_matches('\\').len();
    format!("\"{}{}\"", word.replace('"', "\"\""), "\\".repeat(backslashes))
}

/// Whether either of the two shells would interpret something in this word.
fn windows_needs_quotes(word: &str) -> bool {
    word.is_empty() || !word.chars().all(|c| c.is_alphanumeric() || r"-_.:\/+=~".contains(c))
}

/// Escapes a byte for a printf format in single quotes: in octal, which every POSIX printf supports.
fn printf_escape(byte: &u8) -> String {
    match byte {
        b' ' | b'!'..=b'~' if !b"-'\\%".contains(byte) => char::from(*byte).into(),
        _ => format!("\\{byte:03o}"),
    }
}

/// Puts the bytes in single quotes, unless no shell interprets any of them anywhere.
fn quoted_unless_plain(value: &[u8], special: &[(u8, &[u8])]) -> Vec<u8> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-".contains(byte);
    if !value.is_empty() && value.iter().all(is_plain) { value.to_owned() } else { single_quoted(value, special) }
}

/// Puts the bytes in single quotes, and replaces those that are special even there.
pub(crate) fn single_quoted(value: &[u8], special: &[(u8, &[u8])]) -> Vec<u8> {
    let replaced = value.iter().map(|byte| match special.iter().find(|(special, _)| special == byte) {
        Some((_, escaped)) => escaped,
        None => std::slice::from_ref(byte),
    });
    [b"'", &*replaced.collect::<Vec<_>>().concat(), b"'"].concat()
}

/// A literal for a shell whose values are text; for other bytes, an expression that fails with a message.
fn in_text(value: &[u8], quote: fn(&str) -> String, fail: &str, end: &str) -> Vec<u8> {
    match std::str::from_utf8(value) {
        Ok(text) => quote(text),
        Err(_) => {
            let reason = format!("{} is not UTF-8, which this shell does not support", String::from_utf8_lossy(value));
            format!("{fail} {}{end}", quote(&reason))
        }
    }
    .into_bytes()
}

/// PowerShell treats typographic single quotes like ASCII ones, so each of them is doubled.
fn powershell(text: &str) -> String {
    let doubled = |c: char| if matches!(c, '\'' | '\u{2018}'..='\u{201b}') { vec![c, c] } else { vec![c] };
    format!("'{}'", text.chars().flat_map(doubled).collect::<String>())
}

/// In double quotes, nushell expands only backslash escapes.
fn nu(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{{{:x}}}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// Escapes a value for use between double quotes in a batch file, where CPython's templates and those written for it
/// put it. There, only percent signs are special. A quote in the value (possible in a prompt, but not in a path) ends
/// the quoted part, so special characters after it are escaped with a caret. If the caller has delayed expansion
/// enabled, `!` and `^` need another caret. The script has it in a variable, which expands to nothing if it is not set.
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
        // Control characters other than tab end the line, and the rest would be run as a command.
        quoted.push(if byte.is_ascii_control() && *byte != b'\t' { b' ' } else { *byte });
    }
    quoted
}

/// A Python literal as from `repr()`, on one line. Bytes that are not UTF-8 are those of surrogateescape (PEP 383).
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

/// `str.isprintable`. Rust's `escape_debug` escapes the same, and also combining marks at the start of a string.
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
    fn plain_values_are_not_quoted() {
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
    fn special_characters_are_escaped_for_quotes_in_a_batch_file() {
        assert_eq!(quoted(Quoting::Cmd, r"C:\a & b (c) 100%\d|<>"), r"C:\a & b (c) 100%%\d|<>");
        assert_eq!(quoted(Quoting::Cmd, "a!b^c"), "a%_VENV_CARET%!b%_VENV_CARET%^c");
        let twice = "%_VENV_CARET%%_VENV_CARET%";
        assert_eq!(quoted(Quoting::Cmd, r#"a & "b" & (c)!^"#), format!(r#"a & "b^" ^& ^(c^){twice}!^{twice}^"#));
        assert_eq!(quoted(Quoting::Cmd, "a\ndel\r\n\u{1a}b\tc"), "a del   b\tc");
    }

    #[test]
    fn command_lines_are_a_single_line_of_utf8() {
        assert_eq!(posix_word("a b".as_ref()), "'a b'");
        assert_eq!(posix_word("a\n%b".as_ref()), r#""$(printf 'a\012\045b')""#);
        assert_eq!(posix_word("a\nb\n\n".as_ref()), r#""$(printf 'a\012b')${IFS#??}${IFS#??}""#);
        let words = [r"C:\Program Files\rvenv.exe", "--prompt=it's", "-p", r"C:\a b\", "say \"x\"", r"C:\env", ""];
        let line = r#"C:\"Program Files"\rvenv.exe "--prompt=it's" -p "C:\a b\\" "say ""x""" C:\env """#;
        assert_eq!(windows_line(&words.map(OsString::from)), line);
        #[cfg(unix)]
        assert_eq!(posix_word(std::os::unix::ffi::OsStrExt::from_bytes(b"a\xff'")), r#""$(printf 'a\377\047')""#);
    }
}
