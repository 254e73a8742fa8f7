//! The cache as users see it: where it is, how large it is, how it is emptied, and which files it trusts.

use std::fs::{self, File};
#[cfg(unix)]
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::harness::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn rvenv(scratch: &Scratch) -> Run {
    scratch.rvenv().env("RVENV_CACHE_DIR", scratch.path("cache"))
}

fn make(scratch: &Scratch, python: &Python) {
    rvenv(scratch).arg("-p").arg(&python.path).args(["--no-compile", "--clear", "env"]).silent();
}

fn used_before(path: PathBuf, time: Duration) {
    File::options().write(true).open(path).unwrap().set_modified(SystemTime::now() - time).unwrap();
}

#[test]
fn its_path_and_size_are_printed() {
    let scratch = Scratch::new();
    make(&scratch, &python());
    let text = rvenv(&scratch).arg("--cache-info").ok();
    assert!(text.starts_with(&format!("{}\n2 files, ", scratch.path("cache").display())), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&rvenv(&scratch).args(["--cache-info", "--format", "json"]).ok()).unwrap();
    assert_eq!(json["path"], scratch.path("cache").to_str().unwrap());
    let sizes = ["images", "interpreters"].map(|directory| {
        let names = names_in(&scratch.path("cache").join(directory));
        fs::metadata(scratch.path("cache").join(directory).join(&names[0])).unwrap().len()
    });
    assert_eq!((json["files"].as_u64(), json["bytes"].as_u64()), (Some(2), Some(sizes.iter().sum())));
    assert!(scratch.rvenv().args(["--no-cache", "--cache-info"]).output().status.code() == Some(2));
}

#[test]
fn emptying_it_deletes_only_rvenvs_own_files() {
    let scratch = Scratch::new();
    make(&scratch, &python());
    scratch.write("cache/mine.txt", "");
    rvenv(&scratch).arg("--reset-cache").silent();
    assert_eq!(names_in(&scratch.path("cache")), ["mine.txt"]);
    rvenv(&scratch).arg("--reset-cache").silent();
    // With an ENV_DIR, it is emptied first and then filled again.
    make(&scratch, &python());
    let image = scratch.path("cache/images").join(&names_in(&scratch.path("cache/images"))[0]);
    fs::write(&image, "").unwrap();
    rvenv(&scratch).arg("-p").arg(&python().path).args(["--no-compile", "--reset-cache", "new"]).silent();
    assert!(fs::metadata(image).unwrap().len() > 1_000_000);
    // What is no directory is no cache.
    let error = scratch.rvenv().args(["--reset-cache", "--cache-dir"]).arg(scratch.path("cache/mine.txt")).error();
    assert!(error.contains("Unable to empty the cache '") && error.contains("mine.txt': "), "{error}");
}

#[cfg(unix)] // links
#[test]
fn unused_images_and_missing_interpreters_are_pruned_automatically() {
    let (Some(one), Some(two)) = (pyenv("3.11"), pyenv("3.12")) else { return };
    let scratch = Scratch::new();
    let images = || names_in(&scratch.path("cache/images"));
    make(&scratch, &one);
    let first = images()[0].clone();
    let gone = scratch.path("gone");
    symlink(&one.path, &gone).unwrap();
    rvenv(&scratch).arg("-p").arg(&gone).args(["--without-pip", "--clear", "env"]).silent();
    let knows_gone = || {
        let entries = scratch.path("cache/interpreters");
        let text = |name: String| fs::read_to_string(entries.join(name)).unwrap();
        names_in(&entries).into_iter().any(|name| text(name).contains("/gone\""))
    };
    assert!(knows_gone());
    fs::remove_file(gone).unwrap();
    for (name, age) in [(".tmpKilled", 2 * DAY), (".tmpAtWork", DAY / 2)] {
        scratch.write(&format!("cache/images/{name}"), "");
        used_before(scratch.path("cache/images").join(name), age);
    }

    used_before(scratch.path("cache/images").join(&first), 89 * DAY);
    make(&scratch, &one);
    used_before(scratch.path("cache/images").join(".tmpAtWork"), DAY / 2);
    make(&scratch, &two);
    assert_eq!(images().len(), 3, "images that were used again or are being written stay: {:?}", images());
    assert!(!images().contains(&".tmpKilled".to_owned()));

    used_before(scratch.path("cache/images").join(&first), 91 * DAY);
    rvenv(&scratch).arg("-p").arg(&two.path).args(["--clear", "env"]).silent();
    assert!(!images().contains(&first));
    assert!(!knows_gone());
}

