//! The results, as a table for each group and as JSON.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::comparison::contest::Outcome;
use crate::comparison::groups::{Bound, Goal, Group};
use crate::comparison::machine;
use crate::comparison::peers::Peers;
use crate::comparison::pythons::Python;

/// The results of a benchmark, with the conditions of the measurement.
pub struct Results {
    date: String,
    system: String,
    processor: String,
    cores: usize,
    file_system: String,
    versions: Vec<(&'static str, String)>,
    pub groups: Vec<Finished>,
}

/// A group with its results.
pub struct Finished {
    pub python: Python,
    pub name: &'static str,
    pub title: &'static str,
    pub outcomes: Vec<Outcome>,
    goals: Vec<Verdict>,
}

/// Whether a goal was reached.
struct Verdict {
    text: String,
    /// The measured value, and whether it reaches the goal. None if a contestant has no result.
    value: Option<(f64, bool)>,
}

impl Results {
    pub fn new(dir: &Path, peers: &Peers) -> Results {
        let rvenv = ("rvenv", env!("CARGO_PKG_VERSION").to_owned());
        Results {
            date: machine::date(),
            system: machine::system(),
            processor: machine::processor(),
            cores: machine::cores(),
            file_system: machine::file_system(dir),
            versions: [rvenv].into_iter().chain(peers.versions()).collect(),
            groups: vec![],
        }
    }

    /// The versions measured, and the machine.
    pub fn heading(&self) -> String {
        let versions: Vec<String> = self.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
        let Results { date, system, processor, cores, file_system, .. } = self;
        format!("{}\n{date}, {cores} cores ({processor}), {system}, {file_system}\n", versions.join(", "))
    }

    /// Adds a group's outcomes and returns their table.
    pub fn add(&mut self, python: &Python, group: &Group, outcomes: Vec<Outcome>) -> String {
        let goals = group.goals.iter().map(|goal| judge(goal, &outcomes)).collect();
        let finished = Finished { python: python.clone(), name: group.name, title: group.title, outcomes, goals };
        let table = finished.table();
        self.groups.push(finished);
        table
    }

    pub fn json(&self) -> Result<String> {
        let versions: Value = self.versions.iter().map(|(name, version)| (*name, json!(version))).collect();
        let groups: Vec<Value> = self.groups.iter().map(Finished::json).collect();
        Ok(serde_json::to_string_pretty(&json!({
            "date": self.date,
            "system": self.system,
            "processor": self.processor,
            "cores": self.cores,
            "file_system": self.file_system,
            "versions": versions,
            "groups": groups,
        }))?)
    }
}

impl Finished {
    /// A contestant's median divided by the first one's.
    fn ratio(&self, outcome: &Outcome) -> Option<f64> {
        Some(outcome.summary?.median / self.outcomes.first()?.summary?.median)
    }

    fn table(&self) -> String {
        let width = self.outcomes.iter().map(|outcome| outcome.name.chars().count()).max().unwrap_or(0);
        let with_memory = self.outcomes.iter().any(|outcome| outcome.megabytes.is_some());
        let mut text = format!("\n{}: {} ({})\n", self.name, self.title, self.python.title());
        let memory = if with_memory { "memory" } else { "" };
        let _ = writeln!(
            text,
            "{:width$}  {:>9}  {:>6}  {:>9}  {:>7}  {:>6}  {:>8}  {:>6}  {memory:>8}",
            "", "median", "spread", "min", "ratio", "files", "size", ".pyc"
        );
        for outcome in &self.outcomes {
            let _ = writeln!(text, "{:width$}  {}", outcome.name, self.row(outcome));
        }
        for goal in &self.goals {
            let _ = writeln!(text, "  goal: {}", goal.said());
        }
        text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
    }

    fn row(&self, outcome: &Outcome) -> String {
        if let Some(why) = &outcome.failed {
            return format!("failed: {why}");
        }
        let Some(summary) = outcome.summary else { return "no result".to_owned() };
        let made = &outcome.made;
        format!(
            "{:>9}  {:>4.0} %  {:>9}  {:>7}  {:>6}  {:>5.1} MB  {:>6}  {:>8}",
            milliseconds(summary.median),
            summary.spread * 100.0,
            milliseconds(summary.min),
            self.ratio(outcome).map_or(String::new(), |ratio| format!("{ratio:.2}")),
            made.files,
            made.bytes as f64 / 1e6,
            made.pyc,
            outcome.megabytes.map_or(String::new(), |peak| format!("{peak:.1} MB")),
        )
    }

    fn json(&self) -> Value {
        let contestant = |outcome: &Outcome| {
            json!({
                "name": outcome.name,
                "commands": outcome.commands,
                "seconds": outcome.timings.iter().map(Duration::as_secs_f64).collect::<Vec<_>>(),
                "median": outcome.summary.map(|summary| summary.median),
                "min": outcome.summary.map(|summary| summary.min),
                "spread": outcome.summary.map(|summary| summary.spread),
                "ratio": self.ratio(outcome),
                "failed": outcome.failed,
                "files": outcome.made.files,
                "bytes": outcome.made.bytes,
                "pyc": outcome.made.pyc,
                "peak_megabytes": outcome.megabytes,
            })
        };
        let goal = |goal: &Verdict| {
            let (value, reached) = goal.value.unzip();
            json!({ "goal": goal.text, "value": value, "reached": reached })
        };
        json!({
            "python": self.python.title(),
            "executable": self.python.path.to_string_lossy(),
            "group": self.name,
            "title": self.title,
            "contestants": self.outcomes.iter().map(contestant).collect::<Vec<_>>(),
            "goals": self.goals.iter().map(goal).collect::<Vec<_>>(),
        })
    }
}

impl Verdict {
    fn said(&self) -> String {
        match self.value {
            Some((value, true)) => format!("{}: reached ({value:.2})", self.text),
            Some((value, false)) => format!("{}: not reached ({value:.2})", self.text),
            None => format!("{}: unknown", self.text),
        }
    }
}

fn judge(goal: &Goal, outcomes: &[Outcome]) -> Verdict {
    let find = |name: &str| outcomes.iter().find(|outcome| outcome.name == name);
    let median = |name: &str| Some(find(name)?.summary?.median);
    let who = goal.who;
    match goal.bound {
        Bound::AtMost(times, other) => {
            let value = median(who).zip(median(other)).map(|(own, other)| own / other);
            let text = format!("{who} takes at most {times} times as long as {other}");
            Verdict { text, value: value.map(|value| (value, value <= times)) }
        }
        Bound::Faster(times, others) => {
            let best = others.iter().filter_map(|name| median(name)).min_by(f64::total_cmp);
            let value = median(who).zip(best).map(|(own, best)| best / own);
            let times_text = if times != 1.0 { format!("{times} times ") } else { String::new() };
            let text = format!("{who} is {times_text}as fast as {}", best_of(others));
            Verdict { text, value: value.map(|value| (value, value >= times)) }
        }
        Bound::Megabytes(peak) => {
            let value = find(who).and_then(|outcome| outcome.megabytes);
            let text = format!("{who} uses at most {peak} MB of memory");
            Verdict { text, value: value.map(|value| (value, value <= peak)) }
        }
    }
}

fn best_of(names: &[&str]) -> String {
    let one_of = if names.len() > 1 { "the best of " } else { "" };
    format!("{one_of}{}", names.join(", "))
}

fn milliseconds(seconds: f64) -> String {
    let digits = if seconds < 0.1 { 1 } else { 0 };
    format!("{:.digits$} ms", seconds * 1000.0)
}
