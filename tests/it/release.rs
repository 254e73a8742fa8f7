//! What is tested with a release: its files, its installers and the Python package, and the tools that use that package.
//! Most runs leave it out: `.ci/needs-release` says when it is due.

#[cfg(unix)] // tar, sha256sum
mod files;
mod install_ps1;
#[cfg(unix)] // sh
mod install_sh;
#[cfg(unix)] // openssl, cargo
mod manifests;
#[cfg(unix)] // packages for Linux
mod packages;
#[cfg(unix)] // wheels for Linux
pub mod packaging;
#[cfg(unix)] // sh scripts
mod publishing;
#[cfg_attr(windows, allow(dead_code, unused_imports, reason = "used only by the Unix tests"))]
mod python_api;
#[cfg(unix)] // chroots on Linux
mod roots;
pub mod site;
#[cfg(unix)] // wheels for Linux
mod tools;
#[cfg_attr(windows, allow(dead_code, unused_imports, reason = "used only by the Unix tests"))]
mod virtualenv;
