//! A launcher on Windows has three parts: distlib's stub, which pip's wheel contains; a shebang line that names the
//! Python; and a zip archive with the code to run. The stub finds the other two from the end of its own file.

use std::ffi::{OsStr, OsString};
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// The bytes that a program on Windows begins with.
const MAGIC: &[u8] = b"MZ";

/// The name that a stub replaces with its own directory (distlib 0.3.0, pip 20).
const OWN_DIRECTORY: &str = "<launcher_dir>";

/// The parts of a launcher.
pub(super) struct Exe<'a> {
    pub(super) stub: &'a [u8],
    /// From `#!` on, including the line ending, whatever it is.
    pub(super) shebang: &'a [u8],
    pub(super) archive: &'a [u8],
}

impl Exe<'_> {
    /// The parts of the launcher in `bytes`. None if they are another program or not a program.
    pub(super) fn parse(bytes: &[u8]) -> Option<Exe<'_>> {
        let start = is_program(bytes).then(|| ZipArchive::new(Cursor::new(bytes)))?.ok()?.offset();
        let (before, archive) = bytes.split_at_checked(start as usize)?;
        let shebang = before.windows(2).rposition(|pair| pair == b"#!")?;
        let (stub, shebang) = before.split_at(shebang);
        Some(Exe { stub, shebang, archive })
    }

    pub(super) fn render(&self) -> Vec<u8> {
        [self.stub, self.shebang, self.archive].concat()
    }
}

/// Whether these bytes begin like a program.
pub(super) fn is_program(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// The line that names the Python, in UTF-8. The path is quoted if it contains a space.
pub(super) fn shebang(python: &Path) -> Vec<u8> {
    let python = python.to_string_lossy();
    let quote = if python.contains(' ') { "\"" } else { "" };
    format!("#!{quote}{python}{quote}\n").into_bytes()
}

/// The path of the Python with this name in the launcher's own directory.
pub(super) fn beside(python_exe: &OsStr) -> PathBuf {
    [OsStr::new(OWN_DIRECTORY), OsStr::new("\\"), python_exe].into_iter().collect::<OsString>().into()
}

/// Whether a stub can find its own directory: the name that it replaces is then in it, in UTF-16.
pub(super) fn finds_its_directory(stub: &[u8]) -> bool {
    let name: Vec<u8> = OWN_DIRECTORY.encode_utf16().flat_map(u16::to_le_bytes).collect();
    stub.windows(name.len()).any(|window| window == name)
}

/// The archive of one file, with the earliest possible date: the same launcher always has the same bytes.
pub(super) fn archive(main: &str) -> Vec<u8> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let written = archive.start_file("__main__.py", options.last_modified_time(DateTime::default()));
    let written = written.and_then(|()| Ok(archive.write_all(main.as_bytes())?)).and_then(|()| archive.finish());
    written.expect("writing an archive to memory cannot fail").into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rendered_launcher_is_parsed_into_the_same_parts() {
        let (stub, archive) = (b"MZ stub with #! in it".as_slice(), archive("print()"));
        for end in ["", "\r\n"] {
            let shebang = [shebang(Path::new("/a b/python.exe")), end.into()].concat();
            let bytes = Exe { stub, shebang: &shebang, archive: &archive }.render();
            let exe = Exe::parse(&bytes).unwrap();
            assert_eq!((exe.stub, exe.shebang, exe.archive), (stub, shebang.as_slice(), archive.as_slice()));
        }
        for other in [stub, &archive, b"MZ", b"", &[stub, b"PK\x05\x06", &[255; 18]].concat()] {
            assert!(Exe::parse(other).is_none());
        }
    }

    #[test]
    fn a_path_with_a_space_is_quoted() {
        assert_eq!(shebang(Path::new(r"C:\env\python.exe")), b"#!C:\\env\\python.exe\n");
        assert_eq!(shebang(Path::new(r"C:\my env\python.exe")), b"#!\"C:\\my env\\python.exe\"\n");
    }
}
