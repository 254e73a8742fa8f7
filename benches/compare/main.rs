//! `cargo bench --bench compare`: see `comparison.rs`.

#[cfg(unix)] // the floor uses Unix calls, and running the rivals needs Unix tools
mod comparison;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    comparison::main()
}

#[cfg(windows)]
fn main() {
    eprintln!("The benchmark runs only on Unix");
}
