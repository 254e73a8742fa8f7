//! `--relocatable`: environments that keep working when moved or copied. (activation.rs and cmd.rs test their
//! activation scripts.)

use std::fs;
use std::path::Path;

use crate::harness::*;
use crate::jobs::{pip, small_wheel};

/// A name that cannot be written in a shebang line or as an unquoted shell word.
const NAME: &str = if cfg!(windows) { "it's a 'b" } else { "it's a \"b $x" };

/// Asserts that Python and pip in `env_dir` use this directory.
fn assert_works(scratch: &Scratch, env_dir: &Path, what: &str) {
    let prefix = in_env(env_dir, "import sys; print(sys.prefix)");
    assert_eq!(Path::new(&prefix), env_dir, "{what}");
    let said = pip(scratch, env_dir, &["--version"]);
    assert!(said.contains(env_dir.to_str().unwrap()), "{what}: {said}");
}

/// The files of an environment that contain the path `place`.
fn naming(env_dir: &Path, place: &Path) -> Vec<String> {
    let place = place.to_str().unwrap().as_bytes();
    let names_it = |path: &String| {
        let text = fs::read(env_dir.join(path)).unwrap_or_default();
        text.windows(place.len()).any(|window| window == place)
    };
    tree(env_dir).into_keys().filter(names_it).collect()
}

#[test]
fn an_environment_works_after_a_move() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        let (made, moved) = (scratch.path("made here"), scratch.path(NAME).join("env"));
        scratch.rvenv_for(python).arg("--relocatable").arg(&made).silent();
        assert_eq!(configured(&made, "relocatable").as_deref(), Some("true"));
        // pyvenv.cfg records the command that created it, and its home.
        assert_eq!(naming(&made, &scratch.path("")), ["pyvenv.cfg"], "{}", python.path.display());
        fs::create_dir(moved.parent().unwrap()).unwrap();
        fs::rename(&made, &moved).unwrap();
        assert_works(&scratch, &moved, "moved");
        scratch.rvenv().arg("--check").arg(&moved).ok();
    });
}

#[test]
fn packages_that_pip_installed_become_relocatable_with_the_next_run() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        fs::create_dir(scratch.path("wheels")).unwrap();
        small_wheel(&scratch.path("wheels"), "1.0");
        scratch.rvenv_for(python).args(["--relocatable", "first"]).silent();
        fs::rename(scratch.path("first"), scratch.env()).unwrap();
        pip(&scratch, &scratch.env(), &["install", "--quiet", "--no-index", "--find-links", "wheels", "smallest"]);
        assert_eq!(scratch.run(program_of(&scratch.env(), "smallest")).ok().trim_end(), "1.0");

        scratch.rvenv_for(python).arg("env").silent();
        let moved = scratch.path(NAME);
        fs::rename(scratch.env(), &moved).unwrap();
        assert_eq!(scratch.run(program_of(&moved, "smallest")).ok().trim_end(), "1.0");
        scratch.rvenv().arg("--check").arg(&moved).ok();
        assert_works(&scratch, &moved, "moved again");
        // RECORD matches the rewritten launcher, so pip uninstalls it.
        pip(&scratch, &moved, &["uninstall", "--quiet", "--yes", "smallest"]);
        assert!(!program_of(&moved, "smallest").exists());
    });
}

#[test]
fn an_environment_stays_relocatable_until_it_is_cleared() {
    let scratch = Scratch::new();
    let python = python();
    let is_relocatable = || configured(&scratch.env(), "relocatable").is_some();
    let names_it = || naming(&scratch.env(), &scratch.env()).len() > 1;
    scratch.rvenv_for(&python).args(["--relocatable", "env"]).silent();
    for arguments in [&["env"][..], &["--upgrade", "env"]] {
        scratch.rvenv_for(&python).args(arguments).silent();
        assert!(is_relocatable() && !names_it(), "{arguments:?}");
    }
    scratch.rvenv_for(&python).args(["--clear", "env"]).silent();
    assert!(!is_relocatable() && names_it());
    // An upgrade leaves scripts alone unless other ones are requested.
    scratch.rvenv_for(&python).args(["--upgrade", "--relocatable", "env"]).silent();
    assert!(is_relocatable() && !names_it(), "{:?}", naming(&scratch.env(), &scratch.env()));
}

