//! The scripts in the environment's bin: our activation scripts for each shell, and those of a given directory.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::context::Context;
use crate::error::{AtPath, Error, Quoted, Result};
use crate::options::{Activator, Existing};
use crate::os;
use crate::platform::Platform;
use crate::quote::Quoting;
use crate::steps::configuration::Configuration;
use crate::steps::relocatable::with_own_directory;

/// One of our activation scripts, laid out like those that [`install`] reads from disk.
struct Template {
    activator: Activator,
    directory: &'static str,
    name: &'static str,
    text: &'static str,
}

const fn template(activator: Activator, directory: &'static str, name: &'static str, text: &'static str) -> Template {
    Template { activator, directory, name, text }
}

const BUILT_IN: [Template; 9] = [
    template(Activator::Bash, "common", "activate", include_str!("../../scripts/common/activate")),
    template(Activator::Fish, "common", "activate.fish", include_str!("../../scripts/common/activate.fish")),
    template(Activator::Nushell, "common", "activate.nu", include_str!("../../scripts/common/activate.nu")),
    template(Activator::Xonsh, "common", "activate.xsh", include_str!("../../scripts/common/activate.xsh")),
    template(Activator::Python, "common", "activate_this.py", include_str!("../../scripts/common/activate_this.py")),
    template(Activator::Powershell, "common", "Activate.ps1", include_str!("../../scripts/common/Activate.ps1")),
    template(Activator::Cshell, "posix", "activate.csh", include_str!("../../scripts/posix/activate.csh")),
    template(Activator::Batch, "nt", "activate.bat", include_str!("../../scripts/nt/activate.bat")),
    template(Activator::Batch, "nt", "deactivate.bat", include_str!("../../scripts/nt/deactivate.bat")),
];

/// The step `setup_scripts`: installs the activation scripts for the platform, and then the scripts of
/// `Options::scripts`. Warns about a directory of the latter that has none for the platform. An upgrade keeps the
/// existing scripts, except for activation scripts that must now find their own directory.
pub(crate) fn install_all(context: &mut Context) -> Result<()> {
    if context.options.existing == Existing::Upgrade && !becomes_relocatable(context)? {
        return Ok(());
    }
    context.session.observer.doing("Installing the activation scripts");
    let platform = context.interpreter.platform;
    for Template { activator, directory, name, text } in BUILT_IN {
        if is_for(directory.as_ref(), platform) && context.options.activators.contains(&activator) {
            let relocatable = context.options.relocatable.then(|| with_own_directory(activator, text));
            let contents = fill(relocatable.as_deref().unwrap_or(text), context, Quoting::of_script(name.as_ref()));
            context.stage.write(&context.bin_path.join(name), &contents, false)?;
        }
    }
    if context.options.existing == Existing::Upgrade {
        return Ok(());
    }
    for path in context.options.scripts.clone() {
        install(context, &path)?;
        let directories = ["common", platform.os_name()];
        if !directories.iter().any(|directory| path.join(directory).is_dir()) {
            let warning =
                format!("{} has no directory {}: no scripts to install", Quoted(&path), directories.join(" or "));
            context.session.observer.warn(&warning);
        }
    }
    Ok(())
}

/// `install_scripts`: installs into bin what is below the directories `common` and `posix` (or `nt`) of `path`, with
/// placeholders replaced by values that are quoted for the shell that the script's suffix names. A script keeps its
/// mode. Links are followed, including links to directories, which CPython ignores. As in CPython, a file that is not
/// UTF-8 is skipped, with a warning. On Windows, programs and their debug files are copied instead, except for
/// interpreters and the launchers that CPython uses for them. Fails if anything in `path` cannot be read.
pub(crate) fn install(context: &mut Context, path: &Path) -> Result<()> {
    let platform = context.interpreter.platform;
    let walk = WalkDir::new(path).min_depth(1).follow_links(true).sort_by_file_name().into_iter();
    let wanted = walk.filter_entry(|entry| entry.depth() != 1 || is_for(entry.file_name(), platform));
    for entry in wanted {
        let entry = entry.map_err(|error| unreadable(path, error))?;
        // Scripts are below `common` or `posix`; files beside these directories are not scripts.
        if entry.depth() == 1 {
            continue;
        }
        let name: PathBuf = entry.path().components().skip(path.components().count() + 1).collect();
        let target = context.bin_path.join(&name);
        if entry.file_type().is_dir() {
            context.stage.create_dir(&target)?;
            continue;
        }
        let template = os::read_regular(entry.path()).at("read", entry.path())?;
        if platform == Platform::Nt && is_program(&name) {
            if !is_interpreter(&name) {
                context.stage.write(&target, &template, true)?;
            }
            continue;
        }
        let Ok(template) = String::from_utf8(template) else {
            let warning = format!("unable to copy script {}, may be binary", Quoted(entry.path()));
            context.session.observer.warn(&warning);
            continue;
        };
        context.stage.write(&target, &fill(&template, context, Quoting::of_script(&name)), false)?;
        let mode = fs::metadata(entry.path()).at("read", entry.path())?.permissions();
        fs::set_permissions(context.stage.at(&target), mode).at("set the mode of", &target)?;
    }
    Ok(())
}

