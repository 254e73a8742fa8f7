//! The registry. Keys and values that cannot be read are treated as missing.

use windows_registry::{CURRENT_USER, Key, LOCAL_MACHINE};

/// The flags that select the 64-bit or the 32-bit view of the registry (winnt.h).
const KEY_WOW64_64KEY: u32 = 0x0100;
const KEY_WOW64_32KEY: u32 = 0x0200;

pub(in crate::os) struct RegistryKey(Key);

impl RegistryKey {
    pub(in crate::os) fn all(path: &str) -> Vec<RegistryKey> {
        let places = [(CURRENT_USER, 0), (LOCAL_MACHINE, KEY_WOW64_64KEY), (LOCAL_MACHINE, KEY_WOW64_32KEY)];
        let opened = places.into_iter().map(|(place, view)| place.options().read().access(view).open(path));
        opened.filter_map(|key| key.ok().map(RegistryKey)).collect()
    }

    pub(in crate::os) fn keys(&self) -> Vec<(String, RegistryKey)> {
        let Ok(names) = self.0.keys() else { return vec![] };
        names.filter_map(|name| self.0.open(&name).ok().map(|key| (name, RegistryKey(key)))).collect()
    }

    pub(in crate::os) fn text(&self, key: &str, name: &str) -> Option<String> {
        let text = if key.is_empty() { self.0.get_string(name) } else { self.0.open(key).ok()?.get_string(name) };
        text.ok()
    }
}
