//! One request: is it what the service takes, and then stored.

use prost_reflect::MessageDescriptor;

use crate::answer::{BadRow, Refusal, StorageCode, Verdict};
use crate::change::kind::NOT_A_CHANGE_TYPE;
use crate::clock::Moment;
use crate::name::{StreamKind, TableName, parse_stream};
use crate::schema::binding::{self, Binding, CHANGE_TYPE, Unfit};
use crate::schema::column::{Column, table_schema};
use crate::schema::descriptor;
use crate::schema::history::Delays;
use crate::settings::LaterSchema;
use crate::shared::Shared;
use crate::table::Table;
use crate::tables::Presence;
use crate::value::row::{self, Fault, Wanted};
use crate::wire::codec::Measured;
use crate::wire::messages::{AppendRowsRequest, DEFAULT_VALUE, ProtoData, TableSchema};

/// With more columns a table takes no changes (Google's page on change data capture).
const MOST_COLUMNS: usize = 2_000;

/// Where a call's requests go until another place is named.
pub struct Destination {
    /// The stream's name.
    pub stream: String,
    /// Its table; `None` if the name is none of a stream's.
    pub table: Option<(TableName, StreamKind)>,
    message: Option<MessageDescriptor>,
    known: Option<Vec<Column>>,
}

impl Destination {
    /// The name of the table, for the ledger.
    pub fn label(&self) -> String {
        self.table.as_ref().map_or_else(|| self.stream.clone(), |(table, _)| table.to_string())
    }
}

/// What a call knows from its requests so far.
pub struct Call {
    /// When it was opened.
    pub opened: Moment,
    destination: Option<Destination>,
}

/// What becomes of a request.
pub enum Judgement {
    /// An answer, and the table's columns if the stream learnt of new ones.
    Answer(Verdict, Option<TableSchema>),
    /// The call ends.
    End(Refusal),
}

impl From<Refusal> for Judgement {
    fn from(refusal: Refusal) -> Self {
        Self::Answer(Verdict::Refused(refusal), None)
    }
}

impl Call {
    /// A call that is opened now.
    pub fn new(opened: Moment) -> Self {
        Self { opened, destination: None }
    }

    /// Where a request goes. When it names another stream than the one before, the writer's schema must come with it.
    pub fn destination(&mut self, request: &AppendRowsRequest) -> Option<&mut Destination> {
        let stream = &request.write_stream;
        let is_new = self.destination.as_ref().is_none_or(|known| known.stream != *stream);
        if !stream.is_empty() && is_new {
            let table = parse_stream(stream);
            self.destination = Some(Destination { stream: stream.clone(), table, message: None, known: None });
        }
        self.destination.as_mut()
    }

    /// Judges a request, and stores its rows if they are good.
    pub async fn judge(&mut self, shared: &Shared, measured: Measured) -> Judgement {
        let opened = self.opened;
        let limit = shared.settings.request_limit;
        if measured.bytes > limit {
            let size = measured.bytes;
            return Refusal::invalid(format!("AppendRows request too large: {size} bytes, limit {limit} bytes")).into();
        }
        let request = measured.request;
        let Some(destination) = self.destination(&request) else {
            return Judgement::End(Refusal::invalid("The first request must name the write stream"));
        };
        let Some((name, kind)) = destination.table.clone() else {
            return Judgement::End(Refusal::invalid("Invalid stream name"));
        };
        let data = match data(request) {
            Ok(data) => data,
            Err(refusal) => return refusal.into(),
        };
        if let Err(refusal) = destination.learn(&data, shared.settings.later_schema) {
            return refusal.into();
        }
        let Some(message) = destination.message.clone() else {
            return Refusal::invalid("The writer schema is missing: it must come with the first request for a table")
                .into();
        };
        if kind == StreamKind::Created {
            return no_changes_here(&message);
        }
        let entry = shared.tables.entry(&name);
        let mut state = entry.lock().await;
        let presence = match shared.tables.look(&name, &mut state).await {
            Ok(presence) => presence,
            Err(error) => return broken(shared, &error.to_string()),
        };
        let table = match (presence, &mut *state) {
            (Presence::There, Some(table)) => table,
            _ => {
                let refusal = Refusal::new(tonic::Code::NotFound, "Requested entity was not found.");
                return Judgement::End(refusal.with(StorageCode::TableNotFound));
            }
        };
        let (binding, updated) = match destination.bind(shared, &message, table, opened) {
            Ok(bound) => bound,
            Err(Unfit::Refused(refusal)) => return refusal.into(),
            Err(Unfit::EachRow(refusal)) => {
                let rows = data.rows.map_or(0, |rows| rows.serialized_rows.len());
                let bad = (0..rows).map(|index| BadRow { index, message: refusal.message.clone() });
                return Judgement::Answer(Verdict::RefusedFor(refusal.clone(), bad.collect()), None);
            }
        };
        let rows = match read(&message, &binding, &table.resource.key, data) {
            Ok(rows) => rows,
            Err(verdict) => return Judgement::Answer(verdict, updated),
        };
        match shared.tables.store(&name, table, rows).await {
            Ok(()) => Judgement::Answer(Verdict::Stored, updated),
            Err(error) => broken(shared, &error.to_string()),
        }
    }
}

