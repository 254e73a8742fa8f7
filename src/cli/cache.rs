//! The cache that the flags and variables name.

use std::env;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Result;
use etcetera::base_strategy::{BaseStrategy, choose_base_strategy, choose_native_strategy};
use etcetera::home_dir;
use rvenv::Cache;

use super::flags::CacheFlags;

impl CacheFlags {
    /// The cache to use: the one that was asked for, or the default one if its directory can be determined. It is
    /// emptied if that was asked for too.
    pub fn open(&self, quiet: bool) -> Result<Cache> {
        if self.no_cache {
            return Ok(Cache::none());
        }
        // An empty variable counts as unset.
        let variable = || env::var_os("RVENV_CACHE_DIR").filter(|directory| !directory.is_empty()).map(PathBuf::from);
        let wanted = self.cache_dir.clone().or_else(variable);
        let is_wanted = wanted.is_some();
        let cache = wanted.or_else(default_directory).map_or_else(Cache::none, Cache::at);
        // --cache-info and --reset-cache fail with this error themselves.
        if is_wanted && !self.reset_cache && !self.cache_info && !quiet {
            if let Err(error) = cache.check() {
                let _ = writeln!(io::stderr(), "Warning: {error}");
            }
        }
        if self.reset_cache {
            cache.reset()?;
        }
        Ok(cache)
    }
}

/// The directory `rvenv` in the user's cache directory. That is `$XDG_CACHE_HOME`, also on macOS, where the default is
/// `~/Library/Caches`. None if the user's home directory does not exist, as for services and in containers, since it
/// would have to be created; and none if the variables that name it are relative, since the cache would be created in
/// the current directory.
fn default_directory() -> Option<PathBuf> {
    let caches = match env::var_os("XDG_CACHE_HOME").filter(|caches| !caches.is_empty()) {
        Some(_) => choose_base_strategy().ok()?.cache_dir(),
        None => choose_native_strategy().ok()?.cache_dir(),
    };
    let is_homeless = home_dir().is_ok_and(|home| home.is_absolute() && caches.starts_with(&home) && !home.is_dir());
    (caches.is_absolute() && !is_homeless).then(|| caches.join("rvenv"))
}
