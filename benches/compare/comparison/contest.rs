//! Runs a group's contestants in turn and times them: A B C, A B C, and so on. The first round is not counted.
//!
//! Neither environments nor caches are removed between runs: ext4 does not reuse an inode freed in the last few
//! minutes, and walks over all of them to find another, whichever program creates the file.

use std::fs::{self, File};
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Result;
use walkdir::WalkDir;

use crate::comparison::course::{Course, Place};
use crate::comparison::groups::{Contestant, Group};
use crate::comparison::machine;
use crate::comparison::statistics::Summary;

/// GNU time, which reports peak memory.
const TIME: &str = "/usr/bin/time";

/// A contestant's result.
#[derive(Debug, Default)]
pub struct Outcome {
    pub name: &'static str,
    pub commands: Vec<String>,
    pub timings: Vec<Duration>,
    /// None without timings or if a run failed.
    pub summary: Option<Summary>,
    /// Why a run failed, which ends its participation.
    pub failed: Option<String>,
    pub made: Made,
    /// Peak memory of its largest process, in MB.
    pub megabytes: Option<f64>,
}

/// The files in the environments that a run has created.
#[derive(Debug, Default)]
pub struct Made {
    pub files: usize,
    pub bytes: u64,
    pub pyc: usize,
}

pub fn run(course: &Course, group: &Group, rounds: u16) -> Result<Vec<Outcome>> {
    let directory = course.directory.join(group.name);
    let mut outcomes: Vec<Outcome> = group.contestants.iter().map(Outcome::of).collect();
    for round in 0..=rounds {
        progress(&format!("{}: round {round} of {rounds}", group.name));
        for (number, contestant) in group.contestants.iter().enumerate() {
            if outcomes[number].failed.is_none() {
                let place = new_place(&directory.join(round.to_string()).join(number.to_string()))?;
                outcomes[number].add(round, time(course, contestant, &place)?, &place);
            }
        }
    }
    for (outcome, contestant) in outcomes.iter_mut().zip(&group.contestants) {
        if outcome.failed.is_none() {
            outcome.summary = Summary::of(&outcome.timings);
            let wanted = group.with_memory && contestant.steps.len() == 1 && Path::new(TIME).exists();
            let place = new_place(&directory.join("memory").join(outcome.name))?;
            outcome.megabytes = if wanted { peak(course, contestant, &place) } else { None };
        }
    }
    progress("");
    Ok(outcomes)
}

/// Shows a line on the terminal in place of the previous one.
fn progress(line: &str) {
    if io::stderr().is_terminal() {
        eprint!("\r{line:60}\r");
    }
}

fn new_place(directory: &Path) -> Result<Place> {
    fs::create_dir_all(directory)?;
    Ok(Place(directory.to_owned()))
}

impl Outcome {
    fn of(contestant: &Contestant) -> Outcome {
        Outcome { name: contestant.name, ..Outcome::default() }
    }

    /// Adds a run's result. Round 0 only provides the commands and files.
    fn add(&mut self, round: u16, result: Result<Run, String>, place: &Place) {
        match result {
            Err(why) => self.failed = Some(why),
            Ok(run) if round == 0 => {
                self.commands = run.commands;
                self.made = Made::at(place);
            }
            Ok(run) => self.timings.push(run.took),
        }
    }
}

/// A run that succeeded.
struct Run {
    took: Duration,
    commands: Vec<String>,
}

/// Runs a contestant's commands. The inner error is why one failed. Their output goes to a file, which costs all of
/// them the same.
fn time(course: &Course, contestant: &Contestant, place: &Place) -> Result<Result<Run, String>> {
    let mut commands: Vec<Command> = contestant.steps.iter().map(|step| course.command(step, place)).collect();
    let said = place.0.join("said");
    let file = File::create(&said)?;
    for command in &mut commands {
        command.stdout(file.try_clone()?).stderr(file.try_clone()?);
    }
    machine::sync();
    let begun = Instant::now();
    for command in &mut commands {
        let status = match command.status() {
            Ok(status) => status,
            Err(error) => return Ok(Err(format!("could not be run: {error}"))),
        };
        if !status.success() {
            let words = last_words(&String::from_utf8_lossy(&fs::read(&said)?));
            return Ok(Err(words.unwrap_or_else(|| status.to_string())));
        }
    }
    let took = begun.elapsed();
    Ok(Ok(Run { took, commands: commands.iter().map(describe).collect() }))
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// The first line that mentions an error, or else the first line.
fn last_words(said: &str) -> Option<String> {
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let error = lines.clone().find(|line| line.to_ascii_lowercase().contains("error"));
    error.or_else(|| lines.next()).map(str::to_owned)
}

/// The peak memory of a contestant's only command, in MB.
fn peak(course: &Course, contestant: &Contestant, place: &Place) -> Option<f64> {
    let command = course.command(contestant.steps.first()?, place);
    let said = place.0.join("peak");
    let mut time = machine::clean(TIME);
    time.args(["-f", "%M", "-o"]).arg(&said).arg(command.get_program()).args(command.get_args());
    time.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    time.stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    let kilobytes: f64 = fs::read_to_string(said).ok()?.trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}

impl Made {
    fn at(place: &Place) -> Made {
        let mut made = Made::default();
        let is_environment = |name: &str| name.starts_with("env");
        let walk = WalkDir::new(&place.0).into_iter();
        let entries =
            walk.filter_entry(|entry| entry.depth() != 1 || entry.file_name().to_str().is_some_and(is_environment));
        for entry in entries.flatten().filter(|entry| entry.file_type().is_file()) {
            made.files += 1;
            made.bytes += entry.metadata().map_or(0, |metadata| metadata.len());
            made.pyc += usize::from(entry.path().extension().is_some_and(|extension| extension == "pyc"));
        }
        made
    }
}
