//! Parses the probe script's output: from JSON to an [`Interpreter`], or to the reason why the Python cannot be used.

use serde::Deserialize;
use serde_json::Value;

use super::metadata::{Interpreter, NativePath, text};
use crate::error::Quoted;

/// The oldest Python that rvenv supports.
const OLDEST: (u32, u32) = (3, 6);

/// The fields that even an unusable Python reports.
#[derive(Deserialize)]
struct Outline {
    version: [u32; 3],
    /// The former directory of an environment's base.
    base_gone: Option<NativePath>,
    /// A possibly temporary error that leaves it uncertain what the Python is.
    #[serde(default, deserialize_with = "text")]
    doubt: Option<String>,
    executable: Option<NativePath>,
}

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
    if let Some(error) = outline.doubt {
        return Err(format!("it could not examine its own installation: {error}"));
    }
    if outline.executable.is_none() {
        return Err("it does not know the path of its own executable; specify that path with --python PATH".to_owned());
    }
    Interpreter::deserialize(answer).map_err(unreadable)
}

/// Whether the output holds as long as what it depends on. Wheels or zlib may be missing because of a passing error.
pub(super) fn is_lasting(answer: &Value) -> bool {
    answer.get("lasting") == Some(&Value::Bool(true))
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
