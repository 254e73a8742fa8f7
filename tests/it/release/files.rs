//! The files that `packaging/release` has built, if it has: the contents of each wheel and archive, and installing from
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::*;
use crate::release::packages;
use crate::release::packaging::{distribution, packaging};

pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The targets, each with its wheel's platform tags and the format of its program.
pub const TARGETS: [(&str, &str, Program); 6] = [
    (
        "x86_64-unknown-linux-musl",
        "manylinux2014_x86_64.manylinux_2_17_x86_64.musllinux_1_2_x86_64",
        Program::Elf { machine: 62 },
    ),
    (
        "aarch64-unknown-linux-musl",
        "manylinux2014_aarch64.manylinux_2_17_aarch64.musllinux_1_2_aarch64",
        Program::Elf { machine: 183 },
    ),
    ("x86_64-apple-darwin", "macosx_10_12_x86_64", Program::MachO { machine: 0x0100_0007 }),
    ("aarch64-apple-darwin", "macosx_11_0_arm64", Program::MachO { machine: 0x0100_000c }),
    ("x86_64-pc-windows-gnu", "win_amd64", Program::Pe { machine: 0x8664 }),
    ("aarch64-pc-windows-gnullvm", "win_arm64", Program::Pe { machine: 0xaa64 }),
];

/// Executable formats, each with its machine number.
#[derive(Clone, Copy)]
pub enum Program {
    Elf { machine: u32 },
    MachO { machine: u32 },
    Pe { machine: u32 },
}

impl Program {
    /// Checks that a program has this format and machine, is position-independent, and needs no loader on Linux.
    pub fn check(self, bytes: &[u8]) {
        let number =
            |at: usize, size: usize| bytes[at..at + size].iter().rfold(0, |sum, byte| sum << 8 | u64::from(*byte));
        match self {
            Program::Elf { machine } => {
                assert_eq!((&bytes[..4], number(16, 2), number(18, 2)), (&b"\x7fELF"[..], 3, machine.into()));
                let (headers, size, count) = (number(32, 8), number(54, 2), number(56, 2));
                let kinds: Vec<u64> = (0..count).map(|index| number((headers + index * size) as usize, 4)).collect();
                // PT_LOAD, and no PT_INTERP.
                assert!(kinds.contains(&1) && !kinds.contains(&3), "{kinds:?}");
            }
            Program::MachO { machine } => {
                assert_eq!((number(0, 4), number(4, 4), number(12, 4)), (0xfeed_facf, machine.into(), 2));
                // MH_PIE.
                assert_eq!(number(24, 4) & 0x20_0000, 0x20_0000);
            }
            Program::Pe { machine } => {
                let header = number(0x3c, 4) as usize;
                assert_eq!((&bytes[header..header + 4], number(header + 4, 2)), (&b"PE\0\0"[..], machine.into()));
            }
        }
    }

    fn name(self) -> &'static str {
        if matches!(self, Program::Pe { .. }) { "rvenv.exe" } else { "rvenv" }
    }
}

/// The directory with the release's files, if they were built from these sources.
pub fn dist() -> Option<PathBuf> {
    match is_current() {
        true => Some(directory()),
        false => missing("a release built from these sources by packaging/release"),
    }
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/dist")
}

/// Whether there is a release that is newer than its sources.
pub fn is_current() -> bool {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let changed = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
    let Some(made) = changed(&directory().join("SHA256SUMS")) else { return false };
    let sources = ["src", "scripts", "pypi", "packaging", "Cargo.toml", "Cargo.lock", "pyproject.toml"]
        .map(|name| repository.join(name));
    let files = sources.iter().flat_map(|path| walkdir::WalkDir::new(path).into_iter().flatten());
    files.filter(|entry| entry.file_type().is_file()).all(|entry| changed(entry.path()) < Some(made))
}

pub fn wheel_for(platforms: &str) -> String {
    format!("{}-py3-none-{platforms}.whl", release())
}

/// `NAME-VERSION` in the names of the files for pip (PEP 625).
fn release() -> String {
    format!("{}-{VERSION}", distribution().replace('-', "_"))
}

