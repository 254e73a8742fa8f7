//! What this machine lets a test do.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::missing;
use super::running::{Running, program};

/// Tries what a test needs besides programs, or what it needs of a program that other systems have too, by the name that
/// it has in `tests/able`. `None`, which is reported, if it does not work here.
pub fn able(what: &'static str) -> Option<()> {
    static TRIED: Mutex<BTreeMap<&str, Option<i32>>> = Mutex::new(BTreeMap::new());
    let attempt = || {
        let mut command = program("sh");
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/able")).arg(what);
        Running::start(command).output().status.code()
    };
    let code = *TRIED.lock().expect("no panic while trying").entry(what).or_insert_with(attempt);
    match code {
        Some(0) => Some(()),
        Some(1) => missing(what),
        code => panic!("tests/able {what:?} exited with {code:?}"),
    }
}
