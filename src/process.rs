//! Running other programs: collecting their output, or passing it on line by line.

mod fault;
mod relay;
mod running;
mod words;

use std::ffi::OsStr;
use std::io;
use std::process::{Command, Output};
use std::time::Duration;

use relay::Relay;
use running::{Limits, Listener, Running};

pub(crate) use fault::Fault;
pub(crate) use words::LastWords;

use crate::error::Result;
use crate::event::Source;
use crate::interrupt::Interrupt;
use crate::os::Terminal;
use crate::quote;

/// Output beyond this size is treated as a failure.
const LONGEST_ANSWER: usize = 16 << 20;

/// Runs `command` without input and collects its output, at most 16 MiB per stream. Processes that it leaves running
/// are killed.
pub(crate) fn run(command: &mut Command, timeout: Option<Duration>, interrupt: &Interrupt) -> Result<Output, Fault> {
    let mut answer = Answer::default();
    let status = Running::apart(command)?.follow(&Limits { interrupt, timeout }, &mut answer)?;
    Ok(Output { status, stdout: answer.stdout, stderr: answer.stderr })
}

/// Runs `command` without input, and passes each line of its output to `progress` when it is printed. If it fails, the
/// error contains the last lines. Processes that it leaves running are killed.
pub(crate) fn stream(command: &mut Command, interrupt: &Interrupt, progress: &dyn Fn(&str, Source)) -> Result<()> {
    let running = Running::apart(command);
    follow(running, interrupt, Relay::new(progress, false)).map_err(|fault| fault.of(describe(command)))
}

/// Like [`stream`], for a command that may prompt: it gets access to the terminal, if this process has one.
pub(crate) fn converse(command: &mut Command, interrupt: &Interrupt, progress: &dyn Fn(&str, Source)) -> Result<()> {
    let Some(terminal) = Terminal::in_foreground() else { return stream(command, interrupt, progress) };
    progress("", Source::Question);
    let running = Running::in_foreground(command, terminal);
    follow(running, interrupt, Relay::new(progress, true)).map_err(|fault| fault.of(describe(command)))
}

fn follow(running: io::Result<Running>, interrupt: &Interrupt, mut relay: Relay) -> Result<(), Fault> {
    let ended = running?.follow(&Limits { interrupt, timeout: None }, &mut relay);
    let last_words = relay.end();
    let status = ended?;
    if status.success() { Ok(()) } else { Err(Fault::Failed(status, last_words)) }
}

/// The complete output of a process.
#[derive(Default)]
struct Answer {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Listener for Answer {
    fn hear(&mut self, source: Source, piece: &[u8]) -> Result<(), Fault> {
        let heard = if source == Source::Stdout { &mut self.stdout } else { &mut self.stderr };
        heard.extend(piece);
        if heard.len() > LONGEST_ANSWER { Err(Fault::Endless(LONGEST_ANSWER)) } else { Ok(()) }
    }
}

/// A command line, quoted for a shell.
pub(crate) fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    quote::line(&words.map(OsStr::to_owned).collect::<Vec<_>>())
}

#[cfg(all(test, unix))]
mod tests {
    use std::thread;

    use super::*;

    fn sh(script: &str, timeout: Duration) -> Result<Output, Fault> {
        run(Command::new("/bin/sh").args(["-c", script]), Some(timeout), &Interrupt::default())
    }

    #[test]
    fn a_grandchild_that_keeps_the_output_open_is_not_waited_for() {
        let output = sh("sleep 5 & echo said", Duration::from_secs(10)).unwrap();
        assert_eq!(output.stdout, b"said\n");
    }

    #[test]
    fn a_grandchild_that_keeps_printing_is_not_waited_for() {
        // If it were, this test would never end.
        let output = sh("(while :; do echo more; sleep 0.1; done) & echo said", Duration::from_secs(20)).unwrap();
        assert!(String::from_utf8(output.stdout).unwrap().lines().any(|line| line == "said"));
    }

    #[test]
    fn a_process_that_prints_without_end_is_killed() {
        let fault = sh("yes", Duration::from_secs(20)).unwrap_err();
        assert_eq!(fault.to_string(), "printed more than 16 MiB");
    }

    #[test]
    fn descendants_do_not_outlive_a_process() {
        let quiet = "sleep 987654 >/dev/null 2>&1 & echo $!";
        for script in ["sleep 987654 & echo $!", "sleep 987654 & echo $!; wait", quiet] {
            let file = tempfile::NamedTempFile::new().unwrap();
            let script = script.replace("echo $!", &format!("echo $! >{}", file.path().display()));
            let _ = sh(&script, Duration::from_millis(400));
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
        for script in ["exec sleep 20", "exec >&- 2>&-; exec sleep 20"] {
            assert!(matches!(sh(script, Duration::from_millis(50)), Err(Fault::Late(_))));
        }
    }

    #[test]
    fn streams_are_passed_on_by_line_and_an_error_contains_the_last_lines() {
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
    fn streamed_output_has_no_size_limit() {
        let said = std::sync::atomic::AtomicUsize::new(0);
        let count = |line: &str, _| {
            said.fetch_add(line.len(), std::sync::atomic::Ordering::Relaxed);
        };
        let mut command = Command::new("/bin/sh");
        let talking = command.args(["-c", "yes 0123456789 | head -c 22000000; printf unended"]);
        stream(talking, &Interrupt::default(), &count).unwrap();
        assert_eq!(said.into_inner(), 20_000_000 + "unended".len());
    }

    #[test]
    fn a_slow_reader_loses_no_lines() {
        let said = std::sync::Mutex::new(Vec::new());
        let read = |line: &str, _| {
            // Sleeps twice, each time for longer than output is read after the process has ended.
            if said.lock().unwrap().len() % 10_000 == 0 {
                thread::sleep(3 * running::GRACE);
            }
            said.lock().unwrap().push(line.to_owned());
        };
        stream(Command::new("seq").arg("20000"), &Interrupt::default(), &read).unwrap();
        assert!(said.into_inner().unwrap().into_iter().eq((1..=20_000).map(|number| number.to_string())));
    }
}