pub fn archive_for(target: &str) -> String {
    format!("rvenv-{VERSION}-{target}.{}", if target.contains("windows") { "zip" } else { "tar.gz" })
}

/// Unpacks a wheel or an archive into the scratch directory.
fn unpack(scratch: &Scratch, archive: &Path) {
    match archive.extension().is_some_and(|extension| extension == "gz" || extension == "crate") {
        true => scratch.run("tar").arg("-xzf").arg(archive).silent(),
        false => scratch.run(python().path).args(["-m", "zipfile", "-e"]).arg(archive).arg(".").silent(),
    }
}

/// Runs pip with the release's files, in an environment `tools` that is created if necessary.
fn pip(scratch: &Scratch, arguments: &[&str]) -> Run {
    if !scratch.path("tools").exists() {
        scratch.rvenv().arg("tools").silent();
    }
    let pip = scratch.run(scratch.path("tools/bin/pip")).args(["--isolated", "--quiet", "--disable-pip-version-check"]);
    pip.args(arguments).arg("--no-index").arg("--find-links").arg(dist().unwrap())
}

#[test]
fn a_release_has_wheels_and_archives_packages_for_linux_sources_for_pip_and_cargo_and_installers() {
    let (Some(dist), scratch) = (dist(), Scratch::new()) else { return };
    let mut names = vec![format!("rvenv-{VERSION}.crate"), format!("{}.tar.gz", release()), "SHA256SUMS".to_owned()];
    for (target, platforms, _) in TARGETS {
        names.extend([wheel_for(platforms), archive_for(target)]);
    }
    names.extend(packages::names());
    names.extend(["install.sh", "install.ps1"].map(str::to_owned));
    // It has addresses.
    names.extend((!env!("CARGO_PKG_REPOSITORY").is_empty()).then(|| "rvenv.json".to_owned()));
    names.sort();
    assert_eq!(names_in(&dist), names);
    let sums = scratch.run("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(&dist).ok();
    assert_eq!(sums.lines().filter(|line| line.ends_with(": OK")).count(), names.len() - 1, "{sums}");
}

#[test]
fn each_wheel_contains_the_program_for_its_platform() {
    let Some(dist) = dist() else { return };
    for (_, platforms, program) in TARGETS {
        let scratch = Scratch::new();
        unpack(&scratch, &dist.join(wheel_for(platforms)));
        let data = format!("{}.data", release());
        let info = scratch.path(format!("{}.dist-info", release()));
        program.check(&fs::read(scratch.path(&data).join("scripts").join(program.name())).unwrap());

        let files: Vec<String> = tree(&scratch.path(""))
            .into_iter()
            .filter(|(_, entry)| matches!(entry, Entry::File { .. }))
            .map(|(path, _)| path)
            .collect();
        let module: BTreeSet<&str> = files.iter().filter_map(|path| path.strip_prefix("rvenv/")).collect();
        let package = tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("pypi/rvenv"));
        let sources = package.iter().filter(|(path, _)| !path.contains("__pycache__"));
        let sources = sources.filter(|(_, entry)| matches!(entry, Entry::File { .. }));
        assert_eq!(module, sources.map(|(path, _)| path.as_str()).collect());
        assert_eq!(files.iter().filter(|path| path.starts_with(&data)).count(), 1, "{files:?}");
        let licence = fs::read(info.join("licenses/LICENSE")).unwrap();
        assert_eq!(licence, fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("LICENSE")).unwrap());

        let wheel = fs::read_to_string(info.join("WHEEL")).unwrap();
        let tags: Vec<&str> = wheel.lines().filter_map(|line| line.strip_prefix("Tag: py3-none-")).collect();
        assert_eq!(tags, platforms.split('.').collect::<Vec<_>>(), "{platforms}");
        let metadata = fs::read_to_string(info.join("METADATA")).unwrap();
        for line in [
            &format!("Version: {VERSION}"),
            "Requires-Python: >=3.8",
            concat!("Summary: ", env!("CARGO_PKG_DESCRIPTION")),
        ] {
            assert!(metadata.lines().any(|said| said == line), "{line} in {metadata}");
        }
    }
}

