//! What package managers are told about a release: the manifest for Scoop, and the metadata for cargo-binstall.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::*;
use crate::release::files::{TARGETS, archive_for};
use crate::release::site::{Site, VERSION};

/// Writes a file in place of each archive.
fn write_release(_: &Scratch, site: &Path) {
    for (target, ..) in TARGETS {
        fs::write(site.join(archive_for(target)), target).unwrap();
    }
}

/// Replaces the templates in all strings.
fn expand(value: &Value, templates: &[(&str, &str)]) -> Value {
    match value {
        Value::String(text) => {
            Value::String(templates.iter().fold(text.clone(), |text, (is, by)| text.replace(is, by)))
        }
        Value::Object(entries) => entries.iter().map(|(key, value)| (key.clone(), expand(value, templates))).collect(),
        other => other.clone(),
    }
}

#[test]
fn the_manifest_for_scoop_has_the_archives_of_this_version_and_where_those_of_the_next_are() {
    let sites = (Site::new(Some("someone/rvenv"), write_release), Site::new(None, write_release));
    let (Some(site), Some(without)) = sites else { return };
    let manifest: Value = serde_json::from_str(&fs::read_to_string(site.path("rvenv.json")).unwrap()).unwrap();
    let repository = format!("{}/someone/rvenv", site.address);
    let (release, keys) = (format!("{repository}/releases/download/v{VERSION}"), |value: &Value| {
        value.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    });
    // Scoop's schema requires version, homepage and licence, and knows no other keys than its own.
    let expected = ["architecture", "autoupdate", "bin", "checkver", "description", "homepage", "license", "version"];
    assert_eq!(keys(&manifest), expected);
    for (key, value) in [
        ("version", VERSION),
        ("homepage", &repository),
        ("license", env!("CARGO_PKG_LICENSE")),
        ("description", env!("CARGO_PKG_DESCRIPTION")),
        ("bin", "rvenv.exe"),
    ] {
        assert_eq!(manifest[key], value);
    }
    // Scoop looks for the newest release there.
    assert_eq!(manifest["checkver"], serde_json::json!({ "github": repository }));
    let targets = [("64bit", "x86_64-pc-windows-gnu"), ("arm64", "aarch64-pc-windows-gnullvm")];
    assert_eq!(keys(&manifest["architecture"]), targets.map(|(key, _)| key));
    for (key, target) in targets {
        let mut is = manifest["architecture"][key].clone();
        let hash = is.as_object_mut().unwrap().remove("hash").unwrap();
        let archive = archive_for(target);
        let sum = site.scratch.run("openssl").args(["dgst", "-sha256", "-r"]).arg(site.path(&archive)).ok();
        assert_eq!(hash, sum.split(' ').next().unwrap());
        let expected = serde_json::json!({ "url": format!("{release}/{archive}"), "extract_dir": format!("rvenv-{VERSION}-{target}") });
        assert_eq!(is, expected);
        assert_eq!(expand(&manifest["autoupdate"]["architecture"][key], &[("$version", VERSION)]), expected);
    }
    assert_eq!(keys(&manifest["autoupdate"]), ["architecture", "hash"]);
    let sums = expand(&manifest["autoupdate"]["hash"], &[("$baseurl", &release)]);
    assert_eq!(sums, serde_json::json!({ "url": format!("{release}/SHA256SUMS") }));
    assert!(!without.path("rvenv.json").exists(), "it needs addresses");
}

#[test]
fn cargo_binstall_finds_the_archives_by_the_metadata_of_the_crate() {
    let (Some(cargo), scratch) = (tool("cargo"), Scratch::new()) else { return };
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let metadata = scratch.run(cargo).args([
        "metadata",
        "--locked",
        "--no-deps",
        "--format-version=1",
        "--manifest-path",
        manifest,
    ]);
    let metadata: Value = serde_json::from_str(&metadata.ok()).unwrap();
    let metadata = &metadata["packages"][0]["metadata"]["binstall"];
    let overrides = metadata["overrides"].as_object().unwrap();
    for (target, ..) in TARGETS {
        let value = |key: &str| overrides.get(target).and_then(|of| of.get(key)).unwrap_or(&metadata[key]);
        let is_windows = target.contains("windows");
        let templates = [
            ("{ repo }", "https://github.example/someone/rvenv"),
            ("{ name }", "rvenv"),
            ("{ version }", VERSION),
            ("{ target }", target),
            ("{ bin }", "rvenv"),
            ("{ binary-ext }", if is_windows { ".exe" } else { "" }),
        ];
        let releases = format!("https://github.example/someone/rvenv/releases/download/v{VERSION}");
        assert_eq!(expand(value("pkg-url"), &templates), format!("{releases}/{}", archive_for(target)));
        let program = format!("rvenv-{VERSION}-{target}/rvenv{}", if is_windows { ".exe" } else { "" });
        assert_eq!(expand(value("bin-dir"), &templates), program);
        assert_eq!(value("pkg-fmt"), if is_windows { "zip" } else { "tgz" });
    }
    assert!(overrides.keys().all(|target| TARGETS.iter().any(|(known, ..)| known == target)), "{overrides:?}");
}
