//! The benchmark: times rvenv, its rivals and the floor in turn, for each requested Python. `docs/benchmarks.md` says
//! what is compared, how, and what is unfair to whom.

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

/// Compare rvenv with uv, virtualenv, python -m venv and plain copying of files
#[derive(Debug, Parser)]
#[command(name = "compare")]
struct Arguments {
    /// Pythons to create environments for: paths or versions [default: the first python3 on PATH]
    pythons: Vec<PathBuf>,

    /// Time each contestant N times
    #[arg(long, value_name = "N", default_value_t = 11, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,

    /// Run only this group; can be given several times
    #[arg(long, value_name = "GROUP", value_parser = groups::NAMES)]
    only: Vec<String>,

    /// Write all timings and the measurement conditions to FILE
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Draw the first Python's results to FILE, as SVG
    #[arg(long, value_name = "FILE")]
    chart: Option<PathBuf>,

    /// Directory to install the rivals and create environments in
    #[arg(long, value_name = "DIR", default_value = concat!(env!("CARGO_TARGET_TMPDIR"), "/compare"))]
    dir: PathBuf,

    /// Measure the program in this rvenv wheel instead of cargo's, and virtualenv with the wheel's seeder
    #[arg(long, value_name = "FILE")]
    wheel: Option<PathBuf>,

    /// Passed by `cargo bench` to each benchmark, and not by `cargo test --benches`
    #[arg(long, hide = true)]
    bench: bool,
}

/// Runs the benchmark, or the floor if that is the first argument.
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
        println!("Nothing was measured; run `cargo bench --bench compare` for the benchmark.");
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

/// How often a group is run: half as often for the group of 20 environments.
fn rounds(group: &Group, asked: u16) -> u16 {
    if group.is_long { asked.div_ceil(2) } else { asked }
}

/// The total number of trees with pip that these groups create.
fn trees(groups: &[Group], asked: u16) -> u64 {
    let of_group = |group: &Group| {
        let runs = u64::from(rounds(group, asked)) + 1;
        runs * group.contestants.iter().map(|contestant| contestant.trees()).sum::<u64>()
    };
    groups.iter().map(of_group).sum()
}

/// Fails if there is not enough space for everything at once: nothing is removed before the end.
fn check_space(dir: &Path, needed: u64) -> Result<()> {
    let Some(free) = machine::free_space(dir) else { return Ok(()) };
    let gigabytes = |bytes: u64| format!("{:.1} GB", bytes as f64 / 1e9);
    eprintln!("Up to {} needed in {}, {} free", gigabytes(needed), dir.display(), gigabytes(free));
    ensure!(needed < free / 10 * 9, "not enough space; use fewer --rounds, --only one group, or another --dir");
    Ok(())
}
