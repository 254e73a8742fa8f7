//! The files of a release on a server of this machine, for the scripts that install from there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::*;

pub const VERSION: &str = env!("CARGO_PKG_VERSION");

pub const INSTALLING: &str = include_str!("../../../docs/install.md");

/// Code in a language of docs/install.md, for the releases at another address, and this version.
pub fn documented(language: &str, repository: &str) -> Vec<String> {
    let (before, _) = INSTALLING.split_once("/releases/").unwrap();
    let address = &before[before.rfind("https://").unwrap()..];
    let code = blocks_of(INSTALLING, language).into_iter();
    code.map(|code| code.replace(address, repository).replace("0.1.0", VERSION)).collect()
}

/// A server for the directory `site` of a scratch directory, which has the installers.
pub struct Site {
    pub scratch: Scratch,
    pub address: String,
    _server: Running,
}

impl Site {
    /// Serves what `fill` writes into the directory, and the installers for it. `repository` is the path of the
    /// repository's address on this server, if it has one.
    pub fn new(repository: Option<&str>, fill: impl FnOnce(&Scratch, &Path)) -> Option<Site> {
        let scratch = Scratch::new();
        let site = scratch.path("site");
        fs::create_dir(&site).unwrap();
        let serve = absolute(env!("CARGO_MANIFEST_DIR")).join("tests/python/serve.py");
        let server = scratch.run(python().path).arg("-I").arg(serve).arg(scratch.path("port")).arg(scratch.path("log"));
        let mut server = server.current_dir(&site).start();
        server.wait_until("it listens", || scratch.path("port").exists());
        let address = format!("http://127.0.0.1:{}", fs::read_to_string(scratch.path("port")).unwrap());
        fill(&scratch, &site);
        let installers = absolute(env!("CARGO_MANIFEST_DIR")).join("packaging/installers");
        let installers = scratch.run(python().path).arg("-I").arg(installers).arg(&site);
        let repository = repository.map(|path| format!("{address}/{path}"));
        installers.args(repository).silent();
        Some(Site { scratch, address, _server: server })
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.scratch.path("site").join(name)
    }

    /// What was asked for since the last call.
    pub fn requests(&self) -> Vec<String> {
        let log = self.scratch.path("log");
        let requests = fs::read_to_string(&log).unwrap_or_default();
        let _ = fs::remove_file(log);
        requests.lines().map(str::to_owned).collect()
    }

    /// The text of an installer, in which a download may take this many seconds.
    pub fn with_limit(&self, installer: &str, seconds: u32) -> String {
        let text = fs::read_to_string(self.path(installer)).unwrap();
        let limited = text.replace("limit = 120 #", &format!("limit = {seconds} #"));
        let limited = limited.replace("limit=120 #", &format!("limit={seconds} #"));
        assert_ne!(text, limited);
        limited
    }
}
