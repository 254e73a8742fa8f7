//! Prompts on the terminal: pip may ask for a password, other programs may not, and rvenv waits for none forever.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use crate::harness::*;

/// Starts a local package index with `wheels` for user `user` with password `secret`, and returns its address. It runs
/// until the tests end.
fn index(wheels: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let wheels = wheels.clone();
            thread::spawn(move || answer(&connection.unwrap(), &wheels));
        }
    });
    address
}

/// Answers one request according to the Simple Repository API (PEP 503).
fn answer(connection: &TcpStream, wheels: &Path) {
    let lines: Vec<String> =
        BufReader::new(connection).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let is_allowed = lines.iter().any(|line| line.eq_ignore_ascii_case("authorization: Basic dXNlcjpzZWNyZXQ="));
    let path = lines.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    let (status, contents) = match path.strip_prefix("/files/") {
        _ if !is_allowed => ("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"tests\"", vec![]),
        Some(name) => ("200 OK", fs::read(wheels.join(name)).unwrap()),
        None => {
            let links = names_in(wheels).into_iter().map(|name| format!("<a href=\"/files/{name}\">{name}</a>"));
            let page = format!("<!DOCTYPE html><html><body>{}</body></html>", links.collect::<String>());
            ("200 OK\r\nContent-Type: text/html", page.into_bytes())
        }
    };
    let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", contents.len());
    // The client may have disconnected.
    let _ = (&*connection).write_all(&[head.as_bytes(), &contents].concat());
}

/// A terminal running a shell command.
struct Terminal {
    child: Child,
    pieces: Receiver<Vec<u8>>,
    shown: String,
}

impl Terminal {
    fn run(scratch: &Scratch, command: &str, environment: &[(&str, String)]) -> Option<Terminal> {
        able("script -qec")?;
        let run = scratch.rvenv();
        let mut script = scratch.run("script").args(["-qec", command, "/dev/null"]).env("SHELL", "/bin/sh").0;
        script
            .envs(run.0.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .envs(environment.iter().cloned());
        script.env("TERM", "xterm").env_remove("CI");
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (sender, pieces) = mpsc::channel();
        let mut output = child.stdout.take().unwrap();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut piece) {
                let _ = sender.send(piece[..length].to_vec());
            }
        });
        Some(Terminal { child, pieces, shown: String::new() })
    }

    /// Waits until `text` is shown, after the text waited for before.
    fn wait_for(&mut self, text: &str) {
        while !self.shown.contains(text) {
            let Ok(piece) = self.pieces.recv_timeout(Duration::from_secs(60)) else {
                self.child.kill().unwrap();
                panic!("{text:?} is not in {:?}", self.shown);
            };
            self.shown += &String::from_utf8_lossy(&piece);
        }
        self.shown = self.shown.split_once(text).unwrap().1.to_owned();
    }

    fn type_in(&mut self, text: &str) {
        self.child.stdin.as_ref().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Waits for the command to end. Returns its exit code (128 + N for signal N) and what was shown since the last
    /// wait.
    fn end(mut self) -> (i32, String) {
        loop {
            match self.pieces.recv_timeout(Duration::from_secs(60)) {
                Ok(piece) => self.shown += &String::from_utf8_lossy(&piece),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    self.child.kill().unwrap();
                    panic!("still running: {:?}", self.shown);
                }
            }
        }
        (self.child.wait().unwrap().code().unwrap(), self.shown)
    }
}

/// Python 3.12, and the address of an index with a newer pip for it.
fn with_index(scratch: &Scratch) -> Option<(Python, String)> {
    let (python, newer) = (pyenv("3.12")?, pyenv("3.13")?);
    let bundled = scratch.run(&newer.path).args(["-Ic", "import ensurepip; print(ensurepip.__path__[0])"]).ok();
    Some((python, index(Path::new(bundled.trim()).join("_bundled"))))
}

fn rvenv(python: &Python, arguments: &str) -> String {
    format!("{} --no-cache -p {} {arguments}", env!("CARGO_BIN_EXE_rvenv"), python.path.display())
}

/// Asserts that no process has this path in its command line.
fn assert_no_process_names(path: &Path) {
    let path = path.to_str().unwrap();
    let is_left = || command_lines().iter().any(|line| line.contains(path));
    assert!(in_time(|| !is_left()));
}

/// Whether the condition becomes true within 20 seconds.
fn in_time(holds: impl Fn() -> bool) -> bool {
    (0..1000).any(|_| {
        thread::sleep(Duration::from_millis(20));
        holds()
    })
}

#[test]
fn pip_can_ask_for_an_indexs_password() {
    for arguments in ["", "--verbose", ">/dev/null"] {
        let scratch = Scratch::new();
        let Some((python, address)) = with_index(&scratch) else { return };
        let command = rvenv(&python, &format!("--upgrade-deps env {arguments}"));
        let index = [("PIP_INDEX_URL", format!("http://{address}/simple"))];
        let Some(mut terminal) = Terminal::run(&scratch, &command, &index) else { return };
        terminal.wait_for(&format!("User for {address}: "));
        terminal.type_in("user\n");
        terminal.wait_for("Password: ");
        terminal.type_in("secret\n");
        let (code, shown) = terminal.end();
        assert!(code == 0 && !shown.contains("secret"), "{code} {shown:?}");
        assert!(shown.contains("Successfully installed pip-24.2"), "{shown:?}");
        assert!(record_of(&scratch.env(), "pip").parent().unwrap().ends_with("pip-24.2.dist-info"));
    }
}

