//! The scripts in the environment's bin: ours for activating it in each shell, and those of a folder.

pub(crate) mod quote;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::context::Context;
use crate::error::{AtPath, Error, Quoted, Result};
use crate::platform::Platform;
use quote::Quoting;

/// Our templates, in the shape that [`install`] reads from disk: the folder, the name, the text.
const BUILT_IN: [(&str, &str, &[u8]); 9] = [
    ("common", "activate", include_bytes!("../scripts/common/activate")),
    ("common", "activate.fish", include_bytes!("../scripts/common/activate.fish")),
    ("common", "activate.nu", include_bytes!("../scripts/common/activate.nu")),
    ("common", "activate.xsh", include_bytes!("../scripts/common/activate.xsh")),
    ("common", "activate_this.py", include_bytes!("../scripts/common/activate_this.py")),
    ("common", "Activate.ps1", include_bytes!("../scripts/common/Activate.ps1")),
    ("posix", "activate.csh", include_bytes!("../scripts/posix/activate.csh")),
    ("nt", "activate.bat", include_bytes!("../scripts/nt/activate.bat")),
    ("nt", "deactivate.bat", include_bytes!("../scripts/nt/deactivate.bat")),
];

/// The step `setup_scripts`: installs the activation scripts for the platform.
pub fn setup(context: &Context, platform: Platform) -> Result<()> {
    for (folder, name, template) in BUILT_IN {
        if is_for(folder.as_ref(), platform) {
            let contents = fill(template, context, Quoting::of_script(name.as_ref()));
            context.stage.write(&context.bin_path.join(name), &contents, false)?;
        }
    }
    Ok(())
}

/// `install_scripts`: installs into bin what is below the folders `common` and `posix` (or `nt`) of `path`, with
/// the placeholders `__VENV_DIR__`, `__VENV_NAME__`, `__VENV_PROMPT__`, `__VENV_BIN_NAME__` and
/// `__VENV_PYTHON__` replaced, each value quoted for the shell that the script's suffix names. A script keeps
/// its mode.
///
/// Returns warnings, by CPython's rule: a file that is not UTF-8 is left out. Errors if `path` cannot be read.
pub fn install(context: &mut Context, platform: Platform, path: &Path) -> Result<Vec<String>> {
    let mut warnings = Vec::new();
    let walk = WalkDir::new(path).min_depth(1).sort_by_file_name().into_iter();
    let wanted = walk.filter_entry(|entry| entry.depth() != 1 || is_for(entry.file_name(), platform));
    for entry in wanted {
        let entry = entry.map_err(|error| unreadable(path, error))?;
        // What is below `common` or `posix`; files beside them are not scripts.
        let Some(name) = below_first(entry.path(), path).filter(|_| entry.depth() > 1) else { continue };
        let target = context.bin_path.join(&name);
        if entry.file_type().is_dir() {
            context.stage.create_dir(&target)?;
            continue;
        }
        let template = fs::read(entry.path()).at("read", entry.path())?;
        if std::str::from_utf8(&template).is_err() {
            warnings.push(format!("unable to copy script {}, may be binary", Quoted(entry.path())));
            continue;
        }
        context.stage.write(&target, &fill(&template, context, Quoting::of_script(&name)), false)?;
        let mode = fs::metadata(entry.path()).at("read", entry.path())?.permissions();
        fs::set_permissions(context.staged(&target), mode).at("set the mode of", &target)?;
    }
    Ok(warnings)
}

fn is_for(folder: &OsStr, platform: Platform) -> bool {
    folder == "common" || folder == platform.os_name()
}

fn below_first(path: &Path, root: &Path) -> Option<PathBuf> {
    let mut components = path.strip_prefix(root).ok()?.components();
    components.next()?;
    Some(components.as_path().to_owned())
}

fn unreadable(root: &Path, error: walkdir::Error) -> Error {
    let path = error.path().unwrap_or(root).to_owned();
    let source = error.into_io_error().unwrap_or_else(|| std::io::Error::other("the links in it go in a circle"));
    Error::Io { what: "read", path, source }
}

/// The template with its placeholders replaced, all at one pass: a placeholder within a value stays as it is.
fn fill(template: &[u8], context: &Context, quoting: Quoting) -> Vec<u8> {
    let values: [(&[u8], &OsStr); 5] = [
        (b"__VENV_DIR__", context.env_dir.as_os_str()),
        (b"__VENV_NAME__", &context.env_name),
        (b"__VENV_PROMPT__", &context.prompt),
        (b"__VENV_BIN_NAME__", &context.bin_name),
        (b"__VENV_PYTHON__", context.env_exe.as_os_str()),
    ];
    let mut filled = Vec::with_capacity(template.len() + 256);
    let mut rest = template;
    while let Some(byte) = rest.first() {
        match values.iter().find(|(placeholder, _)| rest.starts_with(placeholder)) {
            Some((placeholder, value)) => {
                filled.extend(quoting.quote(value));
                rest = &rest[placeholder.len()..];
            }
            None => {
                filled.push(*byte);
                rest = &rest[1..];
            }
        }
    }
    filled
}
