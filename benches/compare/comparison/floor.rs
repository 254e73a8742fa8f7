//! The floor: copies a tree and does nothing else, as fast as a small program can. It creates all directories; then one
//! thread per core takes whole directories, those with the most files first, and reads and writes their files relative
//! to the open directories. Symbolic links are created again as links. Times and owners are not copied, and nothing is
//! synced to disk.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Result, bail};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, fstat, linkat, openat, symlinkat};

use crate::comparison::machine;

/// How files are copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Copy,
    Hardlink,
}

/// A directory in a tree.
struct Directory {
    /// Relative to the tree.
    path: PathBuf,
    files: Vec<OsString>,
    links: Vec<OsString>,
}

/// The program: `floor copy|hardlink SOURCE DEST…`.
pub fn main(mut words: impl Iterator<Item = OsString>) -> Result<()> {
    let how = match words.next().as_deref().and_then(OsStr::to_str) {
        Some("copy") => How::Copy,
        Some("hardlink") => How::Hardlink,
        _ => bail!("usage: floor copy|hardlink SOURCE DEST…"),
    };
    let source = PathBuf::from(words.next().unwrap_or_default());
    let directories = read(&source, None)?;
    for dest in words {
        write(how, &directories, &source, Path::new(&dest))?;
    }
    Ok(())
}

/// Copies a tree without directories of this name.
pub fn copy_without(source: &Path, dest: &Path, name: &str) -> io::Result<()> {
    write(How::Copy, &read(source, Some(name))?, source, dest)
}

/// The directories of a tree, each after its parent.
fn read(source: &Path, without: Option<&str>) -> io::Result<Vec<Directory>> {
    let mut directories = vec![Directory { path: PathBuf::new(), files: vec![], links: vec![] }];
    let mut next = 0;
    while next < directories.len() {
        for entry in fs::read_dir(source.join(&directories[next].path))? {
            let entry = entry?;
            let (kind, name) = (entry.file_type()?, entry.file_name());
            if kind.is_symlink() {
                directories[next].links.push(name);
            } else if !kind.is_dir() {
                directories[next].files.push(name);
            } else if without.is_none_or(|without| name != without) {
                let path = directories[next].path.join(name);
                directories.push(Directory { path, files: vec![], links: vec![] });
            }
        }
        next += 1;
    }
    Ok(directories)
}

fn write(how: How, directories: &[Directory], source: &Path, dest: &Path) -> io::Result<()> {
    for directory in directories {
        fs::create_dir(dest.join(&directory.path))?;
    }
    let mut queue: Vec<&Directory> = directories.iter().collect();
    queue.sort_by_key(|directory| std::cmp::Reverse(directory.files.len()));
    let next = AtomicUsize::new(0);
    let work = || -> io::Result<()> {
        let mut buffer = Vec::new();
        while let Some(directory) = queue.get(next.fetch_add(1, Ordering::Relaxed)) {
            write_directory(how, directory, source, dest, &mut buffer)?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..machine::cores()).map(|_| scope.spawn(work)).collect();
        let own = work();
        others.into_iter().try_for_each(|other| other.join().expect("no panic")).and(own)
    })
}

fn write_directory(
    how: How,
    directory: &Directory,
    source: &Path,
    dest: &Path,
    buffer: &mut Vec<u8>,
) -> io::Result<()> {
    let open = |path: PathBuf| openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let (from, to) = (open(source.join(&directory.path))?, open(dest.join(&directory.path))?);
    for name in &directory.files {
        match how {
            How::Copy => copy_file(from.as_fd(), to.as_fd(), name, buffer)?,
            How::Hardlink => linkat(&from, name, &to, name, AtFlags::empty())?,
        }
    }
    for name in &directory.links {
        symlinkat(fs::read_link(source.join(&directory.path).join(name))?, &to, name)?;
    }
    Ok(())
}

fn copy_file(from: BorrowedFd<'_>, to: BorrowedFd<'_>, name: &OsStr, buffer: &mut Vec<u8>) -> io::Result<()> {
    let mut source = File::from(openat(from, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?);
    let stat = fstat(&source)?;
    let size = usize::try_from(stat.st_size).unwrap_or(0);
    buffer.resize(size.max(buffer.len()), 0);
    source.read_exact(&mut buffer[..size])?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    File::from(openat(to, name, flags, Mode::from_raw_mode(stat.st_mode))?).write_all(&buffer[..size])
}
