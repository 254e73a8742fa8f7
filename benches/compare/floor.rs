//! The floor: copies a tree and does nothing else, as fast as a small program can. It creates all directories; then threads
//! take whole directories, those with the most files first, and reads and writes their files relative
//! to the open directories. Symbolic links are created again as links. Times and owners are not copied, and nothing is
//! synced to disk.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Result;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, fstat, linkat, openat, symlinkat};

/// A directory in a tree.
#[derive(Default)]
struct Directory {
    /// Relative to the tree.
    path: PathBuf,
    files: Vec<OsString>,
    links: Vec<OsString>,
}

/// The program: `floor copy|hardlink THREADS SOURCE DEST…`.
pub fn main(mut words: impl Iterator<Item = OsString>) -> Result<()> {
    let hardlink = words.next().is_some_and(|word| word == "hardlink");
    let threads = words.next().unwrap_or_default().to_string_lossy().parse()?;
    let source = PathBuf::from(words.next().unwrap_or_default());
    let directories = read(&source)?;
    for dest in words {
        write(hardlink, threads, &directories, &source, Path::new(&dest))?;
    }
    Ok(())
}

/// The directories of a tree, each after its parent.
fn read(source: &Path) -> io::Result<Vec<Directory>> {
    let mut directories = vec![Directory::default()];
    let mut next = 0;
    while next < directories.len() {
        for entry in fs::read_dir(source.join(&directories[next].path))? {
            let entry = entry?;
            let (kind, name) = (entry.file_type()?, entry.file_name());
            if kind.is_dir() {
                let path = directories[next].path.join(name);
                directories.push(Directory { path, ..Directory::default() });
            } else if kind.is_symlink() {
                directories[next].links.push(name);
            } else {
                directories[next].files.push(name);
            }
        }
        next += 1;
    }
    Ok(directories)
}

fn write(hardlink: bool, threads: usize, directories: &[Directory], source: &Path, dest: &Path) -> io::Result<()> {
    for directory in directories {
        fs::create_dir(dest.join(&directory.path))?;
    }
    let mut queue: Vec<&Directory> = directories.iter().collect();
    queue.sort_by_key(|directory| std::cmp::Reverse(directory.files.len()));
    let next = AtomicUsize::new(0);
    let work = || -> io::Result<()> {
        let mut buffer = Vec::new();
        while let Some(directory) = queue.get(next.fetch_add(1, Ordering::Relaxed)) {
            write_directory(hardlink, directory, source, dest, &mut buffer)?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let own = work();
        others.into_iter().try_for_each(|other| other.join().expect("no panic")).and(own)
    })
}

fn write_directory(
    hardlink: bool,
    directory: &Directory,
    source: &Path,
    dest: &Path,
    buffer: &mut Vec<u8>,
) -> io::Result<()> {
    let open = |path: PathBuf| openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let (from, to) = (open(source.join(&directory.path))?, open(dest.join(&directory.path))?);
    for name in &directory.files {
        match hardlink {
            true => linkat(&from, name, &to, name, AtFlags::empty())?,
            false => copy_file(from.as_fd(), to.as_fd(), name, buffer)?,
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
