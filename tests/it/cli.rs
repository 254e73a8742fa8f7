//! The command line: CPython's flags under CPython's names, and exit codes.

use std::fs;

use crate::harness::*;

/// The long options of CPython 3.13's parser. Every prefix that is unique there means the same here.
const CPYTHONS: [&str; 10] = [
    "--help",
    "--system-site-packages",
    "--symlinks",
    "--copies",
    "--clear",
    "--upgrade",
    "--without-pip",
    "--prompt",
    "--upgrade-deps",
    "--without-scm-ignore-files",
];

#[test]
fn usage_errors_exit_with_2_and_create_nothing() {
    let wrong: [&[&str]; 10] = [
        &[],
        &["--symlinks", "--copies", "env"],
        &["--unknown", "env"],
        &["--prompt"],
        &["--prompt", "--without-pip", "env"],
        // Ambiguous to argparse too.
        &["--without", "env"],
        &["--sy", "env"],
        &["--force", "env"],
        &["--force", "--upgrade", "env"],
        &["--cache-dir", "", "env"],
    ];
    for args in wrong {
        let scratch = Scratch::new();
        let output = scratch.rvenv().args(args).output();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{args:?}");
        assert!(scratch.names().is_empty(), "{args:?}");
    }
}

#[cfg(unix)] // a cache in HOME
#[test]
fn an_empty_variable_counts_as_unset() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("home")).unwrap();
    let empty = ["RVENV_CACHE_DIR", "RVENV_PYTHON", "RVENV_FIND_LINKS", "SOURCE_DATE_EPOCH", "XDG_CACHE_HOME"];
    let run = empty.into_iter().fold(scratch.rvenv(), |run, name| run.env(name, ""));
    run.env("HOME", scratch.path("home")).arg("env").silent();
    assert_eq!(names_in(&scratch.path("home/.cache/rvenv")), ["CACHEDIR.TAG", "images", "interpreters"]);
}

#[test]
fn upgrade_with_clear_is_an_error_as_in_cpython() {
    let scratch = Scratch::new();
    assert_eq!(
        scratch.rvenv().args(["--upgrade", "--clear", "env"]).error(),
        "you cannot supply --upgrade and --clear together."
    );
}

