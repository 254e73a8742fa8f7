//! There is no registry.

/// None of them.
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
