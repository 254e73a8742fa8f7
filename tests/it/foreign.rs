//! Flags of virtualenv and uv, for whoever calls rvenv in their place.

use crate::harness::*;

/// The names in the bin of an environment that is made with these flags.
fn bin(scratch: &Scratch, flags: &[&str]) -> Vec<String> {
    scratch.rvenv().arg("--clear").args(flags).arg("env").silent();
    names_in(&scratch.env().join(BIN))
}

#[test]
fn what_rvenv_does_anyway_may_be_asked_for() {
    let scratch = Scratch::new();
    let usual = bin(&scratch, &["--without-pip"]);
    let flags = ["--no-download", "--never-download", "--no-periodic-update", "--no-wheel", "--allow-existing"];
    assert_eq!(bin(&scratch, &[&flags[..], &["--no-site-packages", "--no-seed"]].concat()), usual);
    assert_eq!(bin(&scratch, &["--pip", "bundle", "--setuptools=embed", "--no-pip", "--no-setuptools"]), usual);
}

#[test]
fn flags_with_a_counterpart_have_its_meaning() {
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
fn only_the_activators_that_are_named_are_installed_and_the_command_says_so() {
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
    assert!(error.contains("there is no activator \"sh\"; there are bash, batch, "), "{error}");
    assert_eq!(scratch.names(), ["env"]);
}

#[test]
fn what_rvenv_does_not_do_is_an_error_that_names_the_way_out() {
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

#[test]
fn those_of_the_readme_are_known_and_not_in_the_help() {
    let scratch = Scratch::new();
    let help = scratch.rvenv().arg("--help").ok();
    let section = include_str!("../../README.md").split("\n## Flags of virtualenv and uv\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let flags: Vec<&str> = section.split('`').filter(|word| word.starts_with("--")).collect();
    let ours = ["--without-pip", "--copies", "--without-scm-ignore-files", "--find-links", "--reset-cache"];
    for flag in flags.iter().filter(|flag| !ours.contains(flag)) {
        let is_in_help = help.split_whitespace().any(|word| word.trim_end_matches(',') == *flag);
        assert!(!is_in_help, "{flag}");
        // One that does not parse is said before the help is printed.
        let value = flag.contains("dir") || WITH_VALUE.contains(flag);
        scratch.rvenv().arg(flag).args(value.then_some("value")).arg("--help").ok();
    }
    assert!(flags.len() > 15, "{flags:?}");
}

const WITH_VALUE: [&str; 6] = ["--pip", "--setuptools", "--wheel", "--creator", "--seeder", "--app-data"];
