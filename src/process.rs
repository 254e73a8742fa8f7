//! Processes that rvenv starts: their output, how long they may take, and what to say when they fail.

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::event::Source;
use crate::interrupt::Interrupt;
use crate::os;
use crate::quote;

/// How long output is still taken when its process has ended: a grandchild may hold the pipe open.
const GRACE: Duration = Duration::from_millis(300);

/// How much is read of one stream; what says more is no answer.
const LONGEST: u64 = 16 << 20;

/// Runs `command` with no input and collects its output. None if it has not ended after `timeout`, or if it was
/// interrupted; it is killed then.
pub(crate) fn run(command: &mut Command, timeout: Duration, interrupt: &Interrupt) -> io::Result<Option<Output>> {
    start(command, vec![])?.collect(Some(timeout), interrupt)
}

/// Runs `command` with this input and collects its output. None if it was interrupted; it is killed then.
pub(crate) fn feed(command: &mut Command, input: Vec<u8>, interrupt: &Interrupt) -> io::Result<Option<Output>> {
    start(command, input)?.collect(None, interrupt)
}
/// Runs `command`, gives each line that it says to `progress` as it comes, and errors with its last words if it
/// fails.
pub(crate) fn stream(command: &mut Command, interrupt: &Interrupt, progress: &dyn Fn(&str, Source)) -> Result<()> {
    let described = describe(command);
    let failure = |outcome: String| Error::Command { command: described.clone(), outcome };
    let (mut stdout, mut stderr) = (Lines::default(), Lines::default());
    let status = start(command, vec![]).and_then(|running| {
        running.follow(None, interrupt, |source, piece| match source {
            Source::Stdout => stdout.add(&piece, &|line| progress(line, source)),
            _ => stderr.add(&piece, &|line| progress(line, source)),
        })
    });
    stdout.end(&|line| progress(line, Source::Stdout));
    stderr.end(&|line| progress(line, Source::Stderr));
    match status {
        Ok(Some(status)) if status.success() => Ok(()),
        Ok(Some(status)) => {
            let said = if stderr.all.is_empty() { stdout.all } else { stderr.all };
            Err(failure(outcome(&Output { status, stdout: vec![], stderr: said })))
        }
        Ok(None) => Err(Error::Interrupted),
        Err(error) => Err(failure(format!("cannot be run: {error}"))),
    }
}

/// A process and what comes from its two streams.
struct Running {
    child: Child,
    pieces: Receiver<(Source, Vec<u8>)>,
}

fn start(command: &mut Command, input: Vec<u8>) -> io::Result<Running> {
    let command = os::in_own_group(command).stdin(if input.is_empty() { Stdio::null() } else { Stdio::piped() });
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A process that does not take it says why by how it ends.
        thread::spawn(move || stdin.write_all(&input));
    }
    let (sender, pieces) = mpsc::channel();
    collect(child.stdout.take(), Source::Stdout, sender.clone());
    collect(child.stderr.take(), Source::Stderr, sender);
    Ok(Running { child, pieces })
}

/// Reads a stream on a thread of its own, piece by piece, so that what has come is there even when the end does
/// not come.
fn collect(stream: Option<impl Read + Send + 'static>, source: Source, sender: Sender<(Source, Vec<u8>)>) {
    let Some(stream) = stream else { return };
    thread::spawn(move || {
        let mut stream = stream.take(LONGEST);
        let mut piece = vec![0; 8192];
        while let Ok(length @ 1..) = stream.read(&mut piece) {
            if sender.send((source, piece[..length].to_vec())).is_err() {
                return;
            }
        }
    });
}

impl Running {
    /// Gives `each` what the process says until it has ended and so has its output, or a little after its end.
    /// None if it has not ended after `timeout`, or if it was interrupted; it is killed then.
    fn follow(
        mut self,
        timeout: Option<Duration>,
        interrupt: &Interrupt,
        mut each: impl FnMut(Source, Vec<u8>),
    ) -> io::Result<Option<ExitStatus>> {
        let begun = Instant::now();
        let left = |timeout: Duration| timeout.saturating_sub(begun.elapsed());
        let mut ended = None;
        loop {
            if interrupt.check().is_err() {
                return self.kill();
            }
            let closed = match self.pieces.recv_timeout(Duration::from_millis(20)) {
                Ok((source, piece)) => {
                    each(source, piece);
                    false
                }
                Err(error) => error == RecvTimeoutError::Disconnected,
            };
            if ended.is_none() {
                ended = self.child.try_wait()?.map(|status| (status, Instant::now()));
            }
            match ended {
                Some((status, at)) if closed || at.elapsed() > GRACE => {
                    // What it has left running may hold its output open, or not.
                    os::kill_group(&mut self.child)?;
                    return Ok(Some(status));
                }
                None if timeout.is_some_and(|timeout| left(timeout).is_zero()) => return self.kill(),
                None if closed => thread::sleep(Duration::from_millis(1)),
                _ => {}
            }
        }
    }

