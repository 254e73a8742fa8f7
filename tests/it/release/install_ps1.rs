//! `install.ps1`, from a server of this machine, in the PowerShell of this machine: in that for Linux, all that does not
//! need Windows.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::harness::*;
use crate::release::site::{self, Site, VERSION};

const TARGETS: [&str; 2] = ["x86_64-pc-windows-gnu", "aarch64-pc-windows-gnullvm"];

fn archive(version: &str, target: &str) -> String {
    format!("rvenv-{version}-{target}.zip")
}

/// Writes an archive laid out as `packaging/release` does. On Linux, `rvenv.exe` is a script.
fn write_archive(site: &Path, version: &str, target: &str, program: &[u8]) {
    let name = format!("rvenv-{version}-{target}");
    let mut zip = ZipWriter::new(fs::File::create(site.join(format!("{name}.zip"))).unwrap());
    zip.start_file(format!("{name}/rvenv.exe"), SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
    zip.write_all(program).unwrap();
    zip.finish().unwrap();
}

/// A program that has this version, and can wait: as small as the real one, because Wine's .NET does not survive collecting
/// garbage. On Windows, it is a launcher of a script, with the shebang that pip's has.
fn program(scratch: &Scratch, version: &str) -> Vec<u8> {
    if !cfg!(windows) {
        return format!("#!/bin/sh\n# {}\necho rvenv {version}\n", "many bytes ".repeat(100)).into_bytes();
    }
    if !scratch.env().exists() {
        scratch.rvenv_for(&python()).arg("env").silent();
    }
    let launcher = fs::read(program_of(&scratch.env(), "pip")).unwrap();
    let end = launcher.windows(4).position(|bytes| bytes == b"PK\x03\x04").expect("an archive");
    let mut zip = ZipWriter::new(Cursor::new(vec![]));
    zip.start_file("__main__.py", SimpleFileOptions::default()).unwrap();
    let code = format!("import sys, time\nprint('rvenv {version}')\nif 'wait' in sys.argv:\n    time.sleep(600)\n");
    zip.write_all(code.as_bytes()).unwrap();
    let archive = zip.finish().unwrap().into_inner();
    [&launcher[..end], &archive].concat()
}

fn write_release(scratch: &Scratch, site: &Path) {
    TARGETS.iter().for_each(|target| write_archive(site, VERSION, target, &program(scratch, VERSION)));
}

/// Runs PowerShell's code in a process of its own, for which this is a Windows on this machine.
fn powershell(site: &Site, pwsh: &Path, code: &str) -> Run {
    let run = site.scratch.run(pwsh).args(["-NoProfile", "-NonInteractive", "-Command"]);
    let run = run.arg(format!("[Console]::OutputEncoding = [Text.UTF8Encoding]::new(); {code}"));
    let run = run.env("NO_COLOR", "1").env("TERM", "dumb").env("RVENV_DOWNLOAD_URL", &site.address);
    let run = run.env("LOCALAPPDATA", site.scratch.path("local")).env("HOME", site.scratch.path(""));
    run.env("OS", "Windows_NT").env("PROCESSOR_ARCHITECTURE", "AMD64")
}

/// The code in docs/install.md that a user pastes, and the one with other parameters.
fn pasted(site: &Site) -> String {
    documented(site)[0].clone()
}

fn with(site: &Site, parameters: &str) -> String {
    let [_, add, remove] = &documented(site)[..] else { panic!("one with each parameter") };
    let command = add.strip_suffix("-AddToPath").unwrap();
    assert_eq!(remove.strip_suffix("-Uninstall"), Some(command));
    command.to_owned() + parameters
}

fn documented(site: &Site) -> Vec<String> {
    let code = site::documented("powershell", "").into_iter();
    code.map(|code| code.trim().replace("/releases/latest/download", &site.address)).collect()
}

fn directory(site: &Site) -> PathBuf {
    site.scratch.path("local").join("Programs").join("rvenv")
}

/// The files in the directory for the program.
fn installed(site: &Site) -> Vec<String> {
    if directory(site).exists() { names_in(&directory(site)) } else { vec![] }
}

/// Checks that a run fails and changes nothing where an older program is. Returns what it says.
fn refuses(site: &Site, run: Run) -> String {
    let program = site.scratch.write("local/Programs/rvenv/rvenv.exe", "an older one");
    let output = run.output();
    let said = String::from_utf8_lossy(&output.stderr).replace("\r\n", "\n");
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!((installed(site), fs::read(program).unwrap()), (vec!["rvenv.exe".to_owned()], b"an older one".to_vec()));
    // Lines are folded.
    said.split_whitespace().collect::<Vec<_>>().join(" ").replace(" | ", " ")
}

#[test]
fn what_a_user_pastes_installs_and_replaces_the_program_and_a_parameter_removes_it() {
    let (Some(pwsh), Some(site)) = (pwsh(), Site::new(None, write_release)) else { return };
    let program = directory(&site).join("rvenv.exe");
    for _ in 0..2 {
        let said = powershell(&site, &pwsh, &pasted(&site)).ok();
        let [first, path, last] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
        assert_eq!(first, format!("Downloading {}/{}", site.address, archive(VERSION, TARGETS[0])));
        let at = directory(&site).display().to_string();
        assert!(path.starts_with(&format!("{at} is not on PATH; -AddToPath ")), "{path}");
        assert_eq!(last, format!("rvenv {VERSION} is installed in {at}. To create an environment: rvenv .venv"));
        assert_eq!(installed(&site), ["rvenv.exe"]);
        assert_eq!(site.scratch.run(&program).arg("--version").ok(), format!("rvenv {VERSION}\n"));
        assert_eq!(site.requests(), ["/install.ps1".to_owned(), format!("/{}", archive(VERSION, TARGETS[0]))]);
    }
    let elsewhere = site.scratch.path("it's $HOME [x]");
    let run = |parameters: &str| powershell(&site, &pwsh, &with(&site, parameters));
    run("-Quiet").env("RVENV_INSTALL_DIR", &elsewhere).silent();
    assert_eq!(names_in(&elsewhere), ["rvenv.exe"]);
    if cfg!(windows) {
        run("-Quiet -Uninstall").env("RVENV_INSTALL_DIR", &elsewhere).silent();
        let said = run("-Uninstall").ok();
        assert_eq!(said, format!("Removed {}\n", program.display()));
        assert!(!elsewhere.exists() && !directory(&site).exists());
    }
}

#[cfg(unix)] // .NET does not survive so many exceptions in Wine
#[test]
fn a_script_that_was_cut_off_does_nothing_and_the_whole_one_leaves_no_variables() {
    let (Some(pwsh), Some(site)) = (pwsh(), Site::new(None, write_release)) else { return };
    let code = "$text = [IO.File]::ReadAllText('SCRIPT').TrimEnd(); $step = 1
        for ($size = $text.Length - 1; $size -gt 0; $size -= $step) {
            try { $null = Invoke-Expression $text.Substring(0, $size); if ($size -gt 100) { \"$size ran\" } } catch { }
            if ($size -lt $text.Length - 300) { $step = 29 }
        }
        $before = (Get-Variable).Name; $null = Invoke-Expression $text
        Compare-Object $before (Get-Variable).Name | Where-Object InputObject -notin 'before', 'Matches', 'null', '?', '^', '$', 'LASTEXITCODE'
        $env:PATH; $Error.Clear()";
    let script = site.path("install.ps1").display().to_string();
    let said = powershell(&site, &pwsh, &code.replace("SCRIPT", &script)).ok();
    let [path] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
    assert!(!path.contains("Programs"), "{said}");
    assert_eq!(site.requests(), [format!("/{}", archive(VERSION, TARGETS[0]))], "only the whole one");
    assert_eq!(installed(&site), ["rvenv.exe"]);
}

#[test]
fn a_download_that_is_cut_off_damaged_missing_or_never_ends_changes_nothing() {
    let (Some(pwsh), Some(site)) = (pwsh(), Site::new(None, write_release)) else { return };
    let name = archive(VERSION, TARGETS[0]);
    let hasty = site.with_limit("install.ps1", 2);
    fs::write(site.path("install.ps1"), hasty).unwrap();
    let run = |place: &str| {
        let run = powershell(&site, &pwsh, &pasted(&site));
        refuses(&site, run.env("RVENV_DOWNLOAD_URL", format!("{}{place}", site.address)))
    };
    let whole = fs::read(site.path(&name)).unwrap();
    let half = format!("/cut/{}", whole.len() / 2);
    for place in ["/cut/0", &half, "/nothing", "/hang"] {
        let error = run(place);
        assert!(error.contains(&format!("could not download {}{place}/{name}: ", site.address)), "{error}");
    }
    assert!(run("/nothing").contains("404"));
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    for contents in [&damaged[..], &whole[1..], b""] {
        fs::write(site.path(&name), contents).unwrap();
        let error = run("");
        assert!(error.contains(" is damaged or not of this release: its SHA-256 is "), "{error}");
    }
}

#[test]
fn what_is_missing_or_unknown_is_named_with_the_way_out() {
    let (Some(pwsh), Some(site)) = (pwsh(), Site::new(None, write_release)) else { return };
    let run = |name: &str, value: &str| refuses(&site, powershell(&site, &pwsh, &pasted(&site)).env(name, value));
    for (name, value, expected) in [
        ("RVENV_VERSION", "../1", "RVENV_VERSION is not a version: ../1"),
        ("RVENV_VERSION", "9.8.7", "/SHA256SUMS: "),
        ("RVENV_DOWNLOAD_URL", "", "this script was built without the address of the releases; set RVENV_DOWNLOAD_URL"),
        ("LOCALAPPDATA", "", "LOCALAPPDATA is not set; set RVENV_INSTALL_DIR"),
        ("OS", "Linux", "install.ps1 is for Windows; on Linux and macOS, use install.sh"),
    ] {
        let error = run(name, value);
        assert!(error.contains(expected), "{error}");
    }
    if !cfg!(windows) {
        let error = run("PROCESSOR_ARCHITECTURE", "x86");
        assert!(
            error.contains("there is no program for Windows on x86; with Rust, build one: cargo install rvenv"),
            "{error}"
        );
        site.requests();
        powershell(&site, &pwsh, &pasted(&site)).env("PROCESSOR_ARCHITECTURE", "ARM64").ok();
        assert_eq!(site.requests()[1..], [format!("/{}", archive(VERSION, TARGETS[1]))]);
    }
    let help = powershell(&site, &pwsh, &with(&site, "-Help")).ok();
    for name in ["-AddToPath", "-Uninstall", "-Quiet", "RVENV_INSTALL_DIR", "RVENV_VERSION", "RVENV_DOWNLOAD_URL"] {
        assert!(help.contains(name), "{help}");
    }
    fs::remove_dir_all(directory(&site)).unwrap();
    let output = powershell(&site, &pwsh, &with(&site, "-Uninstall")).output();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no "), "{output:?}");
}

#[test]
fn another_version_is_checked_against_the_sums_of_its_release() {
    let (Some(pwsh), Some(site)) = (pwsh(), Site::new(None, write_release)) else { return };
    write_archive(&site.path(""), "9.8.7", TARGETS[0], &program(&site.scratch, "9.8.7"));
    write_archive(&site.path(""), "9.8.8", TARGETS[0], &program(&site.scratch, "1.0"));
    let sums = "import glob, hashlib\nfor name in sorted(glob.glob('*.zip')):\n    \
        print(hashlib.sha256(open(name, 'rb').read()).hexdigest(), name, sep='  ')";
    let sums = site.scratch.run(python().path).args(["-Ic", sums]).current_dir(site.path("")).ok();
    fs::write(site.path("SHA256SUMS"), sums).unwrap();
    let run = |version: &str| powershell(&site, &pwsh, &with(&site, "-Quiet")).env("RVENV_VERSION", version);
    run("v9.8.7").silent();
    assert_eq!(site.scratch.run(directory(&site).join("rvenv.exe")).ok(), "rvenv 9.8.7\n");
    assert!(refuses(&site, run("9.8.9")).contains("there is no hash of rvenv-9.8.9-"));
    assert!(refuses(&site, run("9.8.8")).contains("the program does not run in "));
    fs::copy(site.path(archive(VERSION, TARGETS[0])), site.path(archive("9.8.7", TARGETS[0]))).unwrap();
    assert!(refuses(&site, run("9.8.7")).contains(" is damaged or not of this release: "));
}

#[test]
fn the_script_is_valid_in_windows_powershell() {
    let (Some(pwsh), Some(site)) = (pwsh(), Site::new(None, write_release)) else { return };
    let parse = absolute(env!("CARGO_MANIFEST_DIR")).join("tests/powershell/parse.ps1");
    let run = site
        .scratch
        .run(pwsh)
        .args(["-NoProfile", "-NonInteractive", "-File"])
        .arg(parse)
        .arg(site.path("install.ps1"));
    let faults = run.env("NO_COLOR", "1").env("HOME", site.scratch.path("")).ok();
    assert_eq!(faults, "");
}

#[cfg(windows)] // the registry
#[test]
fn the_path_of_the_user_is_extended_on_request_without_expanding_what_is_there() {
    let (Some(pwsh), Some(site)) = (pwsh(), Site::new(None, write_release)) else { return };
    let code = "$key = [Microsoft.Win32.Registry]::CurrentUser.CreateSubKey('Environment')
        $had = $key.GetValue('Path', $null, 'DoNotExpandEnvironmentNames')
        function Show { \"$($key.GetValueKind('Path')) $($key.GetValue('Path', '', 'DoNotExpandEnvironmentNames'))\" }
        foreach ($case in @('ExpandString', '%USERPROFILE%\\bin;;C:\\b'), @('String', 'C:\\b;%X%'), @('ExpandString', '')) {
            $key.SetValue('Path', $case[1], $case[0]); Show
            INSTALL -Quiet; Show; INSTALL -Quiet -AddToPath; Show; INSTALL -Quiet -AddToPath; Show; INSTALL -Quiet -Uninstall; Show
        }
        $key.DeleteValue('Path'); INSTALL -Quiet -AddToPath; Show
        if ($had) { $key.SetValue('Path', $had, 'ExpandString') } else { $key.DeleteValue('Path') }";
    let said = powershell(&site, &pwsh, &code.replace("INSTALL", &with(&site, ""))).ok();
    let at = directory(&site).display().to_string();
    let mut expected = String::new();
    for (kind, value) in [("ExpandString", r"%USERPROFILE%\bin;;C:\b"), ("String", r"C:\b;%X%"), ("ExpandString", "")] {
        let extended = format!("{at};{value}").trim_end_matches(';').to_owned();
        for is in [value, value, &extended, &extended, value] {
            expected += &format!("{kind} {is}\n");
        }
    }
    assert_eq!(said, expected + &format!("ExpandString {at}\n"));
}

#[cfg(windows)] // a program that runs cannot be replaced
#[test]
fn a_program_that_runs_is_moved_aside_and_removed_later() {
    let (Some(pwsh), Some(site)) = (pwsh(), Site::new(None, write_release)) else { return };
    let install = |parameters: &str| powershell(&site, &pwsh, &with(&site, parameters)).silent();
    install("-Quiet");
    let running = site.scratch.run(directory(&site).join("rvenv.exe")).arg("wait").start();
    install("-Quiet");
    let names = installed(&site);
    assert!(names.len() == 2 && names[0] == "rvenv.exe" && names[1].ends_with(".old"), "{names:?}");
    drop(running);
    install("-Quiet");
    assert_eq!(installed(&site), ["rvenv.exe"]);
}
