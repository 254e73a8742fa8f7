//! Deactivation after the user or another tool has changed variables while an environment was active.

use crate::harness::*;

/// The installed shells that source `activate`, each with its name and command line.
fn posix_shells() -> Vec<(&'static str, Vec<&'static str>)> {
    let shells = [
        ("bash", vec!["bash", "--norc", "--noprofile"]),
        ("zsh", vec!["zsh", "-f"]),
        ("dash", vec!["dash"]),
        ("ksh", vec!["ksh"]),
        ("mksh", vec!["mksh"]),
        ("yash", vec!["yash"]),
        ("busybox", vec!["busybox", "sh"]),
    ];
    shells.into_iter().filter(|(name, _)| tool(name).is_some()).collect()
}

/// Runs code in a shell, asserts that stderr is empty, and returns stdout.
fn said(scratch: &Scratch, shell: &[&str], code: &str) -> String {
    let file = scratch.write("code", code);
    let run = scratch.run(tool(shell[0]).unwrap()).args(&shell[1..]).arg(file).env("HOME", scratch.path(""));
    let output = run.env("TERM", "dumb").output();
    assert!(output.stderr.is_empty(), "{shell:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn environment(scratch: &Scratch, name: &str) {
    scratch.rvenv_for(&python()).args(["--without-pip", name]).silent();
}

#[test]
fn a_prompt_set_while_ours_is_disabled_stays() {
    let scratch = Scratch::new();
    environment(&scratch, "env");
    for (name, shell) in posix_shells() {
        let code =
            "PS1='before '; VIRTUAL_ENV_DISABLE_PROMPT=1; . env/bin/activate; PS1='mine '; deactivate; echo \"$PS1\"\n";
        assert_eq!(said(&scratch, &shell, code), "mine \n", "{name}");
        let code =
            "unset PS1; VIRTUAL_ENV_DISABLE_PROMPT=1; . env/bin/activate; PS1='mine '; deactivate; echo \"$PS1\"\n";
        assert_eq!(said(&scratch, &shell, code), "mine \n", "{name}");
    }
    if tool("fish").is_some() {
        let code = "set VIRTUAL_ENV_DISABLE_PROMPT 1; source env/bin/activate.fish
function fish_prompt; echo mine; end; deactivate; fish_prompt\n";
        assert_eq!(said(&scratch, &["fish", "--no-config"], code), "mine\n");
    }
    if let Some(xonsh) = peer("xonsh") {
        let code = "$VIRTUAL_ENV_DISABLE_PROMPT = '1'\nsource env/bin/activate.xsh\n$PROMPT = 'mine'\ndeactivate
print($PROMPT, flush=True)\n";
        let run = scratch.run(xonsh).arg("--no-rc").arg(scratch.write("code.xsh", code)).env("HOME", scratch.path(""));
        assert_eq!(run.ok(), "mine\n");
    }
}

#[test]
fn an_inherited_environment_that_is_not_on_path_is_not_put_back() {
    let scratch = Scratch::new();
    environment(&scratch, "env");
    let inherited = |run: Run| run.env("VIRTUAL_ENV", "/inherited").env("VIRTUAL_ENV_PROMPT", "inherited");
    let print = "/usr/bin/printenv VIRTUAL_ENV VIRTUAL_ENV_PROMPT";
    for (name, shell) in posix_shells() {
        let code = format!(". env/bin/activate; {print}; deactivate; {print} || echo none\n");
        let run = scratch.run(tool(shell[0]).unwrap()).args(&shell[1..]).arg(scratch.write("code", code));
        assert_eq!(inherited(run).ok(), format!("{}\nenv\nnone\n", scratch.env().display()), "{name}");
    }
    let Some(nu) = peer("nu") else { return };
    // Programs do not see the value that is left, which is an empty list.
    let code = format!(
        "overlay use env/bin/activate.nu\noverlay use env/bin/activate.nu\ndeactivate
try {{ ^{print} }} catch {{ print none }}\nprint ($env.VIRTUAL_ENV | is-empty)\n"
    );
    let run = scratch.run(nu).arg("--no-config-file").arg(scratch.write("code.nu", code));
    assert_eq!(inherited(run.env("HOME", scratch.path(""))).ok(), "none\ntrue\n");
}

#[test]
fn xonshs_default_prompt_is_a_default_again() {
    let Some(xonsh) = peer("xonsh") else { return };
    let scratch = Scratch::new();
    environment(&scratch, "env");
    let code = "__xonsh__.env['PROMPT']\nsource env/bin/activate.xsh\ndeactivate
print(__xonsh__.env.is_manually_set('PROMPT'), flush=True)\n";
    let run = scratch.run(xonsh).arg("--no-rc").arg(scratch.write("code.xsh", code)).env("HOME", scratch.path(""));
    assert_eq!(run.ok(), "False\n");
}

#[test]
fn leftovers_of_another_tools_deactivation_are_not_restored() {
    let scratch = Scratch::new();
    environment(&scratch, "ours");
    scratch.venv(&python()).args(["--without-pip", "theirs"]).silent();
    for (name, shell) in posix_shells() {
        let code = "unset PYTHONHOME VIRTUAL_ENV_DISABLE_PROMPT; PS1='> '
. ours/bin/activate; . theirs/bin/activate; deactivate
PYTHONHOME=/mine; export PYTHONHOME
. ours/bin/activate; deactivate; echo \"$PYTHONHOME ${VIRTUAL_ENV-none} $PS1\"\n";
        assert_eq!(said(&scratch, &shell, code), "/mine none > \n", "{name}");
        // An inherited value is not restored once another tool has deactivated the environment.
        let code = "VIRTUAL_ENV=/inherited; export VIRTUAL_ENV; PS1='> '
. ours/bin/activate; . theirs/bin/activate; deactivate
. ours/bin/activate; deactivate; echo \"${VIRTUAL_ENV-none}\"\n";
        assert_eq!(said(&scratch, &shell, code), "none\n", "{name}");
        // CPython's deactivation leaves its saved value behind if the variable was empty.
        let code = "PYTHONHOME=; export PYTHONHOME; PS1='> '
. ours/bin/activate; . theirs/bin/activate; deactivate
unset PYTHONHOME; . ours/bin/activate; deactivate; echo \"${PYTHONHOME-none}\"\n";
        assert_eq!(said(&scratch, &shell, code), "none\n", "{name}");
    }
    if tool("fish").is_some() {
        let code = "set -e PYTHONHOME; source ours/bin/activate.fish; source theirs/bin/activate.fish; deactivate
set -gx PYTHONHOME /mine; source ours/bin/activate.fish; deactivate; echo $PYTHONHOME\n";
        assert_eq!(said(&scratch, &["fish", "--no-config"], code), "/mine\n");
    }
}

#[test]
fn zsh_does_not_warn_about_variables_set_in_functions() {
    if tool("zsh").is_none() {
        return;
    }
    let scratch = Scratch::new();
    environment(&scratch, "env");
    let code = "setopt warn_create_global warn_nested_var; export PYTHONHOME=/usr
. env/bin/activate; . env/bin/activate; deactivate; [[ -o warncreateglobal && -o warnnestedvar ]] && echo kept\n";
    assert_eq!(said(&scratch, &["zsh", "-f"], code), "kept\n");
}

#[test]
fn nushell_gets_its_pythonhome_back() {
    let Some(nu) = peer("nu") else { return };
    let scratch = Scratch::new();
    for name in ["a", "b"] {
        environment(&scratch, name);
    }
    let seen = "try { ^/usr/bin/printenv PYTHONHOME } catch { print none }";
    for value in ["'/mine'", "''"] {
        for second in ["", "overlay use b/bin/activate.nu\n"] {
            let code = format!(
                "$env.PYTHONHOME = {value}\noverlay use a/bin/activate.nu\n{second}{seen}\ndeactivate\nprint $'is ($env.PYTHONHOME)'\n"
            );
            let run = scratch.run(&nu).arg("--no-config-file").arg(scratch.write("code.nu", &code));
            assert_eq!(
                run.env("HOME", scratch.path("")).ok(),
                format!("none\nis {}\n", value.trim_matches('\'')),
                "{code}"
            );
        }
    }
}

#[test]
fn executing_activate_prints_how_to_source_it() {
    let scratch = Scratch::new();
    environment(&scratch, "env");
    let Some(bash) = tool("bash") else { return };
    // `$0` may be the path of the script even if it is sourced.
    let sourced = [". \"$0\" && echo \"$VIRTUAL_ENV\"", "env/bin/activate"];
    let env_dir = format!("{}\n", scratch.env().display());
    assert_eq!(scratch.run(&bash).arg("-c").args(sourced).ok(), env_dir);
    let output = scratch.run(bash).arg("env/bin/activate").output();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.lines().count() == 1 && said.ends_with(": . env/bin/activate\n"), "{said}");
}
