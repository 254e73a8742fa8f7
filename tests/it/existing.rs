//! An ENV_DIR that already exists: a second run, `--upgrade`, `--clear`.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::harness::*;

fn link(path: PathBuf) -> PathBuf {
    fs::read_link(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_second_run_changes_nothing() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        scratch.rvenv_for(python).arg("env").silent();
        let before = tree(&scratch.env());
        scratch.rvenv_for(python).arg("env").silent();
        assert_eq!(tree(&scratch.env()).len(), before.len());
        assert!(tree(&scratch.env()) == before, "{}", python.path.display());
        assert_eq!(scratch.names(), ["env"]);
    });
}

#[test]
fn a_second_run_keeps_packages_and_files_and_rewrites_scripts_and_cfg() {
    let scratch = Scratch::new();
    let python = python();
    scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
    scratch.write("env/notes.txt", "mine");
    scratch.write("env/bin/my-tool", "mine");
    let package = site_packages(&scratch.env()).join("mine.py");
    fs::write(&package, "mine = 1").unwrap();
    scratch.write("env/bin/activate", "stale");
    scratch.write("env/pyvenv.cfg", "home = /nowhere\n");

    scratch.rvenv_for(&python).args(["--system-site-packages", "env"]).silent();
    assert_eq!(fs::read_to_string(scratch.path("env/notes.txt")).unwrap(), "mine");
    assert_eq!(fs::read_to_string(scratch.path("env/bin/my-tool")).unwrap(), "mine");
    assert_eq!(in_env(&scratch.env(), "import mine, pip; print(mine.mine)"), "1");
    assert!(fs::read_to_string(scratch.path("env/bin/activate")).unwrap().contains("VIRTUAL_ENV"));
    assert_eq!(configured(&scratch.env(), "include-system-site-packages").as_deref(), Some("true"));
}

#[test]
fn wrong_and_dangling_interpreter_links_are_replaced() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        scratch.rvenv_for(python).args(["--without-pip", "env"]).silent();
        let before = tree(&scratch.env());
        let bin = scratch.env().join("bin");
        for (name, target) in [("python", "/bin/false"), ("python3", "/nowhere/python3")] {
            fs::remove_file(bin.join(name)).unwrap();
            symlink(target, bin.join(name)).unwrap();
        }
        scratch.rvenv_for(python).args(["--without-pip", "env"]).silent();
        assert!(tree(&scratch.env()) == before);
    });
}

#[test]
fn a_run_with_another_python_replaces_the_old_one_completely() {
    let (Some(old), Some(new)) = (pyenv("3.11"), pyenv("3.12")) else { return };
    for flags in [&[][..], &["--upgrade"]] {
        let scratch = Scratch::new();
        let old = Python { path: old.path.with_file_name("python3.11"), ..old.clone() };
        scratch.rvenv_for(&old).arg("env").silent();
        scratch.write("env/bin/python3.11-config", "mine");
        scratch.rvenv_for(&new).args(flags).arg("env").silent();
        let bin = scratch.env().join("bin");
        assert_eq!(link(bin.join("python3")), new.path);
        assert_eq!(link(bin.join("python")), PathBuf::from("python3"));
        assert_eq!(link(bin.join("python3.12")), PathBuf::from("python3"));
        assert!(!bin.join("python3.11").is_symlink(), "it would start a Python without a standard library");
        assert!(bin.join("python3.11-config").exists());
        assert!(scratch.run(bin.join("pip")).arg("--version").ok().contains("python 3.12"));
    }
}

#[test]
fn a_versioned_link_that_scripts_use_is_kept_and_updated() {
    let Some(python) = pyenv("3.8") else { return };
    let scratch = Scratch::new();
    let versioned = Python { path: python.path.with_file_name("python3.8"), ..python.clone() };
    scratch.venv(&versioned).args(["--without-pip", "env"]).silent();
    scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
    assert_eq!(link(scratch.path("env/bin/python3.8")), PathBuf::from("python3"));
    assert_eq!(link(scratch.path("env/bin/python3")), python.path);
}

