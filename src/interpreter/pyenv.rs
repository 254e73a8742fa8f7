//! pyenv: which Python a shim of its would run, found without running it, and the versions it has.
//!
//! A shim is a bash script that starts several others, some 100 ms each time. The rules here are those of
//! `pyenv-exec`, `pyenv-which`, `pyenv-version-name`, `pyenv-version-file` and `pyenv-latest`. Where they ask for
//! something that is not certain to be understood here (a hook, an odd version name) the answer is
//! [`Shim::Unclear`], and the shim is run.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use same_file::is_same_file;

use super::surroundings::Surroundings;
use crate::os;

/// What is known of a program on PATH.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shim {
    /// It is no shim of pyenv's.
    None,
    /// It is one, and runs this program.
    Runs(PathBuf),
    /// It is one, and no active version has the program.
    RunsNothing,
    /// It is one, and has to be run to know.
    Unclear,
}

/// Hooks that do not change which Python is run: pip's, and those that look further for what was not found.
const HARMLESS_HOOKS: [&str; 4] = ["pip-rehash.bash", "conda.bash", "python-config.bash", "system-site-packages.bash"];

/// pyenv has to be asked: what it would do is not certain to be understood here.
struct Ask;

/// Looks at the program at `path`.
pub(super) fn look(path: &Path, surroundings: &Surroundings) -> Shim {
    let Some(pyenv) = Pyenv::of_shim(path) else { return Shim::None };
    match pyenv.which(path.file_name().unwrap_or_default(), surroundings) {
        Ok(Some(program)) => Shim::Runs(program),
        Ok(None) => Shim::RunsNothing,
        Err(Ask) => Shim::Unclear,
    }
}

/// The Pythons that pyenv has installed, the newest version first: below PYENV_ROOT, beside shims on PATH, and in its
/// usual place.
pub(super) fn installed(surroundings: &Surroundings) -> Vec<PathBuf> {
    let beside_shims = surroundings.search_path().into_iter().filter(|folder| folder.ends_with("shims"));
    let mut roots: Vec<PathBuf> = surroundings.path("PYENV_ROOT").into_iter().collect();
    roots.extend(beside_shims.filter_map(|shims| shims.parent().map(Path::to_owned)));
    roots.extend(surroundings.home().map(|home| home.join(".pyenv")));
    let mut seen = BTreeSet::new();
    roots.retain(|root| seen.insert(root.clone()));
    let newest_first = |root: PathBuf| {
        let mut versions = folders_in(&root.join("versions"));
        versions.sort_by_key(|folder| std::cmp::Reverse(numbers_in(folder)));
        versions
    };
    roots.into_iter().flat_map(newest_first).collect()
}

/// Folders of versions, by path.
pub(super) fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

/// What to sort a version's folder by: its numbers, those of plain final versions above all others.
pub(super) fn numbers_in(folder: &Path) -> (bool, Vec<u32>) {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_plain = without_t(&name).0.chars().all(|c| c.is_ascii_digit() || c == '.');
    let numbers = name.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok());
    (is_plain, numbers.collect())
}

/// One installation of pyenv, as a shim of its names it.
struct Pyenv {
    root: PathBuf,
    /// Where pyenv itself is installed; often the same.
    prefix: PathBuf,
}

impl Pyenv {
    /// The pyenv that the program at `path` is a shim of, if it is one as `pyenv rehash` writes it.
    fn of_shim(path: &Path) -> Option<Pyenv> {
        if path.parent()?.file_name()? != "shims" {
            return None;
        }
        let text = fs::read_to_string(path).ok()?;
        let between = |before: &str, after: &str| {
            text.lines().find_map(|line| Some(PathBuf::from(line.strip_prefix(before)?.strip_suffix(after)?)))
        };
        let root = between("export PYENV_ROOT=\"", "\"")?;
        let pyenv = between("exec \"", "\" exec \"$program\" \"$@\"")?;
        // A shim in a folder of its own tells pyenv so, which changes what `system` means.
        (path.parent()? == root.join("shims"))
            .then(|| Pyenv { prefix: pyenv.ancestors().nth(2).unwrap_or(&root).to_owned(), root })
    }

