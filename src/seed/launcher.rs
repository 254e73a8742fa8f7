//! The programs in bin that start a package's console scripts.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::interpreter::Interpreter;
use crate::os;

/// The bytes of a shebang line, its line break left out, that every kernel takes whole (Linux before 5.1).
const LONGEST_SHEBANG: usize = 127;

/// A program to be written into bin: calls one function of one module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Launcher {
    pub(super) name: String,
    module: String,
    function: String,
}

impl Launcher {
    /// The program's text, for the interpreter at `env_exe`.
    pub(super) fn render(&self, env_exe: &Path) -> Vec<u8> {
        let mut text = shebang(env_exe.as_os_str());
        let Launcher { module, function, .. } = self;
        let imported = function.split('.').next().unwrap_or(function);
        text.extend(
            format!(
                "import sys\n\nfrom {module} import {imported}\n\nif __name__ == \"__main__\":\n    sys.exit({function}())\n"
            )
            .into_bytes(),
        );
        text
    }
}

/// The first lines: how the kernel starts this file with `python`. A path that it would cut short or take apart
/// is given to `exec` instead, in a line that is a command to the shell and an idle string to Python.
fn shebang(python: &OsStr) -> Vec<u8> {
    let python = python.as_encoded_bytes();
    let coding: &[u8] = match std::str::from_utf8(python) {
        Ok(_) => b"",
        // Else Python refuses the file for this one line (PEP 263).
        Err(_) => b"# -*- coding: latin-1 -*-\n",
    };
    if python.len() + 2 <= LONGEST_SHEBANG && !python.iter().any(u8::is_ascii_whitespace) {
        return [b"#!", python, b"\n", coding].concat();
    }
    [b"#!/bin/sh\n", coding, b"'exec' ", &shell_and_python_literal(python), b" \"$0\" \"$@\"\n"].concat()
}

