//! What is the user's or another tool's while an environment is active, and what stays of it when that is left.

use crate::harness::*;

/// The shells that source `activate`, as far as they are here, each with its name.
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

/// What a shell says that runs this code, in which nothing goes wrong.
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
fn a_prompt_that_is_set_while_none_is_shown_stays() {
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
fn a_default_prompt_of_xonsh_is_a_default_again() {
    let Some(xonsh) = peer("xonsh") else { return };
    let scratch = Scratch::new();
    environment(&scratch, "env");
    let code = "__xonsh__.env['PROMPT']\nsource env/bin/activate.xsh\ndeactivate
print(__xonsh__.env.is_manually_set('PROMPT'), flush=True)\n";
    let run = scratch.run(xonsh).arg("--no-rc").arg(scratch.write("code.xsh", code)).env("HOME", scratch.path(""));
    assert_eq!(run.ok(), "False\n");
}

#[test]
fn what_another_tools_deactivation_leaves_is_not_taken_for_what_was() {
    let scratch = Scratch::new();
    environment(&scratch, "ours");
    scratch.venv(&python()).args(["--without-pip", "theirs"]).silent();
    for (name, shell) in posix_shells() {
        // CPython's own script is for shells that have `local`-less functions too, but not for all with these flags.
        let code = "unset PYTHONHOME VIRTUAL_ENV_DISABLE_PROMPT; PS1='> '
. ours/bin/activate; . theirs/bin/activate; deactivate
PYTHONHOME=/mine; export PYTHONHOME
. ours/bin/activate; deactivate; echo \"$PYTHONHOME ${VIRTUAL_ENV-none} $PS1\"\n";
        assert_eq!(said(&scratch, &shell, code), "/mine none > \n", "{name}");
        // What was inherited is not given back when it was another tool that left it.
        let code = "VIRTUAL_ENV=/inherited; export VIRTUAL_ENV; PS1='> '
. ours/bin/activate; . theirs/bin/activate; deactivate
. ours/bin/activate; deactivate; echo \"${VIRTUAL_ENV-none}\"\n";
        assert_eq!(said(&scratch, &shell, code), "none\n", "{name}");
        // CPython's deactivation keeps what it has saved of an empty variable.
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
fn zsh_that_warns_of_what_functions_set_has_nothing_to_warn_of() {
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
fn nushell_has_its_pythonhome_back() {
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
fn activate_that_is_executed_says_that_it_is_to_be_sourced() {
    let scratch = Scratch::new();
    environment(&scratch, "env");
    let Some(bash) = tool("bash") else { return };
    // Sourced by a shell that has its name for another reason, it is sourced.
    let sourced = [". \"$0\" && echo \"$VIRTUAL_ENV\"", "env/bin/activate"];
    let env_dir = format!("{}\n", scratch.env().display());
    assert_eq!(scratch.run(&bash).arg("-c").args(sourced).ok(), env_dir);
    let output = scratch.run(bash).arg("env/bin/activate").output();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.lines().count() == 1 && said.ends_with(": . env/bin/activate\n"), "{said}");
}
