//! File names as the file systems of macOS compare them.

use std::ffi::{OsStr, OsString};

use unicode_normalization::UnicodeNormalization;

/// Folds a name: names that differ only in case, or in how accented letters are encoded (`é` as one character, or as
/// `e` and an accent), have the same result.
pub(super) fn folded(name: &OsStr) -> OsString {
    let small = name.to_string_lossy().nfd().collect::<String>().to_lowercase();
    small.nfd().collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_unicode_normalisation_are_ignored() {
        for (one, other) in
            [("Env", "eNV"), ("\u{e9}t\u{e9}", "e\u{301}te\u{301}"), ("\u{c9}", "e\u{301}"), ("Å", "\u{212b}")]
        {
            assert_eq!(folded(one.as_ref()), folded(other.as_ref()), "{one} {other}");
        }
        for (one, other) in [("env", "env1"), ("e", "\u{e9}"), ("ß", "s")] {
            assert_ne!(folded(one.as_ref()), folded(other.as_ref()), "{one} {other}");
        }
    }
}
