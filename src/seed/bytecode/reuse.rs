//! Reuses the base's own .pyc where the base has exactly the modules in its wheels: most installations have the pip
//! that their ensurepip bundles, already compiled.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::pyc::{header, module_of};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::interpreter::Interpreter;
use crate::seed::distribution::InstalledFile;
use crate::seed::site_packages::{self, Root};

/// Writes the base's .pyc for those of the modules, given with the names of their .pyc, that the base has too, byte for
/// byte and with a valid .pyc. The header is changed to match the time that modules get. Returns what was written.
pub(super) fn reuse(context: &Context, root: &Root, pycs: &BTreeMap<&str, String>) -> Result<BTreeSet<String>> {
    let base = &context.interpreter.site_packages;
    let known = pycs.iter().filter(|(module, _)| base.join(module).is_file());
    let files: Vec<_> = known.map(|(_, pyc)| InstalledFile::new(pyc.clone(), false)).collect();
    let reused = site_packages::write(root, &files.iter().collect::<Vec<_>>(), |directory, files| {
        let mut reused = Vec::new();
        for file in files {
            BUFFERS.with_borrow_mut(|buffers| {
                let Some(pyc) = buffers.fitting_pyc(&context.interpreter, root, &file.name) else { return Ok(()) };
                reused.push(file.name.clone());
                directory.write(file, pyc)
            })?;
        }
        Ok::<_, Error>(reused)
    })?;
    Ok(reused.into_iter().flatten().collect())
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
    /// The base's .pyc with this name, if it matches the base's source, and that is identical to the module below
    /// `root`.
    fn fitting_pyc(&mut self, interpreter: &Interpreter, root: &Root, pyc: &str) -> Option<&[u8]> {
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
        read(&root.staged.join(&module), &mut self.unpacked)?;
        if self.unpacked != self.text {
            return None;
        }
        self.pyc[..header.len()].copy_from_slice(&self::header(interpreter, root.modified, self.text.len())?);
        Some(&self.pyc)
    }
}

/// Reads a file into `buffer`, reusing its memory.
fn read(path: &Path, buffer: &mut Vec<u8>) -> Option<()> {
    buffer.clear();
    File::open(path).and_then(|mut file| file.read_to_end(buffer)).ok().map(drop)
}
