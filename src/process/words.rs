//! What a process says: line by line, and the last of it.

use std::collections::VecDeque;
use std::fmt;

use crate::error::one_line;

/// What has no end of its own so far is a line all the same, so that memory has a bound.
const LONGEST_LINE: usize = 64 << 10;

/// A stream's text, given on by lines.
#[derive(Default)]
pub(super) struct Lines {
    unended: Vec<u8>,
    pub(super) last: LastWords,
}

impl Lines {
    /// Gives `each` the lines that end in `piece`.
    pub(super) fn add(&mut self, piece: &[u8], mut each: impl FnMut(&str)) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            self.unended.extend(part);
            if part.ends_with(b"\n") || self.unended.len() >= LONGEST_LINE {
                self.end(&mut each);
            }
        }
    }

    /// Gives `each` the last line, if nothing ends it.
    pub(super) fn end(&mut self, mut each: impl FnMut(&str)) {
        if !self.unended.is_empty() {
            let text = String::from_utf8_lossy(&self.unended);
            each(text.trim_end());
            self.last.hear(&text);
            self.unended.clear();
        }
    }

    /// Takes what no line end follows, if there is any.
    pub(super) fn take_unended(&mut self) -> Option<String> {
        let unended = std::mem::take(&mut self.unended);
        (!unended.is_empty()).then(|| String::from_utf8_lossy(&unended).into_owned())
    }
}

/// The end of what a process said before it failed: its last three lines, cut to be read, on one line.
#[derive(Debug, Default)]
pub(crate) struct LastWords(VecDeque<String>);

impl LastWords {
    const LINES: usize = 3;
    const LENGTH: usize = 200;

    /// Those of a process that has said all this.
    pub(crate) fn of(output: &[u8]) -> LastWords {
        let mut lines = Lines::default();
        lines.add(output, |_| {});
        lines.end(|_| {});
        lines.last
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn hear(&mut self, line: &str) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        if self.0.len() == Self::LINES {
            self.0.pop_front();
        }
        self.0.push_back(match line.char_indices().nth(Self::LENGTH) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line.to_owned(),
        });
    }
}

impl fmt::Display for LastWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<&str> = self.0.iter().map(String::as_str).collect();
        f.write_str(&one_line(&lines.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_are_the_last_three_lines() {
        let last_words = |output: &[u8]| LastWords::of(output).to_string();
        assert_eq!(last_words(b"1\n2\n\n 3 \n4\n"), "2; 3; 4");
        assert_eq!(last_words(b""), "");
        assert_eq!(last_words(&[b'x'; 5000]), format!("{}…", "x".repeat(200)));
    }

    #[test]
    fn a_line_may_come_in_pieces_and_without_an_end() {
        let (mut lines, mut given) = (Lines::default(), Vec::new());
        let mut each = |line: &str| given.push(line.to_owned());
        for piece in [&b"a"[..], b"b\r\n\nc", b"\nd"] {
            lines.add(piece, &mut each);
        }
        lines.end(&mut each);
        lines.end(&mut each);
        assert_eq!(given, ["ab", "", "c", "d"]);
    }

    #[test]
    fn a_line_without_an_end_is_not_kept_in_memory() {
        let (mut lines, mut given) = (Lines::default(), 0);
        for _ in 0..1000 {
            lines.add(&[b'x'; 8192], |line| given += line.len());
        }
        assert!(lines.unended.capacity() < 4 * LONGEST_LINE);
        lines.end(|line| given += line.len());
        assert_eq!(given, 8192 * 1000);
    }
}
