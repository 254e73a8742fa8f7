//! The groups of contestants, and the project's goals for them.

use crate::comparison::course::Cache::{self, Cold, Warm};
use crate::comparison::course::{Base, Course, Step, Tree};
use crate::comparison::pythons;

/// The groups' names, for `--only`.
pub const NAMES: [&str; 11] = [
    "without-pip",
    "with-pip",
    "no-compile",
    "hardlink",
    "cold",
    "nothing-to-reuse",
    "first-install",
    "first-install-cold",
    "seeder",
    "shim",
    "twenty",
];

/// Contestants that are run in turn and compared with the first one.
pub struct Group {
    pub name: &'static str,
    pub title: &'static str,
    pub contestants: Vec<Contestant>,
    pub goals: Vec<Goal>,
    /// Whether to measure peak memory.
    pub with_memory: bool,
    /// Whether to run only half the rounds.
    pub is_long: bool,
}

/// Commands that are timed together.
pub struct Contestant {
    pub name: &'static str,
    pub steps: Vec<Step>,
}

/// A goal of the project. Missing it is reported but is not a failure.
pub struct Goal {
    pub who: &'static str,
    pub bound: Bound,
}

pub enum Bound {
    /// At most this many times as long as the other contestant.
    AtMost(f64, &'static str),
    /// At least this many times as fast as each of these.
    Faster(f64, &'static [&'static str]),
    /// Peak memory of at most this many MB.
    Megabytes(f64),
}

impl Contestant {
    /// The number of environments with pip, or of trees of the same size, that a run creates.
    pub fn trees(&self) -> u64 {
        self.steps.iter().map(Step::trees).sum()
    }
}

impl Step {
    fn trees(&self) -> u64 {
        let of = |flags: &[&str], cache: &Cache| match flags.contains(&WITHOUT_PIP) || flags.contains(&NO_SEED) {
            true => 0,
            false => 1 + u64::from(*cache == Cold),
        };
        match self {
            Step::Rvenv { flags, cache, environments, .. } => of(flags, cache) * *environments as u64,
            Step::Virtualenv { flags, cache, .. } => of(flags, cache),
            Step::Venv { flags, .. } => of(flags, &Warm),
            Step::Floor { tree: Tree::WithoutPip, .. } => 0,
            Step::Floor { environments, .. } => environments.len() as u64,
            Step::Uv { .. } | Step::RvenvByShim { .. } | Step::Compile | Step::Install => 0,
        }
    }
}

const WITHOUT_PIP: &str = "--without-pip";
const NO_SEED: &str = "--no-seed";

const RVENV: &str = "rvenv";
const RVENV_NO_COMPILE: &str = "rvenv --no-compile";
const FLOOR: &str = "floor: copies";
const UV: &str = "uv";
const UV_SEED: &str = "uv --seed --offline";
const VIRTUALENV: &str = "virtualenv";
const VENV: &str = "python -m venv";
const FLOOR_AND_COMPILER: &str = "floor: copies, compile";

/// All groups for a Python.
pub fn all(course: &Course) -> Vec<Group> {
    let mut groups = vec![
        without_pip(),
        with_pip(course.python.has_setuptools()),
        no_compile(),
        hardlink(),
        cold(course.python.has_bundled_pip),
        nothing_to_reuse(),
        first_install(),
        first_install_cold(),
    ];
    if course.peers.has_seeder {
        groups.push(seeder());
    }
    if course.python.pyenv_name.is_some() && pythons::pyenv_root().join("shims/python3").exists() {
        groups.push(shim());
    }
    groups.push(twenty());
    groups
}

fn without_pip() -> Group {
    Group {
        goals: vec![at_most(RVENV, 1.8, FLOOR), faster(RVENV, 5.5, &[UV])],
        with_memory: true,
        ..group(
            "without-pip",
            "without pip, warm",
            vec![
                contestant(FLOOR, [floor("copy", Tree::WithoutPip)]),
                contestant(RVENV, [rvenv(&[WITHOUT_PIP], Warm)]),
                contestant(UV, [Step::Uv { flags: &[] }]),
                contestant(VIRTUALENV, [virtualenv(&[NO_SEED], Warm)]),
                contestant(VENV, [venv(&[WITHOUT_PIP])]),
            ],
        )
    }
}

