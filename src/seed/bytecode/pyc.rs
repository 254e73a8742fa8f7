//! A module's .pyc: its name, the header that Python compares with the module, and the base's own, which is reused where
//! the base has exactly the modules of the wheels.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::context::Context;
use crate::error::{AtPath, Error, Result};
use crate::interpreter::Interpreter;
use crate::seed::distribution::InstalledFile;
use crate::seed::site_packages::{self, Root};

/// The name of a module's .pyc: `pip/__pycache__/__init__.cpython-313.pyc` (PEP 3147).
pub(super) fn pyc_of(module: &str, cache_tag: &str) -> String {
    let stem = module.strip_suffix(".py").unwrap_or(module);
    let (directory, name) = stem.split_at(stem.rfind('/').map_or(0, |slash| slash + 1));
    format!("{directory}__pycache__/{name}.{cache_tag}.pyc")
}

/// The module of a .pyc: `pip/a.py` for `pip/__pycache__/a.cpython-313.pyc`.
fn module_of(pyc: &str) -> Option<String> {
    let (directory, name) = pyc.rsplit_once('/').unwrap_or(("", pyc));
    let directory = directory.strip_suffix("__pycache__")?;
    Some(format!("{directory}{}.py", name.strip_suffix(".pyc")?.rsplit_once('.')?.0))
}

/// The header of a .pyc that is validated by its source's time and size: the magic number, the flags (zero, since
/// Python 3.7, PEP 552), the time in seconds, and the size in bytes.
fn header(interpreter: &Interpreter, modified: SystemTime, size: usize) -> Option<Vec<u8>> {
    Some([start_of_pycs(interpreter, modified)?, (size as u32).to_le_bytes().into()].concat())
}

/// The part that all modules with this time share. Time and size are truncated to 32 bits, as in importlib.
pub(crate) fn start_of_pycs(interpreter: &Interpreter, modified: SystemTime) -> Option<Vec<u8>> {
    let magic = u32::from_str_radix(&interpreter.magic, 16).ok()?.to_be_bytes();
    let flags: &[u8] = if interpreter.version >= [3, 7, 0] { &[0; 4] } else { &[] };
    let seconds = modified.duration_since(UNIX_EPOCH).ok()?.as_secs() as u32;
    Some([&magic, flags, &seconds.to_le_bytes()].concat())
}

/// Updates the headers of the .pyc among `files` to the times that their modules have, where the expected time could
/// not be set: some mounts do not allow that. A hash-based .pyc is valid anyway.
pub(crate) fn fit_to_times(root: &Root, files: &[&InstalledFile], interpreter: &Interpreter) -> Result<()> {
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

/// Writes the base's .pyc for those of the modules, given with the names of their .pyc, that the base has too, byte for
/// byte and with a valid .pyc: most installations have the pip that their ensurepip bundles, already compiled. The
/// header is changed to match the time that modules get. Returns what was written.
pub(super) fn reuse(context: &Context, root: &Root, pycs: &BTreeMap<&str, String>) -> Result<BTreeSet<String>> {
    let base = &context.interpreter.site_packages;
    let known = pycs.iter().filter(|(module, _)| base.join(module).is_file());
    let files: Vec<_> = known.map(|(_, pyc)| InstalledFile::new(pyc.clone(), false)).collect();
    let reused = Mutex::new(BTreeSet::new());
    site_packages::write(root, &files.iter().collect::<Vec<_>>(), |directory, files| {
        for file in files {
            if let Some(pyc) = fitting_pyc(&context.interpreter, root, &file.name) {
                directory.write(file, &pyc)?;
                reused.lock().unwrap_or_else(PoisonError::into_inner).insert(file.name.clone());
            }
        }
        Ok::<_, Error>(())
    })?;
    Ok(reused.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// The base's .pyc of this name, if it matches the base's source, and that is the module below `root`.
fn fitting_pyc(interpreter: &Interpreter, root: &Root, name: &str) -> Option<Vec<u8>> {
    let (base, module) = (&interpreter.site_packages, module_of(name)?);
    let source = base.join(&module);
    let time = source.metadata().and_then(|metadata| metadata.modified()).ok()?;
    let (text, mut pyc) = (fs::read(source).ok()?, fs::read(base.join(name)).ok()?);
    let expected = header(interpreter, time, text.len())?;
    if !pyc.starts_with(&expected) || fs::read(root.staged.join(&module)).ok()? != text {
        return None;
    }
    pyc[..expected.len()].copy_from_slice(&header(interpreter, root.modified, text.len())?);
    Some(pyc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pyc_is_in_pycache_beside_its_module() {
        for (module, pyc) in [
            ("pip/a.py", "pip/__pycache__/a.cpython-313.pyc"),
            ("pip/a.b.py", "pip/__pycache__/a.b.cpython-313.pyc"),
            ("a.py", "__pycache__/a.cpython-313.pyc"),
            ("six.py", "__pycache__/six.cpython-313.pyc"),
        ] {
            assert_eq!(pyc_of(module, "cpython-313"), pyc);
            assert_eq!(module_of(pyc).unwrap(), module);
        }
        assert_eq!(module_of("pip/a.pyc"), None);
    }

    #[test]
    fn the_header_has_flags_since_python_3_7() {
        let time = UNIX_EPOCH + std::time::Duration::from_secs(0x0102_0304);
        let mut interpreter = Interpreter::for_tests();
        let new = b"\xf3\x0d\x0d\x0a\0\0\0\0\x04\x03\x02\x01\x05\0\0\0";
        assert_eq!(header(&interpreter, time, 5).unwrap(), new);
        interpreter.version = [3, 6, 15];
        assert_eq!(header(&interpreter, time, 5).unwrap(), [&new[..4], &new[8..]].concat());
    }
}
