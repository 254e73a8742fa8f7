//! Where a user's caches are.

use std::path::PathBuf;

use etcetera::base_strategy::{BaseStrategy, choose_base_strategy, choose_native_strategy};
use etcetera::home_dir;

/// The directory `rvenv` among the user's caches: in `$XDG_CACHE_HOME` also on macOS, which has a place of its own where that is
/// not set, `~/Library/Caches`. None for a user whose home directory is not there, as of services
/// and in containers: it would be made; and none where the variables that name it are relative: it would be made here.
pub fn usual() -> Option<PathBuf> {
    let caches = match std::env::var_os("XDG_CACHE_HOME").filter(|caches| !caches.is_empty()) {
        Some(_) => choose_base_strategy().ok()?.cache_dir(),
        None => choose_native_strategy().ok()?.cache_dir(),
    };
    let is_homeless = home_dir().is_ok_and(|home| home.is_absolute() && caches.starts_with(&home) && !home.is_dir());
    (caches.is_absolute() && !is_homeless).then(|| caches.join("rvenv"))
}