#[test]
fn a_name_of_another_build_is_removed() {
    let (python, scratch) = (python(), Scratch::new());
    scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
    let before = names_in(&scratch.path("env/bin"));
    for name in ["python3.13t", "python3.13d", "python3.13td"] {
        symlink(format!("/gone/{name}"), scratch.path("env/bin").join(name)).unwrap();
    }
    scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
    assert_eq!(names_in(&scratch.path("env/bin")), before);
}

#[test]
fn copies_replace_a_link_and_leave_its_target_alone() {
    let scratch = Scratch::new();
    let python = python();
    let victim = scratch.write_script("victim", "precious");
    fs::create_dir_all(scratch.path("env/bin")).unwrap();
    for name in ["python", "python3"] {
        symlink(&victim, scratch.path("env/bin").join(name)).unwrap();
    }
    scratch.rvenv_for(&python).args(["--copies", "--without-pip", "env"]).silent();
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    assert!(!scratch.path("env/bin/python3").is_symlink());
    // And back to links.
    scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
    assert_eq!(link(scratch.path("env/bin/python3")), python.path);
}

#[test]
fn an_older_pip_is_replaced_and_a_newer_one_kept() {
    let Some(python) = pyenv("3.11") else { return };
    let scratch = Scratch::new();
    scratch.rvenv_for(&python).arg("env").silent();
    let bundled = tree(&site_packages(&scratch.env()));
    // Give the environment of 3.11 the packages of 3.10, whose pip is older.
    let Some(older) = pyenv("3.10") else { return };
    let donor = scratch.path("donor");
    scratch.rvenv_for(&older).arg(&donor).silent();
    let theirs = site_packages(&donor);
    let ours = site_packages(&scratch.env());
    fs::remove_dir_all(&ours).unwrap();
    assert!(scratch.run("cp").arg("-a").arg(&theirs).arg(&ours).output().status.success());
    fs::write(ours.join("pip/_internal/only_in_the_old_one.py"), "").unwrap();
    let record = record_of(&scratch.env(), "pip");
    let rows = fs::read_to_string(&record).unwrap();
    fs::write(&record, rows + "pip/_internal/only_in_the_old_one.py,,\r\n/etc/hostname,,\r\n").unwrap();

    scratch.rvenv_for(&python).arg("env").silent();
    assert!(scratch.path("env/bin/pip").exists());
    assert_eq!(record_of(&scratch.env(), "pip"), ours.join("pip-23.2.1.dist-info/RECORD"));
    assert!(!ours.join("pip/_internal/only_in_the_old_one.py").exists(), "files that only the old one had are deleted");
    assert!(PathBuf::from("/etc/hostname").exists());
    assert!(scratch.run(scratch.path("env/bin/pip")).arg("--version").ok().starts_with("pip 23.2.1 "));
    assert!(bundled.len() > 500);

    // Renamed to a newer version, it stays.
    fs::rename(ours.join("pip-23.2.1.dist-info"), ours.join("pip-99.0.dist-info")).unwrap();
    let record = ours.join("pip-99.0.dist-info/RECORD");
    let rows = fs::read_to_string(&record).unwrap().replace("pip-23.2.1.dist-info", "pip-99.0.dist-info");
    fs::write(&record, rows).unwrap();
    scratch.rvenv_for(&python).arg("env").silent();
    assert_eq!(record_of(&scratch.env(), "pip"), record);
}

#[test]
fn a_pip_with_missing_files_is_repaired() {
    let scratch = Scratch::new();
    let python = python();
    scratch.rvenv_for(&python).arg("env").silent();
    let before = tree(&scratch.env());
    fs::remove_dir_all(site_packages(&scratch.env()).join("pip/_internal/cli")).unwrap();
    fs::remove_file(scratch.path("env/bin/pip3")).unwrap();
    scratch.rvenv_for(&python).arg("env").silent();
    let names = |tree: &Tree| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&tree(&scratch.env())), names(&before));
    scratch.run(scratch.path("env/bin/pip3")).arg("check").ok();
}

