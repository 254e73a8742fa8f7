//! The images in the cache. The key of each covers everything that its bytes depend on.

mod reading;
mod unpacked;
mod writing;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::distribution::Distribution;
use crate::cache::{self, Cache};
use crate::error::{AtPath, Result};
use crate::interpreter::Interpreter;
use crate::options::Options;
use crate::os;
use reading::FORMAT;
use writing::NewImage;

pub(super) use reading::{Fault, Image};
pub(super) use unpacked::Unpacked;

/// The subdirectory of the cache.
const DIRECTORY: &str = "images";

/// The time after which an unused image is removed.
const LONGEST_UNUSED: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The number of bytes at the end of a wheel that distinguish it from others. They contain the archive's directory,
/// with each file's size and checksum, and in most wheels RECORD too.
const TAIL: u64 = 1 << 17;

/// The images that have been opened, shared by all environments that one builder creates.
#[derive(Debug, Clone, Default)]
pub(crate) struct Images {
    opened: Arc<Mutex<HashMap<String, Arc<Image>>>>,
}

impl Images {
    /// The image with this key, if the cache has a valid one.
    pub(super) fn load(&self, cache: &Cache, key: &str) -> Option<Arc<Image>> {
        if let Some(image) = self.opened().get(key) {
            image.keep_what_is_read();
            return Some(image.clone());
        }
        let image = Arc::new(Image::open(cache.open(&file_name(key))?)?);
        self.opened().insert(key.to_owned(), image.clone());
        Some(image)
    }

    /// Starts an image with this key, from what is written from now on. None if the cache cannot store it.
    pub(super) fn begin(&self, cache: &Cache, key: &str) -> Option<NewImage> {
        self.opened().remove(key);
        cache.create(&file_name(key)).map(NewImage::begin)
    }

    /// Stores the image of `distributions`, which have been installed into `site_packages`.
    pub(super) fn keep(
        cache: &Cache,
        image: NewImage,
        site_packages: &Path,
        distributions: Vec<Distribution>,
        modified: SystemTime,
    ) {
        // Ignore failures, as everywhere in the cache: without the image, the next run takes longer.
        let _ = image.finish(site_packages, distributions, modified);
        cache.sweep(DIRECTORY, |_, unused| unused > LONGEST_UNUSED);
        // A copy goes with its image.
        cache.sweep(unpacked::DIRECTORY, |copy, _| {
            !cache.has(&file_name(&copy.file_name().unwrap_or_default().to_string_lossy()))
        });
    }

    /// Closes the images that have been opened.
    pub(super) fn close(&self) {
        self.opened().clear();
    }

    fn opened(&self) -> MutexGuard<'_, HashMap<String, Arc<Image>>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The key of the image of these wheels for this interpreter. Fails if a wheel cannot be read.
pub(super) fn key(interpreter: &Interpreter, wheels: &[PathBuf], options: &Options) -> Result<String> {
    let mut identities = Vec::new();
    for wheel in wheels {
        identities.push((wheel.file_name(), identity(wheel).at("read", wheel)?));
    }
    let bytecode = (&interpreter.cache_tag, &interpreter.magic, options.compile, options.source_date);
    let version = (FORMAT, env!("CARGO_PKG_VERSION"), interpreter.version, &interpreter.implementation);
    let is_virtualenvs = !options.seed_wheels.is_empty();
    Ok(cache::key(format!("{version:?} {bytecode:?} {is_virtualenvs} {identities:?}").as_bytes()))
}

/// A wheel's size, and a hash of its last 128 KiB. Where it is and whose does not affect what it installs.
fn identity(wheel: &Path) -> io::Result<(u64, String)> {
    let file = os::open_regular(wheel)?;
    let size = file.metadata()?.len();
    let start = size.saturating_sub(TAIL);
    let mut tail = vec![0; (size - start) as usize];
    os::read_at(&file, &mut tail, start)?;
    Ok((size, cache::key(&tail)))
}

fn file_name(key: &str) -> String {
    format!("{DIRECTORY}/{key}.image")
}
