//! A module's .pyc: what it is called, and the header by which Python knows that it is that module's.

use std::fs::OpenOptions;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use super::distribution::InstalledFile;
use super::site_packages::Root;
use crate::error::{AtPath, Result};
use crate::interpreter::Interpreter;

/// The name of a module's .pyc: `pip/__pycache__/__init__.cpython-313.pyc` (PEP 3147).
pub(super) fn pyc_of(module: &str, cache_tag: &str) -> String {
    let stem = module.strip_suffix(".py").unwrap_or(module);
    let (folder, name) = stem.rsplit_once('/').map_or(("", stem), |(folder, name)| (folder, name));
    let separator = if folder.is_empty() { "" } else { "/" };
    format!("{folder}{separator}__pycache__/{name}.{cache_tag}.pyc")
}

/// `pip/a.py` of `pip/__pycache__/a.cpython-313.pyc`.
pub(super) fn module_of(pyc: &str) -> Option<String> {
    let (folder, name) = pyc.rsplit_once('/').unwrap_or(("", pyc));
    let folder = folder.strip_suffix("__pycache__")?;
    Some(format!("{folder}{}.py", name.strip_suffix(".pyc")?.rsplit_once('.')?.0))
}

/// The header of a .pyc that goes by its source's time and size: the magic number, since Python 3.7 no flags (PEP 552),
/// the seconds, the bytes.
pub(super) fn header(interpreter: &Interpreter, modified: SystemTime, size: usize) -> Option<Vec<u8>> {
    let magic = u32::from_str_radix(&interpreter.magic, 16).ok()?.to_be_bytes();
    let flags: &[u8] = if interpreter.version >= [3, 7, 0] { &[0; 4] } else { &[] };
    // Both are cut to 32 bits, as importlib does.
    let seconds = modified.duration_since(UNIX_EPOCH).ok()?.as_secs() as u32;
    Some([&magic, flags, &seconds.to_le_bytes(), &(size as u32).to_le_bytes()].concat())
}

/// Makes the .pyc among `files` fit their modules, which could not be given the time that stands in them: some mounts
/// refuse that. Those that go by their source's hash fit anyway.
pub(super) fn fit_to_times(root: &Root, files: &[&InstalledFile], interpreter: &Interpreter) -> Result<()> {
    for file in files {
        let Some(module) = module_of(&file.name) else { continue };
        let Ok(source) = root.staged.join(module).metadata() else { continue };
        let header = source.modified().ok().and_then(|time| header(interpreter, time, source.len() as usize));
        let opened = OpenOptions::new().write(true).open(root.staged.join(&file.name));
        let written = opened.and_then(|mut pyc| header.map_or(Ok(()), |header| pyc.write_all(&header)));
        written.at("write", &root.path.join(&file.name))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pyc_tells_its_module() {
        for module in ["pip/a.py", "pip/a.b.py", "six.py"] {
            assert_eq!(module_of(&pyc_of(module, "cpython-313")).unwrap(), module);
        }
        assert_eq!(module_of("pip/a.pyc"), None);
    }

    #[test]
    fn a_header_has_flags_since_python_3_7() {
        let time = UNIX_EPOCH + std::time::Duration::from_secs(0x0102_0304);
        let mut interpreter = Interpreter::for_tests();
        let new = b"\xf3\x0d\x0d\x0a\0\0\0\0\x04\x03\x02\x01\x05\0\0\0";
        assert_eq!(header(&interpreter, time, 5).unwrap(), new);
        interpreter.version = [3, 6, 15];
        assert_eq!(header(&interpreter, time, 5).unwrap(), [&new[..4], &new[8..]].concat());
    }
}
