//! A look at every table: what this process knows of it, read again where that is old.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::watch;

use super::board::{Currency, FRESH, FeedKnown, ToWaitFor};
use super::next_tick::Rhythm;
use super::read_state::{ReadState, Unread, UnreadFor};
use super::{FeedStatus, PATIENCE};
use crate::model::TableSpec;
use crate::run::context::Context;
use crate::run::feeds::Feed;
use crate::state::{Complaint, StateDocument};

/// One configured table, as this process knows it.
#[derive(Clone, Debug)]
pub struct TableLook {
    pub spec: TableSpec,
    /// Nothing where its state was never read.
    pub known: Option<Known>,
    /// Why its state could not be read the last time.
    pub unread: Option<Complaint>,
}

/// What is known of a table.
#[derive(Clone, Debug)]
pub struct Known {
    pub status: FeedStatus,
    /// The state that says so.
    pub state: Arc<StateDocument>,
    /// When it was read.
    pub at: OffsetDateTime,
}

impl TableLook {
    fn expecting(self, rhythm: Option<Rhythm>) -> Self {
        let known = self.known.map(|k| Known { status: k.status.expecting(&self.spec, rhythm), ..k });
        Self { known, ..self }
    }
}

impl Context {
    /// Every configured table, as it is known after waiting no longer than `patience`; in the config's order.
    pub async fn look(self: &Arc<Self>, patience: Duration) -> Vec<TableLook> {
        let mut ended = self.reading();
        let _ = tokio::time::timeout(patience, ended.wait_for(|ended| *ended)).await;
        let feeds = self.board.known();
        let is_over = *ended.borrow();
        let rhythm = Rhythm::of(feeds.values().filter_map(|f| f.state.as_ref()).map(|(state, _)| state.as_ref()));
        let look = |spec: &TableSpec| self.table_look(spec, feeds.get(&spec.feed()), is_over).expecting(rhythm);
        self.config.tables.iter().map(look).collect()
    }

    /// Where every configured table stands, from the same readings as the pages; waits for as long as its caller does. What can't be read
    /// says so, beside what was last known.
    pub async fn shared_status(self: &Arc<Self>) -> Vec<FeedStatus> {
        let told = |look: TableLook| {
            let (state, complaint) = match (look.known, look.unread) {
                (Some(known), None) => return known.status,
                (known, complaint) => (known.map(|k| k.state), complaint),
            };
            let document = state.map_or_else(|| StateDocument::new(look.spec.feed()), |state| (*state).clone());
            let unread = complaint.map(|complaint| Unread { complaint, whose: UnreadFor::TheBucket });
            self.table_status(&look.spec, &ReadState { document, unread })
        };
        self.look(PATIENCE * 2).await.into_iter().map(told).collect()
    }

    /// The reading that counts; one is begun where there is none.
    fn reading(self: &Arc<Self>) -> watch::Receiver<bool> {
        let (begun, tell, ended) = match self.board.reading() {
            ToWaitFor::UnderWay(ended) => return ended,
            ToWaitFor::ToBegin { begun, tell, ended } => (begun, tell, ended),
        };
        let context = self.clone();
        tokio::spawn(async move {
            let tables: Vec<&TableSpec> = context.config.tables.iter().collect();
            let feeds = Feed::of(&tables);
            let all = feeds.iter().map(async |feed| context.board.note(begun, context.read_state(feed).await));
            futures_util::future::join_all(all).await;
            tell.send_replace(true);
        });
        ended
    }

    fn table_look(&self, spec: &TableSpec, feed: Option<&FeedKnown>, is_over: bool) -> TableLook {
        let feed = feed.cloned().unwrap_or_default();
        let currency = feed.currency;
        let (state, unread) = match (feed.state, feed.unread) {
            // What is wrong with the state itself is the table's own trouble, and is told as such.
            (_, Some(unread)) if unread.whose == UnreadFor::ItsContent => {
                let document = StateDocument::new(spec.feed());
                let read = ReadState { document: document.clone(), unread: Some(unread) };
                let at = OffsetDateTime::now_utc();
                let known = Known { status: self.table_status(spec, &read), state: Arc::new(document), at };
                return TableLook { spec: spec.clone(), known: Some(known), unread: None };
            }
            (state, unread) => (state, unread.map(|u| u.complaint)),
        };
        let is_old = |at: OffsetDateTime| OffsetDateTime::now_utc() - at > FRESH || currency == Currency::FromBefore;
        let is_late = !is_over && state.as_ref().is_none_or(|(_, at)| is_old(*at));
        let known = state.map(|(state, at)| {
            let read = ReadState { document: (*state).clone(), unread: None };
            Known { status: self.table_status(spec, &read), state, at }
        });
        TableLook { spec: spec.clone(), known, unread: unread.or_else(|| is_late.then(not_answered_yet)) }
    }
}

/// What is said of a bucket that lets a page wait.
pub fn not_answered_yet() -> Complaint {
    Complaint {
        message: "Cloud Storage has not answered yet".to_owned(),
        hint: "reload the page in a moment; if it stays so, `plimsoll check` says which service does not answer"
            .to_owned(),
    }
}