#[cfg(unix)] // modes
#[test]
fn a_file_that_is_a_link_or_writable_by_others_is_ignored() {
    let scratch = Scratch::new();
    let python = python();
    make(&scratch, &python);
    let image = scratch.path("cache/images").join(&names_in(&scratch.path("cache/images"))[0]);
    // Its checksums are valid, but rvenv did not write it: the start of a module and its checksum are changed.
    let poisoned = scratch.write("poisoned.image", b"");
    let poison = "
import json, struct, sys, zlib
with open(sys.argv[1], 'rb') as file:
    image = file.read()
base = len(image) - 8 - struct.unpack('<LL', image[-8:])[0]
contents = image[base:-8]
files = json.loads(contents)['distributions'][0]['files']
start, size = [file[2][:2] for file in files if file[0] == 'pip/__init__.py'][0]
data = image[start:start + size]
poisoned = b'#poison' + data[7:]
new = contents.replace(b',%d]' % zlib.crc32(data), b',%d]' % zlib.crc32(poisoned))
with open(sys.argv[2], 'wb') as file:
    file.write(image[:start] + poisoned + image[start + size:base])
    file.write(new + struct.pack('<LL', len(new), zlib.crc32(new)))
";
    scratch.run(&python.path).args(["-c", poison]).arg(&image).arg(&poisoned).silent();
    let poisoned = fs::read(poisoned).unwrap();
    let is_poisoned = || {
        make(&scratch, &python);
        let text = fs::read_to_string(site_packages(&scratch.env()).join("pip/__init__.py")).unwrap();
        text.contains("#poison")
    };
    fs::write(&image, &poisoned).unwrap();
    assert!(is_poisoned(), "the poison works if the file is trusted");

    let is_written_again = || fs::symlink_metadata(&image).unwrap().is_file() && fs::read(&image).unwrap() != poisoned;
    fs::set_permissions(&image, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(!is_poisoned(), "others can write to it");
    assert!(is_written_again());
    fs::remove_file(&image).unwrap();
    let elsewhere = scratch.write("elsewhere.image", &poisoned);
    symlink(&elsewhere, &image).unwrap();
    assert!(!is_poisoned(), "a link");
    assert_eq!(fs::read(elsewhere).unwrap(), poisoned, "its target stays");
    assert!(is_written_again());
    let Some(()) = able("chown") else { return };
    fs::write(&image, &poisoned).unwrap();
    scratch.run("chown").arg("12345").arg(&image).silent();
    assert!(!is_poisoned(), "another owner");
    assert!(is_written_again());
}

#[cfg(unix)] // links
#[test]
fn other_files_in_the_cache_directory_are_never_deleted() {
    let scratch = Scratch::new();
    scratch.write("victim/precious", "");
    for name in ["images/holiday.jpg", "interpreters/notes.txt"] {
        scratch.write(&format!("cache/{name}"), "");
        used_before(scratch.path("cache").join(name), 200 * DAY);
    }
    symlink("../victim", scratch.path("cache/unpacked")).unwrap();
    rvenv(&scratch).arg("-p").arg(&python().path).args(["-q", "--clear", "env"]).silent();
    assert!(rvenv(&scratch).arg("--reset-cache").error().contains("/cache/unpacked': it is a link or a file"));
    for name in ["victim/precious", "cache/images/holiday.jpg", "cache/interpreters/notes.txt"] {
        assert!(scratch.path(name).exists(), "{name}");
    }
    assert_eq!(names_in(&scratch.path("cache/images")), ["holiday.jpg"]);
}

#[cfg(unix)] // modes
#[test]
fn a_cache_directory_writable_by_others_is_ignored_with_a_warning() {
    for directory in ["cache", "cache/images", "cache/interpreters"] {
        let scratch = Scratch::new();
        make(&scratch, &python());
        let path = scratch.path(directory);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        let before = tree(&path);
        let run = rvenv(&scratch).arg("-p").arg(&python().path).args(["--clear", "env"]).output();
        assert!(run.status.success());
        let said = String::from_utf8(run.stderr).unwrap();
        let reason = "it is a link or a file, or another user owns it or can write to it";
        assert_eq!(said, format!("Warning: Unable to use the cache '{}': {reason}\n", path.display()));
        assert!(tree(&path) == before, "nothing was written there");
        assert!(rvenv(&scratch).arg("--cache-info").error().contains(reason));
    }
}

#[cfg(unix)] // modes, links, HOME
#[test]
fn a_default_cache_that_is_not_used_is_warned_of_and_stays_as_it_is() {
    let python = python();
    for spoil in [
        "mkdir -m 777 home/.cache/rvenv",
        "touch home/.cache/rvenv",
        "mkdir disk && ln -s ../../disk home/.cache/rvenv",
    ] {
        let scratch = Scratch::new();
        fs::create_dir_all(scratch.path("home/.cache")).unwrap();
        scratch.run("sh").args(["-c", spoil]).silent();
        let before = tree(&scratch.path("."));
        let run = scratch.rvenv().env_remove("RVENV_CACHE_DIR").env_remove("XDG_CACHE_HOME");
        let run = run.env("HOME", scratch.path("home")).arg("-p").arg(&python.path).args(["--without-pip", "env"]);
        let said = String::from_utf8(run.output().stderr).unwrap();
        assert!(said.starts_with("Warning: Unable to use the cache '") && said.lines().count() == 1, "{said}");
        fs::remove_dir_all(scratch.env()).unwrap();
        assert!(tree(&scratch.path(".")) == before, "{spoil}");
    }
}

#[test]
fn a_cache_that_was_asked_for_and_cannot_be_created_is_warned_of() {
    let scratch = Scratch::new();
    scratch.write("file", "");
    let run = scratch.rvenv_for(&python()).args(["--cache-dir", "file/cache", "--without-pip", "env"]).output();
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success() && said.starts_with("Warning: Unable to create the cache 'file"), "{said}");
}

