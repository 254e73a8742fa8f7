//! Installs pip and setuptools into site-packages: from their image in the cache, or else from their wheels, which are
//! unpacked, compiled and stored as an image.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pep440_rs::Version;

use super::bytecode;
use super::distribution::{Distribution, InstalledFile};
use super::find_links::choose;
use super::image::{self, Fault, Image, Images, Unpacked};
use super::installed::replace_older;
use super::launcher;
use super::pip;
use super::site_packages::{Copier, Root};
use super::wheel::Wheel;
use crate::context::Context;
use crate::error::Result;

/// The step `setup_pip`: installs the wheels of `Options::find_links`, or else the interpreter's own. In an existing
/// environment, a project that is intact and at least as new stays as it is; an older or damaged one is replaced.
pub(crate) fn install(context: &mut Context, images: &Images) -> Result<()> {
    let paths = choose(&context.interpreter, &context.options)?;
    let key = image::key(&context.interpreter, &paths, &context.options)?;
    if let Some(image) = images.load(&context.session.cache, &key) {
        match install_image(context, &image, &key) {
            Ok(()) => return Ok(()),
            Err(Fault::Failed(error)) => {
                // Removing what was written needs descriptors, of which there may be too few.
                images.close();
                return Err(error);
            }
            // Do not trust what was written of it: start again.
            Err(Fault::Damaged) => context.stage.empty(&context.lib_path)?,
        }
    }
    let wheels = paths.iter().map(|path| Wheel::open(path)).collect::<Result<Vec<_>>>()?;
    let marks_requested = pip::marks_requested(&wheels);
    let mut wanted = Vec::new();
    for wheel in wheels {
        if replace_older(context, &wheel.project, &wheel.version)? {
            wanted.push(wheel);
        }
    }
    let new_image = if wanted.len() == paths.len() { images.begin(&context.session.cache, &key) } else { None };
    let modified = context.options.source_date.unwrap_or_else(this_moment);
    let copier = new_image.as_ref().map(|image| image as &dyn Copier);
    let root = Root { copier, ..Root::of(context, modified) };
    let distributions = install_wheels(context, &wanted, &root, marks_requested)?;
    // The .pyc in an image expect all modules to have the same time.
    let (can_be_kept, site_packages) = (!root.is_incomplete(), root.staged);
    if let Some(image) = new_image.filter(|_| can_be_kept) {
        Images::keep(&context.session.cache, image, &site_packages, distributions, modified);
    }
    Ok(())
}

/// Installs the image from the cache.
fn install_image(context: &mut Context, image: &Image, key: &str) -> Result<(), Fault> {
    let mut distributions = Vec::new();
    for distribution in &image.list.distributions {
        let version = Version::from_str(&distribution.version).map_err(|_| Fault::Damaged)?;
        if replace_older(context, &distribution.project, &version)? {
            context.session.observer.doing(&format!("Installing {} {version}", distribution.project));
            distributions.push(distribution);
        }
    }
    let files: Vec<&InstalledFile> = distributions.iter().flat_map(|distribution| &distribution.files).collect();
    let unpacked = Unpacked::of(image, &context.session.cache, key, context.options.link_mode);
    // Links and clones have the time of the image; copies are new.
    let is_fixed = unpacked.is_some() || context.options.source_date.is_some();
    let modified = if is_fixed { image.list.modified } else { this_moment() };
    let restamped = bytecode::start_of_pycs(&context.interpreter, image.list.modified)
        .zip(bytecode::start_of_pycs(&context.interpreter, modified));
    let root = Root { restamped, ..Root::of(context, modified) };
    match unpacked {
        Some(unpacked) => unpacked.write(&root, &files)?,
        None => image.write(&root, &files)?,
    }
    if root.is_incomplete() && context.options.source_date.is_none() {
        bytecode::fit_to_times(&root, &files, &context.interpreter)?;
    }
    Ok(distributions.into_iter().try_for_each(|distribution| finish(context, distribution))?)
}

/// Unpacks wheels into `root` and compiles them. Returns the installed distributions.
fn install_wheels(
    context: &Context,
    wheels: &[Wheel],
    root: &Root,
    marks_requested: bool,
) -> Result<Vec<Distribution>> {
    for wheel in wheels {
        context.session.observer.doing(&format!("Installing {} {}", wheel.project, wheel.version));
        wheel.unpack(root)?;
    }
    let pycs = bytecode::write(context, root, wheels.iter().flat_map(Wheel::modules))?;
    let mut distributions = Vec::new();
    for wheel in wheels {
        let distribution = describe(context, wheel, &pycs, marks_requested)?;
        finish(context, &distribution)?;
        distributions.push(distribution);
    }
    Ok(distributions)
}

/// The last moment in an even second, which FAT stores: it has a resolution of two seconds. A .pyc has the whole seconds,
/// of the time as a floating-point number, which would round up a moment later than this.
fn this_moment() -> SystemTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + since.min(Duration::from_secs(since.as_secs() & !1) + Duration::from_millis(999))
}

/// What is installed of a wheel: its files, its .pyc, and those that pip adds, which are written here.
fn describe(
    context: &Context,
    wheel: &Wheel,
    pycs: &BTreeMap<&str, String>,
    marks_requested: bool,
) -> Result<Distribution> {
    let mut record = wheel.record.clone();
    let mut files = wheel.installed_files();
    let added: [(&str, &[u8]); 2] = [("INSTALLER", b"pip\n"), ("REQUESTED", b"")];
    for (name, contents) in &added[..if marks_requested { 2 } else { 1 }] {
        let name = format!("{}/{name}", wheel.dist_info);
        context.stage.write(&context.lib_path.join(&name), contents, false)?;
        record.add(&name, contents);
        files.push(InstalledFile::new(name, false));
    }
    for pyc in wheel.modules().filter_map(|module| pycs.get(module)) {
        record.add_unhashed(pyc);
        files.push(InstalledFile::new(pyc.clone(), false));
    }
    record.add_unhashed(&format!("{}/RECORD", wheel.dist_info));
    Ok(Distribution {
        project: wheel.project.clone(),
        version: wheel.version.to_string(),
        dist_info: wheel.dist_info.clone(),
        files,
        record: record.render(),
        launchers: wheel.launchers(&context.interpreter, !context.options.seed_wheels.is_empty())?,
    })
}

/// Writes the files that contain the environment's path: the launchers, and RECORD with their hashes.
fn finish(context: &Context, distribution: &Distribution) -> Result<()> {
    let record = launcher::write(context, &distribution.launchers)?.render_with(&distribution.record);
    context.stage.write(&context.lib_path.join(&distribution.dist_info).join("RECORD"), record.as_bytes(), false)
}
