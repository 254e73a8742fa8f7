//! pip, and setuptools where the interpreter bundles it, in the environment: unpacked from the interpreter's own
//! wheels or those of a folder, with what pip itself would write around them.

mod compile;
mod distribution;
mod find_links;
mod image;
mod installed;
mod launcher;
mod parallel;
mod record;
mod reuse;
mod site_packages;
mod unpacked;
mod wheel;

use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pep440_rs::Version;

use crate::context::Context;
use crate::error::Result;
use crate::interpreter::Interpreter;
use crate::options::LinkMode;
use compile::Compiled;
use distribution::{Distribution, InstalledFile};
use image::{Fault, Image};
use installed::Installed;
use record::Record;
use site_packages::Root;
use unpacked::Unpacked;
use wheel::Wheel;

pub(crate) use find_links::{choose, projects};
pub(crate) use launcher::python_of_launcher;
pub(crate) use wheel::project_of;

/// The step `setup_pip`: installs the wheels of `Options::find_links`, or else the interpreter's. In an environment that exists, a project that is as
/// new and whole stays as it is; an older or damaged one is replaced.
///
/// A newer version that was damaged is replaced with a warning.
pub(crate) fn setup(context: &mut Context) -> Result<()> {
    let wheels = find_links::choose(&context.interpreter, &context.options)?;
    let wheels: Vec<&PathBuf> = wheels.iter().collect();
    let image_name = image::name(&context.interpreter, &wheels, &context.options);
    let seed = Seed { wheels, image_name };
    if let Some(image) = Image::load(&context.caller.cache, &seed.image_name) {
        match seed.write_image(context, &image) {
            Ok(()) => return Ok(()),
            Err(Fault::Failed(error)) => return Err(error),
            // What was written of it is not to be trusted; it is made anew.
            Err(Fault::Damaged) => context.stage.empty(&context.lib_path)?,
        }
    }
    seed.install_wheels(context)
}

/// What is wrong with the pip that an environment has, if it has one, and with its setuptools: paths and reasons.
pub(crate) fn faults(context: &Context) -> Result<Vec<(PathBuf, String)>> {
    let mut faults = Vec::new();
    if context.lib_path.is_dir() {
        for project in ["pip", "setuptools"] {
            let newest = Installed::find(context, project)?.pop();
            let fault = newest.and_then(|installed| installed.fault(context).map(|fault| (installed, fault)));
            faults.extend(fault.map(|(installed, fault)| (installed.metadata().to_owned(), fault)));
        }
    }
    Ok(faults)
}

/// What is to be installed, and where from.
struct Seed<'a> {
    wheels: Vec<&'a PathBuf>,
    /// The name of the image that these wheels come to.
    image_name: String,
}

impl Seed<'_> {
    /// Writes out what the cache has.
    fn write_image(&self, context: &mut Context, image: &Image) -> Result<(), Fault> {
        let mut distributions = Vec::new();
        for distribution in image.distributions() {
            let version = Version::from_str(&distribution.version).map_err(|_| Fault::Damaged)?;
            if make_way(context, &distribution.project, &version)? {
                context.caller.observer.doing(&format!("Installing {} {version}", distribution.project));
                distributions.push(distribution);
            }
        }
        let root = Root::of(context);
        let unpacked = match context.options.link_mode {
            LinkMode::Copy => None,
            link_mode => Unpacked::of(image, &context.caller.cache, &self.image_name, link_mode),
        };
        match unpacked {
            Some(unpacked) => unpacked.write(&root, &distributions)?,
            None => image.write(&root, &distributions)?,
        }
        for distribution in distributions {
            finish(context, distribution)?;
        }
        Ok(())
    }

    /// Unpacks and compiles, and keeps what comes of it.
    fn install_wheels(&self, context: &mut Context) -> Result<()> {
        let mut wheels = Vec::new();
        for path in &self.wheels {
            let wheel = Wheel::open(path)?;
            if make_way(context, wheel.project(), wheel.version())? {
                wheels.push(wheel);
            }
        }
        let modified = context.options.source_date.unwrap_or_else(this_second);
        for wheel in &wheels {
            context.caller.observer.doing(&format!("Installing {} {}", wheel.project(), wheel.version()));
            wheel.unpack(&Root::of(context), modified)?;
        }
        let compiled = self.compile(context, &wheels, modified)?;
        let mut distributions = Vec::new();
        for wheel in &wheels {
            let distribution = describe(context, wheel, &compiled)?;
            finish(context, &distribution)?;
            distributions.push(distribution);
        }
        if distributions.len() == self.wheels.len() {
            image::keep(context, &context.caller.cache, &self.image_name, distributions, modified);
        }
        Ok(())
    }

    /// A .pyc for each module, if they are wanted: the base's own, or a new one.
    fn compile(&self, context: &Context, wheels: &[Wheel], modified: SystemTime) -> Result<Compiled> {
        if !context.options.compile {
            return Ok(Compiled::nothing());
        }
        let modules: Vec<&str> = wheels.iter().flat_map(Wheel::modules).collect();
        let left = reuse::reuse(context, &context.interpreter, modules, modified)?;
        if !left.is_empty() {
            context.caller.observer.doing(&format!("Compiling {} modules", left.len()));
        }
        compile::compile(context, &context.interpreter, &left)
    }
}

