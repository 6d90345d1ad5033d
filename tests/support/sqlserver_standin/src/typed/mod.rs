//! Values as the server holds them, their types, collations, the order and equality that follow from these, and the bytes a digest is made of.

mod canonical;
mod code_page;
mod collation;
mod column_type;
mod order;
mod value;

pub use canonical::{ROW_HASH_BYTES, canonical, data_length, row_hash};
pub use code_page::CodePage;
pub use collation::{Accents, Case, Collation, Compared};
pub use column_type::{ColumnType, Length};
pub(crate) use column_type::{decimal_bytes, time_bytes};
pub use order::{SortKey, sort_key};
pub use value::{DAY_1900, DAY_TICKS, Guid, Value};
