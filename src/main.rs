//! The command `rvenv`: parses the arguments, runs, prints any error, and exits with the right code.

mod cli;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let signals = cli::Signals::watch();
    let outcome = cli.run(signals.interrupt());
    // Die from the signal itself, so that its sender sees that it ended the program.
    signals.exit_as_signalled();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<cli::Invalid>() => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