#[test]
fn the_recorded_command_of_a_relocatable_environment_creates_a_relocatable_one() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--relocatable", "env"]).silent();
    let made = configuration(&scratch.env());
    let command = configured(&scratch.env(), "command").unwrap();
    fs::remove_dir_all(scratch.env()).unwrap();
    // (cli.rs and windows.rs run such commands in shells.)
    scratch.rvenv().args(command.split(' ').skip(1)).silent();
    assert_eq!(configuration(&scratch.env()), made);
    fs::rename(scratch.env(), scratch.path("moved")).unwrap();
    assert_works(&scratch, &scratch.path("moved"), &command);
}

#[test]
fn an_upgraded_pip_is_relocatable_too() {
    let (Some(old), Some(new)) = (pyenv("3.10"), pyenv("3.11")) else { return };
    let scratch = Scratch::new();
    let bundled = scratch.run(&new.path).args(["-Ic", "import ensurepip; print(ensurepip.__path__[0])"]).ok();
    let run = scratch.rvenv_for(&old).args(["--relocatable", "--upgrade-deps", "--quiet", "old"]);
    run.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", format!("{}/_bundled", bundled.trim())).ok();
    fs::rename(scratch.path("old"), scratch.path("new")).unwrap();
    assert!(pip(&scratch, &scratch.path("new"), &["--version"]).starts_with("pip 23.2.1 "));
}

