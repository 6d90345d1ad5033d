//! What tells one database from another, and one history from another.

use crate::typed::Guid;

/// What identifies a database.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// Its name.
    pub database: String,
    /// `sys.databases.service_broker_guid`.
    pub broker: Guid,
    /// `sys.database_recovery_status.recovery_fork_guid`; `None` where it can't be seen (Azure).
    pub fork: Option<Guid>,
    /// `sys.databases.create_date`, style 126.
    pub created: String,
    /// SERVERPROPERTY('ProductVersion').
    pub version: String,
    /// SERVERPROPERTY('Edition').
    pub edition: String,
    /// SERVERPROPERTY('EngineEdition'): 5 is Azure SQL Database.
    pub engine: i32,
    /// `sys.databases.compatibility_level`.
    pub compatibility: i32,
}

impl Identity {
    /// A database of this name on SQL Server 2022.
    pub fn of(database: &str, seed: u64) -> Self {
        Self {
            database: database.to_owned(),
            broker: guid(seed, 1),
            fork: Some(guid(seed, 2)),
            created: "2019-03-04T05:06:07.890".to_owned(),
            version: "16.0.4105.2".to_owned(),
            edition: "Developer Edition (64-bit)".to_owned(),
            engine: 3,
            compatibility: 160,
        }
    }
}

/// A GUID that no two pairs share.
pub(crate) fn guid(seed: u64, number: u64) -> Guid {
    let mix = |x: u64| {
        let x = (x ^ (x >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ x
    };
    let (high, low) = (mix(seed.wrapping_add(number << 32)), mix(mix(seed) ^ number));
    Guid::from_u128((u128::from(high) << 64) | u128::from(low))
}
