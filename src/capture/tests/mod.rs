//! What each kind of source is asked for the passes of a run.

mod postgres;
