//! `install.sh`, from a server of this machine, in each shell.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::harness::*;
use crate::release::files::{self, TARGETS};
use crate::release::site::{Site, VERSION, documented};

/// The shells, each with its arguments.
const SHELLS: [&[&str]; 7] = [&["dash"], &["bash"], &["zsh"], &["busybox", "sh"], &["ksh"], &["mksh"], &["yash"]];

/// What is installed, relative to HOME, with the file in an archive.
const FILES: [(&str, &str); 5] = [
    (".local/bin/rvenv", "rvenv"),
    (".local/share/bash-completion/completions/rvenv", "completions/rvenv.bash"),
    (".local/share/fish/vendor_completions.d/rvenv.fish", "completions/rvenv.fish"),
    (".local/share/man/man1/rvenv.1", "rvenv.1"),
    (".local/share/zsh/site-functions/_rvenv", "completions/_rvenv"),
];

const TARGETS_OF_UNIX: [&str; 4] = [TARGETS[0].0, TARGETS[1].0, TARGETS[2].0, TARGETS[3].0];

/// The target of this machine.
fn own_target() -> &'static str {
    let index = usize::from(cfg!(target_os = "macos")) * 2 + usize::from(cfg!(target_arch = "aarch64"));
    TARGETS_OF_UNIX[index]
}

/// Writes an archive laid out as `packaging/release` does, with a script in place of the program unless `program` is one.
fn write_archive(scratch: &Scratch, site: &Path, version: &str, target: &str, program: Option<&Path>) {
    let name = format!("rvenv-{version}-{target}");
    let script = format!("#!/bin/sh\n[ \"$*\" = --version ] && echo 'rvenv {version}'\n");
    let path = scratch.write_script(&format!("archive/{name}/rvenv"), &script);
    if let Some(program) = program {
        scratch.run("strip").arg("-o").arg(path).arg(program).silent();
    }
    for (_, file) in &FILES[1..] {
        scratch.write(&format!("archive/{name}/{file}"), format!("{file} of {version}\n"));
    }
    let archive = site.join(format!("{name}.tar.gz"));
    scratch.run("tar").args(["-C", "archive", "-czf"]).arg(archive).arg(&name).silent();
    fs::remove_dir_all(scratch.path("archive")).unwrap();
}

/// A release with the program under test for this machine, and scripts in place of the programs for others.
fn write_release(scratch: &Scratch, site: &Path) {
    for target in TARGETS_OF_UNIX {
        let program = (target == own_target()).then_some(Path::new(env!("CARGO_BIN_EXE_rvenv")));
        write_archive(scratch, site, VERSION, target, program);
    }
    for (target, ..) in &TARGETS[4..] {
        fs::write(site.join(format!("rvenv-{VERSION}-{target}.zip")), "").unwrap();
    }
}

fn site() -> Option<Site> {
    Site::new(None, write_release)
}

/// The release that `packaging/release` has built, and its installers.
fn released() -> Option<Site> {
    let dist = files::dist()?;
    let site = Site::new(None, |_, site| {
        for (target, ..) in TARGETS {
            let name = files::archive_for(target);
            fs::copy(dist.join(&name), site.join(name)).unwrap();
        }
    })?;
    // The address does not matter here.
    let of = |directory: &Path| fs::read_to_string(directory.join("install.sh")).unwrap();
    let without_address =
        |script: String| script.lines().filter(|line| !line.starts_with("releases=")).collect::<String>();
    assert_eq!(without_address(of(&dist)), without_address(of(&site.path(""))));
    Some(site)
}

/// Runs the script as `curl … | sh -s -- ARGUMENT…` does, in an own HOME.
fn pipe(site: &Site, shell: &[&str], script: &Path, arguments: &[&str]) -> Run {
    let piped = "script=$1; shift; cat \"$script\" | \"$@\"";
    let run =
        site.scratch.run("sh").args(["-c", piped, "sh"]).arg(script).args(shell).args(["-s", "--"]).args(arguments);
    let home = site.scratch.path("home");
    let _ = fs::create_dir(&home);
    run.env("HOME", home).env("RVENV_DOWNLOAD_URL", &site.address)
}

/// Runs the script in the system's `sh`.
fn install(site: &Site, arguments: &[&str]) -> Run {
    pipe(site, &["sh"], &site.path("install.sh"), arguments)
}

/// The files in HOME with their modes.
fn installed(site: &Site) -> Vec<(String, u32)> {
    let is_file = |(path, entry)| match entry {
        Entry::File { mode, .. } => Some((path, mode)),
        Entry::Link { .. } => Some((path, 0)),
        Entry::Directory { .. } => None,
    };
    tree(&site.scratch.path("home")).into_iter().filter_map(is_file).collect()
}

