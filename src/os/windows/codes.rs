//! System error codes.

use std::io;

/// Whether an error has this code.
pub(super) fn has_code(error: &io::Error, code: u32) -> bool {
    error.raw_os_error() == i32::try_from(code).ok()
}
