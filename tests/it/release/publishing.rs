//! `packaging/publish`, in a clean checkout with files that could be published: cargo, twine and git are real. Only the
//! answers to "is this version there already?" are made up, and GitHub, where nothing can be tried without changing it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::*;
use crate::release::packaging::{packaging, wheel};

const TAG: &str = concat!("v", env!("CARGO_PKG_VERSION"));
const CRATE: &str = concat!("rvenv-", env!("CARGO_PKG_VERSION"), ".crate");

/// A repository with one commit of the files here, tagged, and in its target/dist a wheel and both source distributions.
struct Checkout {
    scratch: Scratch,
}

const ADDRESS: &str = "https://github.example/someone/rvenv";

/// `cargo info` answers with the package of the current directory, if there is one, as cargo does. Otherwise the answer
/// is that of the file `crates.io`.
const CARGO: &str = "[ \"$1\" = info ] || exec CARGO \"$@\"\n[ -e Cargo.toml ] || [ -e HERE/crates.io ]\n";

/// The file `github` has the state of the release: `true` for a draft, or `false`. The first upload fails on request.
const GH: &str = "echo \"gh $*\" >>HERE/asked
case $2 in
    view) cat HERE/github ;;
    create) echo true >HERE/github ;;
    upload) ! mv HERE/interrupted HERE/was-interrupted 2>/dev/null ;;
    edit) echo false >HERE/github ;;
esac
";

impl Checkout {
    fn new() -> Option<Checkout> {
        let (scratch, cargo, wheel) = (Scratch::new(), tool("cargo")?, wheel()?);
        let (git, maturin) = (tool("git")?, packager("maturin")?);
        packager("twine")?;
        if !scratch.run(&cargo).args(["info", "--registry=crates-io", "anyhow"]).output().status.success() {
            return missing("crates.io");
        }
        let checkout = Checkout { scratch };
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let files = checkout.scratch.run(&git).args(["ls-files", "-coz", "--exclude-standard"]).current_dir(here).ok();
        for file in files.split_terminator('\0').filter(|file| here.join(file).exists()) {
            let to = checkout.path(file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(here.join(file), to).unwrap();
        }
        checkout.address(ADDRESS);
        let changes = fs::read_to_string(checkout.path("CHANGELOG.md")).unwrap();
        let released = concat!("[", env!("CARGO_PKG_VERSION"), "]");
        fs::write(checkout.path("CHANGELOG.md"), changes.replacen("[Unreleased]", released, 1)).unwrap();
        checkout.git(&["init", "--quiet"]);
        checkout.commit();
        checkout.git(&["tag", TAG]);

        fs::create_dir_all(checkout.path("target/dist")).unwrap();
        std::os::unix::fs::symlink(here.join("target/packagers"), checkout.path("target/packagers")).unwrap();
        let dist = checkout.path("target/dist");
        fs::copy(wheel, dist.join(wheel.file_name().unwrap())).unwrap();
        let maturin = packaging(&checkout.scratch, &maturin).current_dir(checkout.path(""));
        maturin.args(["sdist", "--out", "target/dist"]).ok();
        checkout.package();

        let directory = checkout.scratch.path("").display().to_string();
        let stand_in = |name: &str, script: &str| {
            let script = script.replace("HERE", directory.trim_end_matches('/'));
            checkout.scratch.write_script(name, &format!("#!/bin/sh\n{script}"));
        };
        stand_in("bin/cargo", &CARGO.replace("CARGO", cargo.to_str().unwrap()));
        stand_in("bin/gh", GH);
        Some(checkout)
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.scratch.path("checkout").join(name)
    }

    fn git(&self, arguments: &[&str]) {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
        self.scratch.run("git").args(identity).args(arguments).current_dir(self.path("")).ok();
    }

    fn address(&self, repository: &str) {
        self.scratch.run(self.path("packaging/address")).arg(repository).ok();
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "a"]);
    }

    fn package(&self) {
        let cargo = packaging(&self.scratch, Path::new("cargo")).current_dir(self.path(""));
        cargo
            .args(["package", "--quiet", "--no-verify", "--allow-dirty"])
            .env("CARGO_TARGET_DIR", self.path("target"))
            .ok();
        fs::rename(self.path("target/package").join(CRATE), self.path("target/dist").join(CRATE)).unwrap();
        self.sum();
    }

    fn sum(&self) {
        let sh = self.scratch.run("sh").args(["-c", "rm -f SHA256SUMS; sha256sum -- * >SHA256SUMS"]);
        sh.current_dir(self.path("target/dist")).silent();
    }

    fn publish(&self, argument: &str) -> Run {
        let run = packaging(&self.scratch, &self.path("packaging/publish")).arg(argument);
        let path = format!("{}:{}", self.scratch.path("bin").display(), std::env::var("PATH").unwrap());
        run.env("PATH", path).env_remove("GITHUB_REF_TYPE")
    }

    /// The line that it fails with.
    fn refuses(&self, argument: &str) -> String {
        let output = self.publish(argument).env("GITHUB_REF_TYPE", "tag").output();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        said.lines().last().unwrap_or_default().to_owned()
    }

    /// What `gh` was asked for, except for the state of the release.
    fn asked(&self) -> Vec<String> {
        let asked = fs::read_to_string(self.scratch.path("asked")).unwrap_or_default();
        let asked = asked.lines().filter_map(|line| line.strip_prefix("gh release "));
        asked
            .filter(|line| !line.starts_with("view"))
            .filter_map(|line| Some(line.split_once(' ')?.0.to_owned()))
            .collect()
    }
}

