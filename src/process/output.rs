//! The output of a process: split into lines, and its last lines.

use std::collections::VecDeque;
use std::fmt;

use crate::error::one_line;

/// Longer lines are split, to limit memory use.
const LONGEST_LINE: usize = 64 << 10;

/// Splits a stream into lines.
#[derive(Default)]
pub(super) struct Lines {
    unended: Vec<u8>,
    pub(super) tail: OutputTail,
}

impl Lines {
    /// Calls `each` for every line that ends in `piece`.
    pub(super) fn add(&mut self, piece: &[u8], mut each: impl FnMut(&str)) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            self.unended.extend(part);
            if part.ends_with(b"\n") || self.unended.len() >= LONGEST_LINE {
                self.end(&mut each);
            }
        }
    }

    /// Calls `each` for the last line if it has no line ending.
    pub(super) fn end(&mut self, mut each: impl FnMut(&str)) {
        if !self.unended.is_empty() {
            let text = String::from_utf8_lossy(&self.unended);
            each(text.trim_end());
            self.tail.push(&text);
            self.unended.clear();
        }
    }
}

/// The end of a failed process's output: its last three lines, truncated and joined to one line.
#[derive(Debug, Default)]
pub(crate) struct OutputTail(VecDeque<String>);

impl OutputTail {
    const LINES: usize = 3;
    const LENGTH: usize = 200;

    /// The last lines of this output.
    pub(crate) fn of(output: &[u8]) -> OutputTail {
        let mut lines = Lines::default();
        lines.add(output, |_| {});
        lines.end(|_| {});
        lines.tail
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn push(&mut self, line: &str) {
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

impl fmt::Display for OutputTail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<&str> = self.0.iter().map(String::as_str).collect();
        f.write_str(&one_line(&lines.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_three_lines_are_kept() {
        let tail_of = |output: &[u8]| OutputTail::of(output).to_string();
        assert_eq!(tail_of(b"1\n2\n\n 3 \n4\n"), "2; 3; 4");
        assert_eq!(tail_of(b""), "");
        assert_eq!(tail_of(&[b'x'; 5000]), format!("{}…", "x".repeat(200)));
    }

    #[test]
    fn lines_may_arrive_in_pieces_and_without_a_line_ending() {
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
    fn an_endless_line_does_not_fill_the_memory() {
        let (mut lines, mut given) = (Lines::default(), 0);
        for _ in 0..1000 {
            lines.add(&[b'x'; 8192], |line| given += line.len());
        }
        assert!(lines.unended.capacity() < 4 * LONGEST_LINE);
        lines.end(|line| given += line.len());
        assert_eq!(given, 8192 * 1000);
    }
}