/// For a Python that bundles setuptools, uv writes fewer files, since it does not install it.
fn with_pip(has_setuptools: bool) -> Group {
    Group {
        goals: vec![
            at_most(RVENV, 1.2, FLOOR),
            faster(RVENV, if has_setuptools { 0.85 } else { 1.2 }, &[UV_SEED]),
            faster(RVENV, 9.0, &[VIRTUALENV]),
            faster(RVENV, 100.0, &[VENV]),
        ],
        with_memory: true,
        ..group(
            "with-pip",
            "with pip and .pyc, warm",
            vec![
                contestant(FLOOR, [floor("copy", Tree::Whole)]),
                contestant(RVENV, [rvenv(&[], Warm)]),
                contestant(UV_SEED, [uv_seed()]),
                contestant(VIRTUALENV, [virtualenv(&[], Warm)]),
                contestant(VENV, [venv(&[])]),
            ],
        )
    }
}

fn no_compile() -> Group {
    Group {
        goals: vec![faster(RVENV_NO_COMPILE, 1.5, &[UV_SEED])],
        ..group(
            "no-compile",
            "with pip, without .pyc, warm",
            vec![
                contestant("floor: copies without .pyc", [floor("copy", Tree::Sources)]),
                contestant(RVENV_NO_COMPILE, [rvenv(&["--no-compile"], Warm)]),
                contestant(UV_SEED, [uv_seed()]),
                contestant(VIRTUALENV, [virtualenv(&[], Warm)]),
            ],
        )
    }
}

fn hardlink() -> Group {
    const RVENV_HARDLINK: &str = "rvenv --link-mode hardlink";
    Group {
        goals: vec![faster(RVENV_HARDLINK, 1.8, &[UV_SEED])],
        ..group(
            "hardlink",
            "with pip and .pyc, hard links, warm",
            vec![
                contestant("floor: hard links", [floor("hardlink", Tree::Whole)]),
                contestant(RVENV_HARDLINK, [rvenv(&["--link-mode", "hardlink"], Warm)]),
                contestant(UV_SEED, [uv_seed()]),
            ],
        )
    }
}

fn cold(has_bundled_pip: bool) -> Group {
    const RVENV_WARM: &str = "rvenv, warm";
    let mut goals = vec![megabytes(RVENV, 16.8)];
    if has_bundled_pip {
        goals.extend([at_most(RVENV, 4.0, RVENV_WARM), faster(RVENV, 3.5, &[VIRTUALENV])]);
    }
    Group {
        goals,
        with_memory: true,
        ..group(
            "cold",
            "with pip, cold",
            vec![
                contestant(FLOOR_AND_COMPILER, [floor("copy", Tree::Sources), Step::Compile]),
                contestant(RVENV, [rvenv(&[], Cold)]),
                contestant(RVENV_NO_COMPILE, [rvenv(&["--no-compile"], Cold)]),
                contestant(RVENV_WARM, [rvenv(&[], Warm)]),
                contestant(VIRTUALENV, [virtualenv(&[], Cold)]),
                contestant(VENV, [venv(&[])]),
            ],
        )
    }
}

fn nothing_to_reuse() -> Group {
    let rvenv = |flags| Step::Rvenv { flags, cache: Cold, environments: 1, base: Base::WithoutPip };
    Group {
        goals: vec![at_most(RVENV, 1.15, FLOOR_AND_COMPILER)],
        with_memory: true,
        ..group(
            "nothing-to-reuse",
            "with pip, cold, for a Python whose base has no pip",
            vec![
                contestant(FLOOR_AND_COMPILER, [floor("copy", Tree::Sources), Step::Compile]),
                contestant(RVENV, [rvenv(&[])]),
                contestant(RVENV_NO_COMPILE, [rvenv(&["--no-compile"])]),
                contestant(VIRTUALENV, [Step::Virtualenv { flags: &[], cache: Cold, base: Base::WithoutPip }]),
                contestant(VENV, [Step::Venv { flags: &[], base: Base::WithoutPip }]),
            ],
        )
    }
}

fn first_install() -> Group {
    Group {
        goals: vec![faster(RVENV, 2.2, &[UV_SEED, VIRTUALENV, VENV])],
        ..group(
            "first-install",
            "create with pip, then pip install a small local wheel, warm",
            vec![
                contestant(RVENV, [rvenv(&[], Warm), Step::Install]),
                contestant(UV_SEED, [uv_seed(), Step::Install]),
                contestant(VIRTUALENV, [virtualenv(&[], Warm), Step::Install]),
                contestant(VENV, [venv(&[]), Step::Install]),
            ],
        )
    }
}

