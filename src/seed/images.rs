//! The images that the cache has, each under a key that says all that decides its bytes.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::distribution::Distribution;
use super::image::Image;
use super::image_list::FORMAT;
use super::new_image::NewImage;
use super::site_packages::Root;
use super::unpacked;
use crate::cache::{self, Cache};
use crate::error::{AtPath, Result};
use crate::interpreter::Interpreter;
use crate::options::Options;
use crate::os;

/// The folder of the cache.
const FOLDER: &str = "images";

/// An image that has not been used for so long goes.
const LONGEST_UNUSED: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The bytes at a wheel's end that tell it from others: the directory is in them, with each file's size and checksum, and
/// in most wheels RECORD too.
const TAIL: u64 = 1 << 17;

/// The images that have been opened, for all environments that one builder makes.
#[derive(Clone, Default)]
pub(crate) struct Images {
    opened: Arc<Mutex<HashMap<String, Arc<Image>>>>,
}

impl std::fmt::Debug for Images {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Images").finish_non_exhaustive()
    }
}

impl Images {
    /// The image of this key, if the cache has it and it is one.
    pub(super) fn load(&self, cache: &Cache, key: &str) -> Option<Arc<Image>> {
        if let Some(image) = self.opened().get(key) {
            image.keep_what_is_read();
            return Some(image.clone());
        }
        let image = Arc::new(Image::open(cache.open(&file_name(key))?)?);
        self.opened().insert(key.to_owned(), image.clone());
        Some(image)
    }

    /// Begins the image of this key, for what is written from now on; none where the cache cannot keep it.
    pub(super) fn begin(&self, cache: &Cache, key: &str) -> Option<NewImage> {
        self.opened().remove(key);
        NewImage::begin(cache.create(&file_name(key)).ok()?)
    }

    /// Keeps an image of what has been installed below `root`, as which it was begun.
    pub(super) fn keep(cache: &Cache, mut root: Root, distributions: Vec<Distribution>, modified: SystemTime) {
        if let Some(image) = root.new_image.take() {
            // As with all of the cache: without it, the next run takes longer.
            let _ = image.finish(&root.staged, distributions, modified);
            cache.sweep(FOLDER, |_, unused| unused > LONGEST_UNUSED);
            unpacked::sweep(cache, |key| cache.has(&file_name(key)));
        }
    }

    fn opened(&self) -> MutexGuard<'_, HashMap<String, Arc<Image>>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The key of the image of these wheels for this interpreter. Errors if a wheel cannot be read.
pub(super) fn key(interpreter: &Interpreter, wheels: &[PathBuf], options: &Options) -> Result<String> {
    let mut identities = Vec::new();
    for wheel in wheels {
        identities.push((wheel.file_name(), identity(wheel).at("read", wheel)?));
    }
    let bytecode = (&interpreter.cache_tag, &interpreter.magic, options.compile, options.source_date);
    let version = (FORMAT, env!("CARGO_PKG_VERSION"), interpreter.version, &interpreter.implementation);
    Ok(cache::key(format!("{version:?} {bytecode:?} {identities:?}").as_bytes()))
}

/// A wheel's size, and what its last bytes come to. Where it lies, and whose it is, changes nothing in what it installs.
fn identity(wheel: &Path) -> io::Result<(u64, String)> {
    let mut file = os::open_regular(wheel)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    Ok((size, cache::key(&tail)))
}

fn file_name(key: &str) -> String {
    format!("{FOLDER}/{key}.image")
}
