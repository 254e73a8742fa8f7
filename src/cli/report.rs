//! The reports: the list of Pythons, the cache, and whether environments are intact.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Result, bail};
use clap::ValueEnum;
use rvenv::{Cache, Discovery, Interpreter};
use serde_json::{Value, json};

/// The format of a list or report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

/// Prints the Pythons, one per line.
pub fn pythons(pythons: &[Interpreter], format: Format) -> Result<()> {
    let (mut text, mut described) = (String::new(), Vec::new());
    for python in pythons {
        let path = python.executable.display();
        let build = if python.free_threaded { "t" } else { "" }.to_owned() + if python.debug { "d" } else { "" };
        // As --python accepts it.
        let bits = if python.bits == 32 { "-32" } else { "" };
        let version = python.full_version() + &build + bits;
        let _ = writeln!(text, "{:<12} {:<8} {path}", version, python.implementation_name());
        described.push(json!({
            "version": python.full_version(),
            "implementation": python.implementation,
            "free_threaded": python.free_threaded,
            "debug": python.debug,
            "bits": python.bits,
            "path": python.executable.to_string_lossy(),
            "real_path": python.real_executable.to_string_lossy(),
        }));
    }
    print(&text, &Value::Array(described), format)
}

/// Prints the path of the cache and its size.
pub fn cache(cache: &Cache, format: Format) -> Result<()> {
    let Some(path) = cache.path() else {
        bail!("there is no cache directory, since the home directory is not known; pass --cache-dir DIR");
    };
    cache.check()?;
    let size = cache.size();
    let text = format!("{}\n{} files, {:.1} MB\n", path.display(), size.files, size.bytes as f64 / 1e6);
    print(&text, &json!({ "path": path.to_string_lossy(), "files": size.files, "bytes": size.bytes }), format)
}

/// Prints the problems of the environments, each as soon as it is checked. Returns whether all are intact.
pub fn check(env_dirs: &[OsString], discovery: &Discovery, format: Format) -> Result<bool> {
    let (mut reports, mut all_valid) = (Vec::new(), true);
    for env_dir in env_dirs.iter().map(Path::new) {
        let findings = rvenv::check(env_dir, discovery)?;
        all_valid &= findings.is_empty();
        let (mut text, mut described) = (String::new(), Vec::new());
        for finding in &findings {
            let run = if finding.command.is_some() { "run: " } else { "" };
            let remedy = finding.command.as_deref().unwrap_or("repair it by hand");
            let _ = writeln!(text, "{finding}; {run}{remedy}");
            let path = finding.path.to_string_lossy();
            described.push(json!({ "path": path, "reason": finding.reason, "remedy": remedy }));
        }
        if format == Format::Text {
            write(&text)?;
        }
        reports.push(json!({
            "env_dir": env_dir.to_string_lossy(), "sound": findings.is_empty(), "findings": described
        }));
    }
    print("", &Value::Array(reports), format)?;
    Ok(all_valid)
}

fn print(text: &str, json: &Value, format: Format) -> Result<()> {
    match format {
        Format::Text => write(text),
        Format::Json => write(&(serde_json::to_string_pretty(json)? + "\n")),
    }
}

/// Prints what `--help` or `--version` asks for, in colour on a terminal.
pub fn print_help(help: &clap::Error) -> Result<()> {
    written(help.print().and_then(|()| io::stdout().flush()))
}

/// Writes the requested output to stdout.
pub fn write(text: &str) -> Result<()> {
    written(io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()))
}

fn written(outcome: io::Result<()>) -> Result<()> {
    match outcome {
        // The reader has closed the pipe because it needs no more.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => bail!("Unable to write to stdout: {error}"),
        Ok(()) => Ok(()),
    }
}
