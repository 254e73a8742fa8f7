//! Installs pip and setuptools into site-packages: from their image in the cache, or else from their wheels, which are
//! unpacked, compiled and stored as an image.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pep440_rs::Version;

use super::bytecode::{self, Compiled};
use super::distribution::{Distribution, InstalledFile};
use super::find_links::choose;
use super::image::{self, Fault, Image, Images, Unpacked};
use super::launcher;
use super::make_way::make_way;
use super::record::Record;
use super::site_packages::Root;
use super::wheel::Wheel;
use crate::context::Context;
use crate::error::Result;
use crate::options::LinkMode;

/// The first pip that marks requested distributions, as opposed to dependencies, with a file REQUESTED (PEP 376).
const WITH_REQUESTED: [u64; 2] = [20, 2];

/// Installs the wheels of `Options::find_links`, or else the interpreter's own. In an existing environment, a project
/// that is intact and at least as new stays as it is; an older or damaged one is replaced.
pub(crate) fn install(context: &mut Context, images: &Images) -> Result<()> {
    let wheels = choose(&context.interpreter, &context.options)?;
    let key = image::key(&context.interpreter, &wheels, &context.options)?;
    if let Some(image) = images.load(&context.session.cache, &key) {
        match write_image(context, &image, &key) {
            Ok(()) => return Ok(()),
            Err(Fault::Failed(error)) => return Err(error),
            // Do not trust what was written of it: start again.
            Err(Fault::Damaged) => context.stage.empty(&context.lib_path)?,
        }
    }
    let wheels = to_install(context, &wheels)?;
    let modified = context.options.source_date.unwrap_or_else(this_moment);
    let mut root = Root::of(context);
    if wheels.iter().all(|(_, is_wanted)| *is_wanted) {
        root.new_image = images.begin(&context.session.cache, &key);
    }
    let marks_requested = marks_requested(&wheels);
    let wheels: Vec<Wheel> = wheels.into_iter().filter_map(|(wheel, is_wanted)| is_wanted.then_some(wheel)).collect();
    let distributions = install_wheels(context, &wheels, &root, modified, marks_requested)?;
    // The .pyc in an image expect all modules to have the same time.
    if root.has_times() {
        Images::keep(&context.session.cache, root, distributions, modified);
    }
    Ok(())
}

/// Writes out the image from the cache.
fn write_image(context: &mut Context, image: &Image, key: &str) -> Result<(), Fault> {
    let mut distributions = Vec::new();
    for distribution in image.distributions() {
        let version = Version::from_str(&distribution.version).map_err(|_| Fault::Damaged)?;
        if make_way(context, &distribution.project, &version)? {
            context.session.observer.doing(&format!("Installing {} {version}", distribution.project));
            distributions.push(distribution);
        }
    }
    let root = Root::of(context);
    let unpacked = match context.options.link_mode {
        LinkMode::Copy => None,
        link_mode => Unpacked::of(image, &context.session.cache, key, link_mode),
    };
    match unpacked {
        Some(unpacked) => unpacked.write(&root, &distributions)?,
        None => image.write(&root, &distributions)?,
    }
    if !root.has_times() && context.options.source_date.is_none() {
        let files: Vec<&InstalledFile> = distributions.iter().flat_map(|distribution| &distribution.files).collect();
        bytecode::fit_to_times(&root, &files, &context.interpreter)?;
    }
    for distribution in distributions {
        finish(context, distribution)?;
    }
    Ok(())
}

/// The wheels, and whether each is to be installed. If so, an older version has been retired.
fn to_install(context: &mut Context, paths: &[PathBuf]) -> Result<Vec<(Wheel, bool)>> {
    let mut wheels = Vec::new();
    for path in paths {
        let wheel = Wheel::open(path)?;
        let is_wanted = make_way(context, wheel.project(), wheel.version())?;
        wheels.push((wheel, is_wanted));
    }
    Ok(wheels)
}

/// Whether the pip among the wheels, if there is one, marks requested distributions.
fn marks_requested(wheels: &[(Wheel, bool)]) -> bool {
    wheels.iter().all(|(wheel, _)| wheel.project() != "pip" || *wheel.version() >= Version::new(WITH_REQUESTED))
}

/// Unpacks wheels into `root`, with modules modified at `modified`, and compiles them. Returns the installed
/// distributions.
fn install_wheels(
    context: &Context,
    wheels: &[Wheel],
    root: &Root,
    modified: SystemTime,
    marks_requested: bool,
) -> Result<Vec<Distribution>> {
    for wheel in wheels {
        context.session.observer.doing(&format!("Installing {} {}", wheel.project(), wheel.version()));
        wheel.unpack(root, modified)?;
    }
    let modules = wheels.iter().flat_map(Wheel::modules).collect();
    let compiled = bytecode::compile_modules(context, root, modules, modified)?;
    let mut distributions = Vec::new();
    for wheel in wheels {
        let distribution = describe(context, wheel, &compiled, marks_requested)?;
        finish(context, &distribution)?;
        distributions.push(distribution);
    }
    Ok(distributions)
}

/// The current time in even seconds: every file system stores it unchanged (FAT has a resolution of two seconds), and
/// so does a .pyc.
fn this_moment() -> SystemTime {
    let now = SystemTime::now();
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(since.as_secs() & !1)
}

/// What is installed of a wheel: its files, those that pip adds (INSTALLER, REQUESTED), and its .pyc.
fn describe(context: &Context, wheel: &Wheel, compiled: &Compiled, marks_requested: bool) -> Result<Distribution> {
    let mut record: Record = wheel.record().clone();
    let mut files = wheel.installed_files();
    let mut add = |name: String| files.push(InstalledFile::new(name, false));
    let requested = marks_requested.then_some(("REQUESTED", b"".as_slice()));
    for (name, contents) in [("INSTALLER", b"pip\n".as_slice())].into_iter().chain(requested) {
        let name = format!("{}/{name}", wheel.dist_info());
        context.stage.write(&context.lib_path.join(&name), contents, false)?;
        record.add(&name, contents);
        add(name);
    }
    for pyc in wheel.modules().filter_map(|module| compiled.pyc_of(module)) {
        record.add_unhashed(&pyc);
        add(pyc);
    }
    let mut distribution = Distribution {
        project: wheel.project().to_owned(),
        version: wheel.version().to_string(),
        dist_info: wheel.dist_info().to_owned(),
        files,
        record: String::new(),
        launchers: wheel.launchers(&context.interpreter)?,
    };
    record.add_unhashed(&distribution.record_name());
    distribution.record = record.render();
    Ok(distribution)
}

/// Writes the files that contain the environment's path: the launchers, and RECORD with their hashes.
fn finish(context: &Context, distribution: &Distribution) -> Result<()> {
    let record = launcher::write(context, &distribution.launchers)?.render_with(&distribution.record);
    context.stage.write(&context.lib_path.join(distribution.record_name()), record.as_bytes(), false)
}