#[test]
fn wheels_do_not_reveal_where_they_were_built() {
    let Some(dist) = dist() else { return };
    let home = std::env::var("HOME").unwrap_or_default();
    for (_, platforms, _) in TARGETS {
        let scratch = Scratch::new();
        unpack(&scratch, &dist.join(wheel_for(platforms)));
        for (path, entry) in tree(&scratch.path("")) {
            let Entry::File { contents, .. } = entry else { continue };
            for place in [env!("CARGO_MANIFEST_DIR"), &format!("{home}/.cargo"), "/usr/src/rustc"] {
                let found = contents.windows(place.len()).any(|bytes| bytes == place.as_bytes());
                assert!(!found, "{place} in {path} for {platforms}");
            }
        }
    }
}

#[test]
fn pip_selects_the_right_wheel_for_each_platform() {
    let (Some(_), scratch) = (dist(), Scratch::new()) else { return };
    let linux = ["manylinux2014_x86_64", "manylinux_2_17_aarch64", "musllinux_1_2_x86_64", "musllinux_1_2_aarch64"];
    let others = ["macosx_14_0_arm64", "macosx_12_0_x86_64", "win_amd64", "win_arm64"];
    for platform in linux.into_iter().chain(others) {
        let download = pip(&scratch, &["download", "--only-binary=:all:", "--dest", platform, "--platform", platform]);
        download.arg(distribution()).silent();
        let [name] = &names_in(&scratch.path(platform))[..] else { panic!("one wheel for {platform}") };
        let (kind, machine) = (&platform[..3], platform.rsplit('_').next().unwrap());
        assert!(name.contains(kind) && name.ends_with(&format!("{machine}.whl")), "{name} for {platform}");
    }
}

#[test]
fn the_program_for_apple_silicon_is_signed() {
    let Some(dist) = dist() else { return };
    let scratch = Scratch::new();
    unpack(&scratch, &dist.join(wheel_for("macosx_11_0_arm64")));
    // The hash of each page, in the code directory of LC_CODE_SIGNATURE: macOS on arm64 starts no program without them.
    let code = "
import hashlib, struct, sys
program = open(sys.argv[1], 'rb').read()
at, commands = 32, struct.unpack('<I', program[16:20])[0]
for _ in range(commands):
    command, size, offset = struct.unpack('<3I', program[at:at + 12])
    if command == 0x1d:
        signature = program[offset:]
    at += size
kinds = [struct.unpack('>2I', signature[12 + 8 * index:20 + 8 * index]) for index in range(struct.unpack('>I', signature[8:12])[0])]
directory = signature[dict(kinds)[0]:]
hashes, _, _, pages, end = struct.unpack('>5I', directory[16:36])
size, kind, _, page = directory[36:40]
assert (size, kind, end) == (32, 2, offset), (size, kind, end, offset)
for number in range(pages):
    contents = program[number << page:min(number + 1 << page, end)]
    assert hashlib.sha256(contents).digest() == directory[hashes + 32 * number:hashes + 32 * (number + 1)], number
print(pages > 100)
";
    let program = scratch.path(format!("{}.data/scripts/rvenv", release()));
    assert_eq!(scratch.run(python().path).args(["-Ic", code]).arg(program).ok(), "True\n");
}

/// The programs for Windows, unpacked from their archives into the scratch directory.
fn programs_for_windows(scratch: &Scratch, dist: &Path) -> Vec<PathBuf> {
    let targets = TARGETS.map(|(target, ..)| target).into_iter().filter(|target| target.contains("windows"));
    let program = |target: &str| {
        unpack(scratch, &dist.join(archive_for(target)));
        scratch.path(format!("rvenv-{VERSION}-{target}/rvenv.exe"))
    };
    targets.map(program).collect()
}

/// Runs code with a module that reads programs for Windows, for one program.
fn inspect(scratch: &Scratch, code: &str, program: &Path) -> Option<String> {
    let python = packager("python")?;
    let code = format!("import pefile, sys\nprogram = pefile.PE(sys.argv[1])\n{code}");
    Some(scratch.run(python).args(["-Ic", &code]).arg(program).ok())
}