#[test]
fn upgrade_keeps_prompt_system_site_packages_and_scripts() {
    for_some_pythons(|python| {
        let scratch = Scratch::new();
        let flags = ["--system-site-packages", "--prompt", "it's \\ mine", "--without-pip", "env"];
        scratch.rvenv_for(python).args(flags).silent();
        let prompt = configured(&scratch.env(), "prompt");
        scratch.write("env/bin/activate", "edited");
        fs::remove_file(scratch.path("env/bin/python3")).unwrap();
        scratch.rvenv_for(python).args(["--upgrade", "env"]).silent();
        assert_eq!(configured(&scratch.env(), "include-system-site-packages").as_deref(), Some("true"));
        assert_eq!(configured(&scratch.env(), "prompt"), prompt);
        assert_eq!(fs::read_to_string(scratch.path("env/bin/activate")).unwrap(), "edited");
        assert!(scratch.path("env/bin/pip3").exists(), "--upgrade installs pip, as CPython's does");
        scratch.rvenv_for(python).args(["--upgrade", "--prompt", "other", "env"]).silent();
        assert_eq!(configured(&scratch.env(), "prompt").as_deref(), Some("'other'"));
    });
}

#[test]
fn upgrade_reads_the_unquoted_prompt_of_other_tools() {
    let scratch = Scratch::new();
    scratch.write("env/pyvenv.cfg", "home = /nowhere\nprompt = bare one\n");
    scratch.rvenv_for(&python()).args(["--upgrade", "--without-pip", "env"]).silent();
    assert_eq!(configured(&scratch.env(), "prompt").as_deref(), Some("'bare one'"));
}

#[test]
fn upgrade_of_nothing_creates_an_environment() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--upgrade", "--without-pip", "env"]).silent();
    assert!(scratch.path("env/bin/activate").exists(), "unlike CPython, which leaves the scripts out");
}

#[test]
fn an_existing_gitignore_is_kept() {
    let scratch = Scratch::new();
    scratch.write(".gitignore", "target/\n");
    scratch.write("main.py", "");
    scratch.rvenv_for(&python()).args(["--without-pip", "."]).silent();
    assert_eq!(fs::read_to_string(scratch.path(".gitignore")).unwrap(), "target/\n");
    assert!(scratch.path("bin/python").exists() && scratch.path("main.py").exists());
    assert!(scratch.names().iter().all(|name| !name.starts_with(".rvenv")));
}

