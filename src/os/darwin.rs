//! What rvenv knows about macOS without calling it, so that it is tested on all systems: how its file systems compare
//! names, and how its `ls` shows access control lists.

use std::ffi::{OsStr, OsString};

use unicode_normalization::UnicodeNormalization;

/// Folds a name: names that differ only in case, or in how accented letters are encoded (`é` as one character, or as
/// `e` and an accent), have the same result.
pub(crate) fn folded(name: &OsStr) -> OsString {
    let small = name.to_string_lossy().nfd().collect::<String>().to_lowercase();
    small.nfd().collect::<String>().into()
}

/// Whether `ls -lde` printed an access control list: each of its entries is on a line of its own.
pub(crate) fn lists_access_control(listed: &[u8]) -> bool {
    listed.is_empty() || listed.trim_ascii_end().contains(&b'\n')
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

    #[test]
    fn an_access_control_list_is_recognised_by_extra_lines() {
        let plain = "drwxr-xr-x  5 me  staff  160 Nov 25 20:00 a directory\n";
        assert!(!lists_access_control(plain.as_bytes()));
        assert!(lists_access_control(format!("{plain} 0: group:everyone deny delete\n").as_bytes()));
        assert!(lists_access_control(b""));
    }
}
