//! `--generate`: shell completions and the manual page, generated from the parser itself, and a stand-in for a Python.

use std::env;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Error, Result};
use clap::builder::PossibleValuesParser;
use clap::{Arg, Command};
use clap_complete::{Generator, Shell};
use clap_complete_nushell::Nushell;
use clap_mangen::Man;
use rvenv::{Activator, Interpreter};

use super::report;

/// Appended to the manual page, since the parser does not know the exit codes.
const EXIT_STATUS: &[u8] = b".SH EXIT STATUS
0 if all environments were created, 2 if the command line cannot be parsed, 1 for any other failure.
";

/// What can be generated.
pub const PRODUCTS: [&str; 8] = [
    "completions=bash",
    "completions=zsh",
    "completions=fish",
    "completions=powershell",
    "completions=nushell",
    "completions=elvish",
    "man",
    PYTHON_STAND_IN,
];

/// The only one that depends on a Python.
pub const PYTHON_STAND_IN: &str = "python-stand-in";

/// Prints one of [`PRODUCTS`] on stdout, for this parser. `python` is only called for [`PYTHON_STAND_IN`].
pub fn generate(product: &str, command: Command, python: impl FnOnce() -> Result<Interpreter>) -> Result<()> {
    let text = match product.trim_start_matches("completions=") {
        "man" => manual_page(command)?,
        PYTHON_STAND_IN => python_stand_in(&python()?)?.into_bytes(),
        "powershell" => powershell(command)?,
        "nushell" => completions(command, Nushell),
        shell => completions(command, shell.parse::<Shell>().map_err(Error::msg)?),
    };
    report::write(&String::from_utf8(text)?)
}

fn completions(command: Command, shell: impl Generator) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut offered(&command), "rvenv", &mut script);
    script
}

/// The parser without its hidden flags, which clap_complete would offer, and with the names of the activators.
fn offered(command: &Command) -> Command {
    let flags = command.get_arguments().filter(|flag| !flag.is_hide_set()).cloned();
    Command::new("rvenv")
        .about(command.get_about().cloned().unwrap_or_default())
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args(flags)
        .mut_arg("activators", |flag| flag.value_parser(PossibleValuesParser::new(Activator::ALL.map(Activator::name))))
}

/// Goes before the completions of flags, which clap_complete offers everywhere. Else PowerShell completes paths.
const VALUES: &str = r#"    $before = $commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | Select-Object -Last 1
    $values = @{@VALUES@
    }
    if ($values.ContainsKey("$before")) { return $values["$before"] -like "$wordToComplete*" }
    if ($wordToComplete -notlike '-*') { return }

"#;

/// clap_complete's completions for PowerShell are those of flags alone, so add those of their values.
fn powershell(command: Command) -> Result<Vec<u8>> {
    let mut values = String::new();
    let mut offered = offered(&command);
    offered.build();
    for flag in offered.get_opts() {
        let names =
            flag.get_possible_values().iter().map(|value| format!("'{}'", value.get_name())).collect::<Vec<_>>();
        let short = flag.get_short().map(|short| format!("-{short}"));
        let longs = flag.get_long_and_visible_aliases().unwrap_or_default();
        for name in longs.iter().map(|long| format!("--{long}")).chain(short) {
            write!(values, "\n        '{name}' = @({})", names.join(", "))?;
        }
    }
    let script = String::from_utf8(completions(command, Shell::PowerShell))?;
    let (start, rest) = script.split_once("    $completions =").context("clap_complete's script has changed")?;
    Ok(format!("{start}{}    $completions ={rest}", VALUES.replace("@VALUES@", &values)).into_bytes())
}

fn manual_page(command: Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command.mut_args(with_aliases)).render(&mut page).context("Unable to generate the manual page")?;
    page.extend(EXIT_STATUS);
    Ok(page)
}

/// Adds a flag's other names to its help, since clap_mangen leaves them out.
fn with_aliases(flag: Arg) -> Arg {
    let aliases = flag.get_visible_aliases().unwrap_or_default();
    aliases.into_iter().fold(flag.clone(), |flag, alias| {
        let help = flag.get_help().cloned().unwrap_or_default();
        flag.help(format!("{help} [alias: --{alias}]"))
    })
}

/// The script below the paths, which are filled in above it.
const STAND_IN: &str = r#"
passed=0 module='' flags=bBdEiIOPqsSuvx
for argument; do
    case $module$argument in
        -m | -["$flags"]m | -["$flags"]["$flags"]m) module=module: ;;
        -mvenv | -["$flags"]mvenv | module:venv)
            shift $((passed + 1))
            exec "$rvenv" --python "$python" "$@"
            ;;
        # Python's flags that take no argument.
        -["$flags"] | -["$flags"]["$flags"]) ;;
        *) break ;;
    esac
    passed=$((passed + 1))
done
exec "$python" "$@"
"#;

/// A script that tools can use as this Python. It runs rvenv for `-m venv`, and that Python for everything else.
fn python_stand_in(interpreter: &Interpreter) -> Result<String> {
    let program = env::current_exe().context("Unable to find the path of rvenv")?;
    Ok(format!(
        "#!/bin/sh\n# Stands in for a Python: `-m venv` runs rvenv, anything else that Python.\npython={} rvenv={}\n{}",
        quoted(interpreter.asked())?,
        quoted(&program)?,
        STAND_IN.trim_start_matches('\n'),
    ))
}

fn quoted(path: &Path) -> Result<String> {
    let text =
        path.to_str().with_context(|| format!("{} is not UTF-8, so a script cannot contain it", path.display()))?;
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}