    /// `pyenv-which`: the program in the first active version that has it, else on the rest of PATH.
    fn which(&self, program: &OsStr, surroundings: &Surroundings) -> Result<Option<PathBuf>, Ask> {
        if surroundings.var("PYENV_DIR").is_some_and(|folder| !folder.is_empty() && !Path::new(folder).is_dir())
            || !self.hooks_are_harmless(surroundings)
        {
            return Err(Ask);
        }
        let versions = self.active_versions(surroundings)?;
        let found = versions.iter().map(String::as_str).chain(["system"]).find_map(|version| match version {
            "system" => self.on_the_rest_of_path(program, surroundings),
            version => Some(self.versions().join(version).join("bin").join(program)).filter(|path| os::may_run(path)),
        });
        // A hook looks further for what an environment among the versions has not.
        let has_environment =
            versions.iter().any(|version| self.versions().join(version).join("bin/activate").exists());
        match found {
            None if has_environment => Err(Ask),
            found => Ok(found),
        }
    }

    /// `pyenv-version-name -f`: PYENV_VERSION, else what the version file says, each name made that of a folder.
    /// Names of no installed version are left out, as pyenv passes over them.
    fn active_versions(&self, surroundings: &Surroundings) -> Result<Vec<String>, Ask> {
        let named = match surroundings.var("PYENV_VERSION").filter(|text| !text.is_empty()) {
            Some(text) => text.to_str().ok_or(Ask)?.split(':').map(str::to_owned).collect(),
            None => self.version_file(surroundings)?,
        };
        let folders = named.iter().filter(|name| !name.is_empty()).map(|name| self.folder_of(name));
        folders.filter_map(Result::transpose).collect()
    }

    /// The versions that the nearest `.python-version` names, or pyenv's own file `version`.
    fn version_file(&self, surroundings: &Surroundings) -> Result<Vec<String>, Ask> {
        let here = surroundings.logical_dir();
        let start = match surroundings.var("PYENV_DIR").filter(|folder| !folder.is_empty()).map(PathBuf::from) {
            Some(folder) if folder.is_absolute() => folder,
            Some(_) => return Err(Ask),
            None => here.clone(),
        };
        let folders = [&start, &here].into_iter().flat_map(|folder| folder.ancestors());
        let nearest = folders.map(|folder| folder.join(".python-version")).find(|file| file.is_file());
        match fs::read_to_string(nearest.unwrap_or_else(|| self.root.join("version"))) {
            Ok(text) => versions_in(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(vec![]),
            Err(_) => Err(Ask),
        }
    }

    /// The folder below `versions` that a version's name means: its own, or the newest with this prefix. None if
    /// there is none.
    fn folder_of(&self, name: &str) -> Result<Option<String>, Ask> {
        if name == ".." || name.contains('/') {
            return Err(Ask);
        }
        let bare = name.strip_prefix("python-").unwrap_or(name);
        let is_folder = |name: &&str| *name == "system" || self.versions().join(name).is_dir();
        match [name, bare].into_iter().find(is_folder) {
            Some(exact) => Ok(Some(exact.to_owned())),
            None => self.latest(bare),
        }
    }

    /// `pyenv-latest`: the newest installed version that begins with `prefix` and a dot. Only prefixes and versions
    /// that are numbers are certain here.
    fn latest(&self, prefix: &str) -> Result<Option<String>, Ask> {
        let (bare, is_free_threaded) = without_t(prefix);
        numbers(bare)?;
        let mut found = Vec::new();
        for folder in folders_in(&self.versions()) {
            let name = folder.file_name().and_then(OsStr::to_str).ok_or(Ask)?;
            let Some(rest) = name.strip_prefix(bare).filter(|rest| rest.starts_with(['.', '-'])) else { continue };
            if ["-dev", "-src", "-latest"].iter().any(|end| rest.ends_with(end)) {
                continue;
            }
            // pyenv passes over environments, which stand among the versions as links or folders.
            if folder.is_symlink() || folder.join("pyvenv.cfg").exists() {
                return Err(Ask);
            }
            let (version, has_t) = without_t(name);
            let version = numbers(version)?;
            if has_t == is_free_threaded {
                found.push((version, name.to_owned()));
            }
        }
        Ok(found.into_iter().max().map(|(_, name)| name))
    }

    fn versions(&self) -> PathBuf {
        self.root.join("versions")
    }

    /// The program as `command -v` finds it on PATH without pyenv's shims.
    fn on_the_rest_of_path(&self, program: &OsStr, surroundings: &Surroundings) -> Option<PathBuf> {
        let shims = self.root.join("shims");
        surroundings.on_path(program).into_iter().find(|path| path.parent() != Some(&shims))
    }

    /// Whether the hooks of pyenv's plugins leave the answer as it is.
    fn hooks_are_harmless(&self, surroundings: &Surroundings) -> bool {
        if surroundings.var("PYENV_HOOK_PATH").is_some_and(|path| !path.is_empty()) {
            return false;
        }
        let system = ["/usr/etc/pyenv.d", "/usr/local/etc/pyenv.d", "/etc/pyenv.d", "/usr/lib/pyenv/hooks"];
        let roots = BTreeSet::from([&self.root, &self.prefix]);
        let plugins = roots.iter().flat_map(|root| folders_in(&root.join("plugins")));
        let folders = roots.iter().map(|root| root.join("pyenv.d"));
        folders
            .chain(system.iter().map(PathBuf::from))
            .chain(plugins.map(|plugin| plugin.join("etc/pyenv.d")))
            .flat_map(|folder| ["exec", "which", "version-name"].map(|command| folder.join(command)))
            .flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten())
            .map(|entry| entry.file_name())
            .filter(|name| Path::new(name).extension() == Some(OsStr::new("bash")))
            .all(|name: OsString| HARMLESS_HOOKS.iter().any(|harmless| name == *harmless))
    }
}

