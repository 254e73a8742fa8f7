//! Activation scripts generated for Windows, run in shells that also exist here: bash as in Git Bash, and fish, nushell
//! and xonsh, which are the same everywhere.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rvenv::{Context, Discovery, EnvBuilder, Interpreter, Platform, PythonRequest, Result, Steps, Surroundings};

use crate::harness::*;

/// A directory name that resembles a Windows path and contains characters special to various shells.
const NAME: &str = r"C:\Users\it's $HOME & `b`\new\table\100%\é (1)";

/// Creates only the scripts.
struct ScriptsAlone;

impl Steps for ScriptsAlone {
    fn setup_python(&self, _: &EnvBuilder, _: &mut Context) -> Result<()> {
        Ok(())
    }

    fn setup_pip(&self, _: &EnvBuilder, _: &mut Context) -> Result<()> {
        Ok(())
    }
}

/// Creates the scripts of an environment of this name as for Windows, plus those in `directory`. Returns ENV_DIR.
fn scripts_of_windows(scratch: &Scratch, name: &str, directory: Option<&Path>) -> PathBuf {
    let discovery = Discovery::new(Surroundings::new([], scratch.path("")));
    let mut interpreter: Interpreter = discovery.find(&PythonRequest::Path(python().path)).unwrap();
    interpreter.platform = Platform::Nt;
    interpreter.scheme.scripts = "Scripts".into();
    let env_dir = scratch.path(name);
    EnvBuilder::new(interpreter).scripts(directory).create_with(&env_dir, &ScriptsAlone).unwrap();
    env_dir
}

