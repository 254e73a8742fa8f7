//! The small wheel for the first-install groups, with one module.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const METADATA: &str = "Metadata-Version: 2.1\nName: small\nVersion: 1.0\n";
const WHEEL: &str = "Wheel-Version: 1.0\nGenerator: compare\nRoot-Is-Purelib: true\nTag: py3-none-any\n";

/// Writes the wheel to `directory`.
pub fn write(directory: &Path) -> Result<PathBuf> {
    let path = directory.join("small-1.0-py3-none-any.whl");
    let mut files = vec![
        ("small.py", "ANSWER = 42\n".to_owned()),
        ("small-1.0.dist-info/METADATA", METADATA.to_owned()),
        ("small-1.0.dist-info/WHEEL", WHEEL.to_owned()),
    ];
    let record: String = files.iter().map(|(name, _)| format!("{name},,\n")).collect();
    files.push(("small-1.0.dist-info/RECORD", record + "small-1.0.dist-info/RECORD,,\n"));
    let mut zip = ZipWriter::new(File::create(&path)?);
    for (name, contents) in files {
        zip.start_file(name, SimpleFileOptions::default())?;
        zip.write_all(contents.as_bytes())?;
    }
    zip.finish()?;
    Ok(path)
}
