//! Malformed wheels are refused with the name of the entry, and nothing is written.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::harness::*;
use crate::wheel_builder::{self, Entry};

const NAME: &str = "pip-1.0-py3-none-any.whl";

/// rvenv with a Python whose only bundled wheel is this one.
fn python_with(scratch: &Scratch, wheel: &Path) -> Run {
    let python = python();
    let sed = format!("s|\"wheels\": \\[[^]]*\\]|\"wheels\": [\"{}\"]|", wheel.display());
    let wrapper =
        scratch.write_script("python3", &format!("#!/bin/sh\n{} \"$@\" | sed '{sed}'\n", python.path.display()));
    scratch.rvenv().arg("-p").arg(wrapper)
}

/// Limits a run's memory to 200 MB where that is possible, a fifth of what the largest wheels here unpack to.
fn with_little_memory(run: Run) -> Run {
    if able("ulimit -v").is_none() {
        return run;
    }
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 200000 && exec \"$@\"", "sh"]).arg(run.0.get_program()).args(run.0.get_args());
    command.current_dir(run.0.get_current_dir().expect("the scratch directory"));
    for (name, value) in run.0.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Run(command)
}

/// Asserts that a wheel is refused. ENV_DIR is so deep that names which climb out of it stay in the scratch directory.
fn refuse(what: &str, wheel: &[u8], reason: &str) {
    let scratch = Scratch::new();
    let path = scratch.write(NAME, wheel);
    let error = with_little_memory(python_with(&scratch, &path).arg("some/way/down/env")).error();
    assert!(error.contains(&format!("{NAME}' is not a valid wheel: ")), "{what}: {error}");
    assert!(error.contains(reason), "{what}: {error}");
    assert_eq!(scratch.names(), [NAME, "python3"], "{what}");
}

fn metadata() -> Entry {
    Entry::new("pip-1.0.dist-info/METADATA", "Name: pip\n")
}

/// A wheel with these entries in addition to its metadata.
fn wheel_with<const N: usize>(entries: [Entry; N]) -> Vec<u8> {
    wheel_builder::wheel(&[[metadata()].as_slice(), &entries].concat())
}

fn module(name: &str) -> Entry {
    Entry::new(name, "pass\n")
}

#[test]
fn a_valid_wheel_is_installed() {
    let scratch = Scratch::new();
    let entry_points = Entry::new("pip-1.0.dist-info/entry_points.txt", "[console_scripts]\nhello = hello:main\n");
    let hello = Entry::new("hello.py", "def main(): print('hello')\n");
    let path =
        scratch.write(NAME, wheel_with([entry_points, hello, Entry::new("directory/", ""), module("directory/a.py")]));
    python_with(&scratch, &path).arg("env").silent();
    assert_eq!(scratch.run(scratch.path("env/bin/hello")).ok(), "hello\n");
}

#[test]
fn names_outside_site_packages_are_refused() {
    let absolute = std::env::temp_dir().join("rvenv-test-evil.py");
    let names = ["../evil.py", "../../../../evil.py", "../../../../../../evil.py", "a/../../evil.py", "a/../evil.py"];
    let names = names.into_iter().chain(["/evil.py", "//evil.py", "a\\..\\evil.py", "C:/evil.py", "C:evil.py", "./a"]);
    for name in names.chain([absolute.to_str().expect("UTF-8"), "a\nb", "a\0b", "a//b", "..", "../", ""]) {
        refuse(name, &wheel_with([module(name)]), &format!("its entry {name:?} is outside site-packages"));
    }
    refuse("link", &wheel_with([Entry::link("../a", "/tmp")]), "its entry \"../a\" is outside site-packages");
    assert!(!absolute.exists());
}

#[test]
fn links_are_refused() {
    for target in ["/tmp", "", "a.py"] {
        refuse("link", &wheel_with([Entry::link("a", target)]), "its entry a is a symbolic link");
        // Entries below it would be written through the link.
        refuse("below", &wheel_with([Entry::link("a", target), module("a/b.py")]), "its entry a is a symbolic link");
        refuse("directory", &wheel_with([Entry::link("a/", target)]), "its entry a/ is a symbolic link");
    }
}