/// The activators whose scripts for the platform are in a bin directory. If none of them is missing, also those that
/// have no scripts for the platform.
pub(crate) fn activators_in(bin_path: &Path, platform: Platform) -> Vec<Activator> {
    let scripts = BUILT_IN.iter().filter(|script| is_for(script.directory.as_ref(), platform));
    let (there, missing): (Vec<&Template>, Vec<_>) = scripts.partition(|script| bin_path.join(script.name).exists());
    let has = |scripts: &[&Template], activator| scripts.iter().any(|script| script.activator == activator);
    let is_kept = |activator: &Activator| !has(&missing, *activator) && (missing.is_empty() || has(&there, *activator));
    Activator::ALL.into_iter().filter(is_kept).collect()
}

/// Whether this run makes an existing environment relocatable.
fn becomes_relocatable(context: &Context) -> Result<bool> {
    let previous = Configuration::read(&context.cfg_path)?;
    Ok(context.options.relocatable && previous.is_some_and(|previous| !previous.relocatable))
}

fn is_for(directory: &OsStr, platform: Platform) -> bool {
    directory == "common" || directory == platform.os_name()
}

/// Whether a file is a Windows program, or the debug file of one.
fn is_program(name: &Path) -> bool {
    name.extension().is_some_and(|extension| extension == "exe" || extension == "pdb")
}

/// Whether a program is an interpreter, or has the name of a launcher that CPython installs as one.
fn is_interpreter(program: &Path) -> bool {
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    ["python", "venv"].iter().any(|start| name.starts_with(start))
}

fn unreadable(root: &Path, error: walkdir::Error) -> Error {
    let path = error.path().unwrap_or(root).to_owned();
    let error = error.into_io_error().unwrap_or_else(|| std::io::Error::other("its symbolic links form a loop"));
    Error::Io { what: "read", path, error }
}

