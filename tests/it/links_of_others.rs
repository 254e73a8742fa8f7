//! Root in a directory of another user, who puts a link in the place of a directory while rvenv works in it: nothing is
//! created, changed or deleted where the link leads (CVE-2022-21658).

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use crate::harness::*;

/// The ID of another user.
const OTHER: u32 = 65534;

/// A directory of another user's, and one outside it with a file. None unless this is root.
fn directories() -> Option<(Scratch, PathBuf, PathBuf)> {
    let scratch = Scratch::new();
    scratch.write("outside/bin/python3", "not yours");
    scratch.write("outside/new/bin/python3", "not yours");
    fs::create_dir(scratch.path("theirs")).unwrap();
    able("chown")?;
    chown(scratch.path("theirs"), Some(OTHER), Some(OTHER)).unwrap();
    let (theirs, outside) = (scratch.path("theirs"), scratch.path("outside"));
    Some((scratch, theirs, outside))
}

/// Gives a directory and everything in it to the other user.
fn give_away(directory: &Path) {
    for entry in walkdir::WalkDir::new(directory) {
        std::os::unix::fs::lchown(entry.unwrap().path(), Some(OTHER), Some(OTHER)).unwrap();
    }
}

/// Runs rvenv, and calls `meanwhile` after the N-th of these system calls. Returns its exit code.
fn interrupted(scratch: &Scratch, call: &str, arguments: &[&Path], meanwhile: impl Fn()) -> Option<i32> {
    let trace = scratch.path("trace");
    able("strace -f")?;
    // On one processor there is one thread, and the calls are counted for each.
    able("taskset -c")?;
    let run = scratch.run("taskset").args(["-c", "0", "strace", "-f", "-qq", "-o"]).arg(&trace);
    let run = run.args(["-e", &format!("inject={call}:signal=SIGSTOP")]);
    let run = run.arg(env!("CARGO_BIN_EXE_rvenv")).arg("-p").arg(python().path).args(["--without-pip", "--no-cache"]);
    let mut child = run.args(arguments).start();
    let stopped = |text: &str| Some(text[..text.find(" --- stopped by SIGSTOP")?].lines().last()?.trim().to_owned());
    let read = || fs::read_to_string(&trace).unwrap_or_default();
    child.wait_until("it stops", || stopped(&read()).is_some());
    meanwhile();
    scratch.run("kill").arg("-CONT").arg(stopped(&read()).unwrap()).silent();
    child.output().status.code()
}

/// Puts a link to `outside` in the place of a directory.
fn swap(directory: &Path, outside: &Path) {
    fs::rename(directory, directory.with_extension("moved")).unwrap();
    symlink(outside, directory).unwrap();
}

fn staging_directory(place: &Path) -> PathBuf {
    place.join(names_in(place).into_iter().find(|name| name.starts_with(".rvenv-")).unwrap())
}

#[test]
fn root_creates_repairs_clears_and_upgrades_environments_in_the_directory_of_another_user() {
    let Some((scratch, theirs, _)) = directories() else { return };
    let env = theirs.join("env");
    let runs = [&[][..], &[], &["--clear"], &["--upgrade"], &["--clear", "--copies"], &["--clear", "--relocatable"]];
    for flags in runs {
        scratch.rvenv_for(&python()).args(flags).arg(&env).silent();
        scratch.rvenv().arg("--check").arg(&env).silent();
        assert!(scratch.run(env.join("bin/pip")).arg("--version").ok().starts_with("pip "));
        assert_eq!(names_in(&theirs), ["env"], "{flags:?}");
        give_away(&env);
    }
    scratch.rvenv_for(&python()).arg(theirs.join("a/b/env")).silent();
    assert_eq!(names_in(&theirs.join("a/b")), ["env"]);
}

#[test]
fn a_link_in_the_place_of_a_directory_that_is_being_cleared_is_not_followed() {
    let Some((scratch, theirs, outside)) = directories() else { return };
    let env = theirs.join("env");
    scratch.rvenv_for(&python()).args(["--without-pip", "--no-cache"]).arg(&env).silent();
    give_away(&env);
    fs::set_permissions(outside.join("bin"), fs::Permissions::from_mode(0o755)).unwrap();
    let before = tree(&outside);
    let meanwhile = || swap(&staging_directory(&theirs).join("new/bin"), &outside.join("bin"));
    let Some(code) = interrupted(&scratch, "unlinkat:when=1", &["--clear".as_ref(), &env], meanwhile) else { return };
    assert!(tree(&outside) == before);
    assert_eq!(code, 0);
}

#[test]
fn a_link_in_the_place_of_a_directory_that_files_are_moved_into_is_not_followed() {
    let Some((scratch, theirs, outside)) = directories() else { return };
    let env = theirs.join("env");
    scratch.rvenv_for(&python()).args(["--without-pip", "--no-cache"]).arg(&env).silent();
    give_away(&env);
    let before = tree(&outside);
    let meanwhile = || swap(&env.join("bin"), &outside.join("bin"));
    let Some(_) = interrupted(&scratch, "rename:when=1", &[&env], meanwhile) else { return };
    assert!(tree(&outside) == before);
}

#[test]
fn a_link_in_the_place_of_the_staging_directory_is_not_followed() {
    let Some((scratch, theirs, outside)) = directories() else { return };
    let env = theirs.join("env");
    let before = tree(&outside);
    let meanwhile = || swap(&staging_directory(&theirs), &outside);
    let Some(_) = interrupted(&scratch, "symlink:when=1", &[&env], meanwhile) else { return };
    assert!(tree(&outside) == before);
}

#[test]
fn root_does_not_write_through_a_link_that_another_user_could_have_placed() {
    let Some((scratch, theirs, outside)) = directories() else { return };
    let env = theirs.join("env");
    scratch.rvenv_for(&python()).arg("--without-pip").arg(&env).silent();
    fs::rename(env.join("lib"), theirs.join("elsewhere")).unwrap();
    symlink(theirs.join("elsewhere"), env.join("lib")).unwrap();
    let before = tree(&outside);
    let error = scratch.rvenv_for(&python()).arg(&env).error();
    assert!(error.contains("env/lib") && error.contains("it is a symbolic link"), "{error}");
    assert!(tree(&outside) == before);
}

#[test]
fn a_link_in_the_place_of_a_directory_that_is_being_emptied_again_is_not_followed() {
    let Some((scratch, theirs, outside)) = directories() else { return };
    let env = theirs.join("env");
    fs::create_dir(&env).unwrap();
    let before = tree(&outside);
    // Held up by pip, which waits for an index that does not respond.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let index = format!("http://{}/simple", listener.local_addr().unwrap());
    let held = scratch.rvenv_for(&python()).arg("--upgrade-deps").arg(&env);
    let mut held = held.env("PIP_INDEX_URL", index).env("PIP_TRUSTED_HOST", "127.0.0.1").env("NO_PROXY", "*").start();
    held.wait_until("the environment exists", || env.join("pyvenv.cfg").exists());
    swap(&env, &outside);
    scratch.run("kill").arg("-INT").arg(held.id().to_string()).silent();
    assert!(!held.output().status.success());
    assert!(tree(&outside) == before);
}
