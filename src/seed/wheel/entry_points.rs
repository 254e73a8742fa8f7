//! A wheel's entry_points.txt, which lists the functions that its scripts call.

use std::collections::BTreeMap;

use crate::interpreter::Interpreter;
use crate::seed::launcher::Launcher;
use crate::seed::names::is_inside;

/// The launchers for the console and GUI scripts in an entry_points.txt. Fails if a name or function is invalid.
pub(super) fn launchers(text: &str, interpreter: &Interpreter, as_virtualenv: bool) -> Result<Vec<Launcher>, String> {
    let mut launchers = BTreeMap::new();
    let mut section = "";
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name.trim();
        } else if ["console_scripts", "gui_scripts"].contains(&section) {
            let launcher = of_line(line, section == "gui_scripts")?;
            for name in names(&launcher.name, interpreter, as_virtualenv) {
                if is_the_environments(&name) {
                    return Err(format!("its entry point {line:?} would replace a program of the environment"));
                }
                launchers.insert(name.clone(), Launcher { name, ..launcher.clone() });
            }
        }
    }
    Ok(launchers.into_values().collect())
}

/// Parses `NAME = MODULE:FUNCTION [EXTRAS]`.
fn of_line(line: &str, gui: bool) -> Result<Launcher, String> {
    let malformed = || format!("its entry point {line:?} is not valid");
    let (name, target) = line.split_once('=').ok_or_else(malformed)?;
    let target = target.split('[').next().unwrap_or(target);
    let (module, function) = target.split_once(':').ok_or_else(malformed)?;
    let [name, module, function] = [name, module, function].map(str::trim);
    let is_file_name = is_inside(name) && !name.contains('/') && !name.starts_with('.');
    if !is_file_name || !is_dotted_name(module) || !is_dotted_name(function) {
        return Err(malformed());
    }
    Ok(Launcher { name: name.to_owned(), module: module.to_owned(), function: function.to_owned(), gui })
}

/// Whether a name is an interpreter's (`python3.13t`, `pypy3`, `pythonw.exe`) or an activation script's, on any system.
fn is_the_environments(name: &str) -> bool {
    let name = name.to_lowercase();
    let interpreter = ["python", "pypy", "graalpy"].iter().find_map(|start| name.strip_prefix(start));
    interpreter
        .is_some_and(|rest| rest.trim_end_matches(".exe").chars().all(|c| c.is_ascii_digit() || ".wtd".contains(c)))
        || ["activate", "deactivate", "activate_this", "𝜋thon"].contains(&name.split('.').next().unwrap_or(&name))
}

fn is_dotted_name(text: &str) -> bool {
    text.split('.').all(|word| {
        word.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && word.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}

/// The names that a launcher gets for the Python that it is installed for, whatever version its name ends in. virtualenv's
/// seeder gives each all of them: `wheel`, `wheel3`, `wheel3.12`, `wheel-3.12`. pip does so only for itself and for old
/// setuptools: `pip`, `pip3`, `pip3.13`, and `easy_install`, `easy_install-3.6`.
fn names(name: &str, interpreter: &Interpreter, as_virtualenv: bool) -> Vec<String> {
    let [major, minor, _] = interpreter.version;
    let base = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').trim_end_matches('-');
    let all = [
        format!("{base}{major}"),
        format!("{base}{major}.{minor}"),
        base.to_owned(),
        format!("{base}-{major}.{minor}"),
    ];
    match base {
        _ if as_virtualenv => all.into(),
        "pip" => all[..3].into(),
        "easy_install" => all[2..].into(),
        _ => vec![name.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_entry_points_are_rejected() {
        for line in ["../x = m:f", "a/b = m:f", "x = m", "x = m:f()", "x = os;m:f", " = m:f", ".x = m:f"] {
            assert!(of_line(line, false).unwrap_err().contains("is not valid"), "{line}");
        }
        let launcher = of_line("x.y = a.b : C.f [extra]", true).unwrap();
        assert_eq!((launcher.module.as_str(), launcher.function.as_str()), ("a.b", "C.f"));
    }

    #[test]
    fn names_of_the_interpreter_and_of_activation_scripts_are_refused() {
        let read = |name: &str, as_virtualenv| {
            let text = format!("[console_scripts]\n{name} = a:f\n");
            launchers(&text, &Interpreter::for_tests(), as_virtualenv)
        };
        for name in ["python", "python3", "Python3.13t", "pythonw.exe", "pypy3", "𝜋thon", "Activate.ps1"] {
            assert!(read(name, false).unwrap_err().contains("would replace"), "{name}");
        }
        for name in ["python-config", "pythonic", "python3-pip", "pypi", "reactivate"] {
            assert!(read(name, false).is_ok(), "{name}");
        }
        // virtualenv's forms of these would be such names.
        for name in ["python-3", "activate2"] {
            assert!(read(name, false).is_ok() && read(name, true).unwrap_err().contains("would replace"), "{name}");
        }
    }

    #[test]
    fn launchers_of_virtualenv_have_each_form_of_the_version() {
        let text = "[console_scripts]\npip = p:main\npip3.8 = p:main\neasy_install-3.8 = e:main\n";
        let python = Interpreter { version: [3, 12, 1], ..Interpreter::for_tests() };
        let named = launchers(text, &python, true).unwrap();
        let names: Vec<&str> = named.iter().map(|launcher| launcher.name.as_str()).collect();
        let pip = ["pip", "pip-3.12", "pip3", "pip3.12"];
        let easy_install = ["easy_install", "easy_install-3.12", "easy_install3", "easy_install3.12"];
        assert_eq!(names, [easy_install, pip].concat());
    }
}
