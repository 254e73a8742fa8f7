//! METADATA, which has a distribution's headers and its description.

/// A header of METADATA: the name in any case, without what comes after the first empty line.
pub(super) fn header<'a>(metadata: &'a str, wanted: &str) -> Option<&'a str> {
    let mut headers = metadata.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(':'));
    headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requires_python_is_read_from_headers_and_not_from_the_description() {
        let requires_python = |metadata| header(metadata, "Requires-Python");
        assert_eq!(requires_python("Name: pip\nrequires-python: >=3.8\n\nRequires-Python: 2"), Some(">=3.8"));
        assert_eq!(requires_python("Name: pip\n\nRequires-Python: 2"), None);
    }
}
