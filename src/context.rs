//! What the steps share: the paths and names of one environment, all determined before anything is created, and what
//! the caller supplies.

use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use crate::cache::Cache;
use crate::error::{AtPath, Error, Result};
use crate::event::Observer;
use crate::interpreter::Interpreter;
use crate::interrupt::Interrupt;
use crate::options::{Existing, Options};
use crate::os;
use crate::stage::Stage;

/// Defines [`Context`], with a method for each field that is public as the type after `=>`.
macro_rules! context {
    ($($(#[$doc:meta])* $field:ident: $type:ty => $public:ty,)*) => {
        /// The state that the steps share, under CPython's names. All paths are absolute, and are those of the finished
        /// environment. Until it is committed its files are elsewhere, see [`Context::staged`].
        #[derive(Debug)]
        pub struct Context {
            $(pub(crate) $field: $type,)*
            pub(crate) stage: Stage,
            pub(crate) session: Session,
        }

        impl Context {
            $($(#[$doc])* pub fn $field(&self) -> &$public {
                &self.$field
            })*
        }
    };
}

context! {
    /// Returns the environment's directory: absolute and without `.` and `..`, but with symbolic links unresolved.
    env_dir: PathBuf => Path,
    /// Returns the last component of `env_dir`.
    env_name: OsString => OsStr,
    /// Returns the text that activation scripts put, in parentheses, before the shell's prompt.
    prompt: OsString => OsStr,
    /// Returns the base Python's executable, under the path that it was started by.
    executable: PathBuf => Path,
    /// Returns the directory of `executable`: pyvenv.cfg's `home`.
    python_dir: PathBuf => Path,
    /// Returns the file name of the environment's executable, CPython's `exename`.
    python_exe: OsString => OsStr,
    /// Returns the directory for C headers.
    inc_path: PathBuf => Path,
    /// Returns site-packages: sysconfig's `purelib`.
    lib_path: PathBuf => Path,
    /// Returns sysconfig's `platlib`. It is the same as `lib_path`, or leads there through the link `lib64`, except on systems
    /// that keep compiled modules apart (CPython 3.15).
    platlib_path: PathBuf => Path,
    /// Returns `bin` or `Scripts`.
    bin_path: PathBuf => Path,
    /// Returns `bin_path` relative to `env_dir`.
    bin_name: OsString => OsStr,
    /// Returns the environment's executable.
    env_exe: PathBuf => Path,
    /// Returns the path to start the environment's executable by. In CPython it can differ from `env_exe`, on Windows only
    /// (bpo-45337); here both are the same.
    env_exec_cmd: PathBuf => Path,
    /// Returns the path of pyvenv.cfg.
    cfg_path: PathBuf => Path,
    /// Returns the base Python.
    interpreter: Interpreter => Interpreter,
    /// Returns the caller's options, with those that an existing environment's pyvenv.cfg determines filled in.
    options: Options => Options,
}

/// What the caller of the library supplies besides options. It belongs to the builder; the steps get it through the
/// context. By default there is no observer, no interrupt and no cache.
#[derive(Debug, Clone, Default)]
pub(crate) struct Session {
    pub(crate) observer: Observer,
    pub(crate) interrupt: Interrupt,
    pub(crate) cache: Cache,
    /// Whether pip may prompt on the terminal.
    pub(crate) interactive: bool,
    /// The program's name in pyvenv.cfg's `command`.
    pub(crate) program: OsString,
}

impl Session {
    /// What to call while waiting: it reports the wait once, as `line`, and ends it with an error if interrupted.
    pub(crate) fn waiting(&self, line: String) -> impl FnMut() -> Result<()> {
        let mut line = Some(line);
        move || {
            line.take().inspect(|line| self.observer.doing(line));
            self.interrupt.check()
        }
    }
}

impl Context {
    /// Determines the paths of an environment that is built in `stage`. `env_dir` must come from [`absolute`].
    pub(crate) fn new(
        env_dir: &Path,
        interpreter: &Interpreter,
        options: Options,
        stage: Stage,
        session: Session,
    ) -> Context {
        let executable = interpreter.executable.clone();
        let env_name = env_dir.file_name().unwrap_or_default().to_owned();
        let python_exe = interpreter.platform.exename(executable.file_name().unwrap_or_default());
        let bin_path = env_dir.join(&interpreter.scheme.scripts);
        let env_exe = bin_path.join(&python_exe);
        Context {
            prompt: options.prompt.clone().unwrap_or_else(|| env_name.clone()),
            env_name,
            python_dir: executable.parent().map(Path::to_owned).unwrap_or_default(),
            executable,
            python_exe,
            inc_path: env_dir.join(&interpreter.scheme.include),
            lib_path: env_dir.join(&interpreter.scheme.purelib),
            platlib_path: env_dir.join(&interpreter.scheme.platlib),
            bin_name: interpreter.scheme.scripts.clone().into(),
            bin_path,
            env_exec_cmd: env_exe.clone(),
            env_exe,
            cfg_path: env_dir.join("pyvenv.cfg"),
            interpreter: interpreter.clone(),
            options,
            env_dir: env_dir.to_owned(),
            stage,
            session,
        }
    }

    /// Returns where to write the file whose final path is `path`, which is in `env_dir`: in the staging directory where
    /// the environment is built, or, once it is committed, at `path` itself.
    ///
    /// # Errors
    ///
    /// [`Error::Outside`] if `path` is not in `env_dir`.
    pub fn staged(&self, path: impl AsRef<Path>) -> Result<PathBuf> {
        let path = path.as_ref();
        let is_plain = path.components().all(|component| component != Component::ParentDir);
        if !is_plain || !path.starts_with(&self.env_dir) {
            return Err(Error::Outside { path: path.to_owned(), env_dir: self.env_dir.clone() });
        }
        Ok(self.stage.at(path))
    }

    /// Whether the existing ENV_DIR has something at `path` that stays there unless it is replaced.
    pub(crate) fn keeps(&self, path: &Path) -> bool {
        self.stage.existed() && !matches!(self.options.existing, Existing::Clear { .. }) && os::exists(path)
    }

    /// An environment on Windows, for tests.
    #[cfg(test)]
    pub(crate) fn on_windows(env_dir: &str, options: Options) -> Context {
        let mut interpreter = Interpreter::for_tests();
        interpreter.platform = crate::platform::Platform::Nt;
        interpreter.executable = "/Python313/python3.exe".into();
        interpreter.scheme.scripts = "Scripts".into();
        interpreter.scheme.include = "Include".into();
        interpreter.scheme.purelib = "Lib/site-packages".into();
        let env_dir = Path::new(env_dir);
        Context::new(env_dir, &interpreter, options, Stage::finished(env_dir), Session::default())
    }
}

/// Makes a path absolute, like `os.path.abspath`: `.` and `..` are removed by name only, so links stay unresolved.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf> {
    let mut clean = PathBuf::new();
    for component in std::path::absolute(path).at("get the absolute path of", path)?.components() {
        match component {
            Component::ParentDir => drop(clean.pop()),
            other => clean.push(other),
        }
    }
    Ok(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_windows_layout_follows_its_scheme() {
        let context = Context::on_windows("/home/me/.venv", Options::default());
        assert_eq!(context.env_name, ".venv");
        assert_eq!(context.prompt, ".venv");
        assert_eq!(context.bin_name, "Scripts");
        assert_eq!(context.env_exe, Path::new("/home/me/.venv/Scripts/python.exe"));
        assert_eq!(context.lib_path, Path::new("/home/me/.venv/Lib/site-packages"));
        assert_eq!(context.inc_path, Path::new("/home/me/.venv/Include"));
        assert_eq!(context.python_dir, Path::new("/Python313"));
    }

    #[cfg(unix)] // its paths
    #[test]
    fn absolute_removes_dots_by_name() {
        assert_eq!(absolute(Path::new("/a/../b/./c/")).unwrap(), Path::new("/b/c"));
        assert_eq!(absolute(Path::new("/..")).unwrap(), Path::new("/"));
        assert_eq!(absolute(Path::new("x")).unwrap(), std::env::current_dir().unwrap().join("x"));
    }
}
