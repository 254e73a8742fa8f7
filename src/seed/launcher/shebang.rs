//! The first lines of a launcher, which name the Python that runs it.

use std::ffi::OsStr;
use std::path::PathBuf;

use crate::os;
use crate::quote::{Quoting, single_quoted};

/// The length in bytes, with the line break, up to which pip starts a script by a shebang line alone: what the kernel
/// reads of it (Linux before 5.1, macOS).
const LONGEST_SHEBANG: usize = if matches!(std::env::consts::OS.as_bytes(), b"macos") { 512 } else { 127 };

/// The first lines, which make the kernel start the file with `python`. A path that the kernel would truncate or split,
/// or that Python would misread, is passed to `exec` instead, in lines that are a command to the shell and an unused
/// string to Python. They are pip's where those work, since tools that move environments look for them.
pub(super) fn shebang(python: &OsStr) -> Vec<u8> {
    let python = python.as_encoded_bytes();
    let has = |special: &[u8]| python.iter().any(|byte| special.contains(byte));
    let text = std::str::from_utf8(python).ok();
    // Python would take the rest of the path for the encoding of the file (PEP 263).
    let names_encoding = text.is_some_and(|text| text.contains("coding="));
    let is_short = python.len() + "#!\n".len() <= LONGEST_SHEBANG;
    if is_short && text.is_some() && !names_encoding && !has(b" \t\n\x0c\r") {
        return [b"#!", python, b"\n"].concat();
    }
    if text.is_some_and(|text| !text.contains("'''")) && !has(b"\"$`\\") {
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"/._-+=:,@%~".contains(byte);
        let quote: &[u8] = if python.iter().all(is_plain) { b"" } else { b"\"" };
        return [b"#!/bin/sh\n'''exec' ", quote, python, quote, b" \"$0\" \"$@\"\n' '''\n"].concat();
    }
    // Python rejects a file that is not UTF-8 unless it says so.
    let coding: &[u8] = if text.is_none() { b"# -*- coding: latin-1 -*-\n" } else { b"" };
    // The shell and Python read this literal in the same way: both join adjacent ones.
    let literal = single_quoted(python, &[(b'\'', br#"'"'"'"#), (b'\\', br#"'"\\"'"#)]);
    [b"#!/bin/sh\n", coding, b"'exec' ", &literal, b" \"$0\" \"$@\"\n"].concat()
}

/// The first lines that start the environment's Python from the directory of the file, or of its target if it is a
/// link. To Python they are an unused string; the shell never gets past `exec`.
pub(super) const BESIDE: &[u8] = br#"#!/bin/sh
'''':
file=$0
case $file in */*) ;; *) [ -f "./$file" ] && file=./$file || file=$(command -v -- "$file") ;; esac
real=$file
[ ! -L "$file" ] || real=$(command -p realpath -- "$file" 2>/dev/null || command -p readlink -f -- "$file")
exec "${real%/*}/python" "$file" "$@"
'''
"#;

/// The Python that a launcher starts, whether rvenv, pip or another tool wrote it. None if the text is not a launcher.
pub(crate) fn python_of_launcher(text: &[u8]) -> Option<PathBuf> {
    parse(text).map(|(python, _)| python)
}

/// The text of a launcher, changed to start another Python. None if it is not a launcher that names one.
pub(super) fn with_python(text: &[u8], python: &OsStr) -> Option<Vec<u8>> {
    let (_, rest) = parse(text)?;
    Some([&shebang(python), rest].concat())
}

/// The text of a launcher, changed to start the Python [beside](BESIDE) it. None if it is not a launcher that names a
/// Python, or if it is a package's own script that would not work with extra lines at its start: it has a docstring,
/// imports from `__future__`, is in an encoding other than UTF-8 (PEP 263), or passes options to Python.
pub(super) fn relocated(text: &[u8]) -> Option<Vec<u8>> {
    let (_, rest) = parse(text)?;
    let has_options = line_of(text).0.trim_ascii().contains(&b' ') && !text.starts_with(b"#!/bin/sh");
    let mut lines = rest.split(|byte| *byte == b'\n');
    let is_comment = |line: &[u8]| line.starts_with(b"#") || line.trim_ascii().is_empty();
    let is_recoded = lines.clone().take(2).any(|line| {
        let line = String::from_utf8_lossy(line).to_ascii_lowercase();
        line.starts_with('#') && line.contains("coding") && !line.contains("utf-8")
    });
    let first = lines.find(|line| !is_comment(line))?;
    let is_import =
        first.starts_with(b"import ") || first.starts_with(b"from ") && !first.starts_with(b"from __future__");
    (is_import && !is_recoded && !has_options).then(|| [BESIDE, rest].concat())
}

/// The Python that a launcher starts, and the text after the lines that name it.
fn parse(text: &[u8]) -> Option<(PathBuf, &[u8])> {
    let (first, rest) = line_of(text);
    let interpreter = first.strip_prefix(b"#!")?.trim_ascii();
    let is_shell = interpreter == b"/bin/sh";
    let (python, rest) = if is_shell { python_of_exec(rest)? } else { (first_word(interpreter)?.to_vec(), rest) };
    let python = os::os_string(python).map(PathBuf::from).filter(|path| path.is_absolute())?;
    Some((python, rest))
}

/// The first word, or the part in double quotes, as in launchers on Windows.
fn first_word(text: &[u8]) -> Option<&[u8]> {
    match text.strip_prefix(b"\"") {
        Some(quoted) => quoted.split(|byte| *byte == b'"').next(),
        None => text.split(u8::is_ascii_whitespace).next(),
    }
}

/// The same for the lines below `#!/bin/sh`. In rvenv's launchers they are a quoted word, `'exec' '/a b/python'`; in
/// those of pip and uv they are `'''exec' "/a b/python"`, up to a line with three quotes.
fn python_of_exec(mut text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    for _ in 0..3 {
        let (line, rest) = line_of(text);
        let (is_in_text, command) = match line.strip_prefix(b"'''exec' ") {
            Some(command) => (true, Some(command)),
            None => (false, line.strip_prefix(b"'exec' ")),
        };
        if let Some(command) = command {
            let python = Quoting::Posix.unquoted(command.trim_ascii_end().strip_suffix(br#" "$0" "$@""#)?);
            let (end, below) = line_of(rest);
            return Some((python, if is_in_text && end.contains(&b'\'') { below } else { rest }));
        }
        text = rest;
    }
    None
}

/// The first line, without its line break, and the rest.
fn line_of(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, b""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shebang_of(python: &str) -> String {
        String::from_utf8(shebang(python.as_ref())).unwrap()
    }

    #[test]
    fn a_shebang_names_python_directly_as_long_as_pips_would() {
        let longest = format!("/{}", "x".repeat(LONGEST_SHEBANG - 4));
        assert_eq!(shebang_of(&longest), format!("#!{longest}\n"));
        assert_eq!(
            shebang_of(&format!("{longest}x")),
            format!("#!/bin/sh\n'''exec' {longest}x \"$0\" \"$@\"\n' '''\n")
        );
    }

    #[test]
    fn a_path_that_the_kernel_or_python_would_misread_is_started_by_the_shell() {
        for python in ["/it's a b/python3", "/a\tb/python3", "/coding=(x)/python3"] {
            let expected = format!("#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n");
            assert_eq!(shebang_of(python), expected);
        }
        let python = r"/it's a\b/python3";
        let expected = concat!("#!/bin/sh\n", r#"'exec' '/it'"'"'s a'"\\"'b/python3' "$0" "$@""#, "\n");
        assert_eq!(shebang_of(python), expected);
    }

    #[cfg(unix)] // Unix paths
    #[test]
    fn changing_the_python_of_a_launcher_keeps_the_rest() {
        let body = "# -*- coding: utf-8 -*-\nimport re\n";
        for head in [
            "#!/old/bin/python3.11\n",
            "#!/bin/sh\n'exec' '/o l d/bin/python' \"$0\" \"$@\"\n",
            "#!/bin/sh\n'''exec' \"/o l d/bin/python\" \"$0\" \"$@\"\n' '''\n",
            "#!/bin/sh\n'''exec' \"/o l d/bin/python\" \"$0\" \"$@\"\n'''\n",
        ] {
            let launcher = format!("{head}{body}");
            let expected = format!("#!/new/bin/python\n{body}");
            let repaired = with_python(launcher.as_bytes(), "/new/bin/python".as_ref());
            assert_eq!(repaired.unwrap(), expected.as_bytes());
            let moves = relocated(launcher.as_bytes()).unwrap();
            assert_eq!(moves, [BESIDE, body.as_bytes()].concat());
            assert_eq!(python_of_launcher(&moves), None);
        }
        assert_eq!(with_python(b"\x7fELF", "/new/bin/python".as_ref()), None);
        assert_eq!(relocated(b"\x7fELF"), None);
    }

    #[cfg(unix)] // Unix paths
    #[test]
    fn scripts_with_significant_first_lines_are_not_relocated() {
        for script in [
            "#!/env/bin/python\n\"\"\"Usage: x\"\"\"\nimport sys\n",
            "#!/env/bin/python\nfrom __future__ import annotations\n",
            "#!/env/bin/python\n# -*- coding: latin-1 -*-\nimport sys\n",
            "#!/env/bin/python -E\nimport sys\n",
            "#!/env/bin/python\n",
        ] {
            assert_eq!(relocated(script.as_bytes()), None, "{script}");
            assert!(with_python(script.as_bytes(), "/new/bin/python".as_ref()).is_some());
        }
    }
}
