//! Wheels that are not as they should be: refused with the entry's name, and nothing is written.

use std::fs;
use std::io::Write;
use std::path::Path;

use base64::Engine;
use sha2::{Digest, Sha256};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::harness::*;

/// A wheel of these files, each recorded truly unless `record` says otherwise.
pub fn wheel(path: &Path, files: &[(&str, &str)], record: Option<&str>) {
    let hash = |contents: &str| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(contents));
    let rows = files.iter().map(|(name, contents)| format!("{name},sha256={},{}\n", hash(contents), contents.len()));
    let name = path.file_name().unwrap().to_str().unwrap();
    let recorded = format!("{}.dist-info/RECORD", name.split('-').take(2).collect::<Vec<_>>().join("-"));
    let truth = rows.collect::<String>() + &recorded + ",,\n";
    let mut zip = ZipWriter::new(fs::File::create(path).unwrap());
    for (name, contents) in files.iter().copied().chain([(recorded.as_str(), record.unwrap_or(&truth))]) {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(contents.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

/// Makes an environment for a Python whose only bundled wheel is this one.
fn install(scratch: &Scratch, wheel: &Path) -> Run {
    let python = python();
    let sed = format!("s|\"wheels\": \\[[^]]*\\]|\"wheels\": [\"{}\"]|", wheel.display());
    let wrapper =
        scratch.write_script("python3", &format!("#!/bin/sh\n{} \"$@\" | sed '{sed}'\n", python.path.display()));
    scratch.rvenv().arg("-p").arg(wrapper).arg("env")
}

/// What it is called, the files, RECORD if it is not the truth, and what the error says.
type Case = (&'static str, Vec<(&'static str, &'static str)>, Option<&'static str>, &'static str);

const METADATA: (&str, &str) = ("pip-1.0.dist-info/METADATA", "Name: pip\n");

#[test]
fn a_sound_wheel_is_installed() {
    let scratch = Scratch::new();
    let path = scratch.path("pip-1.0-py3-none-any.whl");
    let entry_points = ("pip-1.0.dist-info/entry_points.txt", "[console_scripts]\nhello = hello:main\n");
    wheel(&path, &[METADATA, entry_points, ("hello.py", "def main(): print('hello')\n")], None);
    install(&scratch, &path).silent();
    assert_eq!(scratch.run(scratch.path("env/bin/hello")).ok(), "hello\n");
}

#[test]
fn what_is_wrong_with_a_wheel_is_named_and_nothing_is_made() {
    let entry_point = |line| ("pip-1.0.dist-info/entry_points.txt", line);
    let climbing = "[console_scripts]\n../../x = a:b\n";
    let cases: [Case; 9] = [
        (
            "climbs",
            vec![METADATA, ("../../evil.py", "")],
            None,
            "its entry \"../../evil.py\" leads out of site-packages",
        ),
        ("absolute", vec![METADATA, ("/tmp/evil.py", "")], None, "its entry \"/tmp/evil.py\" leads out"),
        ("backslash", vec![METADATA, ("a\\..\\evil.py", "")], None, "leads out"),
        ("case", vec![METADATA, ("a.py", ""), ("A.py", "")], None, "it has more than one entry"),
        ("unlisted", vec![METADATA, ("a.py", "")], Some("pip-1.0.dist-info/METADATA,sha256=x,1\n"), "RECORD"),
        ("missing", vec![METADATA], Some("gone.py,sha256=x,1\n"), "its RECORD names gone.py"),
        (
            "lies",
            vec![METADATA, ("a.py", "")],
            Some("a.py,sha256=x,1\npip-1.0.dist-info/METADATA,sha256=x,1\n"),
            "does not have the hash",
        ),
        ("entry point", vec![METADATA, entry_point(climbing)], None, "its entry point \"../../x = a:b\" is not sound"),
        ("data", vec![METADATA, ("pip-1.0.data/scripts/x", "")], None, "(pip-1.0.data)"),
    ];
    for (what, files, record, reason) in cases {
        let scratch = Scratch::new();
        let path = scratch.path("pip-1.0-py3-none-any.whl");
        wheel(&path, &files, record);
        let error = install(&scratch, &path).error();
        assert!(error.contains("pip-1.0-py3-none-any.whl' is not a sound distribution"), "{what}: {error}");
        assert!(error.contains(reason), "{what}: {error}");
        assert_eq!(scratch.names(), ["pip-1.0-py3-none-any.whl", "python3"], "{what}");
    }
}

#[test]
fn a_truncated_wheel_is_an_error() {
    let Some(python) = pyenv("3.12") else { return };
    let scratch = Scratch::new();
    let folder = scratch.run(&python.path).args(["-Ic", "import ensurepip; print(ensurepip.__path__[0])"]).ok();
    let whole = fs::read(Path::new(folder.trim()).join("_bundled/pip-23.2.1-py3-none-any.whl")).unwrap();
    for length in [0, 100, whole.len() / 2, whole.len() - 1] {
        let path = scratch.write("pip-23.2.1-py3-none-any.whl", &whole[..length]);
        let error = install(&scratch, &path).error();
        assert!(error.contains("is not a sound distribution"), "{error}");
        assert!(!scratch.env().exists());
    }
}