#[test]
fn broken_launchers_are_reported_after_a_move_and_repaired() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("wheels")).unwrap();
    small_wheel(&scratch.path("wheels"), "1.0");
    scratch.rvenv_for(&python()).args(["--relocatable", "old"]).silent();
    let install = ["install", "--quiet", "--no-index", "--find-links", "wheels", "smallest"];
    pip(&scratch, &scratch.path("old"), &install);
    fs::rename(scratch.path("old"), scratch.path("new")).unwrap();
    let output = scratch.rvenv().args(["--check", "new"]).output();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.code() == Some(1) && said.lines().count() == 1 && said.contains("smallest"), "{said}");
    scratch.rvenv_for(&python()).arg("new").silent();
    assert_eq!(scratch.run(program_of(&scratch.path("new"), "smallest")).ok().trim_end(), "1.0");
    scratch.rvenv().args(["--check", "new"]).ok();
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn launchers_work_through_links_paths_and_shells() {
        let scratch = Scratch::new();
        let (made, env_dir) = (scratch.path("made"), scratch.path(NAME));
        scratch.rvenv_for(&python()).arg("--relocatable").arg(&made).silent();
        fs::rename(&made, &env_dir).unwrap();
        let bin = env_dir.join("bin");
        for directory in ["links", "links of links"] {
            fs::create_dir(scratch.path(directory)).unwrap();
        }
        symlink(bin.join("pip"), scratch.path("links/pip")).unwrap();
        symlink("../links/pip", scratch.path("links of links/pip")).unwrap();
        symlink(&env_dir, scratch.path("linked env")).unwrap();
        let path = format!("{}:/usr/bin:/bin", bin.display());
        let hostile = scratch.path("hostile");
        scratch.write_script("hostile/python", "#!/bin/sh\necho hostile\n");
        let home = |run: Run| run.env("PATH", "/usr/bin:/bin");
        for run in [
            home(scratch.run(scratch.path("links/pip"))),
            home(scratch.run(scratch.path("links of links/pip"))),
            home(scratch.run("sh").arg("pip").current_dir(&bin)),
            home(scratch.run("./pip").current_dir(&bin)),
            // Programs in the current directory are never run.
            scratch.run(scratch.path("links/pip")).env("PATH", "").current_dir(&hostile),
            scratch.run("/bin/bash").arg("pip").env("PATH", &path).current_dir(&hostile),
            scratch.run(scratch.path("links of links/pip")).env("PATH", &path).current_dir(&hostile),
            scratch.run("sh").args(["-c", "pip \"$@\"", "sh"]).env("PATH", path),
            scratch.run("sh").args(["-c", "pip \"$@\"", "sh"]).env("PATH", ".:/usr/bin:/bin").current_dir(&bin),
            scratch.run(bin.join("python")).arg("../bin/pip").current_dir(&bin),
        ] {
            let said = run.arg("--version").ok();
            assert!(said.contains(&format!("{}/lib/", env_dir.display())), "{said}");
        }
        // The environment is named by the path that it was reached by.
        let said = scratch.run(scratch.path("linked env/bin/pip")).arg("--version").ok();
        assert!(said.contains("linked env/lib/"), "{said}");
    }

    #[test]
    fn copies_renamed_parents_and_mounts_keep_working() {
        let scratch = Scratch::new();
        let env_dir = scratch.path("above/env");
        scratch.rvenv_for(&python()).args(["--relocatable", "--copies"]).arg(&env_dir).silent();
        let copy = scratch.path("a copy");
        scratch.run("cp").arg("-a").arg(&env_dir).arg(&copy).silent();
        fs::rename(scratch.path("above"), scratch.path("renamed")).unwrap();
        assert_works(&scratch, &copy, "a copy");
        assert_works(&scratch, &scratch.path("renamed/env"), "renamed above");
        let Some(()) = able("unshare --mount") else { return };
        fs::create_dir(scratch.path("mount")).unwrap();
        let mounted = "mount --bind 'a copy' mount && exec mount/bin/pip --version";
        let run = scratch.run("unshare").args(["--user", "--map-root-user", "--mount", "sh", "-c", mounted]);
        let said = run.ok();
        assert!(said.contains(&format!("{}/lib/", scratch.path("mount").display())), "{said}");
    }

    /// dash and tcsh without /proc, as on macOS.
    #[test]
    fn activation_in_a_shell_that_cannot_locate_its_script_needs_a_variable() {
        let (Some(()), scratch) = (able("unshare --mount"), Scratch::new()) else { return };
        scratch.rvenv_for(&python()).args(["--without-pip", "--relocatable", "env"]).silent();
        for (shell, code) in [
            (
                "dash",
                ". env/bin/activate || echo failed; echo \"$VIRTUAL_ENV\"; RVENV_ENV_DIR=env; \
                      . env/bin/activate && echo \"$VIRTUAL_ENV ${RVENV_ENV_DIR-unset}\"; deactivate; echo \"${VIRTUAL_ENV-}\"",
            ),
            (
                "tcsh",
                "source env/bin/activate.csh; if ($status) echo failed; if (! $?VIRTUAL_ENV) echo ''; \
                      setenv RVENV_ENV_DIR env; source env/bin/activate.csh; echo $VIRTUAL_ENV unset; deactivate; \
                      if (! $?VIRTUAL_ENV) echo ''",
            ),
        ] {
            let Some(program) = tool(shell) else { continue };
            let code = scratch.write("code", code.replace("; ", "\n") + "\n");
            let hidden = "mount -t tmpfs none /proc && exec \"$@\"";
            let run = scratch.run("unshare").args(["--user", "--map-root-user", "--mount", "sh", "-c", hidden, "sh"]);
            let output = run.arg(program).arg(code).env_remove("VIRTUAL_ENV").output();
            let (said, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            let told = "does not report where this script is; first run: RVENV_ENV_DIR=";
            let told_in_csh = "does not report where this script is; first run: setenv RVENV_ENV_DIR ";
            assert!(stderr.contains(told) || said.contains(told_in_csh), "{shell}: {said}{stderr}");
            let env_dir = scratch.env();
            let expected = format!("failed\n\n{} unset\n\n", env_dir.display());
            assert!(said.ends_with(&expected), "{shell}: {said}{stderr}");
        }
    }
}
