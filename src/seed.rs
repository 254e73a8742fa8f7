//! The steps `setup_pip` and `upgrade_dependencies` (in [`pip`]). [`find_links`] chooses the wheels, and [`install`]
//! writes them into site-packages. The files come from a cached [`image`], or from the [`wheel`]s themselves, whose
//! modules then get [`bytecode`]. The rest is what pip itself would write: [`record`], [`launcher`]s and INSTALLER.

mod bytecode;
mod distribution;
mod find_links;
mod image;
mod install;
mod installed;
mod launcher;
mod names;
mod pip;
mod record;
mod repair;
mod site_packages;
mod wheel;

pub(crate) use image::Images;
pub(crate) use install::install;
pub(crate) use installed::{faults, launchers};
pub(crate) use launcher::{foreign_python, start_of};
pub(crate) use pip::{check, upgrade};
pub(crate) use repair::repair;
#[cfg(fuzzing)]
pub(crate) use wheel::fuzz;
