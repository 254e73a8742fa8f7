//! What rvenv knows about macOS without calling it, so that it is tested on all systems: how its `ls` shows access control
//! lists.

/// Whether `ls -lde` printed an access control list: each of its entries is on a line of its own.
pub(crate) fn lists_access_control(listed: &[u8]) -> bool {
    listed.is_empty() || listed.trim_ascii_end().contains(&b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_control_list_is_recognised_by_extra_lines() {
        let plain = "drwxr-xr-x  5 me  staff  160 Nov 25 20:00 a directory\n";
        assert!(!lists_access_control(plain.as_bytes()));
        assert!(lists_access_control(format!("{plain} 0: group:everyone deny delete\n").as_bytes()));
        assert!(lists_access_control(b""));
    }
}