#[test]
fn clear_empties_the_directory_and_keeps_the_directory_itself() {
    let scratch = Scratch::new();
    let python = python();
    scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
    let fresh = tree(&scratch.env());
    fs::set_permissions(scratch.env(), fs::Permissions::from_mode(0o700)).unwrap();
    let owner = |path: PathBuf| fs::metadata(path).map(|there| (there.uid(), there.gid())).unwrap();
    if able("chown").is_some() {
        scratch.run("chown").arg("12345:23456").arg(scratch.env()).silent();
    }
    let before = owner(scratch.env());
    scratch.write("env/lib/old/thing.py", "old");
    scratch.write("env/.gitignore", "old");
    fs::create_dir(scratch.path("outside")).unwrap();
    scratch.write("outside/precious", "");
    symlink(scratch.path("outside"), scratch.path("env/lib/link")).unwrap();

    scratch.rvenv_for(&python).args(["--clear", "--without-pip", "env"]).silent();
    let mut cleared = tree(&scratch.env());
    let mut fresh = fresh;
    for tree in [&mut cleared, &mut fresh] {
        tree.remove("pyvenv.cfg");
    }
    assert_eq!(cleared, fresh);
    assert_eq!(owner(scratch.env()), before);
    assert_eq!(fs::metadata(scratch.env()).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(scratch.path("outside/precious").exists());
}

#[test]
fn clear_of_the_current_directory_or_a_mount_point_keeps_its_inode() {
    let scratch = Scratch::new();
    let python = python();
    let inode = |path: &Path| fs::metadata(path).unwrap().ino();
    scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
    let mounted = Mounted::tmpfs(&scratch);
    for env_dir in
        [Some(scratch.env()), mounted.as_ref().map(|mounted| mounted.path().to_owned())].into_iter().flatten()
    {
        fs::create_dir_all(env_dir.join("lib/old")).unwrap();
        fs::write(env_dir.join("pyvenv.cfg"), "").unwrap();
        let before = inode(&env_dir);
        let run = scratch.rvenv_for(&python).current_dir(&env_dir);
        run.args(["--clear", "--without-pip", "."]).silent();
        assert_eq!(inode(&env_dir), before);
        assert!(!env_dir.join("lib/old").exists() && env_dir.join("bin/python").exists());
        assert!(names_in(&env_dir).iter().all(|name| !name.starts_with(".rvenv")));
    }
}

#[test]
fn clear_refuses_other_directories_unless_forced() {
    let scratch = Scratch::new();
    let python = python();
    scratch.write("env/thesis.tex", "precious");
    let before = tree(&scratch.env());
    let error = scratch.rvenv_for(&python).args(["--clear", "--without-pip", "env"]).error();
    assert!(error.contains("no pyvenv.cfg") && error.contains("--force"), "{error}");
    assert_eq!(tree(&scratch.env()), before);

    scratch.rvenv_for(&python).args(["--clear", "--force", "--without-pip", "env"]).silent();
    assert!(!scratch.path("env/thesis.tex").exists() && scratch.path("env/bin/python").exists());

    fs::create_dir(scratch.path("empty")).unwrap();
    scratch.rvenv_for(&python).args(["--clear", "--without-pip", "empty"]).silent();
    assert!(scratch.path("empty/bin/python").exists());
}

#[test]
fn an_env_dir_that_is_a_link_is_kept_and_its_target_becomes_the_environment() {
    let scratch = Scratch::new();
    let python = python();
    fs::create_dir_all(scratch.path("elsewhere/real")).unwrap();
    symlink("elsewhere/real", scratch.env()).unwrap();
    scratch.write("elsewhere/real/mine", "");
    let run = |flags: &[&str]| scratch.rvenv_for(&python).args(flags).arg("env").silent();
    let assert_sound = |what: &str| {
        assert_eq!(link(scratch.env()), PathBuf::from("elsewhere/real"), "{what}");
        assert_eq!(names_in(&scratch.path("elsewhere")), ["real"], "{what}");
        scratch.rvenv().args(["--check", "env"]).silent();
        let prefix = in_env(&scratch.env(), "import sys; print(sys.prefix)");
        assert_eq!(PathBuf::from(prefix), scratch.env(), "{what}");
    };
    run(&[]);
    assert_sound("new");
    assert!(scratch.path("elsewhere/real/mine").exists());
    scratch.write("elsewhere/real/bin/mine", "");
    run(&["--upgrade"]);
    assert_sound("--upgrade");
    fs::remove_file(record_of(&scratch.env(), "pip")).unwrap();
    run(&[]);
    assert_sound("a pip that is replaced");
    assert!(scratch.path("elsewhere/real/bin/mine").exists());
    run(&["--clear"]);
    assert_sound("--clear");
    assert!(!scratch.path("elsewhere/real/bin/mine").exists());
}

#[test]
fn clear_through_a_link_deletes_only_environments() {
    let scratch = Scratch::new();
    scratch.write("work/thesis.tex", "");
    symlink("work", scratch.env()).unwrap();
    let error = scratch.rvenv_for(&python()).args(["--clear", "env"]).error();
    assert!(error.contains("--force"), "{error}");
    assert!(scratch.path("work/thesis.tex").exists());
}

#[test]
fn an_env_dir_that_is_a_dangling_link_or_a_link_to_a_file_is_an_error() {
    let scratch = Scratch::new();
    symlink("gone", scratch.env()).unwrap();
    for flags in [&["--clear"][..], &["--clear", "--force"], &[], &["--upgrade"]] {
        let error = scratch.rvenv_for(&python()).args(flags).arg("env").error();
        assert!(error.contains("it is a broken symbolic link"), "{error}");
    }
    scratch.write("gone", "");
    let error = scratch.rvenv_for(&python()).arg("env").error();
    assert!(error.contains("it exists and is not a directory"), "{error}");
    assert_eq!(scratch.names(), ["env", "gone"]);
}

#[test]
fn a_hidden_directory_created_by_another_user_does_no_harm() {
    let scratch = Scratch::new();
    let python = python();
    // The name depends only on that of ENV_DIR, so in a directory like /tmp anybody can create it first.
    fs::set_permissions(scratch.path(""), fs::Permissions::from_mode(0o1777)).unwrap();
    let name = ".rvenv-env.tmp";
    fs::create_dir(scratch.path(name)).unwrap();
    scratch.write(&format!("{name}/new/mine"), "");
    let Some(()) = able("chown") else { return };
    scratch.run("chown").args(["-R", "12345", name]).silent();
    for flags in [&[][..], &[], &["--clear"], &["--upgrade"]] {
        scratch.rvenv_for(&python).args(flags).arg("env").silent();
        assert_eq!(scratch.names(), [name, "env"]);
        assert!(scratch.path(name).join("new/mine").exists(), "it stays unchanged");
    }
    scratch.rvenv().args(["--check", "env"]).silent();
}

#[test]
fn an_obstacle_is_reported_before_anything_changes() {
    for (make, what) in
        [("bin", "file"), ("bin", "link"), ("bin", "dangling"), ("lib", "file"), ("bin/activate", "directory")]
    {
        let scratch = Scratch::new();
        let path = scratch.env().join(make);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match what {
            "file" => fs::write(&path, "").unwrap(),
            "link" => symlink("/tmp", &path).unwrap(),
            "dangling" => symlink("/gone", &path).unwrap(),
            _ => fs::create_dir(&path).unwrap(),
        }
        let before = tree(&scratch.env());
        let error = scratch.rvenv_for(&python()).args(["--without-pip", "env"]).error();
        let verb = if what == "directory" { "write" } else { "create directory" };
        assert!(error.starts_with(&format!("Unable to {verb} '{}': ", path.display())), "{error}");
        assert!(error.contains("move it out of the way"), "{error}");
        assert_eq!(error.contains("it is a broken symbolic link"), what == "dangling", "{error}");
        assert_eq!(tree(&scratch.env()), before, "{make}");
    }
}

#[test]
fn the_python_installation_itself_is_refused() {
    let scratch = Scratch::new();
    let python = python();
    let prefix = python.path.parent().unwrap().parent().unwrap();
    for flags in [&[][..], &["--clear", "--force"], &["--upgrade"]] {
        let error = scratch.rvenv_for(&python).args(flags).arg(prefix).error();
        assert!(error.contains("it is the Python installation itself"), "{error}");
    }
    assert!(python.path.exists());
}

#[test]
fn a_newer_pip_without_its_pyc_is_intact_and_stays() {
    let (Some(python), Some(newer)) = (pyenv("3.12"), pyenv("3.13")) else { return };
    let scratch = Scratch::new();
    scratch.rvenv_for(&python).arg("env").silent();
    let bundled = scratch.run(&newer.path).args(["-Ic", "import ensurepip; print(ensurepip.__path__[0])"]).ok();
    let find_links = format!("{}/_bundled", bundled.trim());
    let pip = scratch.run(scratch.path("env/bin/pip")).args(["--isolated", "install", "--no-index", "-U", "pip"]);
    pip.args(["--find-links", &find_links]).ok();
    scratch.run("find").args(["env", "-name", "__pycache__", "-prune", "-exec", "rm", "-r", "{}", "+"]).ok();
    scratch.rvenv_for(&python).arg("env").silent();
    assert!(scratch.run(scratch.path("env/bin/pip")).arg("--version").ok().starts_with("pip 24.2 "));

    // A damaged one is replaced by the bundled version, with a warning.
    fs::remove_file(record_of(&scratch.env(), "pip")).unwrap();
    let output = scratch.rvenv_for(&python).arg("env").output();
    let warning = String::from_utf8(output.stderr).unwrap();
    assert_eq!(warning, "Warning: pip 24.2 is damaged (RECORD is missing or unreadable); replacing it with 23.2.1\n");
    assert!(record_of(&scratch.env(), "pip").ends_with("pip-23.2.1.dist-info/RECORD"));
    assert!(scratch.run(scratch.path("env/bin/pip")).arg("check").ok().contains("No broken requirements"));
}

#[test]
fn leftover_metadata_is_deleted_and_other_names_are_ignored() {
    let scratch = Scratch::new();
    let python = python();
    scratch.rvenv_for(&python).arg("env").silent();
    let site_packages = site_packages(&scratch.env());
    fs::create_dir(site_packages.join("pip-1.0.dist-info")).unwrap();
    fs::write(site_packages.join("pip-1.0.dist-info/METADATA"), "").unwrap();
    fs::write(site_packages.join("pip-2.0.dist-info"), "a file").unwrap();
    fs::create_dir(site_packages.join("pip-tools-7.0.dist-info")).unwrap();
    scratch.rvenv_for(&python).arg("env").silent();
    let left: Vec<String> = names_in(&site_packages).into_iter().filter(|name| name.starts_with("pip-")).collect();
    assert_eq!(left, ["pip-2.0.dist-info", "pip-24.2.dist-info", "pip-tools-7.0.dist-info"]);
}

#[test]
fn files_elsewhere_that_a_record_lists_are_not_deleted() {
    let scratch = Scratch::new();
    let python = python();
    scratch.rvenv_for(&python).arg("env").silent();
    let site_packages = site_packages(&scratch.env());
    fs::create_dir(scratch.path("elsewhere")).unwrap();
    scratch.write("elsewhere/precious.py", "");
    scratch.write("env/main.py", "");
    symlink(scratch.path("elsewhere"), site_packages.join("linked")).unwrap();
    let record = record_of(&scratch.env(), "pip");
    let rows = fs::read_to_string(&record).unwrap();
    let more =
        "linked/precious.py,,\r\n../../../main.py,,\r\npip/__init__.py/x,,\r\n/etc/hostname,,\r\npip/gone.py,,\r\n";
    fs::write(&record, rows + more).unwrap();
    scratch.rvenv_for(&python).arg("env").silent();
    assert!(scratch.path("elsewhere/precious.py").exists() && scratch.path("env/main.py").exists());
    assert!(!fs::read_to_string(record_of(&scratch.env(), "pip")).unwrap().contains("gone.py"), "rewritten");
}

#[test]
fn nothing_is_written_through_a_link_in_site_packages() {
    let python = python();
    for linked in ["pip", "pip-*.dist-info", "tool-1.dist-info"] {
        let scratch = Scratch::new();
        scratch.rvenv_for(&python).arg("env").silent();
        // A package whose launcher a run would repair.
        let site_packages = site_packages(&scratch.env());
        fs::create_dir(site_packages.join("tool-1.dist-info")).unwrap();
        fs::write(site_packages.join("tool-1.dist-info/RECORD"), "../../../bin/tool,,\r\n").unwrap();
        scratch.write("env/bin/tool", "#!/gone/env/bin/python\n");
        let name = names_in(&site_packages).into_iter().find(|name| match linked.split_once('*') {
            Some((begin, end)) => name.starts_with(begin) && name.ends_with(end),
            None => name == linked,
        });
        let name = name.unwrap();
        fs::rename(site_packages.join(&name), scratch.path("elsewhere")).unwrap();
        symlink(scratch.path("elsewhere"), site_packages.join(&name)).unwrap();
        // pip is damaged, so it would be installed again.
        fs::remove_file(site_packages.join("pip/__main__.py")).unwrap();
        let before = tree(&scratch.path("elsewhere"));
        let output = scratch.rvenv_for(&python).arg("env").output();
        let stderr = String::from_utf8(output.stderr).unwrap();
        if linked == "tool-1.dist-info" {
            assert!(output.status.success() && stderr.contains("tool; edit their first line"), "{stderr}");
        } else {
            assert_eq!(output.status.code(), Some(1), "{stderr}");
            assert!(stderr.contains(&format!("/{name}': it is a symbolic link; move it out of the way")), "{stderr}");
        }
        assert!(tree(&scratch.path("elsewhere")) == before, "{linked}");
    }
}

#[test]
fn an_unreadable_pyvenv_cfg_is_replaced() {
    let scratch = Scratch::new();
    let python = python();
    scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
    fs::remove_file(scratch.path("env/pyvenv.cfg")).unwrap();
    scratch.run("mkfifo").arg(scratch.path("env/pyvenv.cfg")).silent();
    scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
    assert!(configured(&scratch.env(), "home").is_some());
}

#[test]
fn a_moved_environment_is_repaired() {
    let scratch = Scratch::new();
    let python = python();
    scratch.rvenv_for(&python).arg("old").silent();
    fs::rename(scratch.path("old"), scratch.env()).unwrap();
    scratch.rvenv_for(&python).arg("env").silent();
    assert!(scratch.run(scratch.path("env/bin/pip")).arg("--version").ok().contains("/env/lib/"));
    assert!(!fs::read_to_string(scratch.path("env/bin/activate")).unwrap().contains("/old"));
}

#[test]
fn a_python_that_links_into_the_environment_causes_no_link_loop() {
    let scratch = Scratch::new();
    let python = python();
    scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
    fs::create_dir(scratch.path("bin")).unwrap();
    symlink(scratch.path("env/bin/python3"), scratch.path("bin/python3")).unwrap();
    for flags in [&["env"][..], &["--upgrade", "env"], &["--clear", "env"], &["new"]] {
        let run = scratch.rvenv().arg("-p").arg(scratch.path("bin/python3")).arg("--without-pip");
        run.args(flags).silent();
        let made = scratch.path(flags.last().unwrap());
        assert_eq!(in_env(&made, "import sys; print(sys.prefix)"), made.display().to_string());
        assert_eq!(configured(&made, "home").map(PathBuf::from).as_deref(), python.path.parent());
    }
}

#[test]
fn clear_does_not_delete_the_python_that_it_uses() {
    let Some(python) = pyenv("3.12") else { return };
    let scratch = Scratch::new();
    let prefix = python.path.ancestors().nth(2).unwrap();
    fs::create_dir(scratch.env()).unwrap();
    assert!(scratch.run("cp").arg("-a").arg(prefix).arg("env/python").output().status.success());
    scratch.write("env/pyvenv.cfg", "");
    let inner = Python { path: scratch.path("env/python/bin/python3"), ..python };
    for flags in [&["--clear"][..], &["--clear", "--force"]] {
        let error = scratch.rvenv_for(&inner).args(flags).args(["--without-pip", "env"]).error();
        assert!(
            error.contains("it contains the Python that the environment is for, and --clear would delete it"),
            "{error}"
        );
    }
    assert!(inner.path.exists());
}

#[test]
fn copies_of_another_versions_interpreter_are_deleted_but_a_script_of_that_name_stays() {
    let (Some(old), Some(new)) = (pyenv("3.11"), pyenv("3.12")) else { return };
    let scratch = Scratch::new();
    scratch.rvenv_for(&old).args(["--copies", "--without-pip", "env"]).silent();
    scratch.write_script("env/bin/python3.10", "#!/bin/sh\n");
    scratch.rvenv_for(&new).args(["--upgrade", "--without-pip", "env"]).silent();
    assert!(!scratch.path("env/bin/python3.11").exists());
    assert!(scratch.path("env/bin/python3.10").exists());
}

#[test]
fn a_mount_point_inside_an_environment_is_written_to() {
    let scratch = Scratch::new();
    let python = python();
    scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
    let site_packages = site_packages(&scratch.env());
    let Some(()) = able("mount") else { return };
    scratch.run("mount").args(["-t", "tmpfs", "rvenv-test"]).arg(&site_packages).silent();
    let output = scratch.rvenv_for(&python).arg("env").output();
    let pip = scratch.run(scratch.path("env/bin/pip")).arg("--version").output();
    assert!(scratch.run("umount").arg(&site_packages).output().status.success());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(pip.status.success(), "{}", String::from_utf8_lossy(&pip.stderr));
}

#[test]
fn no_link_that_rvenv_made_dangles_after_a_switch_to_another_version() {
    let (Some(old), Some(new)) = (pyenv("3.12"), pyenv("3.13")) else { return };
    for flag in ["--upgrade", "--quiet"] {
        let scratch = Scratch::new();
        scratch.rvenv_for(&old).args(["--without-pip", "env"]).silent();
        let bin = scratch.env().join("bin");
        // As Python 3.14 and PyPy have them, and links of the user's.
        let main = bin.join("python").read_link().unwrap_or_else(|_| "python".into());
        for name in ["𝜋thon", "pypy"] {
            std::os::unix::fs::symlink("python3.12", bin.join(name)).unwrap();
        }
        std::os::unix::fs::symlink(&main, bin.join("py")).unwrap();
        std::os::unix::fs::symlink("no-such-tool", bin.join("mine")).unwrap();
        scratch.rvenv_for(&new).args([flag, "--without-pip", "env"]).silent();
        assert!(!bin.join("𝜋thon").is_symlink() && !bin.join("pypy").is_symlink(), "{flag}");
        assert!(bin.join("py").exists() && bin.join("mine").is_symlink(), "{flag}");
        scratch.rvenv().args(["--check", "env"]).silent();
        std::os::unix::fs::symlink("python3.12", bin.join("𝜋thon")).unwrap();
        let output = scratch.rvenv().args(["--check", "env"]).output();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.lines().count() == 1 && said.contains("𝜋thon: it is a broken symbolic link"), "{said}");
        let (_, command) = said.trim_end().split_once("; run: rvenv ").unwrap();
        scratch.rvenv().args(command.split(' ')).silent();
        scratch.rvenv().args(["--check", "env"]).silent();
    }
}

#[test]
fn no_copy_that_rvenv_made_is_left_after_a_switch_to_another_version() {
    let (Some(old), Some(new)) = (unstable("3.14"), pyenv("3.12")) else { return };
    for flags in [&[][..], &["--copies"], &["--upgrade", "--copies"]] {
        let scratch = Scratch::new();
        scratch.rvenv_for(&old).args(["--copies", "--without-pip", "env"]).silent();
        scratch.rvenv_for(&old).args(["--copies", "--without-pip", "env"]).silent();
        assert!(scratch.path("env/bin/𝜋thon").is_file());
        scratch.rvenv_for(&new).args(flags).args(["--without-pip", "env"]).silent();
        let names = names_in(&scratch.path("env/bin"));
        let interpreters: Vec<&String> = names.iter().filter(|name| name.contains("thon")).collect();
        assert_eq!(interpreters, ["python", "python3", "python3.12"], "{flags:?}");
    }
}