#[test]
fn a_dry_run_tries_every_step_and_publishes_nothing() {
    let Some(checkout) = Checkout::new() else { return };
    let output = checkout.publish("--dry-run").env("GITHUB_REF_TYPE", "tag").output();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let cargo = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}{cargo}");
    let mut rest = said.as_str();
    for step in [
        &format!("Would run: gh release create {TAG} --draft --verify-tag"),
        &format!("Would run: gh release upload {TAG} --clobber"),
        ".whl: PASSED",
        ".tar.gz: PASSED",
        "Would run: cargo publish",
        &format!("Would run: gh release edit {TAG} --draft=false"),
    ] {
        rest = rest.split_once(step).unwrap_or_else(|| panic!("{step} in {said}")).1;
    }
    // cargo has built the crate from its own files.
    assert!(cargo.contains("Verifying rvenv") && cargo.contains("aborting upload due to dry run"), "{cargo}");
    assert!(checkout.asked().is_empty());
}

#[test]
fn a_dry_run_skips_what_is_published_and_needs_no_tag() {
    let Some(checkout) = Checkout::new() else { return };
    checkout.scratch.write("crates.io", "");
    checkout.scratch.write("github", "false\n");
    fs::write(checkout.path("later"), "").unwrap();
    checkout.commit();
    checkout.package();
    let said = checkout.publish("--dry-run").ok();
    assert!(!said.contains("Would run"), "{said}");
    assert_eq!(said.matches(" already\n").count(), 3, "{said}");
}

#[test]
fn an_interrupted_step_can_be_repeated_and_a_finished_one_does_nothing() {
    let Some(checkout) = Checkout::new() else { return };
    checkout.scratch.write("interrupted", "");
    assert_eq!(checkout.publish("draft").output().status.code(), Some(1));
    assert_eq!(checkout.asked(), ["create", "upload"]);
    checkout.publish("draft").ok();
    assert_eq!(checkout.asked()[2..], ["upload"]);
    for _ in 0..2 {
        checkout.publish("pypi").ok();
        assert_eq!(names_in(&checkout.path("target/pypi")).len(), 2);
        checkout.publish("announce").ok();
        checkout.publish("draft").ok();
    }
    assert_eq!(checkout.asked()[3..], ["edit"]);
    checkout.scratch.write("crates.io", "");
    assert!(checkout.publish("crate").ok().ends_with(" is on crates.io already\n"));
}

#[test]
fn nothing_is_published_from_other_files_than_those_of_the_tagged_commit() {
    let Some(checkout) = Checkout::new() else { return };
    let dist = checkout.path("target/dist");
    let built = fs::read(dist.join(CRATE)).unwrap();
    fs::write(dist.join(CRATE), b"another").unwrap();
    assert!(checkout.refuses("draft").ends_with("target/dist is not what packaging/release built"));
    checkout.sum();
    assert!(checkout.refuses("draft").ends_with("give another crate than the one in target/dist"));
    fs::write(dist.join(CRATE), built).unwrap();
    checkout.sum();

    fs::write(checkout.path("untracked"), "").unwrap();
    for step in ["draft", "pypi", "crate", "announce", "--dry-run"] {
        assert!(checkout.refuses(step).contains("the checkout has changes that are not committed"), "{step}");
    }
    checkout.commit();
    assert!(checkout.refuses("--dry-run").ends_with(&format!("the commit does not have the tag {TAG}")));
    let changes = fs::read_to_string(checkout.path("CHANGELOG.md")).unwrap();
    fs::write(checkout.path("CHANGELOG.md"), changes.replace(concat!("[", env!("CARGO_PKG_VERSION"), "]"), "[9.9]"))
        .unwrap();
    checkout.commit();
    checkout.git(&["tag", "--force", TAG]);
    assert!(checkout.refuses("--dry-run").contains("CHANGELOG.md has no section"));
    assert!(checkout.asked().is_empty());
}