/// `pyenv-version-file-read`: the first word of each line that is no comment. It reads no more of a line than 1024
/// bytes.
fn versions_in(text: &str) -> Result<Vec<String>, Ask> {
    if text.lines().any(|line| line.len() >= 1024) {
        return Err(Ask);
    }
    let words = text.split('\n').filter_map(|line| line.split([' ', '\t', '\r']).find(|word| !word.is_empty()));
    Ok(words.filter(|word| !word.starts_with('#')).flat_map(|word| word.split(':')).map(str::to_owned).collect())
}

/// A version's name without the `t` of free-threaded builds, and whether it had one.
fn without_t(name: &str) -> (&str, bool) {
    name.strip_suffix('t').map_or((name, false), |bare| (bare, true))
}

/// The numbers of a version that is nothing else.
fn numbers(version: &str) -> Result<Vec<u32>, Ask> {
    version.split('.').map(|number| digits(number).ok_or(Ask)).collect()
}

/// A number that is digits and nothing else, not `+3`.
pub(super) fn digits(text: &str) -> Option<u32> {
    text.chars().all(|c| c.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Where the folder that a shell calls the current one is named by PWD, pyenv goes up from that name.
pub(super) fn logical_dir(pwd: Option<&OsString>, current_dir: &Path) -> PathBuf {
    let pwd = pwd.map(Path::new).filter(|pwd| pwd.is_absolute() && is_same_file(pwd, current_dir).unwrap_or(false));
    pwd.unwrap_or(current_dir).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_file_is_read_as_pyenv_reads_it() {
        let text = "# comment\n\n 3.11.7 rest\r\n3.12\n#3.9\nsystem";
        assert_eq!(versions_in(text).ok().unwrap(), ["3.11.7", "3.12", "system"]);
        assert!(versions_in("").is_ok_and(|versions| versions.is_empty()));
        assert!(versions_in(&"x".repeat(2000)).is_err());
    }

    #[test]
    fn plain_versions_sort_above_others_and_by_number() {
        let mut names = ["3.9.18", "miniconda3-4.7", "3.11.7", "3.6.15", "pypy3.9-7.3.11"].map(PathBuf::from).to_vec();
        names.sort_by_key(|folder| std::cmp::Reverse(numbers_in(folder)));
        assert_eq!(names, ["3.11.7", "3.9.18", "3.6.15", "pypy3.9-7.3.11", "miniconda3-4.7"].map(PathBuf::from));
    }
}