fn first_install_cold() -> Group {
    Group {
        goals: vec![faster(RVENV, 2.2, &[VIRTUALENV, VENV])],
        ..group(
            "first-install-cold",
            "create with pip, then pip install a small local wheel, cold",
            vec![
                contestant(RVENV, [rvenv(&[], Cold), Step::Install]),
                contestant(RVENV_NO_COMPILE, [rvenv(&["--no-compile"], Cold), Step::Install]),
                contestant(VIRTUALENV, [virtualenv(&[], Cold), Step::Install]),
                contestant(VENV, [venv(&[]), Step::Install]),
            ],
        )
    }
}

fn seeder() -> Group {
    const SEEDER: &[&str] = &["--seeder", "rvenv"];
    group(
        "seeder",
        "virtualenv with and without rvenv's seeder, also with a first pip install, warm",
        vec![
            contestant(VIRTUALENV, [virtualenv(&[], Warm)]),
            contestant("virtualenv --seeder rvenv", [virtualenv(SEEDER, Warm)]),
            contestant("virtualenv, install", [virtualenv(&[], Warm), Step::Install]),
            contestant("virtualenv --seeder rvenv, install", [virtualenv(SEEDER, Warm), Step::Install]),
        ],
    )
}

fn shim() -> Group {
    const EXPLICIT: &str = "rvenv -p PATH";
    const BY_SHIM: &str = "rvenv, python3 is a shim";
    Group {
        goals: vec![at_most(BY_SHIM, 1.2, EXPLICIT)],
        ..group(
            "shim",
            "without pip, the first python3 on PATH is pyenv's shim, warm",
            vec![
                contestant(EXPLICIT, [rvenv(&[WITHOUT_PIP], Warm)]),
                contestant(BY_SHIM, [Step::RvenvByShim { flags: &[WITHOUT_PIP] }]),
            ],
        )
    }
}

fn twenty() -> Group {
    const COUNT: usize = 20;
    const FLOORS: &str = "20 floors, 20 processes";
    const RVENV_TWENTY: &str = "rvenv with 20 ENV_DIRs";
    let floor = |environments| Step::Floor { how: "copy", tree: Tree::Whole, environments };
    Group {
        goals: vec![at_most(RVENV_TWENTY, 1.1, FLOORS)],
        is_long: true,
        ..group(
            "twenty",
            "20 environments with pip and .pyc, warm",
            vec![
                contestant(FLOORS, (0..COUNT).map(|number| floor(number..number + 1))),
                contestant("20 floors, one process", [floor(0..COUNT)]),
                contestant(
                    RVENV_TWENTY,
                    [Step::Rvenv { flags: &[], cache: Warm, environments: COUNT, base: Base::Usual }],
                ),
            ],
        )
    }
}

fn group(name: &'static str, title: &'static str, contestants: Vec<Contestant>) -> Group {
    Group { name, title, contestants, goals: vec![], with_memory: false, is_long: false }
}

fn contestant(name: &'static str, steps: impl IntoIterator<Item = Step>) -> Contestant {
    Contestant { name, steps: steps.into_iter().collect() }
}

fn rvenv(flags: &'static [&'static str], cache: Cache) -> Step {
    Step::Rvenv { flags, cache, environments: 1, base: Base::Usual }
}

fn venv(flags: &'static [&'static str]) -> Step {
    Step::Venv { flags, base: Base::Usual }
}

fn virtualenv(flags: &'static [&'static str], cache: Cache) -> Step {
    Step::Virtualenv { flags, cache, base: Base::Usual }
}

fn uv_seed() -> Step {
    Step::Uv { flags: &["--seed", "--offline"] }
}

fn floor(how: &'static str, tree: Tree) -> Step {
    Step::Floor { how, tree, environments: 0..1 }
}

fn at_most(who: &'static str, times: f64, other: &'static str) -> Goal {
    Goal { who, bound: Bound::AtMost(times, other) }
}

fn faster(who: &'static str, times: f64, others: &'static [&'static str]) -> Goal {
    Goal { who, bound: Bound::Faster(times, others) }
}

fn megabytes(who: &'static str, peak: f64) -> Goal {
    Goal { who, bound: Bound::Megabytes(peak) }
}
