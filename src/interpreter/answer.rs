//! Parses the probe script's output: from JSON to an [`Interpreter`], or to the reason why the Python cannot be used.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::metadata::{Interpreter, Programs, Scheme};
use crate::error::Quoted;
use crate::os;
use crate::platform::Platform;

/// The oldest Python that rvenv supports.
const OLDEST: (u32, u32) = (3, 6);

/// The fields that even an unusable Python reports.
#[derive(Deserialize)]
struct Outline {
    version: [u32; 3],
    /// The former directory of an environment's base.
    base_gone: Option<NativePath>,
    /// A possibly temporary error that leaves it uncertain what the Python is.
    doubt: Option<NativeText>,
    executable: Option<NativePath>,
}

/// The output of a Python that can be used.
#[derive(Deserialize)]
struct Answer {
    implementation: String,
    version: [u32; 3],
    prerelease: String,
    free_threaded: bool,
    debug: bool,
    machine: String,
    bits: u32,
    os_name: OsName,
    asked: NativePath,
    executable: NativePath,
    real_executable: NativePath,
    depends: Vec<NativePath>,
    scheme: AnsweredScheme,
    link_names: Vec<NativePath>,
    programs: [Vec<(NativePath, NativePath)>; 2],
    lib64: bool,
    companions: Vec<(NativePath, NativePath)>,
    cache_tag: Option<String>,
    magic: String,
    site_packages: NativePath,
    wheels: Vec<NativePath>,
    wheels_missing: Option<NativeText>,
    zlib: bool,
}

#[derive(Deserialize)]
struct AnsweredScheme {
    scripts: NativePath,
    include: NativePath,
    purelib: NativePath,
    platlib: NativePath,
}

/// `os.name`.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum OsName {
    Posix,
    Nt,
}

/// A path as the script writes it. JSON has no bytes, so the character with code N means the byte N.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct NativePath(PathBuf);

/// A text that contains such paths.
#[derive(Deserialize)]
#[serde(from = "NativePath")]
struct NativeText(String);

/// Parses the output. Fails with the reason if the Python is too old, or could not find out what it is.
pub(super) fn read(answer: &Value) -> Result<Interpreter, String> {
    let unreadable = |error: serde_json::Error| format!("could not parse its output: {error}");
    let outline = Outline::deserialize(answer).map_err(unreadable)?;
    let [major, minor, micro] = outline.version;
    if (major, minor) < OLDEST {
        return Err(format!(
            "it is Python {major}.{minor}.{micro}, but rvenv requires Python {}.{} or later",
            OLDEST.0, OLDEST.1
        ));
    }
    if let Some(NativePath(home)) = outline.base_gone {
        return Err(format!("it belongs to an environment whose base Python no longer exists in {}", Quoted(&home)));
    }
    if let Some(NativeText(error)) = outline.doubt {
        return Err(format!("it could not examine its own installation: {error}"));
    }
    if outline.executable.is_none() {
        return Err("it does not know the path of its own executable; specify that path with --python PATH".to_owned());
    }
    Answer::deserialize(answer).map(Interpreter::from).map_err(unreadable)
}

/// Whether the output stays the same as long as everything that it depends on is unchanged. False if wheels
/// or zlib are missing because of a possibly temporary error.
pub(super) fn is_lasting(answer: &Value) -> bool {
    answer.get("lasting") == Some(&Value::Bool(true))
}

/// The text that the script writes for a path.
pub(super) fn encode(path: &Path) -> String {
    path.as_os_str().as_encoded_bytes().iter().map(|byte| char::from(*byte)).collect()
}

impl TryFrom<String> for NativePath {
    type Error = &'static str;

    fn try_from(text: String) -> Result<NativePath, &'static str> {
        let mut bytes = Vec::with_capacity(text.len());
        for character in text.chars() {
            bytes.push(u8::try_from(character).map_err(|_| "a path has a character that is not a byte")?);
        }
        os::os_string(bytes).map(|path| NativePath(path.into())).ok_or("a path is not UTF-8")
    }
}

impl From<NativePath> for NativeText {
    fn from(path: NativePath) -> NativeText {
        NativeText(path.0.to_string_lossy().into_owned())
    }
}

impl From<Answer> for Interpreter {
    fn from(answer: Answer) -> Interpreter {
        let paths = |paths: Vec<NativePath>| paths.into_iter().map(|path| path.0).collect();
        let pairs = |pairs: Vec<(NativePath, NativePath)>| pairs.into_iter().map(|(one, two)| (one.0, two.0)).collect();
        let [copied, linked] = answer.programs;
        // Use this system's separators.
        let relative = |path: NativePath| path.0.components().collect();
        Interpreter {
            implementation: answer.implementation,
            version: answer.version,
            free_threaded: answer.free_threaded,
            debug: answer.debug,
            machine: answer.machine,
            bits: answer.bits,
            platform: match answer.os_name {
                OsName::Posix => Platform::Posix,
                OsName::Nt => Platform::Nt,
            },
            executable: answer.executable.0,
            real_executable: answer.real_executable.0,
            scheme: Scheme {
                scripts: relative(answer.scheme.scripts),
                include: relative(answer.scheme.include),
                purelib: relative(answer.scheme.purelib),
                platlib: relative(answer.scheme.platlib),
            },
            wheels: paths(answer.wheels),
            wheels_missing: answer.wheels_missing.map(|reason| reason.0),
            zlib: answer.zlib,
            prerelease: answer.prerelease,
            asked: answer.asked.0,
            depends: paths(answer.depends),
            link_names: paths(answer.link_names),
            lib64: answer.lib64,
            programs: Programs { copied: pairs(copied), linked: pairs(linked) },
            companions: pairs(answer.companions),
            cache_tag: answer.cache_tag,
            magic: answer.magic,
            site_packages: answer.site_packages.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_path_keeps_its_bytes() {
        use std::os::unix::ffi::OsStrExt;
        let NativePath(path) = NativePath::try_from("/\u{ff}\u{c3}\u{a9}".to_owned()).unwrap();
        assert_eq!(path.as_os_str().as_bytes(), b"/\xff\xc3\xa9");
        assert_eq!(encode(&path), "/\u{ff}\u{c3}\u{a9}");
        assert!(NativePath::try_from("\u{100}".to_owned()).is_err());
    }

    #[test]
    fn an_unusable_python_is_refused_with_the_reason() {
        let reason = |answer| read(&answer).unwrap_err();
        assert!(reason(json!({"version": [3, 5, 10]})).starts_with("it is Python 3.5.10, but rvenv"));
        assert!(reason(json!({"version": [3, 9, 1], "base_gone": "/x"})).contains("no longer exists in '/x'"));
        assert!(reason(json!({"version": [3, 9, 1]})).starts_with("it does not know the path"));
        for odd in [json!({}), json!({"version": "3.9"}), json!({"version": [3, 9, 1], "executable": "/x"})] {
            assert!(reason(odd).starts_with("could not parse its output: "));
        }
    }
}
