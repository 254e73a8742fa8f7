//! Reuses the base's own .pyc where the base has exactly the modules in its wheels: most installations have the pip
//! that their ensurepip bundles, already compiled.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::pyc::{header, module_of, pyc_of};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::interpreter::Interpreter;
use crate::seed::distribution::InstalledFile;
use crate::seed::site_packages::{self, Root};

/// Writes the base's .pyc for those of the `modules` that the base has too, byte for byte and with a valid .pyc. The
/// header is changed to match a source modified at `modified`. Returns the other modules.
pub(super) fn reuse<'a>(
    context: &Context,
    root: &Root,
    modules: Vec<&'a str>,
    modified: SystemTime,
) -> Result<Vec<&'a str>> {
    let interpreter = &context.interpreter;
    let Some(cache_tag) = interpreter.cache_tag.as_deref().filter(|_| context.options.source_date.is_none()) else {
        return Ok(modules);
    };
    let base = &interpreter.site_packages;
    let (known, others): (Vec<&str>, Vec<&str>) = modules.into_iter().partition(|module| base.join(module).is_file());
    let files: Vec<_> = known.iter().map(|module| InstalledFile::new(pyc_of(module, cache_tag), false)).collect();
    let fitting = Mutex::new(BTreeSet::new());
    site_packages::write(root, &files.iter().collect::<Vec<_>>(), |directory, _, files| {
        for file in files {
            BUFFERS.with_borrow_mut(|buffers| {
                let Some(pyc) = buffers.fitting_pyc(interpreter, &root.staged, &file.name, modified) else {
                    return Ok(());
                };
                fitting.lock().unwrap_or_else(PoisonError::into_inner).insert(file.name.clone());
                directory.write(file, pyc, None)
            })?;
        }
        Ok::<(), Error>(())
    })?;
    let fitting = fitting.into_inner().unwrap_or_else(PoisonError::into_inner);
    let left = known.into_iter().filter(|module| !fitting.contains(&pyc_of(module, cache_tag)));
    Ok(others.into_iter().chain(left).collect())
}

/// The buffers that a thread reads into, so that memory is allocated only once.
#[derive(Default)]
struct Buffers {
    text: Vec<u8>,
    unpacked: Vec<u8>,
    pyc: Vec<u8>,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

impl Buffers {
    /// The base's .pyc with this name, if it matches the base's source, and that is identical to the module in
    /// `site_packages`.
    fn fitting_pyc(
        &mut self,
        interpreter: &Interpreter,
        site_packages: &Path,
        pyc: &str,
        modified: SystemTime,
    ) -> Option<&[u8]> {
        let module = module_of(pyc)?;
        let base = &interpreter.site_packages;
        let source = base.join(&module);
        let time = source.metadata().and_then(|metadata| metadata.modified()).ok()?;
        read(&source, &mut self.text)?;
        read(&base.join(pyc), &mut self.pyc)?;
        let header = header(interpreter, time, self.text.len())?;
        if !self.pyc.starts_with(&header) {
            return None;
        }
        read(&site_packages.join(&module), &mut self.unpacked)?;
        if self.unpacked != self.text {
            return None;
        }
        self.pyc[..header.len()].copy_from_slice(&self::header(interpreter, modified, self.text.len())?);
        Some(&self.pyc)
    }
}

/// Reads a file into `buffer`, reusing its memory.
fn read(path: &Path, buffer: &mut Vec<u8>) -> Option<()> {
    buffer.clear();
    File::open(path).and_then(|mut file| file.read_to_end(buffer)).ok().map(drop)
}