/// The output of a shell that runs this code, in which `@` means the script of that name.
fn said(scratch: &Scratch, shell: &[&str], env_dir: &Path, script: &str, code: &str) -> String {
    let link = scratch.path("plain");
    if !link.is_symlink() {
        symlink(env_dir.join("Scripts"), &link).unwrap();
    }
    let script = link.join(script);
    let code = scratch.write("code", code.replace('@', script.to_str().unwrap()));
    let program = if ["nu", "xonsh"].contains(&shell[0]) { peer(shell[0]) } else { tool(shell[0]) }.unwrap();
    let run = scratch.run(program).args(&shell[1..]).arg(code).env("HOME", scratch.path("")).env("TERM", "dumb");
    let path = format!("{}:/usr/bin:/bin", scratch.path("bin").display());
    let output = run.env("PATH", path).output();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A minimal cygpath: converts `C:\a b` to `/C/a b`, where MSYS's prints `/c/a b`.
const CYGPATH: &str = r#"#!/bin/sh
[ $# = 1 ] || exit 1
printf '%s\n' "$1" | sed 's|^.*\([A-Z]\):|/\1|; s|\\|/|g'
"#;

#[test]
fn git_bash_gets_posix_paths_if_cygpath_exists() {
    let scratch = Scratch::new();
    let env_dir = scripts_of_windows(&scratch, NAME, None);
    let code = r#"PS1='> '; before=$PATH; . @
printf '%s\n' "$VIRTUAL_ENV" "$VIRTUAL_ENV_PROMPT" "${PATH%:"$before"}"; deactivate
[ "$PATH" = "$before" ] && echo "${VIRTUAL_ENV-none}"
"#;
    let posix = NAME.replace(r"C:\", "/C/").replace('\\', "/");
    for (has_cygpath, virtual_env) in [(false, env_dir.to_str().unwrap()), (true, &*posix)] {
        if has_cygpath {
            scratch.write_script("bin/cygpath", CYGPATH);
        }
        for shell in [&["bash", "--norc"][..], &["dash"], &["zsh", "-f"]] {
            if tool(shell[0]).is_some() {
                let expected = format!("{virtual_env}\n{NAME}\n{virtual_env}/Scripts\nnone\n");
                assert_eq!(said(&scratch, shell, &env_dir, "activate", code), expected, "{shell:?}");
            }
        }
    }
}

#[test]
fn fish_gets_posix_paths_if_cygpath_exists() {
    if tool("fish").is_none() {
        return;
    }
    let scratch = Scratch::new();
    let env_dir = scripts_of_windows(&scratch, NAME, None);
    scratch.write_script("bin/cygpath", CYGPATH);
    let posix = NAME.replace(r"C:\", "/C/").replace('\\', "/");
    let code = "set before $PATH; source @\nprintf '%s\\n' $VIRTUAL_ENV $VIRTUAL_ENV_PROMPT $PATH[1]\ndeactivate
test (string join : $PATH) = (string join : $before); and not set -q VIRTUAL_ENV; and echo none\n";
    let expected = format!("{posix}\n{NAME}\n{posix}/Scripts\nnone\n");
    assert_eq!(said(&scratch, &["fish", "--no-config"], &env_dir, "activate.fish", code), expected);
}

#[test]
fn xonsh_gets_the_windows_path() {
    if peer("xonsh").is_none() {
        return;
    }
    let scratch = Scratch::new();
    let env_dir = scripts_of_windows(&scratch, &NAME.replace("$HOME", "~"), None);
    let dir = env_dir.display();
    let code = "source @\nprint($VIRTUAL_ENV, $VIRTUAL_ENV_PROMPT, $PATH[0], sep='\\n', flush=True)\n";
    let expected = format!("{dir}\n{}\n{dir}/Scripts\n", env_dir.file_name().unwrap().to_str().unwrap());
    assert_eq!(said(&scratch, &["xonsh", "--no-rc"], &env_dir, "activate.xsh", code), expected);
}

#[test]
fn nushell_changes_the_existing_path_variable_whatever_its_case() {
    if peer("nu").is_none() {
        return;
    }
    let scratch = Scratch::new();
    let env_dir = scripts_of_windows(&scratch, NAME, None);
    let dir = env_dir.display();
    // Windows calls the variable Path, and so did nushell before its environment variables became case-insensitive.
    for (set_up, name) in [("", "PATH"), ("hide-env PATH; $env.Path = ['/x']", "Path")] {
        let code = format!(
            "{set_up}\nlet before = $env.{name}\noverlay use @
print $env.VIRTUAL_ENV $env.VIRTUAL_ENV_PROMPT ($env.{name} | first) ($env | columns | where $it in [PATH Path] | length)
deactivate\nprint ($env.{name} == $before)\n"
        );
        let expected = format!("{dir}\n{NAME}\n{dir}/Scripts\n1\ntrue\n");
        assert_eq!(said(&scratch, &["nu", "--no-config-file"], &env_dir, "activate.nu", &code), expected);
    }
}

#[test]
fn the_powershell_script_is_marked_as_utf8() {
    let scratch = Scratch::new();
    let env_dir = scripts_of_windows(&scratch, NAME, None);
    // Without this mark, Windows PowerShell 5.1 decodes the file with the system's code page, in which a byte of a
    // letter may be a quote.
    let text = fs::read_to_string(env_dir.join("Scripts/Activate.ps1")).unwrap();
    assert!(text.starts_with("\u{feff}<#"), "{text}");
    assert!(text.contains(&format!("$dir, $name = '{}', ", env_dir.to_str().unwrap().replace('\'', "''"))), "{text}");
    assert!(text.contains("$separator + 'Scripts'"), "{text}");
}

#[test]
fn executables_in_a_scripts_directory_are_copied_unchanged() {
    let scratch = Scratch::new();
    let program = b"MZ\xff\xfe__VENV_NAME__";
    for name in ["nt/tool.exe", "common/sub/tool.pdb", "nt/python.exe", "nt/venvlauncher.exe", "posix/no.exe"] {
        scratch.write(&format!("team/{name}"), program);
    }
    scratch.write("team/nt/tool.bat", "set \"X=__VENV_NAME__\"\r\n");
    let env_dir = scripts_of_windows(&scratch, "a & 100%", Some(&scratch.path("team")));
    let scripts = env_dir.join("Scripts");
    for name in ["tool.exe", "sub/tool.pdb"] {
        assert_eq!(fs::read(scripts.join(name)).unwrap(), program);
    }
    assert_eq!(fs::read_to_string(scripts.join("tool.bat")).unwrap(), "set \"X=a & 100%%\"\r\n");
    for name in ["python.exe", "venvlauncher.exe", "no.exe"] {
        assert!(!scripts.join(name).exists(), "{name}");
    }
}
