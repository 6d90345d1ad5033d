//! A short run of the fuzz targets: the kept corpus, and some thousand mutations of it from a fixed seed. `make fuzz T=row`
//! runs one of them on and on.

use std::path::Path;

use fastrand::Rng;

#[path = "../../fuzz/targets.rs"]
mod targets;

fn mutate(seed: &[u8], other: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut data = seed.to_vec();
    for _ in 0..rng.usize(1..6) {
        let at = rng.usize(0..=data.len());
        match rng.u32(0..6) {
            0 if at < data.len() => data[at] ^= 1 << rng.u32(0..8),
            1 if at < data.len() => data[at] = *rng.choice(b"\\\"\t\n{}[]:,.-+eE09NtT\0 ").unwrap(),
            2 => data.truncate(at),
            3 => data.splice(at..at, std::iter::repeat_n(rng.u8(..), rng.usize(1..9))).for_each(drop),
            4 => {
                let (from, to) = (rng.usize(0..=other.len()), rng.usize(0..=other.len()));
                data.splice(at..at, other[from.min(to)..from.max(to)].iter().copied()).for_each(drop);
            }
            _ => {
                let to = rng.usize(at..=data.len());
                data.drain(at..to);
            }
        }
    }
    data
}

fn run(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let seeds: Vec<Vec<u8>> = files.iter().map(|f| std::fs::read(f).unwrap()).collect();
    assert!(!seeds.is_empty());
    let mut rng = Rng::with_seed(1);
    for seed in &seeds {
        target(seed);
        for _ in 0..2000 {
            let data = mutate(seed, rng.choice(&seeds).unwrap(), &mut rng);
            let outcome = std::panic::catch_unwind(|| target(&data));
            assert!(outcome.is_ok(), "{name}: keep this in fuzz/corpus/{name}: {:?}", String::from_utf8_lossy(&data));
        }
    }
}

#[test]
fn envelope() {
    run("envelope", targets::envelope);
}

#[test]
fn config() {
    run("config", targets::config);
}

#[test]
fn state() {
    run("state", targets::state);
}

#[test]
fn row() {
    run("row", targets::row);
}