#[test]
fn pip_does_not_use_the_terminal_of_a_quiet_run() {
    let scratch = Scratch::new();
    let Some((python, address)) = with_index(&scratch) else { return };
    for (index, expected) in [(format!("user:secret@{address}"), 0), (address, 1)] {
        let index = [("PIP_INDEX_URL", format!("http://{index}/simple"))];
        let command = rvenv(&python, "--quiet --upgrade-deps env");
        let Some(terminal) = Terminal::run(&scratch, &command, &index) else { return };
        let (code, shown) = terminal.end();
        assert_eq!(code, expected, "{shown:?}");
        assert!(if code == 0 { shown.is_empty() } else { shown.starts_with("Error: Command '") }, "{shown:?}");
    }
}

/// Settings that make pip ask a keyring program for `user`'s password. Its sh code is `code`.
fn with_keyring(scratch: &Scratch, address: &str, code: &str) -> [(&'static str, String); 3] {
    scratch.write_script("keyring/keyring", &format!("#!/bin/sh\n{code}\n"));
    let path = format!("{}:{}", scratch.path("keyring").display(), std::env::var("PATH").unwrap());
    let index = format!("http://user@{address}/simple");
    [("PATH", path), ("PIP_INDEX_URL", index), ("PIP_KEYRING_PROVIDER", "subprocess".to_owned())]
}

#[test]
fn an_interrupt_at_a_prompt_restores_the_terminal() {
    for signal in ["", "TERM", "HUP"] {
        let scratch = Scratch::new();
        let Some((python, address)) = with_index(&scratch) else { return };
        let rvenv = rvenv(&python, "--upgrade-deps env");
        let command = format!("trap : INT; sh -c 'echo $$ >pid; exec {rvenv}'; code=$?; stty -a; exit $code");
        let index = [("PIP_INDEX_URL", format!("http://{address}/simple"))];
        let Some(mut terminal) = Terminal::run(&scratch, &command, &index) else { return };
        terminal.wait_for("User for");
        terminal.type_in("user\n");
        terminal.wait_for("Password: ");
        let expected = if signal.is_empty() {
            terminal.type_in("\x03");
            130
        } else {
            let pid = fs::read_to_string(scratch.path("pid")).unwrap();
            scratch.run("kill").arg(format!("-{signal}")).arg(pid.trim()).silent();
            if signal == "TERM" { 143 } else { 129 }
        };
        let (code, shown) = terminal.end();
        assert_eq!(code, expected, "{shown:?}");
        assert!(shown.contains(" echo "), "echo is on again: {shown:?}");
        assert_eq!(scratch.names(), ["pid"]);
        assert_no_process_names(&scratch.path(""));
    }
}

#[test]
fn an_interrupt_ends_the_programs_that_pip_started() {
    for signal in ["INT", "TERM"] {
        let scratch = Scratch::new();
        let Some((python, address)) = with_index(&scratch) else { return };
        let command = format!("echo $$ >pid; exec {}", rvenv(&python, "--upgrade-deps env"));
        // It ignores the SIGINT that a terminal sends to all processes.
        let sleep = format!("trap '' INT; touch {}; sleep 600 & wait", scratch.path("asked").display());
        let settings = with_keyring(&scratch, &address, &sleep);
        let Some(terminal) = Terminal::run(&scratch, &command, &settings) else { return };
        assert!(in_time(|| scratch.path("asked").exists()));
        let pid = fs::read_to_string(scratch.path("pid")).unwrap();
        scratch.run("kill").arg(format!("-{signal}")).arg(pid.trim()).silent();
        let (code, shown) = terminal.end();
        assert_eq!(code, if signal == "INT" { 130 } else { 143 }, "{shown:?}");
        assert_eq!(scratch.names(), ["asked", "keyring", "pid"]);
        assert_no_process_names(&scratch.path(""));
    }
}

#[test]
fn pip_fails_at_once_if_its_prompt_cannot_use_the_terminal() {
    let scratch = Scratch::new();
    let Some((python, address)) = with_index(&scratch) else { return };
    let settings = with_keyring(&scratch, &address, "read answer </dev/tty");
    let command = rvenv(&python, "--upgrade-deps env </dev/null");
    let Some(terminal) = Terminal::run(&scratch, &command, &settings) else { return };
    let (code, shown) = terminal.end();
    assert!(code == 1 && shown.contains("tried to prompt on the terminal"), "{code} {shown:?}");
    assert_eq!(scratch.names(), ["keyring"]);
    assert_no_process_names(&scratch.path(""));
}

#[test]
fn a_python_that_prompts_on_the_terminal_is_not_waited_for() {
    let scratch = Scratch::new();
    let asking = Python { path: scratch.write_script("asking", "#!/bin/sh\nread answer </dev/tty\n"), ..python() };
    let Some(terminal) = Terminal::run(&scratch, &rvenv(&asking, "env"), &[]) else { return };
    let (code, shown) = terminal.end();
    assert!(code == 1 && shown.contains("tried to prompt on the terminal"), "{code} {shown:?}");

    let compiler = scratch.python_that_compiles_after("read answer </dev/tty");
    let compiling = Python { path: compiler, ..python() };
    let epoch = [("SOURCE_DATE_EPOCH", "1700000000".to_owned())];
    let Some(terminal) = Terminal::run(&scratch, &rvenv(&compiling, "env"), &epoch) else { return };
    let (code, shown) = terminal.end();
    assert!(code == 1 && shown.contains("tried to prompt on the terminal"), "{code} {shown:?}");
    assert_eq!(scratch.names(), ["asking", "bin"]);
}
