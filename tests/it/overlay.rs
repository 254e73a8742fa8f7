//! Environments from an earlier image layer, on overlayfs as in Docker: a directory from a lower layer cannot be
//! renamed there (EXDEV). On other file systems, the same goes for a directory that is in use.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::harness::*;

/// Two overlayfs layers mounted at `mounted/merged` in a scratch directory. The lower one is written first.
struct Layers<'a> {
    scratch: &'a Scratch,
    mounted: Mounted,
}

impl Layers<'_> {
    /// Mounts the lower layer alone, for writing. None where mounting is not allowed.
    fn lower(scratch: &Scratch) -> Option<Layers<'_>> {
        let layers = Layers { mounted: Mounted::tmpfs(scratch)?, scratch };
        for name in ["lower", "upper", "work", "merged"] {
            fs::create_dir(layers.mounted.path().join(name)).unwrap();
        }
        scratch.run("mount").arg("--bind").arg(layers.mounted.path().join("lower")).arg(layers.merged()).ok();
        Some(layers)
    }

    /// Mounts the upper layer over it, so that writes go there. None without overlayfs.
    fn upper(&self) -> Option<()> {
        self.scratch.run("umount").arg(self.merged()).ok();
        let options = "lowerdir=lower,upperdir=upper,workdir=work";
        let mount = self.scratch.run("mount").args(["-t", "overlay", "overlay", "-o", options, "merged"]);
        let mounted = mount.current_dir(self.mounted.path()).output().status.success();
        if !mounted {
            return missing("overlayfs");
        }
        Some(())
    }

    fn merged(&self) -> PathBuf {
        self.mounted.path().join("merged")
    }

    fn env(&self) -> PathBuf {
        self.merged().join("env")
    }

    /// rvenv with the cache from the lower layer.
    fn rvenv(&self) -> Run {
        self.scratch.rvenv_for(&python()).env("RVENV_CACHE_DIR", self.merged().join("cache"))
    }

    fn assert_whole(&self) {
        self.scratch.rvenv().arg("--check").arg(self.env()).silent();
        assert!(self.hidden().is_empty(), "{:?}", self.hidden());
    }

    fn hidden(&self) -> Vec<String> {
        let all = names_in(&self.merged()).into_iter().chain(names_in(&self.env()));
        all.filter(|name| name.starts_with(".rvenv")).collect()
    }
}

impl Drop for Layers<'_> {
    fn drop(&mut self) {
        self.scratch.run("umount").arg(self.merged()).output();
    }
}

/// Creates an environment that also contains the user's own files.
fn write_environment(layers: &Layers, flags: &[&str]) {
    layers.rvenv().args(flags).arg(layers.env()).silent();
    write_mine(&layers.env());
}

fn write_mine(env_dir: &Path) {
    for name in ["mine", "lib/mine/deeper/mine.py", "bin/mine"] {
        let path = env_dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "mine").unwrap();
    }
    fs::set_permissions(env_dir.join("lib/mine"), fs::Permissions::from_mode(0o2751)).unwrap();
}

/// Whether the user's files exist. Panics if only some of them do.
fn has_mine(env_dir: &Path) -> bool {
    let there = ["mine", "lib/mine/deeper/mine.py", "bin/mine"].map(|name| env_dir.join(name).exists());
    assert!(there.iter().all(|is_there| *is_there == there[0]), "{there:?}");
    there[0]
}

#[test]
fn clearing_an_environment_in_a_lower_layer_leaves_only_the_new_one() {
    for mode in ["copy", "hardlink"] {
        let scratch = Scratch::new();
        let Some(layers) = Layers::lower(&scratch) else { return };
        let flags = ["--link-mode", mode];
        layers.rvenv().args(flags).arg(layers.env()).silent();
        let fresh = tree(&layers.env());
        write_mine(&layers.env());
        let Some(()) = layers.upper() else { return };
        layers.rvenv().args(flags).arg("--clear").arg(layers.env()).silent();
        let cleared = tree(&layers.env());
        assert_eq!(cleared.keys().collect::<Vec<_>>(), fresh.keys().collect::<Vec<_>>(), "{mode}");
        layers.assert_whole();
        assert_eq!(names_in(&layers.merged()), ["cache", "env"]);
        assert!(scratch.run(layers.env().join("bin/pip")).arg("--version").ok().starts_with("pip "));
    }
}

#[test]
fn a_run_over_an_environment_in_a_lower_layer_keeps_existing_files() {
    for flags in [&[][..], &["--upgrade"], &["--upgrade", "--link-mode=hardlink"]] {
        let scratch = Scratch::new();
        let Some(layers) = Layers::lower(&scratch) else { return };
        write_environment(&layers, &[]);
        fs::remove_file(record_of(&layers.env(), "pip")).unwrap();
        let Some(()) = layers.upper() else { return };
        layers.rvenv().args(flags).arg(layers.env()).silent();
        layers.assert_whole();
        assert!(has_mine(&layers.env()), "{flags:?}");
    }
}

/// rvenv under strace, which makes the N-th rename or rmdir fail or kill the process.
fn faulty(layers: &Layers, fault: &str, number: usize) -> Option<Run> {
    able("strace -f")?;
    let run = layers.scratch.run("strace").args(["-f", "-qq", "-e", "trace=rename,renameat2,rmdir"]);
    let run = run.args(["-e", &format!("inject=rename,renameat2,rmdir:{fault}:when={number}"), "-o", "/dev/null"]);
    let run = run.arg(env!("CARGO_BIN_EXE_rvenv")).arg("-p").arg(python().path).args(["--clear", "--without-pip"]);
    Some(run.arg("--no-cache").arg(layers.env()).env_remove("LD_LIBRARY_PATH"))
}

#[test]
fn no_failure_while_clearing_a_lower_layer_loses_files() {
    for fault in ["error=EIO", "error=ENOSPC", "signal=SIGKILL"] {
        for number in [1, 2, 3, 5, 8, 13, 21, 28, 34, 36, 38, 40, 42, 44] {
            let scratch = Scratch::new();
            let Some(layers) = Layers::lower(&scratch) else { return };
            write_environment(&layers, &["--without-pip"]);
            let before = tree(&layers.env());
            let Some(()) = layers.upper() else { return };
            let Some(run) = faulty(&layers, fault, number) else { return };
            let output = run.output();
            let what = format!("{fault} {number}: {output:?}");
            if output.status.success() {
                assert!(!has_mine(&layers.env()), "{what}");
            } else if output.status.code() == Some(1) {
                assert!(tree(&layers.env()) == before, "{what}");
            }
            // The next run repairs what a killed run left, be it the old environment or the new one.
            layers.rvenv().arg("--without-pip").arg(layers.env()).silent();
            layers.assert_whole();
            has_mine(&layers.env());
        }
    }
}
