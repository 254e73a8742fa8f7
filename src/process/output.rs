//! The output of a process: split into lines, and its last lines.

use crate::error::one_line;

/// Longer lines are split, to limit memory use.
const LONGEST_LINE: usize = 64 << 10;

/// How many of the last lines an error shows, and how many characters of each.
const TAIL_LINES: usize = 3;
const TAIL_LENGTH: usize = 200;

/// Splits a stream into lines.
#[derive(Default)]
pub(super) struct Lines {
    unended: Vec<u8>,
    /// The last lines, truncated.
    last: Vec<String>,
}

/// The last lines of a failed process's output, truncated and joined to one line.
pub(crate) fn tail_of(output: &[u8]) -> String {
    let mut lines = Lines::default();
    lines.add(output, |_| {});
    lines.end(|_| {});
    lines.tail()
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
            self.last.extend(truncated(text.trim()));
            self.last.drain(..self.last.len().saturating_sub(TAIL_LINES));
            self.unended.clear();
        }
    }

    /// The last lines, joined to one line.
    pub(super) fn tail(&self) -> String {
        one_line(&self.last.join("; "))
    }
}

/// The beginning of a line. None if the line is empty.
fn truncated(line: &str) -> Option<String> {
    match line.char_indices().nth(TAIL_LENGTH) {
        Some((end, _)) => Some(format!("{}…", &line[..end])),
        None => Some(line.to_owned()).filter(|line| !line.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_three_lines_are_kept() {
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