#[test]
fn programs_for_windows_have_name_version_and_licence_as_properties() {
    let (Some(dist), scratch) = (dist(), Scratch::new()) else { return };
    let code = "
numbers = program.VS_FIXEDFILEINFO[0]
for number in numbers.FileVersionMS, numbers.FileVersionLS, numbers.ProductVersionMS, numbers.ProductVersionLS:
    print(number >> 16, number & 0xffff)
for table in program.FileInfo[0][0].StringTable:
    for key, value in table.entries.items():
        print(key.decode(), value.decode(), sep=': ')
";
    let number = |part: &str| part.split('-').next().unwrap().to_owned();
    let [major, minor, patch] = [0, 1, 2].map(|index| number(VERSION.split('.').nth(index).unwrap()));
    let copyright = include_str!("../../../LICENSE").lines().find(|line| line.starts_with("Copyright")).unwrap();
    let properties = [
        format!("{major} {minor}\n{patch} 0\n{major} {minor}\n{patch} 0"),
        "CompanyName: the rvenv developers".to_owned(),
        concat!("FileDescription: ", env!("CARGO_PKG_DESCRIPTION")).to_owned(),
        format!("FileVersion: {VERSION}"),
        "InternalName: rvenv".to_owned(),
        format!("LegalCopyright: {copyright}. {} License.", env!("CARGO_PKG_LICENSE")),
        "OriginalFilename: rvenv.exe".to_owned(),
        "ProductName: rvenv".to_owned(),
        format!("ProductVersion: {VERSION}\n"),
    ];
    for program in programs_for_windows(&scratch, &dist) {
        let Some(said) = inspect(&scratch, code, &program) else { return };
        assert_eq!(said, properties.join("\n"), "{}", program.display());
    }
}

/// Libraries that every Windows has, besides those of the API sets.
const OF_WINDOWS: [&str; 12] = [
    "advapi32.dll",
    "bcrypt.dll",
    "bcryptprimitives.dll",
    "kernel32.dll",
    "ktmw32.dll",
    "msvcrt.dll",
    "ntdll.dll",
    "ole32.dll",
    "oleaut32.dll",
    "shell32.dll",
    "userenv.dll",
    "ws2_32.dll",
];

#[test]
fn programs_for_windows_need_only_its_own_libraries() {
    let (Some(dist), scratch) = (dist(), Scratch::new()) else { return };
    let code =
        "print(*sorted({library.dll.decode().lower() for library in program.DIRECTORY_ENTRY_IMPORT}), sep='\\n')";
    for program in programs_for_windows(&scratch, &dist) {
        let Some(said) = inspect(&scratch, code, &program) else { return };
        let is_windows = |name: &str| name.starts_with("api-ms-win-") || OF_WINDOWS.contains(&name);
        let others: Vec<&str> = said.lines().filter(|name| !is_windows(name)).collect();
        assert!(said.contains("kernel32.dll") && others.is_empty(), "{others:?} in {}", program.display());
    }
}

#[test]
fn each_archive_contains_the_program_its_completions_and_its_manual_page() {
    let Some(dist) = dist() else { return };
    for (target, _, program) in TARGETS {
        let scratch = Scratch::new();
        unpack(&scratch, &dist.join(archive_for(target)));
        let directory = format!("rvenv-{VERSION}-{target}");
        assert_eq!(scratch.names(), [directory.as_str()]);
        let directory = scratch.path(&directory);
        let mut names = ["CHANGELOG.md", "LICENSE", "README.md", "completions", program.name(), "rvenv.1"];
        names.sort();
        assert_eq!(names_in(&directory), names);
        program.check(&fs::read(directory.join(program.name())).unwrap());
        let completions = [
            "bash=rvenv.bash",
            "elvish=rvenv.elv",
            "fish=rvenv.fish",
            "nushell=rvenv.nu",
            "powershell=rvenv.ps1",
            "zsh=_rvenv",
        ];
        let products: BTreeMap<String, String> = completions
            .iter()
            .filter_map(|pair| pair.split_once('='))
            .map(|(shell, name)| (format!("completions/{name}"), format!("completions={shell}")))
            .collect();
        assert_eq!(names_in(&directory.join("completions")).len(), products.len());
        for (file, product) in products.into_iter().chain([("rvenv.1".to_owned(), "man".to_owned())]) {
            let generated = scratch.rvenv().args(["--generate", &product]).ok();
            assert_eq!(fs::read_to_string(directory.join(&file)).unwrap(), generated, "{file}");
        }
    }
}