/// Has everything that reads a wheel read these bytes.
#[cfg(fuzzing)]
pub(crate) fn fuzz_wheel(bytes: &[u8]) {
    wheel::trial::run(bytes);
}

/// Now, in whole seconds: every file system keeps such a time as it is, and a .pyc has no finer one.
fn this_second() -> SystemTime {
    let now = SystemTime::now();
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

/// Whether a project is to be installed in this version. The files of what it replaces are retired then.
fn make_way(context: &mut Context, project: &str, version: &Version) -> Result<bool> {
    if !context.keeps(&context.lib_path) || !context.lib_path.is_dir() {
        return Ok(true);
    }
    let found = Installed::find(context, project)?;
    let as_new = found.last().filter(|newest| newest.version() >= version);
    let fault = as_new.map(|newest| (newest.version(), newest.fault(context)));
    let keeps = matches!(fault, Some((_, None)));
    if let Some((newer, Some(fault))) = fault.filter(|(newer, _)| *newer > version) {
        let warning = format!("{project} {newer} is damaged ({fault}), so {version} takes its place");
        context.caller.observer.warn(&warning);
    }
    let retired: Vec<PathBuf> = match found.split_last() {
        // Beside it, the metadata that an installation which broke off has left.
        Some((_, older)) if keeps => older.iter().flat_map(Installed::metadata_files).collect(),
        _ => found.iter().flat_map(|installed| installed.files(context)).collect(),
    };
    retired.into_iter().for_each(|file| context.stage.retire(file));
    Ok(!keeps)
}

/// What is installed of a wheel: its files, what pip writes besides (INSTALLER, REQUESTED), and its .pyc.
fn describe(context: &Context, wheel: &Wheel, compiled: &Compiled) -> Result<Distribution> {
    let mut record: Record = wheel.record().clone();
    let mut files = wheel.installed_files();
    let mut add = |name: String| files.push(InstalledFile::new(name, false));
    for (name, contents) in [("INSTALLER", b"pip\n".as_slice()), ("REQUESTED", b"")] {
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

/// Writes what names the environment: the launchers, and RECORD with their hashes.
fn finish(context: &Context, distribution: &Distribution) -> Result<()> {
    let mut record = Record::default();
    for script in &distribution.launchers {
        let contents = script.render(&context.env_exe);
        context.stage.write(&context.bin_path.join(&script.name), &contents, true)?;
        record.add(&format!("{}{}", way_to_bin(&context.interpreter), script.name), &contents);
    }
    let record = record.render_with(&distribution.record);
    context.stage.write(&context.lib_path.join(distribution.record_name()), record.as_bytes(), false)
}

/// bin as RECORD names it, relative to site-packages: `../../../bin/`.
fn way_to_bin(interpreter: &Interpreter) -> String {
    let up = "../".repeat(interpreter.scheme.purelib.components().count());
    let scripts: PathBuf = interpreter.scheme.scripts.components().collect();
    format!("{up}{}/", scripts.display())
}
