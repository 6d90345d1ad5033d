//! The parameters a connection string may have: those we keep, those that mean nothing here, and those we can't keep.
//!
//! People paste what their framework uses. What only tunes another client is left out, and `check` says so. What somebody
//! wrote for the sake of safety, or to reach the right server, is never left out in silence: it is kept or refused by name.
//! Sources: <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS>,
//! <https://www.prisma.io/docs/orm/overview/databases/postgresql>, <https://jdbc.postgresql.org/documentation/use/>,
//! <https://node-postgres.com/apis/client>, <https://guides.rubyonrails.org/configuring.html#configuring-a-database>,
//! <https://docs.sqlalchemy.org/en/20/dialects/postgresql.html>, <https://symfony.com/doc/current/doctrine.html>,
//! <https://pkg.go.dev/github.com/jackc/pgx/v5/pgxpool#ParseConfig>.

/// What becomes of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    Kept,
    /// It means nothing here.
    LeftOut,
    /// We can't do what it asks for; with what to do instead.
    Refused(&'static str),
    Unknown,
}

/// What the driver or we ourselves act on.
pub(super) const KEPT: [&str; 28] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "ssl",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslkey",
    "sslmode",
    "sslnegotiation",
    "sslrootcert",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
];

/// Of libpq, what has no meaning for us; and of other clients, what tunes those alone: pools, caches, names, encodings.
const LEFT_OUT: [&str; 113] = [
    // pgxpool, asyncpg, JDBC
    "logservererrordetail",
    "max_size",
    "min_size",
    "pool_health_check_period",
    // libpq. We set the encoding for each transaction, and speak no GSSAPI.
    "authtype",
    "client_encoding",
    "gssdelegation",
    "gsslib",
    "krbsrvname",
    "max_protocol_version",
    "sslcompression",
    "sslkeylogfile",
    "tty",
    // Prisma
    "connection_limit",
    "max_connection_lifetime",
    "max_idle_connection_lifetime",
    "pgbouncer",
    "pool_timeout",
    "schema",
    "single_use_connections",
    "socket_timeout",
    "statement_cache_size",
    // Django
    "assume_role",
    "atomic_requests",
    "autocommit",
    "conn_health_checks",
    "conn_max_age",
    "disable_server_side_cursors",
    "engine",
    "isolation_level",
    "server_side_binding",
    // Rails
    "adapter",
    "advisory_locks",
    "checkout_timeout",
    "encoding",
    "idle_timeout",
    "insert_returning",
    "max_connections",
    "min_messages",
    "pool",
    "prepared_statements",
    "reaping_frequency",
    "reconnect",
    "schema_search_path",
    "statement_limit",
    // SQLAlchemy and asyncpg
    "async_fallback",
    "command_timeout",
    "echo",
    "executemany_mode",
    "max_cached_statement_lifetime",
    "max_overflow",
    "max_cacheable_statement_size",
    "pool_pre_ping",
    "pool_recycle",
    "pool_size",
    "prepare_threshold",
    "prepared_statement_cache_size",
    "prepared_statement_name_func",
    "timeout",
    "use_native_hstore",
    // node-postgres, postgres.js and what builds on them
    "allowExitOnIdle",
    "binary",
    "connectionTimeoutMillis",
    "fallback_to_plain",
    "idleTimeoutMillis",
    "idle_in_transaction_session_timeout",
    "keepAlive",
    "keepAliveInitialDelayMillis",
    "lock_timeout",
    "max",
    "max_lifetime",
    "min",
    "prepare",
    "query_timeout",
    "statement_timeout",
    "supa",
    "uselibpqcompat",
    "workaround",
    // JDBC
    "ApplicationName",
    "adaptiveFetch",
    "autosave",
    "binaryTransfer",
    "cleanupSavepoints",
    "connectTimeout",
    "currentSchema",
    "defaultRowFetchSize",
    "disableColumnSanitiser",
    "hostRecheckSeconds",
    "loadBalanceHosts",
    "loggerLevel",
    "loginTimeout",
    "preferQueryMode",
    "prepareThreshold",
    "preparedStatementCacheQueries",
    "preparedStatementCacheSizeMiB",
    "readOnly",
    "reWriteBatchedInserts",
    "socketTimeout",
    "stringtype",
    "tcpKeepAlive",
    // pgx, lib/pq, sqlx, Doctrine, Laravel
    "binary_parameters",
    "charset",
    "default_query_exec_mode",
    "description_cache_capacity",
    "pool_max_conn_idle_time",
    "pool_max_conn_lifetime",
    "pool_max_conns",
    "pool_min_conns",
    "search_path",
    "serverVersion",
    "statement-cache-capacity",
    "statement_cache_capacity",
    "timezone",
];

