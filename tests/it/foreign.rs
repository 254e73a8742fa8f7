//! Flags of virtualenv and uv, for callers that run rvenv in their place.

use crate::harness::*;

/// Creates an environment with these flags and returns the names in its bin.
fn bin(scratch: &Scratch, flags: &[&str]) -> Vec<String> {
    scratch.rvenv().arg("--clear").args(flags).arg("env").silent();
    names_in(&scratch.env().join(BIN))
}

#[test]
fn flags_for_what_rvenv_does_anyway_are_accepted() {
    let scratch = Scratch::new();
    let usual = bin(&scratch, &["--without-pip"]);
    let flags = ["--no-download", "--never-download", "--no-periodic-update", "--no-wheel", "--allow-existing"];
    assert_eq!(bin(&scratch, &[&flags[..], &["--no-site-packages", "--no-seed"]].concat()), usual);
    let uvs = ["--no-clear", "--offline", "--no-project", "--no-config", "--no-python-downloads", "--distribute"];
    assert_eq!(bin(&scratch, &[&uvs[..], &["--no-seed"]].concat()), usual);
    assert_eq!(bin(&scratch, &["--pip", "bundle", "--setuptools=embed", "--no-pip", "--no-setuptools"]), usual);
}

#[test]
fn the_first_of_several_pythons_that_exists_is_used() {
    let (scratch, python) = (Scratch::new(), python());
    let path = python.path.to_str().unwrap();
    scratch.rvenv().args(["-p", "3.99", "-p", "no-such-python", "-p", path, "-p", "none", "--no-seed", "env"]).silent();
    let version = format!("{}.{}.", python.version.0, python.version.1);
    assert!(configured(&scratch.env(), "version").unwrap().starts_with(&version));
    let listed = scratch.rvenv().args(["-p", "3.99", "-p", path, "--list-pythons"]).ok();
    assert_eq!(listed.lines().count(), 1, "{listed}");
    let error = scratch.rvenv().args(["-p", "3.99", "-p", "3.98", "other"]).error();
    assert!(error.contains("none matches 3.98"), "{error}");
}

#[cfg(unix)] // the parser is the same everywhere
#[test]
fn flags_with_a_counterpart_mean_the_same() {
    let (scratch, python) = (Scratch::new(), python());
    scratch.rvenv_for(&python).args(["--always-copy", "--no-vcs-ignore", "--no-seed", "env"]).silent();
    let made = tree(&scratch.env());
    assert!(matches!(made[&format!("{BIN}/{}", PYTHON.rsplit(['/', '\\']).next().unwrap())], Entry::File { .. }));
    assert!(!made.contains_key(".gitignore"));

    let seeded = bin(&scratch, &["--without-pip", "--seed"]);
    assert!(seeded.iter().any(|name| name.starts_with("pip")), "{seeded:?}");
    scratch.rvenv().args(["--clear", "--no-seed", "--system-site-packages", "--no-site-packages", "env"]).silent();
    assert_eq!(configured(&scratch.env(), "include-system-site-packages").as_deref(), Some("false"));

    let error = scratch.rvenv().args(["--extra-search-dir", "none", "other"]).error();
    assert!(error.contains("none'"), "{error}");
    let python = format!("-p{}", python.path.display());
    scratch.rvenv().args([&python, "--no-seed", "glued"]).silent();
}

#[test]
fn only_the_named_activators_are_installed_and_recorded_in_the_command() {
    let scratch = Scratch::new();
    let with = |list: &str| {
        let names = bin(&scratch, &["--without-pip", &format!("--activators={list}")]);
        names.into_iter().filter(|name| !name.starts_with("py")).collect::<Vec<_>>()
    };
    assert_eq!(with("bash,fish"), ["activate", "activate.fish"]);
    assert!(configured(&scratch.env(), "command").unwrap().contains("--activators=bash,fish"));
    assert_eq!(with("python, xonsh"), ["activate.xsh", "activate_this.py"]);
    assert_eq!(with(""), [""; 0]);
    scratch.rvenv().args(["--check", "env"]).ok();
    let error = scratch.rvenv().args(["--activators", "bash,sh", "other"]).error();
    assert!(error.contains("unknown activator \"sh\"; choose from bash, batch, "), "{error}");
    assert_eq!(scratch.names(), ["env"]);
}

#[test]
fn unsupported_flags_are_errors_that_name_an_alternative() {
    let scratch = Scratch::new();
    for (flags, way_out) in [
        (["--pip", "23.1"], "--find-links DIR"),
        (["--setuptools", "65"], "--find-links DIR"),
        (["--wheel", "bundle"], "install it with pip"),
        (["--creator", "builtin"], "leave --creator out"),
        (["--seeder", "pip"], "leave --seeder out"),
        (["--app-data", "data"], "--cache-dir DIR"),
    ] {
        let error = scratch.rvenv().args(flags).arg("env").error();
        assert!(error.starts_with(&flags.join(" ")) && error.contains(way_out), "{error}");
    }
    assert_eq!(scratch.rvenv().args(["--discovery", "builtin", "env"]).output().status.code(), Some(2));
    assert_eq!(scratch.names(), [""; 0]);
}

#[cfg(unix)] // the parser is the same everywhere
#[test]
fn documented_flags_are_accepted_and_hidden_from_the_help() {
    const WITH_VALUE: [&str; 6] = ["--pip", "--setuptools", "--wheel", "--creator", "--seeder", "--app-data"];
    let scratch = Scratch::new();
    let help = scratch.rvenv().arg("--help").ok();
    let section = include_str!("../../docs/reference.md").split("\n## Flags of virtualenv and uv\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let flags: Vec<&str> = section.split('`').filter(|word| word.starts_with("--")).collect();
    let ours = ["--without-pip", "--copies", "--without-scm-ignore-files", "--find-links", "--reset-cache"];
    for flag in flags.iter().filter(|flag| !ours.contains(flag)) {
        let is_in_help = help.split_whitespace().any(|word| word.trim_end_matches(',') == *flag);
        assert!(!is_in_help, "{flag}");
        // A flag that does not parse would be reported before the help is printed.
        let value = flag.contains("dir") || WITH_VALUE.contains(flag);
        scratch.rvenv().arg(flag).args(value.then_some("value")).arg("--help").ok();
    }
    assert!(flags.len() > 15, "{flags:?}");
}
