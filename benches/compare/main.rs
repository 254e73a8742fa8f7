//! `cargo bench --bench compare`: starts `compare.py`, or the floor if that is the first argument.

#[cfg(unix)] // the floor uses Unix calls, and running the rivals needs Unix tools
mod floor;

#[cfg(unix)]
fn main() -> anyhow::Result<()> {
    use std::os::unix::process::CommandExt;

    let mut words = std::env::args_os().skip(1).peekable();
    if words.next_if(|word| word == "floor").is_some() {
        return floor::main(words);
    }
    let mut python = std::process::Command::new("python3");
    python.args(["-B", "-E", "-s", concat!(env!("CARGO_MANIFEST_DIR"), "/benches/compare/compare.py")]);
    python.args(["--rvenv", env!("CARGO_BIN_EXE_rvenv")]);
    python.args(["--dir", concat!(env!("CARGO_TARGET_TMPDIR"), "/compare"), "--floor"]).arg(std::env::current_exe()?);
    Err(anyhow::Error::new(python.args(words).exec()).context("could not run python3"))
}

#[cfg(windows)]
fn main() {
    eprintln!("The benchmark runs only on Unix");
}
