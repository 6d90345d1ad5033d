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
    ("canonical", &["model"]),
    ("pubsub_topic", &["model", "emulator", "root_cause", "credentials"]),
    ("storage", &["model", "emulator", "root_cause", "credentials", "retry", "failpoint"]),
    ("encode", &["batch", "model"]),
    ("source", &["encode", "canonical", "batch", "model", "root_cause"]),
    ("stage", &["storage", "batch", "model", "failpoint"]),
    ("state", &["storage", "batch", "model", "failpoint"]),
    (
        "bigquery",
        &["storage", "canonical", "batch", "model", "emulator", "root_cause", "credentials", "retry", "failpoint"],
    ),
    ("capture", &["source", "encode", "storage", "batch", "model", "failpoint"]),
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
            "canonical",
            "batch",
            "model",
            "failpoint",
        ],
    ),
    ("server", &["run", "config", "state", "storage", "telemetry", "model"]),
    ("cli", &["server", "run", "propose", "config", "capture", "state", "source", "storage", "telemetry", "model"]),
];

/// A file as a module's path.
struct File {
    module: Vec<String>,
    /// Every path that it names: of `use` lines, those that begin with `crate`, `self` or `super`, and those of modules below it.
    imports: Vec<Vec<String>>,
    /// What it hands on with `pub use`, by name.
    hands_on: BTreeMap<String, Vec<String>>,
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
            into.push(file(&text, own));
        }
    }
}

/// The code without comments, texts and what only tests have.
fn bare(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let (mut bare, mut rest) = (String::new(), code);
    while let Some(at) = rest.find(['"', '/', '\'']) {
        bare.push_str(&rest[..at]);
        rest = &rest[at..];
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("'\"'") {
            3
        } else if let Some(text) = rest.strip_prefix('"') {
            let mut escaped = false;
            let end = text.find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            end.map_or(rest.len(), |end| end + 2)
        } else {
            bare.push_str(&rest[..1]);
            1
        };
        rest = &rest[skipped..];
    }
    bare.push_str(rest);
    bare
}

fn file(text: &str, own: Vec<String>) -> File {
    let (mut imports, mut hands_on, mut body) = (Vec::new(), BTreeMap::new(), String::new());
    for statement in bare(text).split_inclusive(';') {
        let line = statement.rfind("use ").map_or("", |at| statement[..at].lines().last().unwrap_or(""));
        let before = line.trim();
        if !statement.contains("use ") || !(before.is_empty() || before.starts_with("pub")) {
            body.push_str(statement);
            continue;
        }
        let at = statement.rfind("use ").unwrap();
        body.push_str(&statement[..at - line.len()]);
        let mut paths = Vec::new();
        let tree = statement[at + 4..].trim_end_matches(';').split_whitespace().collect::<Vec<_>>().join(" ");
        expand("", &tree, &mut paths);
        for named in paths {
            let (real, name) = named.split_once(" as ").unwrap_or((&named, named.rsplit("::").next().unwrap()));
            let to = absolute(real, &own);
            if before.is_empty() { imports.push(to) } else { _ = hands_on.insert(name.to_owned(), to) }
        }
    }
    // What a file hands on it may also use itself.
    let words: BTreeSet<&str> = body.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
    let uses = |name: &str| name.starts_with(char::is_uppercase) && words.contains(name);
    imports.extend(hands_on.iter().filter(|(name, _)| uses(name)).map(|(_, to)| to.clone()));
    for (at, _) in body.match_indices("::") {
        let start = body[..at].rfind(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).map_or(0, |n| n + 1);
        let end = body[at..].find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(body.len() - at);
        imports.push(absolute(&body[start..at + end], &own));
    }
    File { module: own, imports, hands_on }
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

/// The path from the root; one of another crate falls out where no file has it.
fn absolute(path: &str, own: &[String]) -> Vec<String> {
    let mut parts: Vec<&str> = path.trim_start_matches("::").split("::").collect();
    let mut base = own.to_vec();
    match parts[0] {
        "crate" => base.clear(),
        "self" => {}
        _ => parts.insert(0, "self"),
    }
    parts.remove(0);
    while parts.first() == Some(&"super") {
        parts.remove(0);
        base.pop();
    }
    base.into_iter().chain(parts.into_iter().map(str::to_owned)).collect()
}

/// The file in which a path ends, through all that hand it on.
fn holder<'a>(files: &'a BTreeMap<String, File>, wanted: &[String]) -> Option<&'a File> {
    let mut wanted = wanted.to_vec();
    for _ in 0..8 {
        let (length, file) = (1..=wanted.len()).rev().find_map(|n| Some((n, files.get(&path(&wanted[..n]))?)))?;
        match wanted.get(length).and_then(|name| file.hands_on.get(name)) {
            Some(to) => wanted = to.iter().chain(&wanted[length + 1..]).cloned().collect(),
            None => return Some(file),
        }
    }
    None
}

fn all() -> Vec<File> {
    let mut all = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &[], &mut all);
    all
}

#[test]
fn no_room_imports_from_above() {
    let mut wrong = BTreeSet::new();
    for File { module, imports, hands_on } in all() {
        let room = &module[0];
        let (_, allowed) = ROOMS.iter().find(|(name, _)| name == room).unwrap_or_else(|| panic!("{room} has no place"));
        for other in imports.iter().chain(hands_on.values()).filter_map(|i| i.first()) {
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
    let known: BTreeMap<String, File> = all().into_iter().map(|f| (path(&f.module), f)).collect();
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, file) in &known {
        let targets = file.imports.iter().filter_map(|i| holder(&known, i)).map(|f| path(&f.module));
        graph.entry(name.clone()).or_default().extend(targets.filter(|t| t != name));
    }
    assert!(graph.values().map(BTreeSet::len).sum::<usize>() > 500, "the imports were not found");
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

#[test]
fn a_circle_through_what_is_handed_on_is_seen() {
    let text =
        |text: &str, module: &str| (module.to_owned(), file(text, module.split("::").map(str::to_owned).collect()));
    let files: BTreeMap<String, File> = [
        text("mod b;\npub use b::{B as Other, C};\n// use crate::nothing;\nstruct A(C);", "a"),
        text("use super::A;\nconst TEXT: &str = \"use crate::nothing;\";", "a::b"),
        text("use crate::a::Other;", "c"),
    ]
    .into();
    let of = |name: &str| {
        let found = files[name].imports.iter().filter_map(|i| holder(&files, i)).map(|f| path(&f.module));
        found.filter(|f| f != name).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(
        (of("a"), of("a::b"), of("c")),
        (vec!["a::b".to_owned()], vec!["a".to_owned()], vec!["a::b".to_owned()])
    );
}