/// What is installed if everything is right.
fn everything() -> Vec<(String, u32)> {
    FILES.iter().map(|(path, file)| ((*path).to_owned(), if *file == "rvenv" { 0o755 } else { 0o644 })).collect()
}

/// PATH with links to the usual programs that the script needs, and to some more.
fn path_with(scratch: &Scratch, name: &str, more: &[&str]) -> PathBuf {
    let bin = scratch.path(name);
    fs::create_dir(&bin).unwrap();
    let usual = ["sh", "cat", "dirname", "gzip", "mkdir", "mktemp", "mv", "rm", "sed", "tar", "tr", "uname"];
    for program in usual.iter().chain(more) {
        symlink(tool(program).unwrap(), bin.join(program)).unwrap();
    }
    bin
}

/// Installs in each shell, runs what is installed, and removes it.
fn check_each_shell(site: &Site) {
    let bin = site.scratch.path("home/.local/bin");
    let on_path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    for shell in SHELLS.iter().filter(|shell| tool(shell[0]).is_some()) {
        // Twice, because it replaces what is there.
        for _ in 0..2 {
            let said = pipe(site, shell, &site.path("install.sh"), &[]).env("PATH", &on_path).ok();
            let archive = format!("{}/rvenv-{VERSION}-{}.tar.gz", site.address, own_target());
            let last =
                format!("rvenv {VERSION} is installed in {}. To create an environment: rvenv .venv", bin.display());
            assert_eq!(said, format!("Downloading {archive}\n{last}\n"), "{shell:?}");
            assert_eq!(installed(site), everything(), "{shell:?}");
            assert_eq!(site.scratch.run(bin.join("rvenv")).arg("--version").ok(), format!("rvenv {VERSION}\n"));
        }
        let said = pipe(site, shell, &site.path("install.sh"), &["--uninstall"]).ok();
        assert_eq!(said, format!("Removed {}/rvenv, its completions and its manual page\n", bin.display()));
        assert_eq!(installed(site), [], "{shell:?}");
        pipe(site, shell, &site.path("install.sh"), &["--quiet"]).silent();
        pipe(site, shell, &site.path("install.sh"), &["-q", "--uninstall"]).silent();
    }
}

#[test]
fn each_shell_installs_replaces_and_removes_the_program_its_completions_and_its_manual_page() {
    let Some(site) = site() else { return };
    check_each_shell(&site);
}

#[test]
fn each_shell_installs_the_release() {
    if let Some(site) = released() {
        check_each_shell(&site);
    }
}

/// Installs the release as root of a system in `target/roots`, which has this target and these programs of BusyBox.
fn check_root(name: &str, target: usize, applets: &[&str]) {
    let Some(site) = released() else { return };
    let roots = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/roots");
    if !roots.join(name).join("complete").exists() {
        missing::<()>(&format!("the system {name}"));
        return;
    }
    let Some(()) = able("unshare --mount") else { return };
    fs::create_dir(site.scratch.path("applets")).unwrap();
    for applet in applets {
        symlink("/bin/sh", site.scratch.path("applets").join(applet)).unwrap();
    }
    let enter = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/roots/enter");
    let home = site.scratch.path("home");
    let run = |code: &str| {
        let run = site.scratch.run(&enter).arg(name).args(["/bin/sh", "-euc"]);
        let run = run.arg(format!("PATH=$PWD/applets:$PATH; {code}")).env("HOME", &home);
        run.env("RVENV_DOWNLOAD_URL", &site.address)
    };
    run("sh -s -- --quiet <site/install.sh").silent();
    assert_eq!(installed(&site), everything());
    let program = fs::read(home.join(".local/bin/rvenv")).unwrap();
    TARGETS[target].2.check(&program);
    assert_eq!(run("\"$HOME/.local/bin/rvenv\" --version").ok(), format!("rvenv {VERSION}\n"));
    run("sh -s -- --quiet --uninstall <site/install.sh").silent();
    assert_eq!(installed(&site), []);
}

#[test]
fn root_installs_the_release_in_a_debian_that_has_only_curl() {
    check_root("debian", 0, &[]);
    check_root("debian_arm64", 1, &[]);
}

#[test]
fn busybox_installs_the_release_where_musl_is() {
    let applets =
        ["dirname", "mkdir", "mktemp", "mv", "rm", "sed", "sha256sum", "tar", "timeout", "tr", "uname", "wget"];
    check_root("musl", 0, &applets);
}

