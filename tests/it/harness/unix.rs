//! Helpers for Unix only: modes, sh scripts, and names of arbitrary bytes.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::{Scratch, python};

impl Scratch {
    /// Writes an executable script.
    pub fn write_script(&self, name: &str, contents: &str) -> PathBuf {
        let path = self.write(name, contents);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
        path
    }

    /// A Python without this module: the real one, in a wrapper that hides it.
    pub fn python_without(&self, module: &str) -> PathBuf {
        let code = format!("import sys; sys.modules[\"{module}\"] = None; exec(sys.argv.pop(1))");
        let real = python().path;
        self.write_script("python3", &format!("#!/bin/sh\nshift 5\nexec {} -I -c '{code}' \"$@\"\n", real.display()))
    }

    /// A Python that passes the probe like the real one, but reports another executable, which runs `code` in sh
    /// before it compiles. (With hash-based .pyc, everything has to be compiled.)
    pub fn python_that_compiles_after(&self, code: &str) -> PathBuf {
        let real = python().path;
        let real = real.display();
        let script = format!("#!/bin/sh\ncase $* in *py_compile*) {code};; esac\nexec {real} \"$@\"\n");
        let compiler = self.write_script("bin/compiler", &script);
        let named = format!("s|\"executable\": \"[^\"]*\"|\"executable\": \"{}\"|", compiler.display());
        self.write_script("bin/wrapper", &format!("#!/bin/sh\n{real} \"$@\" | sed '{named}'\n"))
    }
}

/// Converts bytes, which need not be UTF-8, to an `OsString`.
pub fn os(bytes: &[u8]) -> OsString {
    OsStr::from_bytes(bytes).to_owned()
}