impl Destination {
    fn learn(&mut self, data: &ProtoData, later: LaterSchema) -> Result<(), Refusal> {
        let Some(schema) = &data.writer_schema else {
            return Ok(());
        };
        if self.message.is_none() || later == LaterSchema::Taken {
            let message = descriptor::read(&schema.proto_descriptor);
            self.message = Some(message.map_err(|error| Refusal::invalid(error.to_string()))?);
        }
        Ok(())
    }

    fn bind(
        &mut self,
        shared: &Shared,
        message: &MessageDescriptor,
        table: &Table,
        opened: Moment,
    ) -> Result<(Binding, Option<TableSchema>), Unfit> {
        let (now, delays) = (shared.settings.clock.now(), delays(shared));
        let known = table.history.known_to(opened, now, delays);
        let has_more = self.known.as_ref().is_some_and(|before| known.len() > before.len());
        let updated = has_more.then(|| table_schema(&known));
        let bound = binding::bind(message, &known, |name| table.history.find(name, &known, now, delays));
        self.known = Some(known);
        let bound = bound?;
        if bound.change_type.is_some() {
            if table.resource.key.is_empty() {
                let message = "UPSERT and DELETE change types need a table with a primary key";
                return Err(Unfit::Refused(Refusal::invalid(message)));
            }
            if table.resource.columns.len() > MOST_COLUMNS {
                let message = format!("A table with changes can have {MOST_COLUMNS} top-level columns at most");
                return Err(Unfit::Refused(Refusal::invalid(message)));
            }
        }
        Ok((bound, updated))
    }
}

fn delays(shared: &Shared) -> Delays {
    let settings = &shared.settings;
    Delays { open: settings.schema_delay, new: settings.new_stream_delay, dropped: settings.drop_delay }
}

/// The rows of a request that are protocol buffers for a default stream.
fn data(request: AppendRowsRequest) -> Result<ProtoData, Refusal> {
    if request.arrow_rows.is_some() {
        return Err(Refusal::invalid("Rows must be protocol buffers here, not Arrow"));
    }
    if request.offset.is_some() {
        return Err(Refusal::invalid("The offset must not be set for the default stream"));
    }
    let interpretations = request.missing_value_interpretations.values();
    if request.default_missing_value_interpretation == DEFAULT_VALUE
        || interpretations.copied().any(|how| how == DEFAULT_VALUE)
    {
        return Err(Refusal::invalid("This stand-in does not fill in the defaults of columns"));
    }
    request.proto_rows.ok_or_else(|| Refusal::invalid("The request has no rows"))
}

/// A stream that a client has made takes no changes, and there is none here that takes anything else.
fn no_changes_here(message: &MessageDescriptor) -> Judgement {
    if message.get_field_by_name(CHANGE_TYPE).is_some() {
        return Refusal::invalid(format!("{NOT_A_CHANGE_TYPE} in insert mode: UPSERT")).into();
    }
    let refusal = Refusal::new(tonic::Code::NotFound, "Requested entity was not found.");
    Judgement::End(refusal.with(StorageCode::StreamNotFound))
}

/// The stand-in itself does not work: the test must not pass.
fn broken(shared: &Shared, what: &str) -> Judgement {
    shared.ledger.note(what);
    Judgement::End(Refusal::new(tonic::Code::Internal, format!("the stand-in: {what}")))
}

/// All rows, or what is wrong with which of them.
fn read(
    message: &MessageDescriptor,
    binding: &Binding,
    key: &[String],
    data: ProtoData,
) -> Result<Vec<Wanted>, Verdict> {
    let rows = data.rows.unwrap_or_default().serialized_rows;
    let (mut good, mut bad, mut types) = (Vec::with_capacity(rows.len()), Vec::new(), None);
    for (index, row) in rows.iter().enumerate() {
        match row::read(message, binding, key, row) {
            Ok(row) => good.push(row),
            Err(Fault::Value(message)) => bad.push(BadRow { index, message }),
            Err(Fault::ChangeType(message)) => {
                types.get_or_insert_with(|| message.clone());
                bad.push(BadRow { index, message });
            }
        }
    }
    match types {
        Some(message) => Err(Verdict::RefusedFor(Refusal::invalid(message), bad)),
        None if bad.is_empty() => Ok(good),
        None => Err(Verdict::BadRows(bad)),
    }
}