const CREDENTIALS: &str = "write the password into the URL, or set PGPASSWORD";
const SERVICE: &str = "write host, port, user and dbname of the service into the URL";
const REVOCATION: &str = "remove it: Plimsoll does not read lists of revoked certificates";
const VERIFY: &str = "write sslmode=verify-full, with sslrootcert where the CA is your own";
const SOCKET: &str = "write host=/cloudsql/project:region:instance, or the server's address";

/// What we can't do, whatever the value.
const REFUSED: [(&str, &str); 22] = [
    ("passfile", CREDENTIALS),
    ("scram_client_key", CREDENTIALS),
    ("scram_server_key", CREDENTIALS),
    ("oauth_client_id", CREDENTIALS),
    ("oauth_client_secret", CREDENTIALS),
    ("oauth_issuer", CREDENTIALS),
    ("oauth_scope", CREDENTIALS),
    ("service", SERVICE),
    ("servicefile", SERVICE),
    ("require_auth", "remove it; channel_binding=require makes sure of SCRAM with the server that has the certificate"),
    ("requirepeer", "remove it, or connect by TLS with sslmode=verify-full"),
    ("sslcrl", REVOCATION),
    ("sslcrldir", REVOCATION),
    ("sslpassword", "name a key without a password in sslkey"),
    ("sslidentity", "name certificate and key as PEM files in sslcert and sslkey"),
    ("sslfactory", VERIFY),
    ("sslhostnameverifier", VERIFY),
    ("sslpasswordcallback", "name a key without a password in sslkey"),
    ("cloudSqlInstance", SOCKET),
    ("socketFactory", SOCKET),
    ("unixSocketPath", SOCKET),
    ("role", "connect as that role"),
];

/// What we can't do, but for values that ask for nothing.
const REFUSED_UNLESS: [(&str, &[&str], &str); 7] = [
    ("gssencmode", &["disable", "prefer"], "remove it: Plimsoll encrypts by TLS, see sslmode"),
    ("gssEncMode", &["disable", "allow", "prefer"], "remove it: Plimsoll encrypts by TLS, see sslmode"),
    ("min_protocol_version", &["3.0"], "remove it: Plimsoll speaks version 3.0 of the protocol"),
    ("replication", &["0", "false", "off", "no"], "remove it: a replication connection runs no queries"),
    ("requiressl", &["0"], "write sslmode=require"),
    ("sslaccept", &["accept_invalid_certs"], VERIFY),
    ("targetServerType", &["any"], "write target_session_attrs=read-write or read-only"),
];

/// What is to be done with a parameter. An empty value asks for nothing.
pub(super) fn treatment(key: &str, value: &str) -> Treatment {
    if KEPT.contains(&key) || key == "user" {
        return Treatment::Kept;
    }
    let asks_for_nothing = REFUSED_UNLESS.iter().any(|(k, harmless, _)| *k == key && harmless.contains(&value));
    if LEFT_OUT.contains(&key) || key == "TimeZone" || asks_for_nothing {
        return Treatment::LeftOut;
    }
    let remedy = REFUSED.iter().find(|(k, _)| *k == key).map(|(_, remedy)| *remedy);
    let remedy = remedy.or_else(|| REFUSED_UNLESS.iter().find(|(k, ..)| *k == key).map(|(.., remedy)| *remedy));
    match remedy {
        Some(_) if value.is_empty() => Treatment::LeftOut,
        Some(remedy) => Treatment::Refused(remedy),
        None => Treatment::Unknown,
    }
}

/// What to do about a name that nobody knows.
pub(super) fn near(key: &str) -> String {
    let lower = key.to_lowercase();
    match KEPT.iter().min_by_key(|known| strsim::levenshtein(known, &lower)) {
        Some(near) if strsim::levenshtein(near, &lower) <= 2 => format!("did you mean {near}?"),
        _ => "remove it; docs/CONFIG.md says which there are".to_owned(),
    }
}
