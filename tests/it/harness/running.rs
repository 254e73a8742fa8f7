//! The programs that tests run: in the same surroundings whoever started the tests, and with a time limit.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::inherited::settle;
use super::processes::kill_family;

/// The time limit for a program. Building the wheel takes minutes.
const LIMIT: Duration = Duration::from_secs(900);

/// The time limit for a test.
const LONGEST_TEST: Duration = Duration::from_secs(2400);

/// The variables that belong to the machine, not to whoever started the tests.
const KEPT: [&str; 6] = ["HOME", "LOGNAME", "PATH", "PYENV_ROOT", "RUSTFLAGS", "TMPDIR"];

/// The same on Windows, where programs do not start without some of them.
const KEPT_ON_WINDOWS: [&str; 12] = [
    "APPDATA",
    "COMSPEC",
    "LOCALAPPDATA",
    "PATH",
    "PATHEXT",
    "PROGRAMDATA",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "USERPROFILE",
    "WINDIR",
];

/// Returns a command that gets only the machine's variables, and a fixed locale.
pub fn program(program: impl AsRef<OsStr>) -> Command {
    settle();
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        // CARGO_* and RUSTUP_* are kept too, because some tests run cargo.
        let is_machines = match cfg!(windows) {
            true => KEPT_ON_WINDOWS.contains(&&*text.to_uppercase()),
            false => KEPT.contains(&&*text),
        };
        if !is_machines && !text.starts_with("CARGO_") && !text.starts_with("RUSTUP_") {
            command.env_remove(name);
        }
    }
    command.env("LANG", "C.UTF-8");
    command
}

/// A running program, which is killed when this is dropped.
pub struct Running {
    described: String,
    /// `None` once its output has been requested.
    child: Option<Child>,
}

impl Running {
    /// Starts a program and captures its output. Its stdin is empty.
    pub fn start(mut command: Command) -> Running {
        settle();
        let described = describe(&command);
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = spawn(command).unwrap_or_else(|error| panic!("{described}: {error}"));
        Running { described, child: Some(child) }
    }

    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("a child").id()
    }

    /// Waits until `has_happened` returns true. Panics if the program exits or the time limit passes first.
    pub fn wait_until(&mut self, what: &str, has_happened: impl Fn() -> bool) {
        let begun = Instant::now();
        while !has_happened() {
            let ended = self.child.as_mut().expect("a child").try_wait().expect("its status");
            if ended.is_some() && !has_happened() {
                let output = self.child.take().expect("a child").wait_with_output();
                panic!("{} exited before {what}\n{output:?}", self.described);
            }
            assert!(begun.elapsed() < LIMIT, "{} timed out before {what}", self.described);
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for the program to exit. Panics, and kills it with its descendants, after the time limit.
    pub fn output(mut self) -> Output {
        let child = self.child.take().expect("a child");
        let id = child.id();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send(child.wait_with_output()));
        match receiver.recv_timeout(LIMIT) {
            Ok(output) => output.unwrap_or_else(|error| panic!("{}: {error}", self.described)),
            Err(_) => panic!("{} timed out. Killed: {:#?}", self.described, kill_family(id)),
        }
    }
}

/// Starts a program. Under load, Wine sometimes fails with ERROR_INTERNAL_ERROR, whatever the program.
fn spawn(command: &mut Command) -> io::Result<Child> {
    const INTERNAL_ERROR: i32 = 1359;
    for _ in 0..3 {
        match command.spawn() {
            Err(error) if cfg!(windows) && error.raw_os_error() == Some(INTERNAL_ERROR) => {}
            started => return started,
        }
    }
    command.spawn()
}

/// A command as one would type it, with the variables that are set for it.
pub(super) fn describe(command: &Command) -> String {
    let mut words = Vec::new();
    if let Some(directory) = command.get_current_dir() {
        words.push(format!("cd {directory:?} &&"));
    }
    for (name, value) in command.get_envs() {
        words.extend(value.map(|value| format!("{}={value:?}", name.to_string_lossy())));
    }
    words.push(format!("{:?}", command.get_program()));
    words.extend(command.get_args().map(|argument| format!("{argument:?}")));
    words.join(" ")
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            kill_family(child.id());
            // Wine's taskkill does not support process trees.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Exits the test process if this is not dropped in time, since a hang in the library cannot be stopped otherwise.
/// Creating it also normalises what programs that the library starts will inherit.
pub struct Deadline {
    _sender: Sender<()>,
}

impl Deadline {
    pub fn new() -> Deadline {
        settle();
        let (sender, receiver) = mpsc::channel();
        let test = thread::current().name().unwrap_or("a test").to_owned();
        thread::spawn(move || {
            if receiver.recv_timeout(LONGEST_TEST) == Err(RecvTimeoutError::Timeout) {
                super::say(&format!("{test} timed out"));
                std::process::exit(1);
            }
        });
        Deadline { _sender: sender }
    }
}
