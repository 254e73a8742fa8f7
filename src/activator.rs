//! The kinds of activation scripts, under virtualenv's names.

use std::str::FromStr;

/// The activation script or scripts for one kind of shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Activator {
    /// `activate`, for bash and other POSIX shells.
    Bash,
    /// `activate.bat` and `deactivate.bat`, for cmd.exe.
    Batch,
    /// `activate.csh`.
    Cshell,
    /// `activate.fish`.
    Fish,
    /// `activate.nu`.
    Nushell,
    /// `Activate.ps1`.
    Powershell,
    /// `activate_this.py`, for programs written in Python.
    Python,
    /// `activate.xsh`, which virtualenv does not have.
    Xonsh,
}

impl Activator {
    /// All activators. Which of their scripts are installed also depends on the platform.
    pub const ALL: [Activator; 8] = [
        Activator::Bash,
        Activator::Batch,
        Activator::Cshell,
        Activator::Fish,
        Activator::Nushell,
        Activator::Powershell,
        Activator::Python,
        Activator::Xonsh,
    ];

    /// Returns virtualenv's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Activator::Bash => "bash",
            Activator::Batch => "batch",
            Activator::Cshell => "cshell",
            Activator::Fish => "fish",
            Activator::Nushell => "nushell",
            Activator::Powershell => "powershell",
            Activator::Python => "python",
            Activator::Xonsh => "xonsh",
        }
    }
}

impl FromStr for Activator {
    type Err = String;

    /// Parses virtualenv's name. The error message lists the valid names.
    fn from_str(name: &str) -> Result<Activator, String> {
        let found = Activator::ALL.into_iter().find(|activator| activator.name() == name);
        found.ok_or_else(|| {
            let names = Activator::ALL.map(Activator::name).join(", ");
            format!("unknown activator {name:?}; choose from {names}")
        })
    }
}
