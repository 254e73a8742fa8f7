//! An ENV_DIR that exists: run again, `--upgrade`, `--clear`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use crate::harness::*;

fn link(path: PathBuf) -> PathBuf {
    fs::read_link(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_second_run_changes_nothing_that_it_need_not() {
    for_each_python(|python| {
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
fn a_second_run_keeps_packages_and_files_and_writes_scripts_and_cfg_anew() {
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
    for_each_python(|python| {
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
fn another_python_over_an_environment_makes_it_wholly_its_own() {
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
fn a_link_of_the_same_version_that_scripts_are_run_by_stays_and_is_repointed() {
    let Some(python) = pyenv("3.8") else { return };
    let scratch = Scratch::new();
    let versioned = Python { path: python.path.with_file_name("python3.8"), ..python.clone() };
    scratch.venv(&versioned).args(["--without-pip", "env"]).silent();
    scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
    assert_eq!(link(scratch.path("env/bin/python3.8")), PathBuf::from("python3"));
    assert_eq!(link(scratch.path("env/bin/python3")), python.path);
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
    // An environment of 3.10's older pip, made to look like one of 3.11's.
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
    assert!(!ours.join("pip/_internal/only_in_the_old_one.py").exists(), "what only the old one had goes");
    assert!(PathBuf::from("/etc/hostname").exists());
    assert!(scratch.run(scratch.path("env/bin/pip")).arg("--version").ok().starts_with("pip 23.2.1 "));
    assert!(bundled.len() > 500);

    // Called newer, it stays.
    fs::rename(ours.join("pip-23.2.1.dist-info"), ours.join("pip-99.0.dist-info")).unwrap();
    let record = ours.join("pip-99.0.dist-info/RECORD");
    let rows = fs::read_to_string(&record).unwrap().replace("pip-23.2.1.dist-info", "pip-99.0.dist-info");
    fs::write(&record, rows).unwrap();
    scratch.rvenv_for(&python).arg("env").silent();
    assert_eq!(record_of(&scratch.env(), "pip"), record);
}

#[test]
fn a_pip_with_files_missing_is_made_whole() {
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
    for_each_python(|python| {
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
        assert!(scratch.path("env/bin/pip3").exists(), "pip comes with an upgrade, as with CPython's");
        scratch.rvenv_for(python).args(["--upgrade", "--prompt", "other", "env"]).silent();
        assert_eq!(configured(&scratch.env(), "prompt").as_deref(), Some("'other'"));
    });
}

#[test]
fn upgrade_reads_the_bare_prompt_of_other_tools() {
    let scratch = Scratch::new();
    scratch.write("env/pyvenv.cfg", "home = /nowhere\nprompt = bare one\n");
    scratch.rvenv_for(&python()).args(["--upgrade", "--without-pip", "env"]).silent();
    assert_eq!(configured(&scratch.env(), "prompt").as_deref(), Some("'bare one'"));
}

#[test]
fn upgrade_of_nothing_makes_an_environment() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--upgrade", "--without-pip", "env"]).silent();
    assert!(scratch.path("env/bin/activate").exists(), "CPython leaves the scripts out");
}

#[test]
fn a_gitignore_that_is_there_is_kept() {
    let scratch = Scratch::new();
    scratch.write(".gitignore", "target/\n");
    scratch.write("main.py", "");
    scratch.rvenv_for(&python()).args(["--without-pip", "."]).silent();
    assert_eq!(fs::read_to_string(scratch.path(".gitignore")).unwrap(), "target/\n");
    assert!(scratch.path("bin/python").exists() && scratch.path("main.py").exists());
    assert!(scratch.names().iter().all(|name| !name.starts_with(".rvenv")));
}

#[test]
fn clear_empties_the_folder_and_keeps_the_folder_itself() {
    let scratch = Scratch::new();
    let python = python();
    scratch.rvenv_for(&python).args(["--without-pip", "env"]).silent();
    let fresh = tree(&scratch.env());
    fs::set_permissions(scratch.env(), fs::Permissions::from_mode(0o700)).unwrap();
    let inode = |path: PathBuf| std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap());
    let before = inode(scratch.env());
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
    assert_eq!(inode(scratch.env()), before);
    assert_eq!(fs::metadata(scratch.env()).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(scratch.path("outside/precious").exists());
}

#[test]
fn clear_refuses_what_is_no_environment_unless_forced() {
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
fn clear_never_goes_through_a_link_at_env_dir() {
    let scratch = Scratch::new();
    let python = python();
    scratch.rvenv_for(&python).args(["--without-pip", "real"]).silent();
    let before = tree(&scratch.path("real"));
    symlink(scratch.path("real"), scratch.env()).unwrap();
    for flags in [&["--clear"][..], &["--clear", "--force"], &[], &["--upgrade"]] {
        let error = scratch.rvenv_for(&python).args(flags).args(["--without-pip", "env"]).error();
        assert!(error.starts_with("Unable to create directory '") && error.contains("symbolic link"), "{error}");
    }
    assert_eq!(tree(&scratch.path("real")), before);
}

#[test]
fn what_is_in_the_way_is_named_before_anything_changes() {
    for (make, what) in [("bin", "file"), ("lib", "link"), ("bin/activate", "folder")] {
        let scratch = Scratch::new();
        let path = scratch.env().join(make);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match what {
            "file" => fs::write(&path, "").unwrap(),
            "link" => symlink("/tmp", &path).unwrap(),
            _ => fs::create_dir(&path).unwrap(),
        }
        let before = tree(&scratch.env());
        let error = scratch.rvenv_for(&python()).args(["--without-pip", "env"]).error();
        assert!(error.starts_with(&format!("Unable to create directory '{}': ", path.display())), "{error}");
        assert_eq!(tree(&scratch.env()), before, "{make}");
    }
}

#[test]
fn the_installation_itself_is_refused() {
    let scratch = Scratch::new();
    let python = python();
    let prefix = python.path.parent().unwrap().parent().unwrap();
    for flags in [&[][..], &["--clear", "--force"], &["--upgrade"]] {
        let error = scratch.rvenv_for(&python).args(flags).arg(prefix).error();
        assert!(error.contains("it is the Python installation itself"), "{error}");
    }
    assert!(python.path.exists());
}
