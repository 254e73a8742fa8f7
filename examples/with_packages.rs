//! The worked example in the documentation of CPython's `venv`, in Rust: a builder that installs setuptools and pip in
//! `post_setup`, with scripts that the environment's own Python runs. The wheels come from a directory, by default that
//! of the Python's ensurepip, so nothing is downloaded.
//!
//! ```console
//! $ cargo run --example with_packages -- --verbose --python python3.11 ENV_DIR
//! ```

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use clap::Parser;
use rvenv::{
    Context, Discovery, EnvBuilder, Error, Event, Existing, Links, PythonRequest, Result, Source, Steps, Surroundings,
};

/// Runs the pip of the newest wheel in a directory, which installs a project from there.
const INSTALL: &str = r#"
import glob, os, runpy, sys

directory, project = sys.argv[1:]
wheels = glob.glob(os.path.join(glob.escape(directory), "pip-*.whl"))
if not wheels:
    sys.exit("there is no pip wheel in " + directory)
number = lambda text: int(text) if text.isdigit() else 0
newest = max(wheels, key=lambda path: [number(n) for n in os.path.basename(path).split("-")[1].split(".")])
sys.path.insert(0, newest)
sys.argv = ["pip", "--isolated", "--disable-pip-version-check", "install"]
sys.argv += ["--no-index", "--find-links", directory, project]
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

    /// The Python to create the environments for
    #[arg(short, long, value_name = "PYTHON")]
    python: Option<std::ffi::OsString>,

    /// The directory with the wheels of setuptools and pip [default: that of the Python's ensurepip]
    #[arg(long, value_name = "DIR")]
    packages: Option<PathBuf>,
}

/// Installs projects from a directory of wheels, with scripts that the environment's Python runs.
struct WithPackages {
    packages: PathBuf,
    projects: Vec<&'static str>,
}

impl Steps for WithPackages {
    fn post_setup(&self, builder: &EnvBuilder, context: &mut Context) -> Result<()> {
        self.projects.iter().try_for_each(|project| self.install(project, builder, context))
    }
}

impl WithPackages {
    /// Writes the script into the environment's bin, runs it there and removes it.
    fn install(&self, project: &str, builder: &EnvBuilder, context: &Context) -> Result<()> {
        eprint!("Installing {project} ");
        let script = context.bin_path().join(format!("install_{project}.py"));
        fs::write(&script, INSTALL).map_err(Error::hook)?;
        let mut command = Command::new(context.env_exe());
        command.arg("-I").arg(&script).arg(&self.packages).arg(project).current_dir(context.bin_path());
        let installed = builder.run(&mut command);
        eprintln!("{}", if installed.is_ok() { "done." } else { "failed." });
        fs::remove_file(&script).map_err(Error::hook)?;
        installed
    }
}

/// Prints a dot for each line of a script's output, or the line itself.
fn show(event: Event<'_>, verbose: bool) {
    match event {
        Event::Progress { line, source: Source::Stdout | Source::Stderr, .. } if verbose => eprintln!("{line}"),
        Event::Progress { source: Source::Stdout | Source::Stderr, .. } => eprint!("."),
        _ => {}
    }
}

fn run(arguments: Arguments) -> Result<()> {
    let request = arguments.python.as_deref().map_or(PythonRequest::Default, PythonRequest::from);
    let surroundings = Surroundings::new(env::vars_os(), env::current_dir().map_err(Error::hook)?);
    let interpreter = Discovery::new(surroundings).find(&request)?;

    let bundled = interpreter.wheels.first().and_then(|wheel| wheel.parent());
    let packages = arguments.packages.as_deref().or(bundled);
    let packages = packages.ok_or_else(|| Error::hook("this Python bundles no wheels; pass --packages DIR"))?;
    let projects = [("setuptools", !arguments.no_setuptools), ("pip", !arguments.no_pip)];
    let steps = WithPackages {
        packages: std::path::absolute(packages).map_err(Error::hook)?,
        projects: projects.into_iter().filter(|(_, wanted)| *wanted).map(|(project, _)| project).collect(),
    };

    let mut builder = EnvBuilder::new(interpreter)
        .system_site_packages(arguments.system_site_packages)
        .existing(match (arguments.clear, arguments.upgrade) {
            (true, _) => Existing::Clear { force: false },
            (_, true) => Existing::Upgrade,
            _ => Existing::Keep,
        })
        .on_event(move |event| show(event, arguments.verbose));
    if arguments.symlinks {
        builder = builder.links(Links::Symlink);
    }
    arguments.dirs.iter().try_for_each(|env_dir| builder.create_with(env_dir, &steps).map(drop))
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}
