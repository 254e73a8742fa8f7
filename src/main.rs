//! The command `rvenv`: parses, runs, prints the error, and ends with its exit code.

mod cli;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let signals = cli::Signals::watch();
    let outcome = cli.run(signals.interrupt());
    // Who sent a signal learns that it ended the program.
    signals.end_by_what_came();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<cli::Unsound>() => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