/// The Python that a launcher of ours, pip's or a rival's starts; none if the text is no launcher.
pub(crate) fn python_of_launcher(text: &[u8]) -> Option<PathBuf> {
    let mut lines = text.split(|byte| *byte == b'\n').take(4);
    let interpreter = lines.next()?.strip_prefix(b"#!")?.trim_ascii();
    let python = match interpreter == b"/bin/sh" {
        false => interpreter.split(u8::is_ascii_whitespace).next()?.to_vec(),
        // In ours it is one word in quotes, 'exec' '/a b/python'; in pip's and uv's '''exec' "/a b/python".
        true => lines.find_map(|line| {
            let command = line.strip_prefix(b"'exec' ").or_else(|| line.strip_prefix(b"'''exec' "))?;
            Some(unquoted(command.trim_ascii_end().strip_suffix(br#" "$0" "$@""#)?))
        })?,
    };
    os::os_string(python).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// What a word in quotes means to the shell: parts in single quotes as they are, those in double ones unescaped.
fn unquoted(word: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let (mut quote, mut bytes) = (None, word.iter().copied());
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (None, b'\'' | b'"') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            (Some(b'"'), b'\\') => text.extend(bytes.next()),
            _ => text.push(byte),
        }
    }
    text
}

/// A literal that the shell and Python read alike: single quotes around all but what means something within
/// them, and adjacent literals are one in both.
fn shell_and_python_literal(text: &[u8]) -> Vec<u8> {
    let mut literal = vec![b'\''];
    for byte in text {
        match byte {
            b'\'' => literal.extend(br#"'"'"'"#),
            b'\\' => literal.extend(br#"'"\\"'"#),
            byte => literal.push(*byte),
        }
    }
    literal.push(b'\'');
    literal
}

/// The launchers for the console scripts in the text of an entry_points.txt. Errors with the reason if a name or
/// a function in it is none.
pub(super) fn of_entry_points(text: &str, interpreter: &Interpreter) -> Result<Vec<Launcher>, String> {
    let mut launchers = Vec::new();
    let mut section = "";
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name.trim();
        } else if section == "console_scripts" {
            launchers.push(of_line(line)?);
        }
    }
    Ok(versioned(launchers, interpreter))
}

/// `NAME = MODULE:FUNCTION [EXTRAS]`.
fn of_line(line: &str) -> Result<Launcher, String> {
    let malformed = || format!("its entry point {line:?} is not sound");
    let (name, target) = line.split_once('=').ok_or_else(malformed)?;
    let target = target.split('[').next().unwrap_or(target);
    let (module, function) = target.split_once(':').ok_or_else(malformed)?;
    let [name, module, function] = [name, module, function].map(str::trim);
    let is_file_name = !name.is_empty()
        && !name.starts_with('.')
        && !name.contains(['/', '\\', ':'])
        && !name.contains(char::is_control);
    if !is_file_name || !is_dotted_name(module) || !is_dotted_name(function) {
        return Err(malformed());
    }
    Ok(Launcher { name: name.to_owned(), module: module.to_owned(), function: function.to_owned() })
}

fn is_dotted_name(text: &str) -> bool {
    text.split('.').all(|word| {
        word.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && word.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}

/// pip names its own launchers for the Python that it is in, whatever its wheel says: `pip`, `pip3`, `pip3.13`;
/// and old setuptools' `easy_install`, `easy_install-3.6`.
fn versioned(launchers: Vec<Launcher>, interpreter: &Interpreter) -> Vec<Launcher> {
    let [major, minor, _] = interpreter.version;
    let names_for = |base: &str| match base {
        "pip" => vec![format!("pip{major}"), format!("pip{major}.{minor}")],
        "easy_install" => vec![format!("easy_install-{major}.{minor}")],
        _ => vec![],
    };
    let is_another_version = |launcher: &Launcher| {
        ["pip", "easy_install-"].iter().any(|base| {
            let version = launcher.name.strip_prefix(base).unwrap_or_default();
            !version.is_empty() && version.split('.').all(|number| number.parse::<u32>().is_ok())
        })
    };
    let mut all = Vec::new();
    for launcher in launchers.into_iter().filter(|launcher| !is_another_version(launcher)) {
        let named = names_for(&launcher.name).into_iter().map(|name| Launcher { name, ..launcher.clone() });
        all.extend(named);
        all.push(launcher);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shebang_of(python: &str) -> String {
        String::from_utf8(shebang(python.as_ref())).unwrap()
    }

    #[test]
    fn a_shebang_is_direct_up_to_127_bytes() {
        let longest = format!("/{}", "x".repeat(124));
        assert_eq!(shebang_of(&longest), format!("#!{longest}\n"));
        assert!(shebang_of(&format!("{longest}x")).starts_with("#!/bin/sh\n'exec' '/xxx"));
    }

    #[test]
    fn a_shebang_that_the_kernel_would_take_apart_goes_through_the_shell() {
        let python = r"/it's a\b/python3";
        let expected = concat!("#!/bin/sh\n", r#"'exec' '/it'"'"'s a'"\\"'b/python3' "$0" "$@""#, "\n");
        assert_eq!(shebang_of(python), expected);
    }

    #[test]
    fn a_launcher_tells_its_python() {
        for python in ["/env/bin/python3", "/it's a \\ \"b\"/bin/python3", "/a b/bin/python3"] {
            let launcher = Launcher { name: "x".into(), module: "m".into(), function: "f".into() };
            assert_eq!(python_of_launcher(&launcher.render(Path::new(python))).unwrap(), Path::new(python));
        }
        let pips = b"#!/bin/sh\n'''exec' \"/a b/bin/python3\" \"$0\" \"$@\"\n' '''\n";
        assert_eq!(python_of_launcher(pips).unwrap(), Path::new("/a b/bin/python3"));
        assert_eq!(python_of_launcher(b"#!/env/bin/python -E\n").unwrap(), Path::new("/env/bin/python"));
        for text in [&b"#!/bin/sh\nexec something\n"[..], b"\x7fELF", b"", b"#!python3\n", b"import sys\n"] {
            assert_eq!(python_of_launcher(text), None);
        }
    }

    #[test]
    fn an_entry_point_that_would_be_written_elsewhere_is_refused() {
        for line in ["../x = m:f", "a/b = m:f", "x = m", "x = m:f()", "x = os;m:f", " = m:f", ".x = m:f"] {
            assert!(of_line(line).unwrap_err().contains("is not sound"), "{line}");
        }
        let launcher = of_line("x.y = a.b : C.f [extra]").unwrap();
        assert_eq!((launcher.module.as_str(), launcher.function.as_str()), ("a.b", "C.f"));
    }
}
