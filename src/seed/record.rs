//! RECORD (PEP 376, PEP 427): a distribution's files, each with its hash and size.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// The rows of a RECORD, sorted by path, which is the order in which pip writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// Hash and size as they are written in RECORD. Both are empty in a row without them.
    rows: BTreeMap<String, (String, String)>,
}

impl Record {
    /// Parses the rows. Fails with the reason if this is not a CSV file of paths, hashes and sizes.
    pub(super) fn parse(contents: &[u8]) -> Result<Record, String> {
        Record::of_wheel(contents, |_| true)
    }

    /// Parses a wheel's RECORD. It may only list files in the wheel, so it has no more rows than the wheel has files.
    pub(super) fn of_wheel(contents: &[u8], is_there: impl Fn(&str) -> bool) -> Result<Record, String> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(contents);
        let mut record = Record::default();
        for row in reader.records() {
            let row = row.map_err(|error| format!("cannot parse RECORD: {error}"))?;
            let field = |at: usize| row.get(at).unwrap_or_default().to_owned();
            if !is_there(&field(0)) {
                return Err(format!("its RECORD lists {}, which is not in the wheel", field(0)));
            }
            record.rows.insert(field(0), (field(1), field(2)));
        }
        Ok(record)
    }

    /// Renders the rows as pip does: CSV with CRLF line endings.
    pub(super) fn render(&self) -> String {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        for (path, (hash, size)) in &self.rows {
            writer.write_record([path, hash, size]).expect("writing to a vector cannot fail");
        }
        let csv = writer.into_inner().expect("flushing a vector cannot fail");
        String::from_utf8(csv).expect("all rows are UTF-8")
    }

    /// Like [`render`](Self::render), with the rows of a RECORD that is already rendered. If all of its paths sort
    /// after these, as those of modules do after `../../bin`, it does not have to be parsed.
    pub(super) fn render_with(&self, rendered: &str) -> String {
        let first = rendered.split(',').next().unwrap_or_default();
        if self.rows.keys().all(|path| path.as_str() < first) && !first.starts_with('"') {
            return self.render() + rendered;
        }
        // A rendered RECORD can always be parsed.
        let mut all = Record::parse(rendered.as_bytes()).unwrap_or_default();
        all.rows.extend(self.rows.clone());
        all.render()
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().map(String::as_str)
    }

    /// Keeps only the rows with these paths.
    pub(super) fn retain(&mut self, keeps: impl Fn(&str) -> bool) {
        self.rows.retain(|path, _| keeps(path));
    }

    pub(super) fn add(&mut self, path: &str, contents: &[u8]) {
        self.rows.insert(path.to_owned(), (hash(contents), contents.len().to_string()));
    }

    pub(super) fn add_unhashed(&mut self, path: &str) {
        self.rows.insert(path.to_owned(), Default::default());
    }

    /// Fails with the reason unless the row of `path` has the hash of `contents`, and their size if it has one.
    pub(super) fn check(&self, path: &str, contents: &[u8]) -> Result<(), String> {
        match self.rows.get(path) {
            None => Err(format!("{path} is not listed in RECORD")),
            Some((recorded, _)) if recorded.is_empty() => Err(format!("{path} has no hash in RECORD")),
            Some((recorded, _)) if !is_hash_of(recorded, contents)? => {
                Err(format!("{path} does not match its hash in RECORD"))
            }
            Some((_, size)) if !size.is_empty() && *size != contents.len().to_string() => {
                Err(format!("{path} does not match its size in RECORD"))
            }
            Some(_) => Ok(()),
        }
    }
}

fn hash(contents: &[u8]) -> String {
    format!("sha256={}", BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(contents)))
}

/// Whether a hash is that of `contents`. Fails if it is not a SHA-2 hash: PEP 427 requires sha256 or better.
fn is_hash_of(recorded: &str, contents: &[u8]) -> Result<bool, String> {
    let (algorithm, value) = recorded.split_once('=').unwrap_or((recorded, ""));
    let digest = match algorithm {
        "sha256" => Sha256::digest(contents).to_vec(),
        "sha384" => Sha384::digest(contents).to_vec(),
        "sha512" => Sha512::digest(contents).to_vec(),
        _ => return Err(format!("its RECORD has an unsupported hash, {algorithm}; sha256 is supported")),
    };
    Ok(value.trim_end_matches('=') == BASE64_URL_SAFE_NO_PAD.encode(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_quoted_where_needed_and_end_in_crlf() {
        let mut record = Record::parse(b"b.py,sha256=x,1\n\"a,b.py\",sha256=y,2\n").unwrap();
        record.add_unhashed("a.pyc");
        record.add("c", b"");
        let empty = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0";
        let expected = format!("\"a,b.py\",sha256=y,2\r\na.pyc,,\r\nb.py,sha256=x,1\r\nc,{empty}\r\n");
        assert_eq!(record.render(), expected);
        assert_eq!(record.render_with(""), expected);
    }

    #[test]
    fn rows_are_sorted_together_with_those_already_rendered() {
        let record = |paths: &[&str]| {
            let mut record = Record::default();
            paths.iter().for_each(|path| record.add_unhashed(path));
            record
        };
        for rendered in [&["a", "b"][..], &["\"a,b", "+x"], &[]] {
            let both = [rendered, &["../bin/x", "../bin/y"]].concat();
            let with = record(&["../bin/x", "../bin/y"]).render_with(&record(rendered).render());
            assert_eq!(with, record(&both).render());
        }
    }

    #[test]
    fn only_sha_2_hashes_are_accepted() {
        let of_nothing = [
            "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
            "sha384=OLBgp1GsljhM2TJ-sbHjaiH9txEUvgdDTAzHv2P24donTt6_529l-9Ua0vFImLlb",
            "sha512=z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg_SpIdNs6c5H0NE8XYXysP-DGNKHfuwvY7kxvUdBeoGlODJ6-SfaPg==",
        ];
        for hash in of_nothing {
            let record = Record::parse(format!("a.py,{hash},\n").as_bytes()).unwrap();
            assert_eq!(record.check("a.py", b""), Ok(()), "{hash}");
            assert!(record.check("a.py", b"x").unwrap_err().contains("does not match its hash"), "{hash}");
        }
        let record = Record::parse(b"a.py,md5=1B2M2Y8AsgTpgAmY7PhCfg,\n").unwrap();
        assert!(record.check("a.py", b"").unwrap_err().contains("md5"));
    }
}
