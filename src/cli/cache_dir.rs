//! Where a user's caches are.

use std::path::PathBuf;

use etcetera::{BaseStrategy, choose_base_strategy, home_dir};

/// The directory `rvenv` among the user's caches. None for a user whose home directory is not there, as of services
/// and in containers: it would be made; and none where the variables that name it are relative: it would be made here.
pub fn usual() -> Option<PathBuf> {
    let caches = choose_base_strategy().ok()?.cache_dir();
    let is_homeless = home_dir().is_ok_and(|home| home.is_absolute() && caches.starts_with(&home) && !home.is_dir());
    (caches.is_absolute() && !is_homeless).then(|| caches.join("rvenv"))
}
