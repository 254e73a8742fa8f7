//! Everything prepared for a Python before timing, and the commands that contestants consist of.

use std::env;
use std::fs;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use walkdir::WalkDir;

use crate::comparison::bare;
use crate::comparison::floor;
use crate::comparison::machine;
use crate::comparison::peers::Peers;
use crate::comparison::pythons::{self, Python};
use crate::comparison::wheel;

/// Whether a tool has a cache from earlier runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    Warm,
    /// A new directory for this run.
    Cold,
}

/// The tree that the floor copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tree {
    /// An environment created by rvenv, with pip and .pyc files.
    Whole,
    /// The same without .pyc files.
    Sources,
    /// An environment without pip.
    WithoutPip,
}

/// The Python of a course that an environment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    Usual,
    /// A copy without pip.
    WithoutPip,
}

/// One command of a contestant.
#[derive(Debug, Clone)]
pub enum Step {
    Rvenv {
        flags: &'static [&'static str],
        cache: Cache,
        environments: usize,
        base: Base,
    },
    /// rvenv finding its Python through pyenv's shim.
    RvenvByShim {
        flags: &'static [&'static str],
    },
    Uv {
        flags: &'static [&'static str],
    },
    Virtualenv {
        flags: &'static [&'static str],
        cache: Cache,
        base: Base,
    },
    Venv {
        flags: &'static [&'static str],
        base: Base,
    },
    /// Copies or hard links a tree, in one process.
    Floor {
        how: &'static str,
        tree: Tree,
        environments: Range<usize>,
    },
    /// Compiles all modules with one process per core.
    Compile,
    /// Installs the small wheel.
    Install,
}

/// The directory of one run's files, new for each run.
#[derive(Debug)]
pub struct Place(pub PathBuf);

impl Place {
    pub fn environment(&self, number: usize) -> PathBuf {
        self.0.join(format!("env{number}"))
    }

    fn cache(&self) -> PathBuf {
        self.0.join("cache")
    }
}

/// A Python with everything that its contestants need.
pub struct Course<'a> {
    pub python: Python,
    /// The directory of its runs' files.
    pub directory: PathBuf,
    /// Disk space used by an environment with pip, in bytes.
    pub tree_size: u64,
    /// Its copy without pip, or the Python itself if it has no bundled pip installed.
    bare: PathBuf,
    pub peers: &'a Peers,
    wheel: PathBuf,
}

impl<'a> Course<'a> {
    pub fn prepare(python: Python, peers: &'a Peers, scratch: &Path) -> Result<Course<'a>> {
        let number = fs::read_dir(scratch)?.count();
        let directory = scratch.join(format!("{number}-{}", python.version));
        fs::create_dir(&directory)?;
        let wheel = wheel::write(&directory)?;
        let bare = match python.has_bundled_pip {
            true => bare::copy(&python.path, &directory.join("bare"))?,
            false => python.path.clone(),
        };
        let mut course = Course { python, directory, tree_size: 0, bare, peers, wheel };

        let tree = course.tree(Tree::Whole);
        course.make(&[], &tree)?;
        course.make(&["--without-pip"], &course.tree(Tree::WithoutPip))?;
        floor::copy_without(&tree, &course.tree(Tree::Sources), "__pycache__")?;
        course.tree_size = size_on_disk(&tree);
        peers.prime(&course.python.path, &course.directory.join("primed"));
        Ok(course)
    }

    fn make(&self, flags: &[&str], env_dir: &Path) -> Result<()> {
        let output = self.rvenv(&self.cache()).args(flags).arg("-p").arg(&self.python.path).arg(env_dir).output();
        let output = output.context("could not run rvenv")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(())
    }

    fn tree(&self, tree: Tree) -> PathBuf {
        self.directory.join(match tree {
            Tree::Whole => "tree",
            Tree::Sources => "sources",
            // Not `without-pip`, which is the directory of a group.
            Tree::WithoutPip => "bare-tree",
        })
    }

    fn executable(&self, base: Base) -> &Path {
        if base == Base::Usual { &self.python.path } else { &self.bare }
    }

    /// rvenv's cache for warm runs.
    fn cache(&self) -> PathBuf {
        self.directory.join("cache")
    }

    fn rvenv(&self, cache: &Path) -> Command {
        let mut command = machine::clean(&self.peers.rvenv);
        command.arg("--cache-dir").arg(cache);
        command
    }

    pub fn command(&self, step: &Step, place: &Place) -> Command {
        let python = &self.python.path;
        let first = place.environment(0);
        let or_warm = |cache: Cache, warm: PathBuf| if cache == Cache::Warm { warm } else { place.cache() };
        match step {
            Step::Rvenv { flags, cache, environments, base } => {
                let mut command = self.rvenv(&or_warm(*cache, self.cache()));
                command.args(*flags).arg("-p").arg(self.executable(*base));
                command.args((0..*environments).map(|number| place.environment(number)));
                command
            }
            Step::RvenvByShim { flags } => self.rvenv_by_shim(flags, &first),
            Step::Uv { flags } => with(self.peers.uv(), &["venv"], flags, python, &first),
            Step::Virtualenv { flags, cache, base } => {
                let mut command = self.peers.virtualenv(&or_warm(*cache, self.peers.app_data.clone()));
                command.env("RVENV_CACHE_DIR", self.cache());
                with(command, &["--no-periodic-update"], flags, self.executable(*base), &first)
            }
            Step::Venv { flags, base } => {
                let mut command = machine::clean(self.executable(*base));
                command.args(["-m", "venv"]).args(*flags).arg(first);
                command
            }
            Step::Floor { how, tree, environments } => {
                let mut command = machine::clean(env::current_exe().expect("this program"));
                command.args(["floor", how]).arg(self.tree(*tree));
                command.args(environments.clone().map(|number| place.environment(number)));
                command
            }
            Step::Compile => {
                let mut command = machine::clean(python);
                command.args(["-I", "-S", "-c", include_str!("compile.py")]).arg(first.join("lib"));
                command
            }
            Step::Install => {
                let mut command = machine::clean(first.join("bin/python"));
                command.args(["-m", "pip", "install", "--no-index", "--disable-pip-version-check", "--quiet"]);
                command.arg(&self.wheel);
                command
            }
        }
    }

    fn rvenv_by_shim(&self, flags: &[&str], env_dir: &Path) -> Command {
        let mut path = pythons::pyenv_root().join("shims").into_os_string();
        path.push(":");
        path.push(env::var_os("PATH").unwrap_or_default());
        let mut command = self.rvenv(&self.cache());
        command.env("PATH", path).env("PYENV_VERSION", self.python.pyenv_name.as_deref().unwrap_or_default());
        command.args(flags).arg(env_dir);
        command
    }
}

/// A rival's command line.
fn with(mut command: Command, own: &[&str], flags: &[&str], python: &Path, env_dir: &Path) -> Command {
    command.args(own).args(flags).arg("-p").arg(python).arg(env_dir);
    command
}

fn size_on_disk(directory: &Path) -> u64 {
    let entries = WalkDir::new(directory).into_iter().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.blocks() * 512).sum()
}