#[test]
fn a_script_that_was_cut_off_does_nothing() {
    let Some(site) = site() else { return };
    let script = fs::read_to_string(site.path("install.sh")).unwrap();
    let last_command = script.find("\n{\n").unwrap() + 2;
    site.scratch.write("home/here", "");
    // Everywhere in the command that does something, and here and there in the functions before it.
    let cut = "size=$1 from=$2; shift 2; while [ \"$size\" -gt 0 ]; do
        head -c \"$size\" site/install.sh | \"$@\" >/dev/null 2>&1 && [ \"$size\" -ge \"$from\" ] && echo \"$size\"
        if [ \"$size\" -gt \"$from\" ]; then size=$((size - 1)); else size=$((size - 41)); fi
    done; true";
    for shell in SHELLS.iter().filter(|shell| tool(shell[0]).is_some()) {
        let sizes = [script.len() - 2, last_command].map(|size| size.to_string());
        let run = site.scratch.run("sh").args(["-c", cut, "sh"]).args(sizes).args(*shell);
        let run = run.env("HOME", site.scratch.path("home")).env("RVENV_DOWNLOAD_URL", &site.address);
        assert_eq!(run.ok(), "", "{shell:?}");
    }
    assert_eq!((site.requests(), names_in(&site.scratch.path("home"))), (vec![], vec!["here".to_owned()]));
    assert_eq!(site.scratch.names(), ["home", "port", "site"]);
}

/// Runs the script where an older rvenv is, and checks that it fails with one line and changes nothing. Returns the line.
fn refuses(site: &Site, run: Run) -> String {
    let before = tree(&site.scratch.path("home"));
    let output = run.output();
    let (said, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{said}{stderr}");
    let [line] = stderr.lines().collect::<Vec<_>>()[..] else { panic!("{stderr}") };
    assert_eq!(tree(&site.scratch.path("home")), before, "{line}");
    line.strip_prefix("Error: ").unwrap_or_else(|| panic!("{line}")).to_owned()
}

#[test]
fn a_download_that_is_cut_off_damaged_missing_or_never_ends_changes_nothing() {
    let Some(site) = site() else { return };
    site.scratch.write_script("home/.local/bin/rvenv", "#!/bin/sh\n");
    let name = format!("rvenv-{VERSION}-{}.tar.gz", own_target());
    let archive = fs::read(site.path(&name)).unwrap();
    let hasty = site.scratch.write("hasty.sh", site.with_limit("install.sh", 2));
    let hash_tool = if cfg!(target_os = "macos") { "shasum" } else { "sha256sum" };
    // Not only GNU's wget.
    let busybox = path_with(&site.scratch, "busybox", &[hash_tool, "timeout", "tail"]);
    if let Some(program) = tool("busybox") {
        symlink(program, busybox.join("wget")).unwrap();
    }
    let wget = path_with(&site.scratch, "wget", &[hash_tool, "timeout", "tail"]);
    symlink(tool("wget").unwrap_or_default(), wget.join("wget")).unwrap();
    let curl = path_with(&site.scratch, "curl", &[hash_tool, "curl"]);
    for bin in [&curl, &wget, &busybox].into_iter().filter(|bin| bin.join("wget").exists() || bin.join("curl").exists())
    {
        let run = |place: &str| {
            let run = pipe(&site, &["sh"], &hasty, &[]).env("PATH", bin);
            refuses(&site, run.env("RVENV_DOWNLOAD_URL", format!("{}{place}", site.address)))
        };
        for length in [0, 1, archive.len() / 2, archive.len() - 1] {
            let error = run(&format!("/cut/{length}"));
            // BusyBox 1.35 reports a closed connection as success.
            let expected =
                [format!("could not download {}/cut/{length}/{name}: ", site.address), "is damaged".to_owned()];
            assert!(expected.iter().any(|text| error.contains(text.as_str())), "{error}");
        }
        let error = run("/nothing/here");
        assert!(error.starts_with(&format!("could not download {}/nothing/here/{name}: ", site.address)), "{error}");
        assert!(error.contains("404"), "{error}");
        let error = run("/hang");
        assert!(error.starts_with(&format!("could not download {}/hang/{name}: ", site.address)), "{error}");
        assert!(error.contains("timed out") || error.ends_with("not complete after 2 seconds"), "{error}");
        // Closed.
        let error =
            refuses(&site, install(&site, &[]).env("PATH", bin).env("RVENV_DOWNLOAD_URL", "http://127.0.0.1:9"));
        assert!(error.starts_with(&format!("could not download http://127.0.0.1:9/{name}: ")), "{error}");

        let mut damaged = archive.clone();
        damaged[archive.len() / 2] ^= 1;
        for contents in [&damaged[..], &archive[..archive.len() - 1], b""] {
            fs::write(site.path(&name), contents).unwrap();
            let error = run("");
            assert!(
                error.starts_with(&format!("{}/{name} is damaged or not of this release: ", site.address)),
                "{error}"
            );
        }
        fs::write(site.path(&name), &archive).unwrap();
    }
}

#[test]
fn a_full_disk_is_reported_and_leaves_the_program_that_is_there() {
    let Some(site) = site() else { return };
    let Some(mounted) = Mounted::tmpfs(&site.scratch) else { return };
    let home = mounted.path().join("home");
    fs::create_dir(&home).unwrap();
    for left in [0, 8, 200, 4000] {
        let free = site.scratch.run("df").args(["--output=avail", "-k"]).arg(&home).ok();
        let free: u64 = free.lines().last().unwrap().trim().parse().unwrap();
        fs::write(mounted.path().join("ballast"), vec![0; ((free - left) * 1024) as usize]).unwrap();
        let error = refuses(&site, install(&site, &[]).env("HOME", &home));
        assert!(error.contains(home.to_str().unwrap()) || error.starts_with("could not download "), "{left}: {error}");
        assert_eq!(names_in(&home), [""; 0], "{left}");
        fs::remove_file(mounted.path().join("ballast")).unwrap();
    }
    install(&site, &["-q"]).env("HOME", &home).silent();
}

#[test]
fn the_directory_is_that_of_the_variables_and_any_name_will_do() {
    let Some(site) = site() else { return };
    let bare = |run: Run| run.env_remove("HOME");
    let error = refuses(&site, bare(install(&site, &[])));
    assert_eq!(error, "HOME is not set; set RVENV_INSTALL_DIR to the directory for the program");
    let error = refuses(&site, install(&site, &[]).env("RVENV_INSTALL_DIR", "bin"));
    assert_eq!(error, "not an absolute path: bin (RVENV_INSTALL_DIR, XDG_BIN_HOME)");
    let below = |top: &str| {
        let files = tree(&site.scratch.path(top)).into_iter().filter(|(_, entry)| matches!(entry, Entry::File { .. }));
        files.map(|(path, _)| path).collect::<Vec<_>>()
    };
    // As in an image: where all users' programs are.
    bare(install(&site, &["-q"])).env("RVENV_INSTALL_DIR", site.scratch.path("all/bin")).silent();
    let others = FILES.map(|(path, _)| path.replacen(".local/", "", 1));
    assert_eq!(below("all"), others);
    bare(install(&site, &["-q", "--uninstall"])).env("RVENV_INSTALL_DIR", site.scratch.path("all/bin")).silent();
    assert_eq!(below("all"), [""; 0]);

    for home in ["a home", "it's \"$HOME\" `here`; *", "-n"] {
        let home = site.scratch.path(home);
        let run = |arguments: &[&str]| install(&site, arguments).env("HOME", &home);
        let said = run(&[]).ok();
        assert_eq!(below(home.to_str().unwrap()), FILES.map(|(path, _)| path), "{said}");
        // The line that it prints.
        let [line] = said.lines().filter(|line| line.starts_with("export PATH=")).collect::<Vec<_>>()[..] else {
            panic!("{said}")
        };
        for shell in ["sh", "zsh", "fish"].into_iter().filter_map(tool) {
            let found = site.scratch.run(&shell).args(["-c", &format!("{line}; command -v rvenv; command -v cat")]);
            let found = found.env("HOME", site.scratch.path("")).ok();
            assert!(
                found.starts_with(&format!("{}/.local/bin/rvenv\n/", home.display())),
                "{}: {found}",
                shell.display()
            );
        }
        run(&["-q", "--uninstall"]).silent();
    }
    let own = |run: Run| {
        let run = run.env("XDG_BIN_HOME", site.scratch.path("home/own programs"));
        run.env("XDG_DATA_HOME", site.scratch.path("home/own data"))
    };
    own(install(&site, &["-q"])).silent();
    assert_eq!(names_in(&site.scratch.path("home")), ["own data", "own programs"]);
    own(install(&site, &["-q", "--uninstall"])).silent();
    assert_eq!(installed(&site), []);
}

#[test]
fn a_directory_that_cannot_be_written_is_named_and_nobody_needs_to_be_root() {
    let Some(site) = site() else { return };
    // The scratch directory is the user's, and `closed` is not.
    let closed = site.scratch.path("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    fs::set_permissions(site.scratch.path(""), fs::Permissions::from_mode(0o777)).unwrap();
    let is_root = site.scratch.run("id").arg("-u").ok() == "0\n";
    if is_root && able("setpriv --reuid").is_none() {
        return;
    }
    let as_user: &[&str] = match is_root {
        true => &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh"],
        false => &["sh"],
    };
    let run = |arguments: &[&str], bin: &Path| {
        let run = pipe(&site, as_user, &site.path("install.sh"), arguments);
        run.env("HOME", site.scratch.path("of a user")).env("RVENV_INSTALL_DIR", bin)
    };
    for bin in [closed.clone(), closed.join("deep/bin"), site.path("install.sh").join("bin")] {
        let error = refuses(&site, run(&[], &bin));
        assert!(error.starts_with("could not write to ") && error.contains("set RVENV_INSTALL_DIR"), "{error}");
    }
    let bin = site.scratch.path("of a user/bin");
    run(&["-q"], &bin).silent();
    assert_eq!(site.scratch.run(bin.join("rvenv")).arg("--version").ok(), format!("rvenv {VERSION}\n"));
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    fs::copy(bin.join("rvenv"), closed.join("rvenv")).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    let error = refuses(&site, run(&["--uninstall"], &closed));
    assert!(error.starts_with(&format!("could not remove {}/rvenv: ", closed.display())), "{error}");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_program_that_runs_is_replaced_and_goes_on() {
    let Some(site) = site() else { return };
    install(&site, &["-q"]).silent();
    let rvenv = site.scratch.path("home/.local/bin/rvenv");
    // A Python that waits until it is replaced.
    let wait =
        format!("touch {0}/waits; until [ -e {0}/replaced ]; do sleep 0.05; done", site.scratch.path("").display());
    let python = site.scratch.python_that_compiles_after(&wait);
    let run = site.scratch.run(&rvenv).args(["--no-cache", "-p"]).arg(python).arg("env");
    let mut running = run.env("SOURCE_DATE_EPOCH", "1").start();
    running.wait_until("it compiles", || site.scratch.path("waits").exists());
    let before = fs::metadata(&rvenv).unwrap();
    install(&site, &["-q"]).silent();
    let inode = |metadata: &fs::Metadata| std::os::unix::fs::MetadataExt::ino(metadata);
    assert_ne!(inode(&before), inode(&fs::metadata(&rvenv).unwrap()));
    site.scratch.write("replaced", "");
    let output = running.output();
    assert!(output.status.success(), "{output:?}");
    assert!(site.scratch.path("env/bin/pip").exists());
}

#[test]
fn under_a_strict_umask_all_users_can_run_what_is_installed() {
    let Some(site) = site() else { return };
    let strict = ["sh", "-c", "umask 077; exec sh \"$@\"", "sh"];
    pipe(&site, &strict, &site.path("install.sh"), &["-q"]).silent();
    assert_eq!(installed(&site), everything());
    for (path, entry) in tree(&site.scratch.path("home")) {
        assert!(!matches!(entry, Entry::Directory { mode } if mode != 0o755), "{path}");
    }
}

#[test]
fn a_tmp_that_runs_no_programs_does_not_matter_and_such_a_home_is_named() {
    let Some(site) = site() else { return };
    let Some(mounted) = Mounted::tmpfs(&site.scratch) else { return };
    site.scratch.run("mount").args(["-o", "remount,noexec"]).arg(mounted.path()).silent();
    install(&site, &["-q"]).env("TMPDIR", mounted.path()).silent();
    assert_eq!(installed(&site), everything());
    let error = refuses(&site, install(&site, &[]).env("HOME", mounted.path()));
    let expected = format!("the program does not run in {} (is that mounted noexec?): ", mounted.path().display());
    assert!(error.starts_with(&expected), "{error}");
    assert_eq!(names_in(mounted.path()), [""; 0]);
}

#[test]
fn either_of_two_programs_downloads_and_any_of_three_checks() {
    let Some(site) = site() else { return };
    let downloads: Vec<&str> = ["curl", "wget"].into_iter().filter(|name| tool(name).is_some()).collect();
    let checks = ["sha256sum", "shasum", "openssl"].into_iter().filter(|name| tool(name).is_some());
    for (number, check) in checks.enumerate() {
        let download = downloads[number % downloads.len()];
        // shasum is a script.
        let bin = path_with(&site.scratch, check, &[download, check, "perl"]);
        install(&site, &["-q"]).env("PATH", &bin).silent();
        assert_eq!(installed(&site), everything(), "{download}, {check}");
        install(&site, &["-q", "--uninstall"]).env("PATH", &bin).silent();
    }
    let error = refuses(&site, install(&site, &[]).env("PATH", path_with(&site.scratch, "no check", &[downloads[0]])));
    assert_eq!(error, "could not check the download without sha256sum, shasum or openssl; install one of them");
    let error = refuses(&site, install(&site, &[]).env("PATH", path_with(&site.scratch, "no download", &["openssl"])));
    assert_eq!(error, "could not download rvenv without curl or wget; install one of them");
}

#[test]
fn each_system_gets_its_archive_and_an_unknown_one_a_line_that_says_what_there_is_instead() {
    let Some(site) = site() else { return };
    let with = |system: &str, machine: &str, translated: &str| {
        let uname = "case $1 in -s) echo SYSTEM ;; -m) echo MACHINE ;; *) echo SYSTEM MACHINE ;; esac";
        let uname = uname.replace("SYSTEM", system).replace("MACHINE", machine);
        site.scratch.write_script("systems/uname", &format!("#!/bin/sh\n{uname}\n"));
        site.scratch.write_script(
            "systems/sysctl",
            &format!("#!/bin/sh\n[ \"$*\" = '-n sysctl.proc_translated' ] && {translated}\n"),
        );
        let path = format!("{}:{}", site.scratch.path("systems").display(), std::env::var("PATH").unwrap());
        install(&site, &["-q"]).env("PATH", path)
    };
    for (system, machine, translated, target) in [
        ("Linux", "x86_64", "echo 1", TARGETS[0].0),
        ("Linux", "aarch64", "false", TARGETS[1].0),
        ("Darwin", "x86_64", "echo 0", TARGETS[2].0),
        ("Darwin", "x86_64", "false", TARGETS[2].0),
        ("Darwin", "x86_64", "echo 1", TARGETS[3].0),
        ("Darwin", "arm64", "echo 0", TARGETS[3].0),
    ] {
        with(system, machine, translated).silent();
        assert_eq!(site.requests(), [format!("/rvenv-{VERSION}-{target}.tar.gz")], "{system} {machine} {translated}");
        assert_eq!(installed(&site), everything());
    }
    for (system, machine) in [("Linux", "riscv64"), ("FreeBSD", "amd64"), ("MINGW64_NT-10.0", "x86_64")] {
        let error = refuses(&site, with(system, machine, "false"));
        let expected = format!(
            "there is no program for {system} {machine}; with Rust, build one: cargo install rvenv (on Windows: install.ps1)"
        );
        assert_eq!(error, expected);
    }
    assert_eq!(site.requests(), [""; 0]);
}

#[test]
fn another_rvenv_on_path_is_named_and_that_of_another_installer_stays() {
    let Some(site) = site() else { return };
    let bin = site.scratch.path("home/.local/bin");
    let other = site.scratch.write_script("other/rvenv", "#!/bin/sh\n");
    let run = |directories: &[&Path]| {
        let path = directories.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(":");
        install(&site, &[]).env("PATH", format!("{path}:{}", std::env::var("PATH").unwrap()))
    };
    let another = format!("Another rvenv comes first on PATH: {}", other.display());
    let other = other.parent().unwrap();
    for (path, expected) in [
        (&[other, &bin][..], &[another.as_str()][..]),
        (&[other], &["is not on PATH", "export PATH=", &another]),
        (&[&bin, other], &[]),
        // The same program, by another name.
        (&[&site.scratch.path("link"), &bin], &[]),
    ] {
        if !site.scratch.path("link").exists() && bin.exists() {
            symlink(&bin, site.scratch.path("link")).unwrap();
        }
        let said = run(path).ok();
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), expected.len() + 2, "{said}");
        assert!(lines[1..].iter().zip(expected).all(|(line, text)| line.contains(text)), "{said}");
    }
    for name in ["there", "nowhere"] {
        fs::remove_file(bin.join("rvenv")).unwrap();
        symlink(site.scratch.path("other").join(name), bin.join("rvenv")).unwrap();
        for argument in ["--quiet", "--uninstall"] {
            let error = refuses(&site, install(&site, &[argument]));
            assert!(error.starts_with(&format!("{}/rvenv is a link or a directory", bin.display())), "{error}");
        }
    }
}

#[test]
fn another_version_is_checked_against_the_sums_of_its_release() {
    let Some(site) = site() else { return };
    for (version, programs) in [("9.8.7", "9.8.7"), ("9.9.9-rc.1", "1.0.0")] {
        write_archive(&site.scratch, &site.path(""), programs, own_target(), None);
        let name = |version: &str| format!("rvenv-{version}-{}", own_target());
        if version != programs {
            fs::rename(site.path(name(programs) + ".tar.gz"), site.path(name(version) + ".tar.gz")).unwrap();
        }
    }
    let sums =
        "for file in *.tar.gz; do sum=$(openssl dgst -sha256 -r <$file); echo \"${sum%% *}  $file\"; done >SHA256SUMS";
    site.scratch.run("sh").args(["-c", sums]).current_dir(site.path("")).silent();
    let run = |version: &str| install(&site, &["-q"]).env("RVENV_VERSION", version);
    for version in ["9.8.7", "v9.8.7"] {
        run(version).silent();
        let program = site.scratch.path("home/.local/bin/rvenv");
        assert_eq!(site.scratch.run(program).arg("--version").ok(), "rvenv 9.8.7\n");
        assert_eq!(site.requests(), ["/SHA256SUMS".to_owned(), format!("/rvenv-9.8.7-{}.tar.gz", own_target())]);
    }
    let error = refuses(&site, run("9.9.9"));
    let archive = format!("rvenv-9.9.9-{}.tar.gz", own_target());
    assert_eq!(error, format!("there is no hash of {archive} in {}/SHA256SUMS", site.address));
    // Whose directory has another name.
    let error = refuses(&site, run("9.9.9-rc.1"));
    assert!(error.starts_with("the program does not run in "), "{error}");
    let error = refuses(&site, run("../9"));
    assert_eq!(error, "RVENV_VERSION is not a version: ../9");
    fs::write(site.path(format!("rvenv-9.8.7-{}.tar.gz", own_target())), "damaged").unwrap();
    let error = refuses(&site, run("9.8.7"));
    assert!(error.contains(" is damaged or not of this release: "), "{error}");
    fs::remove_file(site.path("SHA256SUMS")).unwrap();
    let error = refuses(&site, run("9.8.7"));
    assert!(error.starts_with(&format!("could not download {}/SHA256SUMS: ", site.address)), "{error}");
    run(VERSION).silent();
}

#[test]
fn files_come_from_the_releases_of_the_repository_if_its_address_is_known() {
    let (Some(without), Some(site)) = (site(), Site::new(Some("someone/rvenv"), write_release)) else { return };
    let error = refuses(&without, install(&without, &[]).env_remove("RVENV_DOWNLOAD_URL"));
    let expected = "this script was built without the address of the releases; \
        set RVENV_DOWNLOAD_URL to the address of a directory with the files of one";
    assert_eq!(error, expected);

    let directory = format!("someone/rvenv/releases/download/v{VERSION}");
    fs::create_dir_all(site.path(&directory)).unwrap();
    let name = format!("rvenv-{VERSION}-{}.tar.gz", own_target());
    fs::rename(site.path(&name), site.path(&directory).join(&name)).unwrap();
    install(&site, &["-q"]).env_remove("RVENV_DOWNLOAD_URL").silent();
    assert_eq!((site.requests(), installed(&site)), (vec![format!("/{directory}/{name}")], everything()));
}

/// A site that has this release where GitHub has it, and the address of its repository.
fn repository() -> Option<(Site, String)> {
    let site = Site::new(Some("someone/rvenv"), write_release)?;
    site.scratch
        .run("sh")
        .args(["-c", "openssl dgst -sha256 -r rvenv* install.* | tr '*' ' ' >SHA256SUMS"])
        .current_dir(site.path(""))
        .silent();
    for directory in ["latest/download", &format!("download/v{VERSION}")] {
        let releases = site.path("someone/rvenv/releases").join(directory);
        fs::create_dir_all(&releases).unwrap();
        for name in names_in(&site.path("")).iter().filter(|name| *name != "someone") {
            fs::copy(site.path(name), releases.join(name)).unwrap();
        }
    }
    let address = format!("{}/someone/rvenv", site.address);
    Some((site, address))
}

#[test]
fn what_the_page_says_installs_pins_verifies_and_removes() {
    let Some((site, repository)) = repository() else { return };
    let [install, pin, verify, remove] = &documented("sh", &repository)[..] else { panic!("four of sh") };
    let (home, downloads) = (site.scratch.path("home"), site.scratch.path("downloads"));
    fs::create_dir_all(home.join(".local/bin")).unwrap();
    fs::create_dir(&downloads).unwrap();
    let path = format!("{}:{}", home.join(".local/bin").display(), std::env::var("PATH").unwrap());
    let run = |code: &str| {
        let run = site.scratch.run("sh").args(["-euc", code]).current_dir(&downloads).env("PATH", &path);
        run.env("HOME", &home).env_remove("RVENV_CACHE_DIR").env_remove("XDG_CACHE_HOME")
    };
    for install in [install, pin] {
        run(install).ok();
        assert_eq!(installed(&site), everything());
        run(remove).ok();
        assert_eq!(installed(&site), []);
    }
    if cfg!(target_os = "linux") {
        assert_eq!(run(verify).ok(), "install.sh: OK\n");
        fs::write(downloads.join("install.sh"), "damaged").unwrap();
        assert_eq!(run(verify.lines().last().unwrap()).output().status.code(), Some(1));
    }
}

#[test]
fn the_dockerfile_on_the_page_adds_the_program_to_the_image() {
    let Some((site, repository)) = repository() else { return };
    let [dockerfile] = &documented("dockerfile", &repository)[..] else { panic!("one Dockerfile") };
    let at = |path: &str| site.scratch.path(path).display().to_string();
    let dockerfile =
        ["/opt/", "/usr/local/bin/"].iter().fold(dockerfile.clone(), |t, path| t.replace(path, &at(&path[1..])));
    let dockerfile = dockerfile.replace("sh /install.sh", &format!("sh {}", at("install.sh")));
    let steps = dockerfile.lines().filter_map(|line| line.split_once(' ')).filter(|(name, _)| *name != "FROM");
    let steps: Vec<_> = steps.collect();
    let [("ADD", add), ("RUN", install), ("COPY", copy), ("RUN", create)] = steps[..] else { panic!("{steps:?}") };
    let program = site.scratch.path("usr/local/bin/");
    fs::create_dir_all(&program).unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let run = |code: &str| site.scratch.run("sh").args(["-euc", code]).env("PATH", &path).env_remove("HOME").ok();
    run(&format!("curl -fsSO {}", add.strip_suffix(" /").unwrap()));
    run(install);
    run(&format!("cp {}", copy.strip_prefix("--from=rvenv ").unwrap()));
    assert_eq!(names_in(&program), ["rvenv"]);
    run(create);
    assert!(site.scratch.path("opt/app/bin/pip").exists());
}

#[test]
fn help_lists_the_flags_and_variables_and_what_is_unknown_is_refused() {
    let Some(site) = site() else { return };
    let help = install(&site, &["--help"]).env_remove("HOME").ok();
    let script = fs::read_to_string(site.path("install.sh")).unwrap();
    for name in
        ["--quiet", "--uninstall", "--help", "RVENV_INSTALL_DIR", "RVENV_VERSION", "RVENV_DOWNLOAD_URL", "XDG_BIN_HOME"]
    {
        assert!(help.contains(name) && script.split(&usage_of(&script)).any(|rest| rest.contains(name)), "{name}");
    }
    assert!(help.lines().all(|line| line.len() <= 120), "{help}");
    assert_eq!(refuses(&site, install(&site, &["--unknown"])), "unknown argument: --unknown (--help lists them)");
    let bin = site.scratch.path("home/.local/bin");
    let error = refuses(&site, install(&site, &["--uninstall"]));
    assert!(error.starts_with(&format!("there is no {}/rvenv; ", bin.display())), "{error}");
    assert_eq!(site.requests(), [""; 0]);
}

/// The text of `--help` in the script.
fn usage_of(script: &str) -> String {
    let usage = script.split("\nusage=\"").nth(1).unwrap();
    usage.split("\"\n").next().unwrap().to_owned()
}

#[test]
fn fish_and_man_find_what_is_installed_for_them() {
    let Some(site) = site() else { return };
    install(&site, &["-q"]).silent();
    let home = site.scratch.path("home");
    let path = format!("{}:/usr/bin:/bin", home.join(".local/bin").display());
    let generate = |what: &str, at: &str| {
        let text = site.scratch.rvenv().args(["--generate", what]).ok();
        fs::write(home.join(".local/share").join(at), text).unwrap();
    };
    generate("completions=fish", "fish/vendor_completions.d/rvenv.fish");
    if let Some(fish) = tool("fish") {
        let fish = site.scratch.run(fish).args(["-c", "complete --do-complete 'rvenv --reloc'"]);
        let completed = fish.env("HOME", &home).env("PATH", &path).ok();
        assert!(completed.starts_with("--relocatable"), "{completed}");
    }
    if let Some(manpath) = tool("manpath") {
        let found = site.scratch.run(manpath).arg("-q").env("HOME", &home).env("PATH", &path).ok();
        let share = home.join(".local/share/man");
        assert!(found.trim().split(':').any(|directory| Path::new(directory) == share), "{found}");
    }
}

#[test]
fn the_scripts_pass_shellcheck_and_are_short() {
    let Some(site) = site() else { return };
    if let Some(shellcheck) = tool("shellcheck") {
        site.scratch.run(shellcheck).arg(site.path("install.sh")).silent();
    }
    let packaging = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging");
    let lines = |name: &str| fs::read_to_string(packaging.join(name)).unwrap().lines().count();
    assert!(lines("install.sh") + lines("install.ps1") < 250);
}