#[test]
fn the_address_is_set_in_one_step_in_all_files_and_before_or_after_the_commit() {
    let Some(checkout) = Checkout::new() else { return };
    let other = "https://github.example/another/name";
    let manifest = || fs::read_to_string(checkout.path("Cargo.toml")).unwrap();
    for address in [other, ADDRESS, other] {
        checkout.address(address);
        assert!(manifest().contains(&format!("\nrepository = \"{address}\"\n")));
        for page in ["README.md", "docs/install.md"] {
            let page = fs::read_to_string(checkout.path(page)).unwrap();
            let (all, own) =
                (page.matches("/releases/").count(), page.matches(&format!("{address}/releases/")).count());
            assert!(all == own && own > 1 && !page.contains("OWNER"), "{page}");
        }
        checkout.package();
        checkout.publish("pypi").ok();
    }
    for address in ["", "http://github.example/a/b", "https://github.example/a/b/", "https://a/b|w /tmp/c"] {
        let address = checkout.scratch.run(checkout.path("packaging/address")).arg(address).output();
        assert_eq!(address.status.code(), Some(2));
    }
    // The links of the project on PyPI and crates.io.
    let maturin = packaging(&checkout.scratch, &packager("maturin").unwrap()).current_dir(checkout.path(""));
    maturin.args(["sdist", "--out", "target/sdist"]).ok();
    for (archive, line) in [
        ("target/sdist/*.tar.gz", format!("Project-URL: Source Code, {other}")),
        ("target/dist/*.crate", format!("repository = \"{other}\"")),
    ] {
        let list =
            checkout.scratch.run("sh").args(["-c", &format!("gzip -dc {archive}")]).current_dir(checkout.path(""));
        let list = list.output().stdout;
        assert!(list.windows(line.len()).any(|bytes| bytes == line.as_bytes()), "{line}");
    }

    fs::write(checkout.path("Cargo.toml"), format!("{}# More\n", manifest())).unwrap();
    assert!(checkout.refuses("draft").contains("the checkout has changes that are not committed"));
    fs::write(
        checkout.path("Cargo.toml"),
        manifest().replace("\nrepository = ", "\n# repository = ").replace("# More\n", ""),
    )
    .unwrap();
    checkout.commit();
    checkout.git(&["tag", "--force", TAG]);
    checkout.package();
    let said = checkout.refuses("crate");
    assert!(
        said.ends_with("the repository's address is not known; set it with packaging/address, and build again"),
        "{said}"
    );
    assert!(checkout.asked().is_empty());
}

#[test]
fn the_workflow_runs_the_steps_in_their_order_and_uploads_to_pypi_between_them() {
    let workflow = include_str!("../../../.github/workflows/release.yml");
    let mut rest = workflow;
    let address = "packaging/address \"$GITHUB_SERVER_URL/$GITHUB_REPOSITORY\"\n";
    for step in [
        address,
        "packaging/release\n",
        "packaging/publish --dry-run\n",
        address,
        "packaging/publish draft\n",
        "packaging/publish pypi\n",
        "pypa/gh-action-pypi-publish@",
        "packages-dir: target/pypi\n",
        "packaging/publish crate\n",
        "packaging/publish announce\n",
    ] {
        rest = rest.split_once(step).unwrap_or_else(|| panic!("{}", step.to_owned())).1;
    }
    // cargo refuses to publish from a checkout with files that are not ignored.
    let places = workflow.lines().filter_map(|line| line.trim().strip_prefix("path: "));
    assert!(places.into_iter().all(|path| path == "target/dist"), "{workflow}");
}

#[test]
fn actions_are_pinned_by_commit_with_their_version_in_a_comment() {
    let mut pinned = std::collections::BTreeMap::new();
    let workflows = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/workflows");
    for name in names_in(&workflows) {
        let text = fs::read_to_string(workflows.join(name)).unwrap();
        for line in text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: ")) {
            let (action, commit) = line.split_once('@').expect("a version");
            let (commit, version) = commit.split_once(" # v").unwrap_or_else(|| panic!("{line}"));
            assert!(commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()), "{line}");
            assert_eq!(version.split('.').count(), 3, "{line}");
            assert_eq!(*pinned.entry(action.to_owned()).or_insert_with(|| commit.to_owned()), commit, "{line}");
        }
    }
    assert!(pinned.len() >= 7, "{pinned:?}");
}
