//! What is printed for those who ask: the Pythons, the cache, whether environments are sound.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Result, bail};
use clap::ValueEnum;
use rvenv::{Cache, Discovery, Finding, Interpreter};
use serde_json::{Value, json};

/// How a list or an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

/// Prints the Pythons, one on a line.
pub fn pythons(pythons: &[Interpreter], format: Format) -> Result<()> {
    let mut text = String::new();
    for python in pythons {
        let path = python.executable.display();
        let build = if python.free_threaded { "t" } else { "" }.to_owned() + if python.debug { "d" } else { "" };
        // As --python takes it.
        let bits = if python.bits == 32 { "-32" } else { "" };
        let version = python.full_version() + &build + bits;
        let _ = writeln!(text, "{:<12} {:<8} {path}", version, python.implementation_name());
    }
    let described = pythons.iter().map(describe).collect();
    print(&text, &Value::Array(described), format)
}

/// Prints where the cache is and how much it holds.
pub fn cache(cache: &Cache, format: Format) -> Result<()> {
    let Some(path) = cache.path() else {
        bail!("there is no cache: no home directory is known; name a directory with --cache-dir");
    };
    cache.check()?;
    let size = cache.size();
    let text = format!("{}\n{} files, {:.1} MB\n", path.display(), size.files, size.bytes as f64 / 1e6);
    print(&text, &json!({ "path": path.to_string_lossy(), "files": size.files, "bytes": size.bytes }), format)
}

/// Prints what is wrong with the environments, each as soon as that is known; the error [`Unsound`] if anything is.
pub fn soundness(env_dirs: &[OsString], discovery: &Discovery, format: Format) -> Result<()> {
    let (mut described, mut all_sound) = (Vec::new(), true);
    for env_dir in env_dirs.iter().map(Path::new) {
        let findings = match rvenv::check(env_dir, discovery) {
            Err(error @ rvenv::Error::Interrupted) => return Err(error.into()),
            // What cannot be read is not sound either, and no reason to say nothing of the others.
            Err(error) => vec![Finding::unreadable(env_dir, &error)],
            Ok(findings) => findings,
        };
        all_sound &= findings.is_empty();
        match format {
            Format::Text => write(&lines(&findings, env_dir))?,
            Format::Json => described.push(describe_soundness(&findings, env_dir)),
        }
    }
    if format == Format::Json {
        write(&(serde_json::to_string_pretty(&described)? + "\n"))?;
    }
    if all_sound { Ok(()) } else { Err(Unsound.into()) }
}

fn lines(findings: &[Finding], env_dir: &Path) -> String {
    findings.iter().map(|finding| format!("{finding}; {}\n", finding.remedy.command(env_dir))).collect()
}

/// One environment's findings, for programs.
fn describe_soundness(findings: &[Finding], env_dir: &Path) -> Value {
    let describe = |finding: &Finding| {
        let path = finding.path.to_string_lossy();
        json!({ "path": path, "reason": finding.reason, "remedy": finding.remedy.command(env_dir) })
    };
    let described: Vec<Value> = findings.iter().map(describe).collect();
    json!({ "env_dir": env_dir.to_string_lossy(), "sound": findings.is_empty(), "findings": described })
}

fn print(text: &str, json: &Value, format: Format) -> Result<()> {
    match format {
        Format::Text => write(text),
        Format::Json => write(&(serde_json::to_string_pretty(json)? + "\n")),
    }
}

/// Writes what was asked for to stdout.
pub fn write(text: &str) -> Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        // Who reads it has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => bail!("Unable to write to stdout: {error}"),
        Ok(()) => Ok(()),
    }
}

/// An environment is not sound, which has been said.
#[derive(Debug)]
pub struct Unsound;

impl std::error::Error for Unsound {}

impl std::fmt::Display for Unsound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an environment is not sound")
    }
}

/// One Python of a list, for programs.
fn describe(python: &Interpreter) -> Value {
    json!({
        "version": python.full_version(),
        "implementation": python.implementation,
        "free_threaded": python.free_threaded,
        "debug": python.debug,
        "bits": python.bits,
        "path": python.executable.to_string_lossy(),
        "real_path": python.real_executable.to_string_lossy(),
    })
}