#[cfg(unix)] // the parser is the same everywhere
#[test]
fn a_prefix_that_is_unique_in_cpython_is_accepted() {
    for option in CPYTHONS {
        for end in 3..option.len() {
            let prefix = &option[..end];
            let is_exact_or_unique = CPYTHONS.iter().filter(|other| other.starts_with(prefix)).count() == 1;
            if !is_exact_or_unique {
                continue;
            }
            let scratch = Scratch::new();
            // With `--help`, so that a valid prefix creates nothing.
            let value = (option == "--prompt").then_some("x");
            let output = scratch.rvenv().arg(prefix).args(value).args(["env", "--help"]).output();
            assert_eq!(output.status.code(), Some(0), "{prefix}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

#[test]
fn a_flag_may_be_repeated_and_the_last_prompt_wins() {
    let scratch = Scratch::new();
    let args = ["--without-pip", "--without-pip", "--prompt=a", "--prompt=-b", "env"];
    scratch.rvenv_for(&python()).args(args).silent();
    assert_eq!(configured(&scratch.env(), "prompt"), Some("'-b'".to_owned()));
}

#[test]
fn help_and_version_go_to_stdout() {
    let scratch = Scratch::new();
    let help = scratch.rvenv().arg("--help").ok();
    for option in CPYTHONS {
        assert!(help.contains(option), "{option}");
    }
    let summary = scratch.rvenv().arg("-h").ok();
    assert!(summary.lines().count() <= 50, "one screen");
    assert!(summary.lines().all(|line| line.chars().count() <= 100), "one screen");
    let flags = |help: &str| -> Vec<String> {
        let flags = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
        flags.map(|line| line.split("  ").next().unwrap().to_owned()).collect()
    };
    assert_eq!(flags(&summary), flags(&help));
    assert_eq!(scratch.rvenv().arg("-V").ok(), format!("rvenv {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn several_env_dirs_are_created_in_order_until_one_fails() {
    let scratch = Scratch::new();
    scratch.write("file", "");
    let error = scratch.rvenv_for(&python()).args(["--without-pip", "a", "file", "b"]).error();
    assert!(error.starts_with("Unable to create directory '"), "{error}");
    assert_eq!(scratch.names(), ["a", "file"]);
    scratch.rvenv_for(&python()).args(["--without-pip", "b", "c"]).silent();
    assert_eq!(scratch.names(), ["a", "b", "c", "file"]);
}

#[cfg(unix)] // links
#[test]
fn without_p_the_first_python3_on_path_is_used_then_python() {
    let scratch = Scratch::new();
    let python = python();
    let name = |directory: &str| scratch.path(directory);
    for (directory, program) in [("one", "python"), ("two", "python3")] {
        fs::create_dir(name(directory)).unwrap();
        std::os::unix::fs::symlink(&python.path, name(directory).join(program)).unwrap();
    }
    fs::create_dir(name("none")).unwrap();
    let made_by = |search_path: String| {
        scratch.rvenv().env("PATH", search_path).args(["--clear", "--without-pip", "env"]).silent();
        configured(&scratch.env(), "home").unwrap()
    };
    let [none, one, two] = ["none", "one", "two"].map(|directory| name(directory).display().to_string());
    assert_eq!(made_by(format!("{none}:{one}:{two}")), two, "python3 before python");
    assert_eq!(made_by(format!("{none}:{one}")), one, "python where there is no python3");

    let error = scratch.rvenv().env("PATH", &none).arg("new").error();
    assert_eq!(error, "no Python found: neither python3 nor python is on PATH; specify one with --python PATH");
    assert!(!scratch.path("new").exists());
}

#[test]
fn an_empty_p_is_an_error_and_an_empty_variable_counts_as_unset() {
    let scratch = Scratch::new();
    // An environment in the current directory does not make it valid.
    scratch.rvenv_for(&python()).args(["--without-pip", "."]).silent();
    for empty in [["-p", ""].as_slice(), &["--python="]] {
        for run in [
            scratch.rvenv().arg("env"),
            scratch.rvenv().env("RVENV_PYTHON", &python().path).arg("env"),
            scratch.rvenv().arg("--list-pythons"),
        ] {
            let error = run.args(empty).error();
            assert_eq!(error, "no Python found: --python is empty; pass a path, a name or a version");
        }
    }
    let path = python().path;
    let run = scratch.rvenv().env("PATH", path.parent().unwrap()).env("RVENV_PYTHON", "");
    run.args(["--without-pip", "env"]).silent();
    assert_eq!(configured(&scratch.env(), "home").as_deref(), path.parent().unwrap().to_str());
}

#[cfg(unix)] // links
#[test]
fn p_takes_a_path_or_a_name_on_path_and_overrides_rvenv_python() {
    let scratch = Scratch::new();
    let python = python();
    let directory = python.path.parent().unwrap();
    let home = directory.to_str().unwrap();
    let named = scratch.rvenv().env("PATH", home).args(["-p", "python3", "--without-pip", "a"]);
    named.silent();
    scratch.rvenv().env("RVENV_PYTHON", &python.path).args(["--without-pip", "b"]).silent();
    scratch.rvenv_for(&python).env("RVENV_PYTHON", "/nowhere").args(["--without-pip", "c"]).silent();
    std::os::unix::fs::symlink(directory, scratch.path("bin")).unwrap();
    scratch.rvenv().args(["--python=bin/python3", "--without-pip", "d"]).silent();
    for env in ["a", "b", "c"] {
        assert_eq!(configured(&scratch.path(env), "home").as_deref(), Some(home), "{env}");
    }
    assert_eq!(configured(&scratch.path("d"), "home"), Some(scratch.path("bin").display().to_string()));

    let error = scratch.rvenv().env("PATH", home).args(["-p", "no-such-python", "e"]).error();
    assert_eq!(
        error,
        "no Python found: 'no-such-python' is neither a program on PATH nor a version; specify one with --python PATH"
    );
}

#[test]
fn without_pip_has_an_alias() {
    for flag in ["--without-pip", "--no-pip"] {
        let scratch = Scratch::new();
        scratch.rvenv_for(&python()).args([flag, "env"]).silent();
        assert!(!program_of(&scratch.env(), "pip").exists());
    }
}

#[test]
fn no_setuptools_leaves_out_the_bundled_setuptools() {
    let Some(python) = pyenv("3.11") else { return };
    for flag in ["--no-setuptools", "--no-distribute"] {
        let scratch = Scratch::new();
        scratch.rvenv_for(&python).args([flag, "env"]).silent();
        let names = names_in(&site_packages(&scratch.env()));
        assert_eq!(names, ["pip", "pip-23.2.1.dist-info"]);
        assert!(configured(&scratch.env(), "command").unwrap().contains("--no-setuptools"));
    }
}

#[test]
fn verbose_prints_progress_and_quiet_does_not() {
    let scratch = Scratch::new();
    let output = scratch.rvenv_for(&python()).args(["-v", "env"]).output();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.stdout.is_empty());
    for said in ["Creating ", "Writing pyvenv.cfg", "Installing pip 24.", "Installing the activation scripts"] {
        assert!(stderr.contains(said), "{said}: {stderr}");
    }
    scratch.rvenv_for(&python()).args(["-v", "-q", "env"]).silent();
}

#[test]
fn prompt_dot_is_the_current_directory() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("project")).unwrap();
    let rvenv = scratch.rvenv_for(&python()).current_dir(scratch.path("project"));
    rvenv.args(["--prompt", ".", "--without-pip", "../env"]).silent();
    assert_eq!(configured(&scratch.env(), "prompt"), Some("'project'".to_owned()));
}

#[test]
fn without_scm_ignore_files_writes_no_gitignore() {
    let scratch = Scratch::new();
    scratch.rvenv_for(&python()).args(["--without-scm-ignore-files", "--without-pip", "env"]).silent();
    assert!(!scratch.env().join(".gitignore").exists());
    let git = scratch.rvenv_for(&python()).args(["--without-pip", "other"]);
    git.silent();
    let ignored = fs::read_to_string(scratch.path("other/.gitignore")).unwrap();
    assert_eq!(ignored.lines().last(), Some("*"));
}

#[test]
fn a_newline_in_the_prompt_adds_no_line_to_pyvenv_cfg() {
    let scratch = Scratch::new();
    let prompt = "x\ninclude-system-site-packages = true";
    scratch.rvenv_for(&python()).args(["--without-pip", "--prompt", prompt, "env"]).silent();
    let keys: Vec<String> = configuration(&scratch.env()).into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["home", "include-system-site-packages", "version", "prompt", "executable", "command", "rvenv"]);
    let inside = in_env(&scratch.env(), "import site; print(site.ENABLE_USER_SITE)");
    assert_eq!(configured(&scratch.env(), "include-system-site-packages").as_deref(), Some("false"), "{inside}");
}

#[cfg(unix)] // names of arbitrary bytes
#[test]
fn the_command_in_pyvenv_cfg_recreates_the_environment() {
    for (shell, name) in
        [("bash", &b"it's a $(directory)"[..]), ("dash", b"it's a $(directory)"), ("dash", b"-\xff%s\\ '\xfe")]
    {
        let is_utf8 = std::str::from_utf8(name).is_ok();
        let Some(shell) = tool(shell).filter(|_| is_utf8 || able("names that are not UTF-8").is_some()) else {
            continue;
        };
        let scratch = Scratch::new();
        let env_dir = scratch.path(os(name));
        let flags = ["--system-site-packages", "--copies", "--without-pip", "--without-scm-ignore-files"];
        scratch.rvenv_for(&python()).args(flags).args(["--prompt", "a \"b\"\n`c`"]).arg(&env_dir).silent();
        let before = tree(&env_dir);
        let command = configured(&env_dir, "command").unwrap();
        fs::remove_dir_all(&env_dir).unwrap();
        scratch.run(shell).args(["-c", &command]).current_dir("/").silent();
        assert_eq!(tree(&env_dir), before, "{command}");
    }
}

#[cfg(unix)] // the parser is the same everywhere
#[test]
fn flags_that_a_run_would_ignore_are_a_usage_error() {
    let scratch = Scratch::new();
    for ignored in [
        "--list-pythons env",
        "--list-pythons --copies",
        "--list-pythons --link-mode copy",
        "--list-pythons --check env",
        "--cache-info env",
        "--cache-info -p 3.12",
        "--cache-info --without-pip",
        "--cache-info --list-pythons",
        "--generate man env",
        "--generate man -p 3.12",
        "--generate man --find-links wheels",
        "--generate man --check env",
        "--check",
        "--check env -p nonsense",
        "--check env --clear",
        "--check env --no-setuptools",
        "--check env --no-download",
        "--reset-cache -p 3.12",
        "--reset-cache --upgrade",
        "--reset-cache --seed",
        "--pip-only --copies env",
        "env --format json",
    ] {
        let output = scratch.rvenv().args(ignored.split(' ')).output();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{ignored}: {error}");
        assert!(error.starts_with("error: ") && output.stdout.is_empty(), "{ignored}: {error}");
        assert!(scratch.names().is_empty(), "{ignored}");
    }
    let cache = scratch.path("cache");
    for accepted in [
        "--list-pythons -p 3 --format json -q",
        "--cache-info --reset-cache --format json",
        "--generate man -v",
        "--reset-cache -q",
        "--reset-cache env --without-pip",
        "--check env --reset-cache --format json",
        "env -q --link-mode hardlink --no-download --seed",
    ] {
        let run = scratch.rvenv().env("RVENV_PYTHON", &python().path).arg("--cache-dir").arg(&cache);
        run.args(accepted.split(' ')).ok();
    }
}

#[cfg(unix)] // sh
#[test]
fn a_prompt_that_ends_with_line_breaks_is_in_the_recorded_command() {
    let scratch = Scratch::new();
    for prompt in ["a\n", "\n", "it's\nb\t\n"] {
        scratch.rvenv_for(&python()).args(["--clear", "--without-pip", "--prompt", prompt, "env"]).silent();
        let made = configuration(&scratch.env());
        let command = configured(&scratch.env(), "command").unwrap();
        for shell in ["sh", "bash", "zsh", "ksh", "mksh", "yash"].into_iter().filter_map(tool) {
            scratch.run(shell).args(["-c", &command]).silent();
            assert_eq!(configuration(&scratch.env()), made, "{command}");
        }
    }
}
