//! Lists of row hashes: the objects that a state names.

use serde_json::Value;

use super::World;

/// Every object with row hashes of a table that its state names, in order.
pub async fn named_lists(w: &World, feed: &str) -> Vec<String> {
    let mark = &w.state(feed).await["watermark"]["tables"][feed]["digest"];
    let mut names = Vec::new();
    for slice in mark["slices"].as_array().unwrap() {
        let mut add = |run: &Value, number: &Value| {
            let number = number.as_u64().unwrap();
            names.push(format!("p/digests/{feed}/{}/{number:05}", run.as_str().unwrap()));
        };
        add(&slice["sums"]["run"], &slice["sums"]["number"]);
        for of_run in slice["lists"].as_array().unwrap() {
            of_run["numbers"].as_array().unwrap().iter().for_each(|n| add(&of_run["run"], n));
        }
    }
    names.sort();
    names
}
