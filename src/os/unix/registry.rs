//! A stub: there is no registry on Unix.

/// A registry key, of which there are none.
pub(in crate::os) enum RegistryKey {}

impl RegistryKey {
    pub(in crate::os) fn all(_: &str) -> Vec<RegistryKey> {
        vec![]
    }

    pub(in crate::os) fn keys(&self) -> Vec<(String, RegistryKey)> {
        match *self {}
    }

    pub(in crate::os) fn text(&self, _: &str, _: &str) -> Option<String> {
        match *self {}
    }
}
