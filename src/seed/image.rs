//! What wheels come to in site-packages, .pyc included, kept in one file of the cache: the next environment is that
//! image written out. It is a zip file without compression, each of its entries with a checksum that is held against
//! what is written.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::distribution::{self, Distribution, InstalledFile};
use super::{parallel, wheel};
use crate::cache::{self, Cache};
use crate::context::Context;
use crate::error::Result;
use crate::interpreter::Interpreter;
use crate::native;

/// Goes up when what an image holds changes in kind.
const FORMAT: u32 = 1;

/// The entry that says what the others are.
const CONTENTS: &str = "rvenv-image.json";

/// What the entry [`CONTENTS`] says.
#[derive(Serialize, Deserialize)]
struct Contents {
    distributions: Vec<Distribution>,
    /// The time that all modules were last changed, which their .pyc have in their headers.
    modified: SystemTime,
}

/// An image, read and not yet checked.
pub(super) struct Image {
    contents: Contents,
    archive: ZipArchive<Cursor<Arc<[u8]>>>,
}

/// What went wrong while an image was written out.
pub(super) enum Fault {
    /// The image is not what was kept.
    Damaged,
    /// The environment cannot be written.
    Failed(crate::Error),
}

/// The name in the cache of the image of these wheels for this interpreter: all that decides its bytes.
pub(super) fn name(interpreter: &Interpreter, wheels: &[&PathBuf], checked_hash_pyc: bool) -> String {
    let stamps: Vec<_> = wheels.iter().map(|wheel| (wheel, native::stamp(wheel))).collect();
    let bytecode = (&interpreter.cache_tag, &interpreter.magic, checked_hash_pyc);
    let version = (FORMAT, env!("CARGO_PKG_VERSION"), interpreter.version, &interpreter.implementation);
    format!("images/{}.zip", cache::key(format!("{version:?} {bytecode:?} {stamps:?}").as_bytes()))
}

impl Image {
    /// The image of this name, if the cache has it and it is one.
    pub(super) fn load(cache: &Cache, name: &str) -> Option<Image> {
        let mut archive = ZipArchive::new(Cursor::new(cache.read_shared(name)?)).ok()?;
        let contents: Contents = serde_json::from_slice(&entry(&mut archive, CONTENTS)?).ok()?;
        let mut files = contents.distributions.iter().flat_map(|distribution| &distribution.files);
        files.all(|file| wheel::is_inside(&file.name)).then_some(Image { contents, archive })
    }

    pub(super) fn distributions(&self) -> &[Distribution] {
        &self.contents.distributions
    }

    /// Writes the files of `distributions` into site-packages, by as many threads as there are cores.
    pub(super) fn write(&self, context: &Context, distributions: &[&Distribution]) -> Result<(), Fault> {
        let files: Vec<&InstalledFile> = distributions.iter().flat_map(|distribution| &distribution.files).collect();
        distribution::create_folders(context, files.iter().copied()).map_err(Fault::Failed)?;
        parallel::share(&files, |share| self.write_files(context, share))
    }

    fn write_files(&self, context: &Context, files: &[&InstalledFile]) -> Result<(), Fault> {
        let mut archive = self.archive.clone();
        for file in files {
            let contents = entry(&mut archive, &file.name).ok_or(Fault::Damaged)?;
            file.write(context, &contents, self.contents.modified).map_err(Fault::Failed)?;
        }
        Ok(())
    }
}

/// Keeps what has been installed into the environment that is built as an image.
pub(super) fn keep(
    context: &Context,
    cache: &Cache,
    name: &str,
    distributions: Vec<Distribution>,
    modified: SystemTime,
) {
    if cache.keeps() {
        // As with all of the cache: without it, the next run takes longer.
        let image = render(context, Contents { distributions, modified });
        drop(image.map(|image| cache.write(name, &image)));
    }
}

fn render(context: &Context, contents: Contents) -> zip::result::ZipResult<Vec<u8>> {
    let site_packages = context.staged(&context.lib_path);
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(CONTENTS, options)?;
    zip.write_all(&serde_json::to_vec(&contents).map_err(std::io::Error::other)?)?;
    for file in contents.distributions.iter().flat_map(|distribution| &distribution.files) {
        zip.start_file(&file.name, options)?;
        zip.write_all(&fs::read(site_packages.join(&file.name))?)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// An entry's contents, if it is there and has its checksum.
fn entry(archive: &mut ZipArchive<Cursor<Arc<[u8]>>>, name: &str) -> Option<Vec<u8>> {
    let mut entry = archive.by_name(name).ok()?;
    let mut contents = Vec::with_capacity(usize::try_from(entry.size()).ok()?.min(64 << 20));
    entry.read_to_end(&mut contents).ok()?;
    Some(contents)
}