#[test]
fn duplicate_names_are_refused() {
    let twice = [module("a.py"), Entry::new("a.py", "other\n")];
    refuse("twice", &wheel_with(twice.clone()), "it has more than one entry named a.py");
    // The zip crate returns the last entry of a name: the link here, the file next.
    refuse("file, link", &wheel_with([module("a"), Entry::link("a", "/tmp")]), "it has more than one entry named a");
    refuse("link, file", &wheel_with([Entry::link("a", "/tmp"), module("a")]), "it has more than one entry named a");
    refuse("case", &wheel_with([module("a.py"), module("A.py")]), "it has more than one entry named A.py");
    refuse("case of directory", &wheel_with([module("a/b"), module("A/b")]), "it has more than one entry named A/b");
    refuse("case beyond ASCII", &wheel_with([module("É.py"), module("é.py")]), "it has more than one entry named é.py");
    refuse("below", &wheel_with([module("a/b"), module("a")]), "its entry a/b is below its entry a, which is a file");
    refuse("below, case", &wheel_with([module("A/b/c"), module("a-"), module("a")]), "its entry A/b/c is below");
    // The end record gives fewer entries than there are.
    let mut fewer = wheel_with(twice);
    let count = fewer.len() - 14;
    (fewer[count], fewer[count + 2]) = (3, 3);
    refuse("fewer", &fewer, "it has more than one entry named");
}

#[test]
fn huge_or_wrong_sizes_are_refused() {
    let said = |size| Entry { size, ..module("a.py") };
    refuse("4 GiB", &wheel_with([said(0xFFFF_FFFE)]), "its entry a.py is larger than 67108864 bytes");
    refuse("4 GiB", &wheel_with([said(0xFFFF_FFFF)]), "its entry a.py is larger than 67108864 bytes");
    refuse("more", &wheel_with([said(60_000_000)]), "its entry a.py does not have the 60000000 bytes");
    refuse("fewer", &wheel_with([said(4)]), "its entry a.py does not have the 4 bytes");
    let bomb = wheel_builder::bomb("a.py", 521_000);
    assert!(bomb.size > 1 << 30 && bomb.stored.len() < 7 << 20);
    refuse("bomb", &wheel_with([bomb.clone()]), "its entry a.py is larger than 67108864 bytes");
    refuse("quiet bomb", &wheel_with([Entry { size: 5, ..bomb.clone() }]), "its entry a.py does not have the 5 bytes");
    let record = Entry { name: "pip-1.0.dist-info/RECORD".to_owned(), size: 5, ..bomb };
    refuse(
        "RECORD",
        &wheel_builder::archive(&[metadata(), record]),
        "its entry pip-1.0.dist-info/RECORD does not have the 5",
    );
    let many: Vec<Entry> = (0..4).map(|at| Entry { size: 60_000_000, ..module(&format!("{at}.py")) }).collect();
    refuse("many", &wheel_builder::wheel(&many), "it unpacks to more than 134217728 bytes, at its entry 2.py");
}

