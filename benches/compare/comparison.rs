//! The benchmark: rvenv, its rivals and the floor, in turn, for each Python asked for. `docs/benchmarks.md` says what
//! is compared, how, and what is unfair to whom.

mod bare;
mod chart;
mod contest;
mod course;
mod floor;
mod groups;
mod machine;
mod peers;
mod pythons;
mod report;
mod statistics;
mod wheel;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;

use course::Course;
use groups::Group;
use peers::Peers;
use report::Results;

/// Compares rvenv with uv, virtualenv, python -m venv and the bare copying of files.
#[derive(Debug, Parser)]
#[command(name = "compare")]
struct Arguments {
    /// The Pythons to make environments for: paths or versions [default: the first python3 on PATH]
    pythons: Vec<PathBuf>,

    /// How often each contestant is timed
    #[arg(long, value_name = "N", default_value_t = 11, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,

    /// Only this group; can be given several times
    #[arg(long, value_name = "GROUP", value_parser = groups::NAMES)]
    only: Vec<String>,

    /// Write each timing and what it was taken with to FILE
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Draw the first Python's results into FILE, as SVG
    #[arg(long, value_name = "FILE")]
    chart: Option<PathBuf>,

    /// Where the rivals are installed and environments are made
    #[arg(long, value_name = "DIR", default_value = concat!(env!("CARGO_TARGET_TMPDIR"), "/compare"))]
    dir: PathBuf,

    /// A wheel of rvenv for this machine: its program is measured in place of cargo's, and virtualenv with its seeder
    #[arg(long, value_name = "FILE")]
    wheel: Option<PathBuf>,

    /// What `cargo bench` says to each benchmark, and `cargo test --benches` does not
    #[arg(long, hide = true)]
    bench: bool,
}

/// Runs it.
pub fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<()> {
    let mut words = env::args_os().skip(1);
    if words.next().is_some_and(|word| word == "floor") {
        return floor::main(words);
    }
    let arguments = Arguments::parse();
    if !arguments.bench {
        println!("Nothing is measured: the benchmark is started by `cargo bench --bench compare`.");
        return Ok(());
    }
    run(&arguments)
}

fn run(arguments: &Arguments) -> Result<()> {
    let pythons = pythons::find(&arguments.pythons)?;
    fs::create_dir_all(&arguments.dir)?;
    let dir = arguments.dir.canonicalize()?;
    machine::warn_of_removed_files(&dir);
    let peers = Peers::install(&dir, arguments.wheel.as_deref())?;
    let scratch = tempfile::Builder::new().prefix("run-").tempdir_in(&dir)?;

    let mut courses = Vec::new();
    for python in pythons {
        eprintln!("Preparing {}", python.title());
        courses.push(Course::prepare(python, &peers, scratch.path())?);
    }
    let is_wanted = |group: &Group| arguments.only.is_empty() || arguments.only.iter().any(|name| name == group.name);
    let groups = |course: &Course| -> Vec<Group> { groups::all(course).into_iter().filter(is_wanted).collect() };
    let needed = courses.iter().map(|course| course.tree_size * trees(&groups(course), arguments.rounds)).sum();
    check_space(&dir, needed)?;

    let mut results = Results::new(&dir, &peers);
    print!("{}", results.heading());
    for course in &courses {
        for group in groups(course) {
            let outcomes = contest::run(course, &group, rounds(&group, arguments.rounds))?;
            print!("{}", results.add(&course.python, &group, outcomes));
        }
    }
    if let Some(file) = &arguments.json {
        fs::write(file, results.json()? + "\n")?;
    }
    if let Some(file) = &arguments.chart {
        fs::write(file, chart::draw(&results))?;
    }
    eprintln!("Removing all environments");
    scratch.close()?;
    machine::note_removed_files(&dir)
}

/// How often a group is run: one of 20 environments half as often.
fn rounds(group: &Group, asked: u16) -> u16 {
    if group.is_long { asked.div_ceil(2) } else { asked }
}

/// How many trees with pip these groups make in the end.
fn trees(groups: &[Group], asked: u16) -> u64 {
    let of_group = |group: &Group| {
        let runs = u64::from(rounds(group, asked)) + 1;
        runs * group.contestants.iter().map(|contestant| contestant.trees()).sum::<u64>()
    };
    groups.iter().map(of_group).sum()
}

/// Nothing is removed before the end, so all of it has to have room at once.
fn check_space(dir: &Path, needed: u64) -> Result<()> {
    let Some(free) = machine::free_space(dir) else { return Ok(()) };
    let gigabytes = |bytes: u64| format!("{:.1} GB", bytes as f64 / 1e9);
    eprintln!("Up to {} are needed in {} and {} are free", gigabytes(needed), dir.display(), gigabytes(free));
    ensure!(needed < free / 10 * 9, "not enough room; fewer --rounds, --only one group or another --dir need less");
    Ok(())
}
