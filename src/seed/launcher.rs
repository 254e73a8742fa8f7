//! The programs in bin that start a package's console scripts.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::shebang::shebang;

/// A program to be written into bin: calls one function of one module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Launcher {
    pub(super) name: String,
    pub(super) module: String,
    pub(super) function: String,
}

impl Launcher {
    /// The program's text, for the interpreter at `env_exe`.
    pub(super) fn render(&self, env_exe: &Path) -> Vec<u8> {
        let mut text = shebang(env_exe.as_os_str());
        let Launcher { module, function, .. } = self;
        let imported = function.split('.').next().unwrap_or(function);
        text.extend(
            format!(
                "import sys\n\nfrom {module} import {imported}\n\nif __name__ == \"__main__\":\n    sys.exit({function}())\n"
            )
            .into_bytes(),
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::shebang::python_of_launcher;

    #[test]
    fn a_launcher_tells_its_python() {
        for python in ["/env/bin/python3", "/it's a \\ \"b\"/bin/python3", "/a b/bin/python3"] {
            let launcher = Launcher { name: "x".into(), module: "m".into(), function: "f".into() };
            assert_eq!(python_of_launcher(&launcher.render(Path::new(python))).unwrap(), Path::new(python));
        }
        let pips = b"#!/bin/sh\n'''exec' \"/a b/bin/python3\" \"$0\" \"$@\"\n' '''\n";
        assert_eq!(python_of_launcher(pips).unwrap(), Path::new("/a b/bin/python3"));
        assert_eq!(python_of_launcher(b"#!/env/bin/python -E\n").unwrap(), Path::new("/env/bin/python"));
        for text in [&b"#!/bin/sh\nexec something\n"[..], b"\x7fELF", b"", b"#!python3\n", b"import sys\n"] {
            assert_eq!(python_of_launcher(text), None);
        }
    }
}
