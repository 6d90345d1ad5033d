//! What a table's columns are, and how a writer's descriptor fits them.

pub mod binding;
pub mod column;
pub mod descriptor;
pub mod history;
pub mod resource;
