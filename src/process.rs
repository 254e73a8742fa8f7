//! Running other programs: collecting their output, passing it on line by line, or leaving the terminal to them.

mod fault;
mod output;
mod running;

use std::ffi::OsStr;
use std::io;
use std::process::{Command, Output};
use std::time::Duration;

use output::Lines;

pub(crate) use fault::Fault;
pub(crate) use output::tail_of;

use crate::error::Result;
use crate::event::Source;
use crate::interrupt::Interrupt;
use crate::platform::Platform;
use crate::quote;

/// Output beyond this size is treated as a failure.
const MOST_OUTPUT: usize = 16 << 20;

/// Runs `command` with this input and collects its output, at most 16 MiB per stream. Processes that it leaves running
/// are killed.
pub(crate) fn run(
    command: &mut Command,
    input: &[u8],
    timeout: Option<Duration>,
    interrupt: &Interrupt,
) -> Result<Output, Fault> {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let status = running::follow(command, input, interrupt, timeout, &mut |source, piece| {
        let output = if source == Source::Stdout { &mut stdout } else { &mut stderr };
        output.extend(piece);
        if output.len() > MOST_OUTPUT { Err(Fault::TooMuchOutput(MOST_OUTPUT)) } else { Ok(()) }
    })?;
    Ok(Output { status, stdout, stderr })
}

/// Runs `command` without input, and passes each line of its output to `progress` when it is printed. If it fails, the
/// error contains the last lines. Processes that it leaves running are killed.
pub(crate) fn stream(command: &mut Command, interrupt: &Interrupt, progress: &dyn Fn(&str, Source)) -> Result<()> {
    let (mut stdout, mut stderr) = (Lines::default(), Lines::default());
    let followed = running::follow(command, &[], interrupt, None, &mut |source, piece| {
        let lines = if source == Source::Stdout { &mut stdout } else { &mut stderr };
        lines.add(piece, |line| progress(line, source));
        Ok(())
    });
    stdout.end(|line| progress(line, Source::Stdout));
    stderr.end(|line| progress(line, Source::Stderr));
    // Programs report failures on stderr.
    let tail = || Some(stderr.tail()).filter(|tail| !tail.is_empty()).unwrap_or_else(|| stdout.tail());
    followed.and_then(|status| Fault::check(status, tail)).map_err(|fault| fault.of(describe(command)))
}

/// Runs `command` with this process's standard input and standard error, which are a terminal. An interrupt also ends
/// the programs that it started, if it does that on Ctrl-C.
pub(crate) fn on_terminal(command: &mut Command, interrupt: &Interrupt) -> Result<()> {
    // Standard output may lead elsewhere, and a prompt would not be seen there.
    let ended = running::on_terminal(command.stdout(io::stderr()), interrupt);
    let ended = ended.and_then(|status| Fault::check(status, String::new));
    ended.map_err(|fault| fault.of(describe(command)))
}

/// A command line, quoted for a shell.
pub(crate) fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    quote::line(&words.map(OsStr::to_owned).collect::<Vec<_>>(), Platform::current())
}

#[cfg(all(test, unix))]
mod tests {
    use std::thread;

    use super::*;

    fn sh(script: &str, timeout: Duration) -> Result<Output, Fault> {
        run(Command::new("/bin/sh").args(["-c", script]), &[], Some(timeout), &Interrupt::default())
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
    fn a_process_gets_its_input_and_need_not_read_it() {
        let input = vec![b'x'; 1 << 20];
        let given = |program: &str| run(&mut Command::new(program), &input, None, &Interrupt::default()).unwrap();
        assert_eq!((given("cat").stdout.len(), given("true").stdout.len()), (input.len(), 0));
        assert_eq!(sh("cat", Duration::from_secs(20)).unwrap().stdout, b"");
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
            let has_ended = || {
                let ps = Command::new("ps").args(["-o", "stat=", "-p", pid.trim()]).output().unwrap();
                ps.stdout.is_empty() || ps.stdout.starts_with(b"Z")
            };
            assert!((0..500).any(|_| {
                thread::sleep(Duration::from_millis(10));
                has_ended()
            }));
        }
    }

    #[test]
    fn a_process_that_hangs_is_killed() {
        for script in ["exec sleep 20", "exec >&- 2>&-; exec sleep 20"] {
            assert!(matches!(sh(script, Duration::from_millis(50)), Err(Fault::TimedOut(_))));
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

    #[test]
    fn a_process_that_shares_the_terminal_is_interrupted_and_then_killed() {
        for script in ["exec sleep 60", "trap '' INT; while :; do sleep 0.1; done"] {
            let interrupt = Interrupt::by(std::sync::Arc::new(true.into()));
            let begun = std::time::Instant::now();
            let mut command = Command::new("/bin/sh");
            let ended = on_terminal(command.args(["-c", script]).stdin(std::process::Stdio::null()), &interrupt);
            assert!(matches!(ended, Err(crate::error::Error::Interrupted)), "{ended:?}");
            assert!(begun.elapsed() < Duration::from_secs(30), "{script}");
        }
    }
}
