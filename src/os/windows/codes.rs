//! The system's reasons.

use std::io;

/// Whether this is the reason of an error.
pub(super) fn has_code(error: &io::Error, code: u32) -> bool {
    error.raw_os_error() == i32::try_from(code).ok()
}
