//! How large a table is in the tests that are about large ones.

/// Rows: 100,000, or what `make test-large` says.
pub fn many_rows() -> u64 {
    match std::env::var("PLIMSOLL_TEST_ROWS") {
        Ok(rows) => rows.parse().expect("PLIMSOLL_TEST_ROWS is a number of rows"),
        Err(_) => 100_000,
    }
}

/// How many times a command may take as long as one over the usual number of rows.
pub fn times_as_long() -> u32 {
    u32::try_from(many_rows() / 100_000).unwrap_or(u32::MAX).max(1)
}

/// The most memory that a process has had, in MiB.
pub fn peak_mib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}
