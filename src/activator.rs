//! Which activation scripts an environment gets, by virtualenv's names for them.

use std::str::FromStr;

/// The script or scripts for one kind of shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Activator {
    /// `activate`, for bash and the other shells of POSIX.
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
    /// `activate_this.py`, for a program in Python.
    Python,
    /// `activate.xsh`, which virtualenv has none of.
    Xonsh,
}

impl Activator {
    /// All of them. Which of their scripts there are depends on the platform too.
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

    /// virtualenv's name for it.
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

    /// Errors with the names that there are.
    fn from_str(name: &str) -> Result<Activator, String> {
        let found = Activator::ALL.into_iter().find(|activator| activator.name() == name);
        found.ok_or_else(|| {
            let names = Activator::ALL.map(Activator::name).join(", ");
            format!("there is no activator {name:?}; there are {names}")
        })
    }
}
