//! The terminal on standard input.

use std::io;

use rustix::process::getpgrp;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

/// The terminal's settings before a child was given access to it.
pub(in crate::os) struct Terminal(Termios);

impl Terminal {
    pub(in crate::os) fn in_foreground() -> Option<Terminal> {
        if is_in_foreground() { tcgetattr(io::stdin()).ok().map(Terminal) } else { None }
    }
}

fn is_in_foreground() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp())
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // In the background, this process would be stopped for changing them.
        if is_in_foreground() {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
        }
    }
}
