//! Being told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

/// Stops the work it was given to, from another thread or a signal handler: that ends with [`Error::Interrupted`], its
/// processes are ended, and nothing half made is left. The default never stops anything.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    flag: Arc<AtomicBool>,
}

impl Interrupt {
    /// Stops the work when `flag` is set.
    pub fn by(flag: Arc<AtomicBool>) -> Interrupt {
        Interrupt { flag }
    }

    /// Errors if the work shall stop.
    pub(crate) fn check(&self) -> Result<()> {
        if self.flag.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}
