//! pyvenv.cfg (PEP 405), which marks a directory as an environment and tells Python where its base is.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::error::{AtPath, Error, Result};
use crate::interpreter::Interpreter;
use crate::os;
use crate::quote;

/// The settings in pyvenv.cfg that rvenv reads or carries over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Configuration {
    pub(crate) system_site_packages: bool,
    pub(crate) prompt: Option<OsString>,
    pub(crate) relocatable: bool,
    /// The directory of the base's executable.
    pub(crate) home: Option<PathBuf>,
    /// The base's version. virtualenv and uv call the key `version_info`.
    pub(crate) version: Option<String>,
    /// The command that created the environment.
    pub(crate) command: Option<String>,
}

impl Configuration {
    /// Reads the file at `path`. Returns None if there is none. Like Python, ignores lines that are not `key = value`.
    pub(crate) fn read(path: &Path) -> Result<Option<Configuration>> {
        match os::read_regular(path) {
            Ok(contents) => Ok(Some(Configuration::parse(&String::from_utf8_lossy(&contents)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).at("read", path),
        }
    }

    fn parse(contents: &str) -> Configuration {
        let mut configuration = Configuration::default();
        for (key, value) in contents.lines().filter_map(|line| line.split_once('=')) {
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "include-system-site-packages" => {
                    configuration.system_site_packages = value.eq_ignore_ascii_case("true");
                }
                "relocatable" => configuration.relocatable = value.eq_ignore_ascii_case("true"),
                "prompt" => configuration.prompt = Some(unquote(value)),
                "home" => configuration.home = Some(value.into()),
                "version" | "version_info" => configuration.version = Some(value.to_owned()),
                "command" => configuration.command = Some(value.to_owned()),
                _ => {}
            }
        }
        configuration
    }
}

/// The step `create_configuration`: writes pyvenv.cfg, and a `.gitignore` unless there is one.
pub(crate) fn write(context: &Context) -> Result<()> {
    context.session.observer.doing("Writing pyvenv.cfg");
    context.stage.write(&context.cfg_path, render(context)?.as_bytes(), false)?;
    let gitignore = context.env_dir.join(".gitignore");
    if context.options.scm_ignore_files && !context.keeps(&gitignore) {
        let contents = "# Created by rvenv: recreate the environment instead of committing it.\n*\n";
        context.stage.write(&gitignore, contents.as_bytes(), false)?;
    }
    Ok(())
}

/// CPython's keys in CPython's order, on every version, and then ours. `relocatable` is also a key of uv's.
fn render(context: &Context) -> Result<String> {
    let interpreter = &context.interpreter;
    let [major, minor, micro] = interpreter.version;
    let options = &context.options;
    let mut lines = vec![
        ("home", text(&context.python_dir, interpreter)?),
        ("include-system-site-packages", options.system_site_packages.to_string()),
        ("version", format!("{major}.{minor}.{micro}")),
    ];
    lines.extend(options.prompt.as_deref().map(|prompt| ("prompt", quote::python(prompt))));
    lines.push(("executable", text(&interpreter.real_executable, interpreter)?));
    let mut command = vec![context.session.program.clone(), "--python".into(), context.executable.clone().into()];
    command.extend(options.flags(interpreter.platform));
    command.push(context.env_dir.clone().into());
    lines.push(("command", quote::line(&command, interpreter.platform)));
    lines.extend(options.relocatable.then(|| ("relocatable", "true".to_owned())));
    lines.push(("rvenv", env!("CARGO_PKG_VERSION").to_owned()));
    let end = interpreter.platform.line_end();
    Ok(lines.iter().map(|(key, value)| format!("{key} = {value}{end}")).collect())
}

/// A path as Python can read it back: UTF-8, on one line, without leading or trailing white space.
fn text(path: &Path, interpreter: &Interpreter) -> Result<String> {
    match path.to_str() {
        Some(text) if !text.contains(['\n', '\r']) && text.trim() == text => Ok(text.to_owned()),
        _ => Err(Error::Python {
            python: interpreter.executable.clone(),
            reason: "its path cannot be written to pyvenv.cfg, since it is not UTF-8, or has a line break or leading \
                     or trailing white space; move it or link to it from another directory"
                .to_owned(),
        }),
    }
}

/// The prompt: a Python literal as CPython writes it, or the bare text that virtualenv and uv write.
fn unquote(value: &str) -> OsString {
    let literal = ['\'', '"'].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    literal.map_or_else(|| value.into(), unescape)
}

fn unescape(literal: &str) -> OsString {
    let mut bytes = Vec::new();
    let mut chars = literal.chars();
    while let Some(c) = chars.next() {
        let escaped = if c == '\\' { chars.next() } else { None };
        let mut hexadecimal = |digits| u32::from_str_radix(&chars.by_ref().take(digits).collect::<String>(), 16).ok();
        let code = match escaped {
            Some('n') => Some(0x0a),
            Some('r') => Some(0x0d),
            Some('t') => Some(0x09),
            Some('x') => hexadecimal(2),
            Some('u') => hexadecimal(4),
            Some('U') => hexadecimal(8),
            _ => Some(escaped.unwrap_or(c).into()),
        };
        match code {
            Some(byte @ 0xdc80..=0xdcff) => bytes.push(byte as u8),
            _ => {
                let c = code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
                bytes.extend(c.encode_utf8(&mut [0; 4]).bytes());
            }
        }
    }
    os::os_string(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn a_prompt_is_written_as_python_writes_it_and_read_back() {
        for (prompt, repr) in [
            ("plain", "'plain'"),
            ("it's", "\"it's\""),
            ("both ' and \"", "'both \\' and \"'"),
            ("two\nlines\t\\", "'two\\nlines\\t\\\\'"),
            ("é 🐍", "'é 🐍'"),
            ("e\u{301}", "'e\u{301}'"),
            ("\x1b\u{a0}\u{200b}\u{2028}\u{e0001}", "'\\x1b\\xa0\\u200b\\u2028\\U000e0001'"),
        ] {
            assert_eq!(quote::python(prompt.as_ref()), repr);
            assert_eq!(unquote(repr), prompt);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_prompt_that_is_not_utf8_keeps_its_bytes() {
        use std::os::unix::ffi::OsStrExt;
        let prompt = OsStr::from_bytes(b"a\xff");
        assert_eq!(quote::python(prompt), "'a\\udcff'");
        assert_eq!(unquote("'a\\udcff'"), prompt);
    }

    #[test]
    fn keys_are_read_as_python_reads_them() {
        let configuration = Configuration::parse("no value\nINCLUDE-system-site-packages=True\n prompt = bare 'x' \n");
        assert!(configuration.system_site_packages);
        assert_eq!(configuration.prompt, Some("bare 'x'".into()));
    }
}