/// Replaces the placeholders in the template in a single pass, so that a placeholder within a value stays as it is.
fn fill(template: &str, context: &Context, quoting: Quoting) -> Vec<u8> {
    let values = [
        ("__VENV_DIR__", context.env_dir.as_os_str()),
        ("__VENV_NAME__", &context.env_name),
        ("__VENV_PROMPT__", &context.prompt),
        ("__VENV_BIN_NAME__", &context.bin_name),
        ("__VENV_PYTHON__", context.env_exe.as_os_str()),
    ];
    let mut filled = Vec::with_capacity(template.len() + 256);
    let mut rest = template;
    while let Some((before, from)) = rest.find("__VENV_").map(|at| rest.split_at(at)) {
        filled.extend(before.as_bytes());
        let value_of = |(placeholder, value): &(&str, &OsStr)| {
            from.strip_prefix(placeholder).map(|after| (quoting.quote(value), after))
        };
        let (text, after) = values.iter().find_map(value_of).unwrap_or_else(|| (vec![b'_'], &from[1..]));
        filled.extend(text);
        rest = after;
    }
    filled.extend(rest.as_bytes());
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::steps::moved::names_another_place;

    /// The built-in script of this name for an environment on Windows.
    fn on_windows(name: &str, env_dir: &str, prompt: &str) -> String {
        let context = Context::on_windows(env_dir, Options { prompt: Some(prompt.into()), ..Options::default() });
        let script = BUILT_IN.iter().find(|script| script.name == name).unwrap();
        String::from_utf8(fill(script.text, &context, Quoting::of_script(name.as_ref()))).unwrap()
    }

    #[test]
    fn cmd_scripts_contain_each_value_once_and_quoted() {
        let activate = on_windows("activate.bat", r"C:\work & play\100%\__VENV_NAME__ (1)", "a \"b\" ^ | <c>");
        let lines: Vec<&str> = activate.lines().collect();
        assert!(lines.contains(&r#"@set "VIRTUAL_ENV=C:\work & play\100%%\__VENV_NAME__ (1)" !"#), "{activate}");
        let caret = "^%_VENV_CARET%%_VENV_CARET%^";
        let prompt = format!(r#"@set "VIRTUAL_ENV_PROMPT=a "b^" {caret} ^| ^<c^>" !"#);
        assert!(lines.contains(&&*prompt), "{activate}");
        // A placeholder within a value stays; no other is left.
        assert_eq!(activate.matches("__VENV_").count(), 1);
        assert!(!on_windows("deactivate.bat", r"C:\env", "env").contains("__VENV_"));
    }

    /// cmd.exe searches for a label in steps of 512 bytes, and misses some if lines end with a line feed alone.
    #[test]
    fn each_script_has_the_line_endings_that_its_shell_needs() {
        for name in ["activate.bat", "deactivate.bat"] {
            let script = on_windows(name, r"C:\env", "env");
            assert_eq!(script.matches('\n').count(), script.matches("\r\n").count(), "{name}");
            assert!(script.ends_with("\r\n") && script.lines().count() > 10, "{name}");
        }
        for script in BUILT_IN.iter().filter(|script| script.directory != "nt") {
            assert!(!script.text.contains('\r'), "{}", script.name);
        }
    }

    /// Neither script can rely on finding the other, so both contain the code.
    #[test]
    fn both_cmd_scripts_restore_variables_in_the_same_way() {
        let [activate, deactivate] = ["activate.bat", "deactivate.bat"].map(|name| on_windows(name, r"C:\env", "env"));
        let [start, copy] = ["@rem If another tool has deactivated", "@rem Copies the variable"];
        let restoring = |script: &str| {
            let restoring = &script[script.find(start).unwrap()..];
            restoring[..restoring.rfind(r#"@set "_OLD_VIRTUAL_%%v=""#).unwrap()].to_owned()
        };
        let end = restoring(&deactivate);
        assert!(activate.contains(&end) && end.lines().count() > 10, "{end}");
        assert_eq!(activate[activate.find(copy).unwrap()..], deactivate[deactivate.find(copy).unwrap()..]);
    }

    #[test]
    fn scripts_that_name_another_directory_are_recognised_on_windows() {
        let scripts = ["activate", "activate.bat", "activate.fish"];
        let bin = Path::new("/env/Scripts");
        for place in [r"C:\work & play\100%! ^ (1)", r"\\server\share\env", r"d:\it's é x"] {
            for name in scripts {
                let text = on_windows(name, place, "a");
                let names_another =
                    |other: &str| names_another_place(&bin.join(name), text.as_bytes(), Path::new(other));
                assert!(!names_another(place) && !names_another(&place.to_uppercase()), "{name} {place}");
                assert!(names_another(r"C:\elsewhere") && names_another(&place[..place.len() - 1]), "{name} {place}");
                assert!(names_another(&format!(r"{place}\b")), "{name} {place}");
            }
        }
        // CPython's, up to 3.11 and from 3.12 on, and virtualenv's.
        for (name, text) in [
            ("activate.bat", "set VIRTUAL_ENV=C:\\a b\r\n"),
            ("activate.bat", "set \"VIRTUAL_ENV=C:\\a b\"\r\n"),
            ("activate.bat", "@set \"VIRTUAL_ENV=C:\\a b\"\r\n"),
            ("activate", "    VIRTUAL_ENV=$(cygpath 'C:\\a b')\n    export VIRTUAL_ENV='C:\\a b'\n"),
            ("activate", "VIRTUAL_ENV=\"C:\\a b\"\nexport VIRTUAL_ENV\n"),
            ("activate.nu", "    let virtual_env = r#'C:\\a b'#\n"),
            ("activate.nu", "    let virtual_env = \"C:\\\\a b\"\n"),
        ] {
            let names_another = |other: &str| names_another_place(&bin.join(name), text.as_bytes(), Path::new(other));
            assert!(!names_another(r"C:\a b") && names_another(r"C:\a") && names_another(r"D:\a b"), "{text}");
        }
        let restored = "@for %%v in (VIRTUAL_ENV) do @set \"%%v=\"\r\nset VIRTUAL_ENV=\r\n";
        assert!(!names_another_place(&bin.join("deactivate.bat"), restored.as_bytes(), Path::new(r"C:\env")));
    }

    #[test]
    fn programs_are_not_treated_as_templates_on_windows() {
        assert!(
            is_program("sub/tool.exe".as_ref()) && is_program("tool.pdb".as_ref()) && !is_program("tool.bat".as_ref())
        );
        assert!(is_interpreter("sub/pythonw.exe".as_ref()) && is_interpreter("venvlauncher.exe".as_ref()));
        assert!(!is_interpreter("python/tool.exe".as_ref()));
    }

    #[test]
    fn each_system_has_its_own_scripts_besides_the_common_ones() {
        let names = |platform| -> Vec<&str> {
            let scripts = BUILT_IN.iter().filter(|script| is_for(script.directory.as_ref(), platform));
            scripts.map(|script| script.name).collect()
        };
        assert!(names(Platform::Posix).contains(&"activate.csh") && !names(Platform::Posix).contains(&"activate.bat"));
        assert!(names(Platform::Nt).contains(&"activate.bat") && !names(Platform::Nt).contains(&"activate.csh"));
        assert!(names(Platform::Nt).contains(&"Activate.ps1"));
    }
}