#[cfg(unix)] // HOME
#[test]
fn a_tilde_at_the_start_of_the_path_means_the_home_directory() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("home")).unwrap();
    let run = || scratch.rvenv().env("HOME", scratch.path("home")).arg("--cache-info");
    for run in [run().env("RVENV_CACHE_DIR", "~/here"), run().args(["--cache-dir", "~/here"])] {
        assert!(run.ok().contains(scratch.path("home/here").to_str().unwrap()));
    }
    assert!(run().env("RVENV_CACHE_DIR", "~").ok().contains(scratch.path("home").to_str().unwrap()));
}

#[cfg(unix)] // modes
#[test]
fn what_cannot_be_deleted_from_the_cache_is_reported() {
    let scratch = Scratch::new();
    make(&scratch, &python());
    fs::set_permissions(scratch.path("cache/images"), fs::Permissions::from_mode(0o777)).unwrap();
    let said = rvenv(&scratch).arg("--reset-cache").error();
    assert!(said.contains("Unable to empty the cache '") && said.contains("/cache/images'"), "{said}");
    assert_eq!(names_in(&scratch.path("cache")), ["images"], "everything else is gone");
}

#[cfg(unix)] // root, HOME
#[test]
fn no_cache_is_created_in_a_home_that_is_relative_missing_or_another_users() {
    let scratch = Scratch::new();
    let python = python();
    let make = |home: &std::path::Path| {
        let run = scratch.rvenv().env_remove("RVENV_CACHE_DIR").env_remove("XDG_CACHE_HOME").env("HOME", home);
        run.arg("-p").arg(&python.path).args(["--clear", "env"]).silent();
        scratch.run("rm").args(["-r", "env"]).silent();
    };
    let before = tree(&scratch.path("."));
    make("".as_ref());
    make("here".as_ref());
    make(&scratch.path("gone"));
    assert!(tree(&scratch.path(".")) == before);

    fs::create_dir(scratch.path("home")).unwrap();
    // Only root would create a cache that its owner cannot use.
    if able("chown").is_some() {
        scratch.run("chown").arg("12345").arg(scratch.path("home")).silent();
        make(&scratch.path("home"));
        assert_eq!(names_in(&scratch.path("home")), [] as [&str; 0]);
        scratch.run("chown").arg("0").arg(scratch.path("home")).silent();
    }
    make(&scratch.path("home"));
    assert_eq!(names_in(&scratch.path("home/.cache/rvenv")), ["CACHEDIR.TAG", "images", "interpreters"]);
}

#[test]
fn backups_can_tell_the_cache() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--cache-dir", "cache", "--without-pip", "env"]).silent();
    let tag = fs::read_to_string(scratch.path("cache/CACHEDIR.TAG")).unwrap();
    assert!(tag.starts_with("Signature: 8a477f597d28d172789f06886806bc55\n"), "{tag}");
    assert!(!scratch.env().join("CACHEDIR.TAG").exists());
    // A tag of the user's stays, and the user's own files are not left out of backups.
    scratch.write("cache/CACHEDIR.TAG", "mine");
    scratch
        .rvenv_for(&python())
        .args(["--cache-dir", "cache", "--reset-cache", "--no-compile", "--clear", "env"])
        .silent();
    assert_eq!(fs::read_to_string(scratch.path("cache/CACHEDIR.TAG")).unwrap(), "mine");
    scratch.write("home/mine.txt", "");
    scratch.rvenv_for(&python()).args(["--cache-dir", "home", "--no-compile", "--clear", "env"]).silent();
    assert_eq!(names_in(&scratch.path("home")), ["images", "interpreters", "mine.txt"]);
}