    fn collect(self, timeout: Option<Duration>, interrupt: &Interrupt) -> io::Result<Option<Output>> {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let status = self.follow(timeout, interrupt, |source, piece| match source {
            Source::Stdout => stdout.extend(piece),
            _ => stderr.extend(piece),
        })?;
        Ok(status.map(|status| Output { status, stdout, stderr }))
    }

    fn kill(mut self) -> io::Result<Option<ExitStatus>> {
        os::kill_group(&mut self.child)?;
        self.child.wait().map(|_| None)
    }
}

/// A stream's text, given on by lines.
#[derive(Default)]
struct Lines {
    all: Vec<u8>,
    given: usize,
}

impl Lines {
    fn add(&mut self, piece: &[u8], each: &dyn Fn(&str)) {
        self.all.extend(piece);
        while let Some(length) = self.all[self.given..].iter().position(|byte| *byte == b'\n') {
            each(String::from_utf8_lossy(&self.all[self.given..self.given + length]).trim_end());
            self.given += length + 1;
        }
    }

    /// The last line, if nothing ends it.
    fn end(&self, each: &dyn Fn(&str)) {
        if self.given < self.all.len() {
            each(String::from_utf8_lossy(&self.all[self.given..]).trim_end());
        }
    }
}

/// A command as a shell would take it.
pub(crate) fn describe(command: &Command) -> String {
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
        run(Command::new("/bin/sh").args(["-c", script]), timeout, &Interrupt::default()).unwrap()
    }

    #[test]
    fn output_that_a_grandchild_holds_open_is_not_waited_for() {
        let output = sh("sleep 5 & echo said", Duration::from_secs(10)).unwrap();
        assert_eq!(output.stdout, b"said\n");
    }

    #[test]
    fn a_grandchild_that_goes_on_talking_is_not_listened_to() {
        // Without an end to it, this test had none either.
        let output = sh("(while :; do echo more; sleep 0.1; done) & echo said", Duration::from_secs(20)).unwrap();
        assert!(String::from_utf8(output.stdout).unwrap().lines().any(|line| line == "said"));
    }

    #[test]
    fn a_process_that_says_no_end_of_things_is_cut_short() {
        let output = sh("yes", Duration::from_secs(20)).unwrap();
        assert_eq!(output.stdout.len() as u64, LONGEST);
        assert!(!output.status.success());
    }

    #[test]
    fn nothing_that_a_process_has_started_outlives_it() {
        let quiet = "sleep 987654 >/dev/null 2>&1 & echo $!";
        for script in ["sleep 987654 & echo $!", "sleep 987654 & echo $!; wait", quiet] {
            let file = tempfile::NamedTempFile::new().unwrap();
            let script = script.replace("echo $!", &format!("echo $! >{}", file.path().display()));
            sh(&script, Duration::from_millis(400));
            let pid = std::fs::read_to_string(file.path()).unwrap();
            let process = format!("/proc/{}/stat", pid.trim());
            let has_ended = || std::fs::read_to_string(&process).map_or(true, |stat| stat.contains(") Z "));
            assert!((0..500).any(|_| {
                thread::sleep(Duration::from_millis(10));
                has_ended()
            }));
        }
    }

    #[test]
    fn a_process_that_hangs_is_killed() {
        assert!(sh("exec sleep 20", Duration::from_millis(50)).is_none());
        assert!(sh("exec >&- 2>&-; exec sleep 20", Duration::from_millis(50)).is_none());
    }

    #[test]
    fn a_stream_is_given_on_by_lines_and_its_end_told_on_failure() {
        let said = std::sync::Mutex::new(Vec::new());
        let progress = |line: &str, source: Source| said.lock().unwrap().push((line.to_owned(), source));
        let mut command = Command::new("/bin/sh");
        let failing = command.args(["-c", "printf 'a\\nb'; echo no >&2; exit 3"]);
        let error = stream(failing, &Interrupt::default(), &progress).unwrap_err();
        assert!(error.to_string().ends_with("returned non-zero exit status 3. no"), "{error}");
        let mut said = said.into_inner().unwrap();
        said.sort_by_key(|(line, _)| line.clone());
        let [out, err] = [Source::Stdout, Source::Stderr];
        assert_eq!(said, [("a".to_owned(), out), ("b".to_owned(), out), ("no".to_owned(), err)]);
    }

    #[test]
    fn last_words_are_the_last_three_lines() {
        assert_eq!(last_words(b"1\n2\n\n 3 \n4\n"), "2; 3; 4");
        assert_eq!(last_words(b""), "");
        assert_eq!(last_words(&[b'x'; 5000]), format!("{}…", "x".repeat(200)));
    }
}
