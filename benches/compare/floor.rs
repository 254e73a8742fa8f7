//! The floor: copies a tree and does nothing else, as fast as a small program can. It creates all directories; then threads
//! take whole directories, those with the most files first, and reads and writes their files relative
//! to the open directories. Symbolic links are created again as links. Times and owners are not copied, and nothing is
//! synced to disk.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Result;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, fstat, linkat, openat, symlinkat};
use walkdir::WalkDir;

/// The directories of a tree, each after the one that it is in, with the names of their files, and whether they are links.
type Tree = BTreeMap<PathBuf, Vec<(OsString, bool)>>;

/// The program: `floor copy|hardlink THREADS SOURCE DEST…`.
pub fn main(mut words: impl Iterator<Item = OsString>) -> Result<()> {
    let hardlink = words.next().is_some_and(|word| word == "hardlink");
    let threads = words.next().unwrap_or_default().to_string_lossy().parse()?;
    let source = PathBuf::from(words.next().unwrap_or_default());
    let tree = read(&source)?;
    for dest in words {
        write(hardlink, threads, &tree, &source, Path::new(&dest))?;
    }
    Ok(())
}

fn read(source: &Path) -> Result<Tree> {
    let mut tree = Tree::new();
    for entry in WalkDir::new(source) {
        let entry = entry?;
        let path = entry.path().strip_prefix(source)?;
        match path.parent() {
            Some(directory) if !entry.file_type().is_dir() => {
                let file = (entry.file_name().to_owned(), entry.path_is_symlink());
                tree.entry(directory.to_owned()).or_default().push(file);
            }
            _ => drop(tree.entry(path.to_owned()).or_default()),
        }
    }
    Ok(tree)
}

fn write(hardlink: bool, threads: usize, tree: &Tree, source: &Path, dest: &Path) -> io::Result<()> {
    for directory in tree.keys() {
        fs::create_dir(dest.join(directory))?;
    }
    let mut queue: Vec<_> = tree.iter().collect();
    queue.sort_by_key(|(_, files)| std::cmp::Reverse(files.len()));
    let next = AtomicUsize::new(0);
    let work = || -> io::Result<()> {
        let mut buffer = Vec::new();
        while let Some((directory, files)) = queue.get(next.fetch_add(1, Ordering::Relaxed)) {
            write_files(hardlink, files, &source.join(directory), &dest.join(directory), &mut buffer)?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let own = work();
        others.into_iter().try_for_each(|other| other.join().expect("no panic")).and(own)
    })
}

fn write_files(
    hardlink: bool,
    files: &[(OsString, bool)],
    source: &Path,
    dest: &Path,
    buffer: &mut Vec<u8>,
) -> io::Result<()> {
    let open = |path| openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let (from, to) = (open(source)?, open(dest)?);
    for (name, is_link) in files {
        match (is_link, hardlink) {
            (true, _) => symlinkat(fs::read_link(source.join(name))?, &to, name)?,
            (_, true) => linkat(&from, name, &to, name, AtFlags::empty())?,
            (_, false) => copy_file(from.as_fd(), to.as_fd(), name, buffer)?,
        }
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