#[test]
fn the_program_in_an_archive_runs() {
    let (Some(dist), scratch) = (dist(), Scratch::new()) else { return };
    let target = TARGETS[0].0;
    unpack(&scratch, &dist.join(archive_for(target)));
    let program = scratch.path(format!("rvenv-{VERSION}-{target}/rvenv"));
    assert_eq!(scratch.run(&program).arg("--version").ok(), format!("rvenv {VERSION}\n"));
    scratch.run(&program).arg("-p").arg(python().path).arg("env").silent();
    assert!(scratch.run(scratch.path("env/bin/pip")).arg("--version").ok().starts_with("pip "));
}

#[test]
fn the_readme_gives_the_largest_sizes_of_wheel_and_program() {
    let (Some(dist), scratch) = (dist(), Scratch::new()) else { return };
    let (mut wheel, mut program) = (0, 0);
    for (target, platforms, kind) in TARGETS {
        let path = dist.join(wheel_for(platforms));
        wheel = wheel.max(path.metadata().unwrap().len());
        unpack(&scratch, &dist.join(archive_for(target)));
        let unpacked = scratch.path(format!("rvenv-{VERSION}-{target}")).join(kind.name());
        program = program.max(unpacked.metadata().unwrap().len());
    }
    let readme = include_str!("../../../README.md");
    for (size, words) in [(wheel, " MB to download"), (program, " MB installed")] {
        let before = readme.split(words).next().unwrap();
        let said: f64 = before.rsplit([' ', '\n']).next().unwrap().parse().expect("a number");
        let is = size as f64 / 1e6;
        assert!(is <= said && is > 0.8 * said, "{is}{words}");
    }
}

/// Checks the installed program's version, and that it creates an environment with pip.
pub fn check_installed(scratch: &Scratch, bin: &Path) {
    let program =
        || scratch.run(bin.join("rvenv")).env("RVENV_CACHE_DIR", scratch.path("cache")).env_remove("RVENV_PYTHON");
    assert_eq!(program().arg("--version").ok(), format!("rvenv {VERSION}\n"));
    program().arg("-p").arg(python().path).arg("env").silent();
    assert!(scratch.run(scratch.path("env/bin/pip")).arg("--version").ok().starts_with("pip "));
}

#[test]
fn pip_installs_from_the_wheels() {
    let (Some(_), scratch) = (dist(), Scratch::new()) else { return };
    pip(&scratch, &["install", "--only-binary=:all:", distribution()]).silent();
    check_installed(&scratch, &scratch.path("tools/bin"));
    scratch.run(scratch.path("tools/bin/python")).args(["-m", "rvenv", "--without-pip", "--clear", "env"]).silent();
}

#[test]
fn pip_installs_from_the_source_distribution() {
    let (Some(dist), Some(pip), scratch) = (dist(), packager("pip"), Scratch::new()) else { return };
    let pip = packaging(&scratch, &pip).args(["--isolated", "--quiet", "--disable-pip-version-check", "install"]);
    let pip = pip.args(["--no-deps", "--no-build-isolation", "--prefix", "installed", "--ignore-installed"]);
    // Not optimised, because that would take minutes.
    let pip = pip.arg(dist.join(format!("{}.tar.gz", release()))).env("MATURIN_PEP517_ARGS", "--profile=dev --locked");
    pip.silent();
    check_installed(&scratch, &scratch.path("installed/bin"));
}

#[test]
fn cargo_installs_from_the_crate() {
    let (Some(dist), Some(cargo), scratch) = (dist(), tool("cargo"), Scratch::new()) else { return };
    unpack(&scratch, &dist.join(format!("rvenv-{VERSION}.crate")));
    let cargo = packaging(&scratch, &cargo).args(["install", "--quiet", "--locked", "--debug", "--root", "installed"]);
    cargo.arg("--path").arg(format!("rvenv-{VERSION}")).ok();
    check_installed(&scratch, &scratch.path("installed/bin"));
}
