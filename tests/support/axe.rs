//! axe-core in a page of a browser. npm has it; where it can't be fetched, the tests say so.

use serde_json::{Value, json};

use super::browser::Browser;
use super::left_out::left_out;

/// The script of axe-core.
pub struct Axe(String);

impl Axe {
    /// `None` where there is none; says so. CI has npm, so there it is an error.
    pub fn fetch() -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/axe.sh");
        let out = std::process::Command::new(script).output().expect("the script starts");
        let said = String::from_utf8_lossy(&out.stdout).trim().to_owned();
        if !out.status.success() {
            assert!(std::env::var_os("CI").is_none(), "{said}");
            left_out(&said);
            return None;
        }
        Some(Self(std::fs::read_to_string(said).expect("axe-core is where the script says")))
    }

    /// What is wrong with the page that is shown, by the rules of WCAG 2.2, levels A and AA, and by best practice: each rule with the
    /// elements that break it.
    pub async fn complaints(&self, browser: &Browser) -> Vec<String> {
        // By the browser's own protocol: the page's policy lets no script in that is not ours.
        let expression = format!(
            "{};axe.run(document, {{ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }})
               .then(found => JSON.stringify(found.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 160)).join(' | '))))",
            self.0
        );
        let parameters = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = browser.command("Runtime.evaluate", parameters).await;
        let found: Value = serde_json::from_str(answer["result"]["value"].as_str().unwrap_or_default())
            .unwrap_or_else(|_| panic!("axe-core did not run: {answer}"));
        found.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
    }
}
