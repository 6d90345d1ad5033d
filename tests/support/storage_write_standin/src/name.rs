//! Names of streams and tables.

/// A table's full name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// Its project.
    pub project: String,
    /// Its dataset.
    pub dataset: String,
    /// Itself.
    pub table: String,
}

impl TableName {
    /// Reads `project.dataset.table`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(3, '.').map(str::to_owned);
        let (table, dataset, project) = (parts.next()?, parts.next()?, parts.next()?);
        [&table, &dataset, &project].iter().all(|part| !part.is_empty()).then_some(Self { project, dataset, table })
    }
}

impl std::fmt::Display for TableName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.project, self.dataset, self.table)
    }
}

/// Which stream of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// The one that each table has.
    Default,
    /// One that a client has made: it takes no changes.
    Created,
}

/// Reads `projects/{project}/datasets/{dataset}/tables/{table}/streams/{stream}`.
pub fn parse_stream(text: &str) -> Option<(TableName, StreamKind)> {
    let parts: Vec<&str> = text.split('/').collect();
    let ["projects", project, "datasets", dataset, "tables", table, "streams", stream] = parts[..] else {
        return None;
    };
    if [project, dataset, table, stream].iter().any(|part| part.is_empty()) {
        return None;
    }
    let kind = if stream == "_default" { StreamKind::Default } else { StreamKind::Created };
    Some((TableName { project: project.into(), dataset: dataset.into(), table: table.into() }, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_named_by_their_table() {
        let (table, kind) = parse_stream("projects/p/datasets/d/tables/t/streams/_default").unwrap();
        assert_eq!((table.to_string(), kind), ("p.d.t".into(), StreamKind::Default));
        assert_eq!(parse_stream("projects/p/datasets/d/tables/t/streams/x").unwrap().1, StreamKind::Created);
        for text in ["", "projects/p/datasets/d/tables/t", "projects/p/datasets/d/tables//streams/_default"] {
            assert_eq!(parse_stream(text), None, "{text}");
        }
    }

    #[test]
    fn a_project_may_have_a_domain() {
        let name = TableName::parse("example.com:p.d.t").unwrap();
        assert_eq!((name.project.as_str(), name.dataset.as_str()), ("example.com:p", "d"));
        assert_eq!(TableName::parse("d.t"), None);
    }
}
