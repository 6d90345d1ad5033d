//! The layout of the code: arrows point one way, and no two files import each other. docs/ARCHITECTURE.md has the picture.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Each room, and those that it may import from.
const ROOMS: &[(&str, &[&str])] = &[
    ("root_cause", &[]),
    ("failpoint", &[]),
    ("model", &[]),
    ("credentials", &[]),
    ("emulator", &[]),
    ("retry", &[]),
    ("telemetry", &["model"]),
    ("batch", &["model"]),
    ("pubsub_topic", &["model", "emulator", "root_cause", "credentials"]),
    ("storage", &["model", "emulator", "root_cause", "credentials", "retry", "failpoint"]),
    ("encode", &["batch", "model"]),
    ("source", &["encode", "batch", "model", "root_cause"]),
    ("stage", &["storage", "batch", "model", "failpoint"]),
    ("state", &["storage", "batch", "model", "failpoint"]),
    ("bigquery", &["storage", "batch", "model", "emulator", "root_cause", "credentials", "retry", "failpoint"]),
    ("capture", &["source", "encode", "batch", "model"]),
    ("config", &["batch", "model"]),
    ("propose", &["config", "source", "encode", "model"]),
    (
        "run",
        &[
            "config",
            "capture",
            "stage",
            "bigquery",
            "state",
            "source",
            "encode",
            "storage",
            "pubsub_topic",
            "telemetry",
            "emulator",
            "batch",
            "model",
            "failpoint",
        ],
    ),
    ("server", &["run", "config", "state", "storage", "telemetry", "model"]),
    ("cli", &["server", "run", "propose", "config", "capture", "state", "source", "storage", "telemetry", "model"]),
];

/// A file as a module's path, and the modules that it imports from.
struct File {
    module: Vec<String>,
    imports: Vec<Vec<String>>,
}

fn path(module: &[String]) -> String {
    module.join("::")
}

fn files(folder: &Path, module: &[String], into: &mut Vec<File>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        let name = entry.file_stem().unwrap().to_str().unwrap().to_owned();
        if entry.is_dir() {
            files(&entry, &[module, &[name]].concat(), into);
        } else if !matches!(name.as_str(), "lib" | "main" | "tests") {
            let own = if name == "mod" { module.to_vec() } else { [module, &[name]].concat() };
            let text = std::fs::read_to_string(&entry).unwrap();
            // What only tests import does not count.
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            let imports = imports(code, &own);
            into.push(File { module: own, imports });
        }
    }
}

/// Every path of a module that the code names: of `use` lines, and those that begin with `crate::`.
fn imports(code: &str, own: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for line in code.split(';') {
        let Some(start) = line.find("use ") else { continue };
        // What a folder hands on with `pub use` is not its own.
        let is_use = line[..start].lines().last().is_none_or(|l| l.trim().is_empty());
        if is_use {
            expand("", line[start + 4..].trim(), &mut found);
        }
    }
    for (at, _) in code.match_indices("crate::") {
        let end = code[at..].find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(code.len() - at);
        found.push(code[at..at + end].to_owned());
    }
    found.into_iter().filter_map(|p| absolute(&p, own)).collect()
}

fn expand(prefix: &str, tree: &str, into: &mut Vec<String>) {
    let (mut depth, mut piece) = (0, String::new());
    for c in tree.chars().chain([',']) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let whole = piece.trim();
                match whole.split_once('{') {
                    Some((head, rest)) => {
                        expand(&format!("{prefix}{head}"), rest.trim_end().trim_end_matches('}'), into)
                    }
                    None if !whole.is_empty() => into.push(format!("{prefix}{whole}")),
                    None => {}
                }
                piece.clear();
                continue;
            }
            _ => {}
        }
        piece.push(c);
    }
}

fn absolute(path: &str, own: &[String]) -> Option<Vec<String>> {
    let mut parts: Vec<&str> = path.split("::").collect();
    let mut base = match parts[0] {
        "crate" => Vec::new(),
        "self" | "super" => own.to_vec(),
        // A module below the file; other crates fall out where no file has their path.
        _ => own.to_vec(),
    };
    if matches!(parts[0], "crate" | "self") {
        parts.remove(0);
    }
    while parts.first() == Some(&"super") {
        parts.remove(0);
        base.pop();
    }
    Some(base.into_iter().chain(parts.into_iter().map(str::to_owned)).collect())
}

fn all() -> Vec<File> {
    let mut all = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &[], &mut all);
    all
}

#[test]
fn no_room_imports_from_above() {
    let mut wrong = BTreeSet::new();
    for File { module, imports } in all() {
        let room = &module[0];
        let (_, allowed) = ROOMS.iter().find(|(name, _)| name == room).unwrap_or_else(|| panic!("{room} has no place"));
        for other in imports.iter().filter_map(|i| i.first()) {
            let is_room = ROOMS.iter().any(|(name, _)| name == other);
            if is_room && other != room && !allowed.contains(&other.as_str()) {
                wrong.insert(format!("{} imports from {other}", path(&module)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_rooms_lie_above_each_other() {
    for (n, (room, allowed)) in ROOMS.iter().enumerate() {
        for other in *allowed {
            let at = ROOMS.iter().position(|(name, _)| name == other).unwrap_or_else(|| panic!("{other} is no room"));
            assert!(at < n, "{room} imports from {other}, which lies above it");
        }
    }
}

#[test]
fn no_files_import_each_other() {
    let all = all();
    let known: BTreeSet<String> = all.iter().map(|f| path(&f.module)).collect();
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for File { module, imports } in &all {
        for import in imports {
            // The longest part that is a file; a folder's mod.rs only hands on what others hold, to those outside of it.
            let target = (1..=import.len()).rev().map(|n| path(&import[..n])).find(|p| known.contains(p));
            if let Some(target) = target.filter(|t| *t != path(module)) {
                graph.entry(path(module)).or_default().insert(target);
            }
        }
    }
    let mut circles = BTreeSet::new();
    for start in graph.keys() {
        let mut waiting = vec![start.clone()];
        let mut seen = BTreeSet::new();
        while let Some(next) = waiting.pop() {
            for to in graph.get(&next).into_iter().flatten() {
                if to == start {
                    circles.insert(format!("{start} … {next}"));
                } else if seen.insert(to.clone()) {
                    waiting.push(to.clone());
                }
            }
        }
    }
    assert!(circles.is_empty(), "{circles:#?}");
}
