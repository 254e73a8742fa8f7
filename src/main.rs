//! The command `rvenv`: parses the arguments, runs, prints any error, and exits with the right code.

mod cli;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => error.exit(),
        Err(help) => return finish(cli::print_help(&help).map(|()| true)),
    };
    let signals = cli::Signals::watch();
    let outcome = cli.run(signals.interrupt());
    // Die from the signal itself, so that its sender sees that it ended the program.
    signals.exit_as_signalled();
    finish(outcome)
}

fn finish(outcome: anyhow::Result<bool>) -> ExitCode {
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
