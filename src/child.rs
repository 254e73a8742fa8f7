//! Processes that rvenv starts: their output, how long they may take, and what to say when they fail.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use wait_timeout::ChildExt;

use crate::builder::Source;
use crate::error::{Error, Result};
use crate::scripts::quote;

/// How long output is still waited for when its process has ended: a grandchild may hold the pipe open.
const GRACE: Duration = Duration::from_millis(500);

/// Runs `command` with no input and collects its output. None if it has not ended after `timeout`; it is
/// killed then.
pub(crate) fn run(command: &mut Command, timeout: Duration) -> io::Result<Option<Output>> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    match child.wait_timeout(timeout)? {
        Some(status) => Ok(Some(Output { status, stdout: drain(&stdout), stderr: drain(&stderr) })),
        None => kill(&mut child).map(|()| None),
    }
}

/// Runs `command`, gives each line that it says to `progress` as it comes, and errors with its last words if it
/// fails.
pub(crate) fn stream(command: &mut Command, progress: &(dyn Fn(&str, Source) + Sync)) -> Result<()> {
    let described = describe(command);
    let failure = |outcome: String| Error::Command { command: described.clone(), outcome };
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.map_err(|error| failure(format!("cannot be run: {error}")))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (said, complained) = thread::scope(|scope| {
        let stdout = scope.spawn(|| forward(stdout, Source::Stdout, progress));
        let complained = forward(stderr, Source::Stderr, progress);
        (stdout.join().unwrap_or_default(), complained)
    });
    let status = child.wait().map_err(|error| failure(format!("cannot be waited for: {error}")))?;
    if status.success() {
        return Ok(());
    }
    let stderr = if complained.is_empty() { said } else { complained };
    Err(failure(outcome(&Output { status, stdout: vec![], stderr })))
}

/// Gives the lines of a stream to `progress` and returns all of it.
fn forward(stream: Option<impl Read>, source: Source, progress: &dyn Fn(&str, Source)) -> Vec<u8> {
    let mut all = Vec::new();
    let Some(stream) = stream else { return all };
    let mut reader = BufReader::new(stream);
    loop {
        let start = all.len();
        match reader.read_until(b'\n', &mut all) {
            Ok(1..) => progress(String::from_utf8_lossy(&all[start..]).trim_end(), source),
            _ => return all,
        }
    }
}

/// A command as a shell would take it.
fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(quote::posix_line).collect::<Vec<_>>().join(" ")
}

/// How a process that failed ended, in the words of Python's CalledProcessError, and its last words.
pub(crate) fn outcome(output: &Output) -> String {
    let ended = match output.status.code() {
        Some(code) => format!("returned non-zero exit status {code}."),
        None => format!("died: {}.", output.status),
    };
    match last_words(&output.stderr) {
        words if words.is_empty() => ended,
        words => format!("{ended} {words}"),
    }
}

fn kill(child: &mut Child) -> io::Result<()> {
    child.kill()?;
    child.wait().map(drop)
}

/// Reads a stream on a thread of its own, piece by piece, so that what has come is there even when the end
/// does not come.
fn collect(stream: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    if let Some(mut stream) = stream {
        thread::spawn(move || {
            let mut piece = vec![0; 8192];
            while let Ok(length @ 1..) = stream.read(&mut piece) {
                if sender.send(piece[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
    }
    receiver
}

fn drain(stream: &Receiver<Vec<u8>>) -> Vec<u8> {
    std::iter::from_fn(|| stream.recv_timeout(GRACE).ok()).flatten().collect()
}

/// The end of what a process said before it failed: its last three lines, cut to be read, on one line.
pub(crate) fn last_words(output: &[u8]) -> String {
    const LINE: usize = 200;
    let text = String::from_utf8_lossy(output);
    let cut = |line: &str| match line.char_indices().nth(LINE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    };
    let lines: Vec<String> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(cut).collect();
    crate::error::one_line(&lines[lines.len().saturating_sub(3)..].join("; "))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str, timeout: Duration) -> Option<Output> {
        run(Command::new("/bin/sh").args(["-c", script]), timeout).unwrap()
    }

    #[test]
    fn output_that_a_grandchild_holds_open_is_not_waited_for() {
        let output = sh("sleep 20 & echo said", Duration::from_secs(10)).unwrap();
        assert_eq!(output.stdout, b"said\n");
    }

    #[test]
    fn a_process_that_hangs_is_killed() {
        assert!(sh("exec sleep 20", Duration::from_millis(50)).is_none());
    }

    #[test]
    fn last_words_are_the_last_three_lines() {
        assert_eq!(last_words(b"1\n2\n\n 3 \n4\n"), "2; 3; 4");
        assert_eq!(last_words(b""), "");
        assert_eq!(last_words(&[b'x'; 5000]), format!("{}…", "x".repeat(200)));
    }
}
