//! `[storage]`: the bucket that keeps state and batches.

use super::read::Section;
use crate::batch::Compression;

#[derive(Clone, Debug)]
pub struct StorageConfig {
    pub bucket: String,
    /// Empty, or ends with a slash.
    pub prefix: String,
    /// Bytes of a part as stored.
    pub part_size: usize,
    pub compression: Compression,
}

/// `None` only where a fault was noted.
pub(super) fn read(s: &Section<'_>) -> Option<StorageConfig> {
    const EXAMPLE: &str = "url = \"gs://my-bucket/plimsoll\"";
    let url = s.required_string("url", EXAMPLE);
    let part_size = s.size("part_size");
    let compression = s.choice("compression", &[("gzip", Compression::Gzip), ("none", Compression::None)]);
    s.refuse_unknown(&["url", "part_size", "compression"]);
    let part_size = match part_size {
        Some(size) if !(64 * 1024..=256 * 1024 * 1024).contains(&size.value) => {
            s.fault(size.at, "part_size: out of range".to_owned(), "between 64KiB and 256MiB; 16MiB is the default");
            return None;
        }
        Some(size) => size.value,
        None => 16 * 1024 * 1024,
    };
    let url = url?;
    let Some((bucket, prefix)) = split_bucket_url(&url.value) else {
        s.fault(url.at, format!("url: `{}` is not a Cloud Storage URL", s.shown(&url)), EXAMPLE);
        return None;
    };
    Some(StorageConfig { bucket, prefix, part_size, compression: compression.unwrap_or(Compression::Gzip) })
}

/// `gs://bucket/a/b` to (`bucket`, `a/b/`).
fn split_bucket_url(url: &str) -> Option<(String, String)> {
    let rest = url.strip_prefix("gs://")?;
    let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return None;
    }
    let path = path.trim_matches('/');
    let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
    Some((bucket.to_owned(), prefix))
}
