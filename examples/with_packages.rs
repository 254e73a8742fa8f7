//! The worked example of the documentation of CPython's `venv`, in Rust: a builder that installs setuptools and pip in
//! `post_setup`, by scripts that the environment's own Python runs. Their wheels come from a folder, by default that
//! of the Python's ensurepip, so nothing is downloaded.
//!
//! ```console
//! $ cargo run --example with_packages -- --verbose --python python3.11 ENV_DIR
//! ```

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Parser;
use rvenv::{
    Cache, Context, Discovery, EnvBuilder, Error, Existing, Interpreter, Links, Options, PythonRequest, Result, Source,
    Surroundings,
};

/// Runs the pip of the newest wheel in a folder, which installs a project from there.
const INSTALL: &str = r#"
import glob, os, runpy, sys

folder, project = sys.argv[1:]
wheels = glob.glob(os.path.join(glob.escape(folder), "pip-*.whl"))
if not wheels:
    sys.exit("there is no wheel of pip in " + folder)
number = lambda text: int(text) if text.isdigit() else 0
newest = max(wheels, key=lambda path: [number(n) for n in os.path.basename(path).split("-")[1].split(".")])
sys.path.insert(0, newest)
sys.argv = ["pip", "--isolated", "--disable-pip-version-check", "install"]
sys.argv += ["--no-index", "--find-links", folder, project]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"#;

/// Creates virtual Python environments with setuptools and pip in one or more target directories.
#[derive(Parser)]
#[command(name = "with_packages")]
struct Arguments {
    /// A directory to create the environment in
    #[arg(value_name = "ENV_DIR", required = true)]
    dirs: Vec<PathBuf>,

    /// Don't install setuptools in the virtual environment
    #[arg(long, alias = "no-distribute")]
    no_setuptools: bool,

    /// Don't install pip in the virtual environment
    #[arg(long)]
    no_pip: bool,

    /// Give the virtual environment access to the system site-packages dir
    #[arg(long)]
    system_site_packages: bool,

    /// Try to use symlinks rather than copies, when symlinks are not the default for the platform
    #[arg(long)]
    symlinks: bool,

    /// Delete the contents of the environment directory if it already exists, before environment creation
    #[arg(long, conflicts_with = "upgrade")]
    clear: bool,

    /// Upgrade the environment directory to use this version of Python
    #[arg(long)]
    upgrade: bool,

    /// Display the output from the scripts which install setuptools and pip
    #[arg(long)]
    verbose: bool,

    /// The Python to make the environments for
    #[arg(short, long, value_name = "PYTHON")]
    python: Option<std::ffi::OsString>,

    /// The directory with the wheels of setuptools and pip [default: that of the Python's ensurepip]
    #[arg(long, value_name = "DIR")]
    packages: Option<PathBuf>,
}

/// Makes environments with what `pip install` makes of wheels, and shows how far it is.
struct WithPackages {
    options: Options,
    interpreter: Interpreter,
    packages: PathBuf,
    projects: Vec<&'static str>,
    verbose: bool,
}

impl EnvBuilder for WithPackages {
    fn options(&self) -> &Options {
        &self.options
    }

    fn interpreter(&self) -> &Interpreter {
        &self.interpreter
    }

    /// A dot for each line of a script, or the line itself.
    fn progress(&self, line: &str, source: Source) {
        match source {
            Source::Stdout | Source::Stderr if self.verbose => show(&format!("{line}\n")),
            Source::Stdout | Source::Stderr => show("."),
            _ => {}
        }
    }

    fn post_setup(&self, context: &mut Context) -> Result<()> {
        self.projects.iter().try_for_each(|project| self.install(context, project))
    }
}

impl WithPackages {
    fn new(arguments: &Arguments) -> Result<WithPackages> {
        let current_dir = env::current_dir().map_err(hook)?;
        let request = arguments.python.as_deref().map_or(PythonRequest::Default, PythonRequest::from);
        let discovery = Discovery::new(Surroundings::new(env::vars_os(), current_dir), Cache::none());
        let interpreter = discovery.find(&request)?;
        let bundled = interpreter.wheels.first().and_then(|wheel| wheel.parent());
        let packages = arguments.packages.as_deref().or(bundled);
        let packages = packages.ok_or_else(|| hook("this Python bundles no wheels; name a folder by --packages"))?;
        let projects = [("setuptools", !arguments.no_setuptools), ("pip", !arguments.no_pip)];
        Ok(WithPackages {
            options: options(arguments),
            packages: std::path::absolute(packages).map_err(hook)?,
            interpreter,
            projects: projects.into_iter().filter(|(_, wanted)| *wanted).map(|(project, _)| project).collect(),
            verbose: arguments.verbose,
        })
    }

    /// Puts the script into the environment's bin, runs it there and takes it away again.
    fn install(&self, context: &Context, project: &str) -> Result<()> {
        show(&format!("Installing {project} "));
        let script = context.bin_path.join(format!("install_{project}.py"));
        fs::write(&script, INSTALL).map_err(hook)?;
        let mut command = Command::new(&context.env_exe);
        command.arg("-I").arg(&script).arg(&self.packages).arg(project).current_dir(&context.bin_path);
        let installed = self.run(&mut command);
        show(if installed.is_ok() { "done.\n" } else { "failed.\n" });
        fs::remove_file(&script).map_err(hook)?;
        installed
    }
}

fn options(arguments: &Arguments) -> Options {
    let mut options = Options::default();
    options.system_site_packages = arguments.system_site_packages;
    if arguments.symlinks {
        options.links = Links::Symlink;
    }
    options.existing = match (arguments.clear, arguments.upgrade) {
        (true, _) => Existing::Clear { force: false },
        (_, true) => Existing::Upgrade,
        _ => Existing::Keep,
    };
    options
}

fn hook(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Hook(error.into())
}

fn show(text: &str) {
    let mut stderr = io::stderr();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let made = WithPackages::new(&arguments)
        .and_then(|builder| arguments.dirs.iter().try_for_each(|env_dir: &PathBuf| create(&builder, env_dir)));
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            show(&format!("Error: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

fn create(builder: &WithPackages, env_dir: &Path) -> Result<()> {
    builder.create(env_dir).map(drop)
}
