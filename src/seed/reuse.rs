//! The base's own .pyc, used again where it has the very modules that its wheels hold: most installations have the pip
//! that their ensurepip bundles, compiled.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::compile::pyc_of;
use super::distribution::InstalledFile;
use super::site_packages::{self, Root};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::interpreter::Interpreter;

/// Gives the `modules` that the base has too, byte for byte and with a .pyc that fits, that .pyc, its header made to fit
/// a source changed at `modified`. Returns the other modules.
pub(super) fn reuse<'a>(
    context: &Context,
    interpreter: &Interpreter,
    modules: Vec<&'a str>,
    modified: SystemTime,
) -> Result<Vec<&'a str>> {
    let Some(cache_tag) = interpreter.cache_tag.as_deref().filter(|_| context.options.source_date.is_none()) else {
        return Ok(modules);
    };
    let (root, base) = (Root::of(context), &interpreter.site_packages);
    let (known, others): (Vec<&str>, Vec<&str>) = modules.into_iter().partition(|module| base.join(module).is_file());
    let files: Vec<_> = known.iter().map(|module| InstalledFile::new(pyc_of(module, cache_tag), false)).collect();
    let fitting = Mutex::new(BTreeSet::new());
    site_packages::write(&root, &files.iter().collect::<Vec<_>>(), |folder, _, files| {
        for file in files {
            if let Some(pyc) = fitting_pyc(interpreter, &root.staged, &file.name, modified) {
                folder.write(file, &pyc, None)?;
                fitting.lock().unwrap_or_else(PoisonError::into_inner).insert(file.name.clone());
            }
        }
        Ok::<(), Error>(())
    })?;
    let fitting = fitting.into_inner().unwrap_or_else(PoisonError::into_inner);
    let left = known.into_iter().filter(|module| !fitting.contains(&pyc_of(module, cache_tag)));
    Ok(others.into_iter().chain(left).collect())
}

/// The base's .pyc of this name, if it fits the base's source and that is the module in `site_packages`.
fn fitting_pyc(interpreter: &Interpreter, site_packages: &Path, pyc: &str, modified: SystemTime) -> Option<Vec<u8>> {
    let module = module_of(pyc)?;
    let base = &interpreter.site_packages;
    let source = base.join(&module);
    let time = source.metadata().and_then(|metadata| metadata.modified()).ok()?;
    let text = fs::read(&source).ok()?;
    let mut pyc = fs::read(base.join(pyc)).ok()?;
    let header = header(interpreter, time, text.len())?;
    if !pyc.starts_with(&header) || fs::read(site_packages.join(&module)).ok()? != text {
        return None;
    }
    pyc[..header.len()].copy_from_slice(&self::header(interpreter, modified, text.len())?);
    Some(pyc)
}

/// `pip/a.py` of `pip/__pycache__/a.cpython-313.pyc`.
fn module_of(pyc: &str) -> Option<String> {
    let (folder, name) = pyc.rsplit_once('/').unwrap_or(("", pyc));
    let folder = folder.strip_suffix("__pycache__")?;
    Some(format!("{folder}{}.py", name.strip_suffix(".pyc")?.rsplit_once('.')?.0))
}

/// The header of a .pyc that goes by its source's time and size: the magic number, since Python 3.7 no flags (PEP 552),
/// the seconds, the bytes.
fn header(interpreter: &Interpreter, modified: SystemTime, size: usize) -> Option<Vec<u8>> {
    let magic = u32::from_str_radix(&interpreter.magic, 16).ok()?.to_be_bytes();
    let flags: &[u8] = if interpreter.version >= [3, 7, 0] { &[0; 4] } else { &[] };
    // Both are cut to 32 bits, as importlib does.
    let seconds = modified.duration_since(UNIX_EPOCH).ok()?.as_secs() as u32;
    Some([&magic, flags, &seconds.to_le_bytes(), &(size as u32).to_le_bytes()].concat())
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
