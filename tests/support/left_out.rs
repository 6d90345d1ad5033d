//! What a run of the tests leaves out, by name: scripts/test.sh prints it at the end.

use std::io::Write;

/// Where it is noted.
const VARIABLE: &str = "PLIMSOLL_LEFT_OUT";

/// This test leaves something out, for this reason.
pub fn left_out(why: &str) {
    note("left out", why);
}

/// This test asks a real server.
pub fn asked(whom: &str) {
    note("asked", whom);
}

fn note(what: &str, of: &str) {
    let Ok(path) = std::env::var(VARIABLE) else { return };
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("a test without a name");
    // One write a line: tests run side by side.
    let line = format!("{what}\t{of}\t{name}\n");
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the list of what is left out can be written");
}
