//! `cargo bench --bench compare`: see `comparison.rs`.

#[cfg(unix)] // the floor is made of its calls, and the rivals are run by its tools
mod comparison;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    comparison::main()
}

#[cfg(windows)]
fn main() {
    eprintln!("rvenv and its rivals are compared on Unix");
}
