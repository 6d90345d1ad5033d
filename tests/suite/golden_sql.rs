//! Every statement BigQuery gets is kept, and Google's analyzer has accepted it.

use std::process::Command;

#[test]
fn google_accepts_every_statement() {
    let root = env!("CARGO_MANIFEST_DIR");
    let venv = std::env::var("PLIMSOLL_VENV").expect("PLIMSOLL_VENV is not set: run the tests with `make test`");
    let folder = format!("{root}/tests/golden/bigquery");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let checker = format!("{root}/tests/support/sqlcheck.py");
    let output = Command::new(format!("{venv}/bin/python")).arg(checker).args(&files).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(&format!("{} statements accepted", files.len())), "{said}");
}