#[test]
fn a_wheel_with_too_many_entries_is_refused_quickly() {
    let entries: Vec<Entry> = (0..200_000).map(|at| Entry::new(at.to_string(), "")).collect();
    let wheel = wheel_builder::archive(&entries);
    let start = Instant::now();
    refuse("many", &wheel, "it has more than 65536 entries");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn a_wrong_record_is_refused() {
    let (a, metadata) = (module("a.py"), metadata());
    let lies = |record: &str| wheel_builder::wheel_recorded(&[metadata.clone(), a.clone()], metadata.row() + record);
    let size = a.row().replace(",5\n", ",6\n");
    for (record, reason) in [
        ("a.py,sha256=x,5\n", "a.py does not match its hash in RECORD"),
        ("a.py,md5=x,5\n", "its RECORD has an unsupported hash, md5"),
        (&size, "a.py does not match its size in RECORD"),
        ("a.py,,\n", "a.py has no hash in RECORD"),
        ("a.py\n", "a.py has no hash in RECORD"),
        ("", "a.py is not listed in RECORD"),
        ("gone.py,sha256=x,1\n", "its RECORD lists gone.py, which is not in the wheel"),
        ("../../../bin/pip,sha256=x,1\n", "its RECORD lists ../../../bin/pip, which is not in the wheel"),
        ("/etc/passwd,,\n", "its RECORD lists /etc/passwd, which is not in the wheel"),
        ("\"a\nb\",,\n", "its RECORD lists a\\nb, which is not in the wheel"),
        ("./a.py,,\n", "its RECORD lists ./a.py, which is not in the wheel"),
    ] {
        refuse(record, &lies(record), reason);
    }
    refuse("not text", &wheel_builder::wheel_recorded(&[metadata, a], b"\xFF,,\n"), "cannot parse RECORD: ");
}

#[test]
fn a_wheel_without_its_metadata_is_refused() {
    let of = |names: &[&str]| wheel_builder::archive(&names.iter().map(|name| module(name)).collect::<Vec<_>>());
    refuse("no RECORD", &of(&["pip-1.0.dist-info/METADATA"]), "it has no RECORD");
    refuse("RECORD a directory", &of(&["pip-1.0.dist-info/RECORD/x"]), "it has no RECORD");
    refuse("another's", &of(&["pap-1.0.dist-info/RECORD"]), "it has no directory pip-VERSION.dist-info");
    refuse("two", &of(&["pip-1.0.dist-info/RECORD", "pip-2.0.dist-info/RECORD"]), "or more than one");
    let others = [module("pip-1.0.dist-info/RECORD"), module("other-1.0.dist-info/RECORD")];
    refuse("another's too", &wheel_builder::archive(&others), "or more than one");
    for (headers, said) in [("Name: pap\nVersion: 1.0", "\"pap\""), ("Name: pip\nVersion: 1.1", "\"1.1\"")] {
        let metadata = Entry::new("pip-1.0.dist-info/METADATA", format!("{headers}\n\nName: pip\nVersion: 1.0\n"));
        let reason = format!("its METADATA is that of {said}, which contradicts its name");
        refuse(headers, &wheel_builder::wheel(&[metadata, module("a.py")]), &reason);
    }
    refuse("data", &wheel_with([module("pip-1.0.data/scripts/x")]), "(pip-1.0.data)");
    refuse("directories", &of(&["pip-1.0.dist-info/"]), "it contains no files");
    refuse("empty", &of(&[]), "");
}

#[test]
fn invalid_entry_points_are_refused() {
    for line in ["../x = m:f", "a/b = m:f", "/x = m:f", "a\\b = m:f", ".. = m:f", ".x = m:f", "c:x = m:f", " = m:f"] {
        let entry_points = Entry::new("pip-1.0.dist-info/entry_points.txt", format!("[console_scripts]\n{line}\n"));
        let reason = format!("its entry point {:?} is not valid", line.trim());
        refuse(line, &wheel_with([entry_points]), &reason);
    }
    for name in ["python", "python3.12", "activate"] {
        let line = format!("[console_scripts]\n{name} = a:main\n");
        let entry_points = Entry::new("pip-1.0.dist-info/entry_points.txt", line);
        refuse(name, &wheel_with([entry_points]), "would replace a program of the environment");
    }
    for line in ["x = m;import os:f", "x = m:f()", "x = m:f\u{b}import os", "x = m", "x"] {
        let entry_points = Entry::new("pip-1.0.dist-info/entry_points.txt", format!("[console_scripts]\n{line}\n"));
        refuse(line, &wheel_with([entry_points]), "its entry point ");
    }
    let long = Entry::new("pip-1.0.dist-info/entry_points.txt", "# \n".repeat(400_000));
    refuse("long", &wheel_with([long]), "its entry_points.txt is larger than 1048576 bytes");
}

#[test]
fn unsupported_and_corrupt_entries_are_named() {
    refuse("method", &wheel_with([Entry { method: 14, ..module("a.py") }]), "its entry a.py ");
    let mut encrypted = wheel_with([module("a.py")]);
    for (mark, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let headers: Vec<usize> = (0..encrypted.len() - 4).filter(|at| encrypted[*at..].starts_with(mark)).collect();
        headers.into_iter().for_each(|header| encrypted[header + flags] |= 1);
    }
    refuse("encrypted", &encrypted, "is encrypted");
    refuse(
        "checksum",
        &wheel_with([Entry { crc32: 1, ..module("a.py") }]),
        "its entry a.py does not match its checksum",
    );
    refuse("deflate", &wheel_with([Entry { method: 8, ..module("a.py") }]), "its entry a.py ");
    // Corrupt the first entry's local header.
    let mut wheel = wheel_with([]);
    wheel[0] = b'x';
    refuse("header", &wheel, "its entry pip-1.0.dist-info/METADATA: ");
}

#[test]
fn a_truncated_wheel_is_refused_at_any_length() {
    let whole = wheel_with([module("a.py"), module("b.py")]);
    // tests/fuzz/read.rs tries every length, without starting a process for each.
    let lengths = (0..whole.len()).step_by(whole.len() / 12).chain([whole.len() - 22, whole.len() - 1]);
    lengths.for_each(|length| refuse(&format!("{length} bytes"), &whole[..length], ""));
}

#[test]
fn a_refused_wheel_leaves_an_environment_unchanged() {
    let scratch = Scratch::new();
    let path = scratch.write(NAME, wheel_with([module("a.py")]));
    python_with(&scratch, &path).arg("env").silent();
    let before = tree(&scratch.env());
    let path =
        scratch.write("pip-1.1-py3-none-any.whl", wheel_with([module("b.py"), Entry { crc32: 1, ..module("c") }]));
    let error = python_with(&scratch, &path).arg("env").error();
    assert!(error.contains("its entry c does not match its checksum"), "{error}");
    assert_eq!(tree(&scratch.env()), before);
}

#[test]
fn a_record_may_use_any_sha_2_hash() {
    let module = module("a.py");
    for (algorithm, digest) in [
        ("sha256", "n1bnYdeb_bNDBKASWGywTRa0Ne9hMAkal3AuVZJgovI"),
        ("sha384", "0Yn2uI9UUk1txGhgCE4Pw0hHeRk2GIAtytFl0KUBUlSMA3z7YgAnCJvVnnBqNPgN"),
        ("sha512", "75bDZwvTTskLuAKOBaaEvOTeGrc_z0lZlxm7FYN2LJW3CSxwPXaOgCtxYu9Se8vSoB9Z-eOqnJ8Ut-3hk8degA"),
    ] {
        let scratch = Scratch::new();
        let record = format!("{}a.py,{algorithm}={digest},5\npip-1.0.dist-info/RECORD,,\n", metadata().row());
        let path = scratch.write(NAME, wheel_builder::wheel_recorded(&[metadata(), module.clone()], record));
        python_with(&scratch, &path).arg("env").silent();
        assert!(site_packages(&scratch.env()).join("a.py").is_file(), "{algorithm}");
    }
}

/// Files that pip generates, and .pyc files, replace those of the same name in a wheel.
#[test]
fn a_wheel_containing_files_that_pip_writes_is_still_cached_as_an_image() {
    let scratch = Scratch::new();
    let python = python();
    let tag = scratch.run(&python.path).args(["-c", "import sys; print(sys.implementation.cache_tag)"]).ok();
    let pyc = format!("__pycache__/a.{}.pyc", tag.trim());
    let names = ["pip-1.0.dist-info/INSTALLER", "pip-1.0.dist-info/REQUESTED", pyc.as_str()];
    let [installer, requested, compiled] = names.map(|name| Entry::new(name, "of the wheel"));
    let path = scratch.write(NAME, wheel_with([module("a.py"), installer, requested, compiled]));
    let make = || {
        let run = python_with(&scratch, &path).env("RVENV_CACHE_DIR", scratch.path("cache"));
        run.args(["--clear", "env"]).silent();
        tree_without_times(&site_packages(&scratch.env()))
    };
    let cold = make();
    assert_eq!(names_in(&scratch.path("cache/images")).len(), 1);
    assert!(cold == make());
    let installer = std::fs::read(site_packages(&scratch.env()).join(names[0])).unwrap();
    assert_eq!(installer, b"pip\n");
    let record = std::fs::read_to_string(record_of(&scratch.env(), "pip")).unwrap();
    assert_eq!(record.matches(&pyc).count(), 1, "{record}");
    in_env(&scratch.env(), "import a");
}
