//! Which page a browser sends a request from. Any page that somebody has open can have their browser call us: with their rights, or past
//! the firewall that they are behind.
//!
//! Every browser of today sends `Sec-Fetch-Site`, and no page can change it; an older one sends at least `Origin` with a post. What is no
//! browser sends neither. Source: <https://web.dev/articles/fetch-metadata>

use axum::http::{HeaderMap, HeaderName, Uri, header};

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).map(|v| v.to_str().unwrap_or_default())
}

/// Whether the origin that a post names is the host it calls.
fn is_own_origin(headers: &HeaderMap, origin: &str) -> bool {
    let origin = origin.parse::<Uri>().ok();
    let origin = origin.as_ref().filter(|o| o.scheme().is_some()).and_then(Uri::authority).map(|a| a.as_str());
    origin.is_some() && origin == text(headers, header::HOST)
}

/// A page of ours, for certain.
pub(super) fn is_our_page(headers: &HeaderMap) -> bool {
    match text(headers, SITE) {
        Some(site) => site == "same-origin",
        None => text(headers, header::ORIGIN).is_some_and(|origin| is_own_origin(headers, origin)),
    }
}

/// Somebody else's page, for certain.
pub(super) fn is_another_site(headers: &HeaderMap) -> bool {
    match text(headers, SITE) {
        // Typed, or by a bookmark.
        Some(site) => site != "same-origin" && site != "none",
        None => text(headers, header::ORIGIN).is_some_and(|origin| !is_own_origin(headers, origin)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&'static str, &str)]) -> (bool, bool) {
        let headers = pairs.iter().map(|(k, v)| (HeaderName::from_static(k), v.parse().unwrap())).collect();
        (is_our_page(&headers), is_another_site(&headers))
    }

    #[test]
    fn ours_theirs_and_no_page_at_all() {
        let (ours, theirs, neither) = ((true, false), (false, true), (false, false));
        assert_eq!(
            of(&[("sec-fetch-site", "same-origin"), ("origin", "http://localhost:8080"), ("host", "run.app")]),
            ours
        );
        for site in ["cross-site", "same-site", "", "Same-Origin"] {
            assert_eq!(of(&[("sec-fetch-site", site), ("origin", "http://h"), ("host", "h")]), theirs, "{site}");
        }
        assert_eq!(of(&[("sec-fetch-site", "none")]), neither);
        assert_eq!(of(&[("origin", "http://h:8080"), ("host", "h:8080")]), ours);
        for origin in ["http://evil", "null", "h", "http://h.evil"] {
            assert_eq!(of(&[("origin", origin), ("host", "h")]), theirs, "{origin}");
        }
        assert_eq!((of(&[("host", "h")]), of(&[])), (neither, neither));
    }
}
