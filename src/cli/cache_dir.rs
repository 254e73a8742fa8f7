//! The default cache directory.

use std::path::PathBuf;

use etcetera::base_strategy::{BaseStrategy, choose_base_strategy, choose_native_strategy};
use etcetera::home_dir;

/// The directory `rvenv` in the user's cache directory. That is `$XDG_CACHE_HOME`, also on macOS, where the default is
/// `~/Library/Caches`. None if the user's home directory does not exist, as for services and in containers, since it
/// would have to be created; and none if the variables that name it are relative, since the cache would be created in
/// the current directory.
pub fn usual() -> Option<PathBuf> {
    let caches = match std::env::var_os("XDG_CACHE_HOME").filter(|caches| !caches.is_empty()) {
        Some(_) => choose_base_strategy().ok()?.cache_dir(),
        None => choose_native_strategy().ok()?.cache_dir(),
    };
    let is_homeless = home_dir().is_ok_and(|home| home.is_absolute() && caches.starts_with(&home) && !home.is_dir());
    (caches.is_absolute() && !is_homeless).then(|| caches.join("rvenv"))
}
