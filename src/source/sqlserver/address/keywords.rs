//! The keywords of a connection string, under all the names that drivers have for them.
//!
//! People paste what their framework uses. What only tunes another client is left out, and `check` says so. What somebody wrote for the
//! sake of safety, or to reach the right server, is kept or refused by name.
//! Sources: <https://learn.microsoft.com/dotnet/api/microsoft.data.sqlclient.sqlconnection.connectionstring>,
//! <https://learn.microsoft.com/sql/connect/odbc/dsn-connection-string-attribute>,
//! <https://learn.microsoft.com/sql/connect/jdbc/setting-the-connection-properties>,
//! <https://github.com/microsoft/go-mssqldb>, <https://www.prisma.io/docs/orm/overview/databases/sql-server>.

/// What a keyword says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Keyword {
    Host,
    Port,
    Instance,
    Database,
    User,
    Password,
    Encrypt,
    Trust,
    Ca,
    CertificateName,
    Application,
    Intent,
    Timeout,
    MultiSubnet,
    PacketSize,
    Authentication,
}

/// What becomes of a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    Kept(Keyword),
    LeftOut,
    /// We can't do what it asks for; with what to do instead.
    Refused(&'static str),
    Unknown,
}

/// Without blanks, underscores and hyphens, in lower case.
const KEPT: &[(&str, Keyword)] = &[
    ("server", Keyword::Host),
    ("datasource", Keyword::Host),
    ("address", Keyword::Host),
    ("addr", Keyword::Host),
    ("networkaddress", Keyword::Host),
    ("host", Keyword::Host),
    ("servername", Keyword::Host),
    ("port", Keyword::Port),
    ("portnumber", Keyword::Port),
    ("instance", Keyword::Instance),
    ("instancename", Keyword::Instance),
    ("database", Keyword::Database),
    ("databasename", Keyword::Database),
    ("initialcatalog", Keyword::Database),
    ("dbname", Keyword::Database),
    ("user", Keyword::User),
    ("userid", Keyword::User),
    ("uid", Keyword::User),
    ("username", Keyword::User),
    ("password", Keyword::Password),
    ("pwd", Keyword::Password),
    ("encrypt", Keyword::Encrypt),
    ("trustservercertificate", Keyword::Trust),
    ("certificate", Keyword::Ca),
    ("trustservercertificateca", Keyword::Ca),
    ("sslrootcert", Keyword::Ca),
    ("hostnameincertificate", Keyword::CertificateName),
    ("applicationname", Keyword::Application),
    ("appname", Keyword::Application),
    ("app", Keyword::Application),
    ("applicationintent", Keyword::Intent),
    ("connecttimeout", Keyword::Timeout),
    ("connectiontimeout", Keyword::Timeout),
    ("logintimeout", Keyword::Timeout),
    ("dialtimeout", Keyword::Timeout),
    ("timeout", Keyword::Timeout),
    ("multisubnetfailover", Keyword::MultiSubnet),
    ("packetsize", Keyword::PacketSize),
    ("authentication", Keyword::Authentication),
    ("fedauth", Keyword::Authentication),
];

/// What tunes other clients alone: pools, caches, names, encodings.
const LEFT_OUT: &[&str] = &[
    "asynchronousprocessing",
    "autocommit",
    "charset",
    "clientcharset",
    "commandtimeout",
    "connectionlifetime",
    "connectionlimit",
    "connectionreset",
    "connectretrycount",
    "connectretryinterval",
    "connectiontimeoutms",
    "contextconnection",
    "currentlanguage",
    "description",
    "disablestatementpooling",
    "driver",
    "encoding",
    "enlist",
    "fastexecutemany",
    "idleconnectionresiliency",
    "keepalive",
    "language",
    "loadbalancetimeout",
    "locktimeout",
    "log",
    "longastext",
    "marsconnection",
    "maxidle",
    "maxpoolsize",
    "minpoolsize",
    "multipleactiveresultsets",
    "persistsecurityinfo",
    "poolblockingperiod",
    "poolsize",
    "pooltimeout",
    "pooling",
    "prepstmtpoolsize",
    "provider",
    "querytimeout",
    "quotedid",
    "regional",
    "replication",
    "responsebuffering",
    "schema",
    "selectmethod",
    "sendstringparametersasunicode",
    "sendtimeasdatetime",
    "sockettimeout",
    "statementpoolingcachesize",
    "tdsversion",
    "transactionbinding",
    "transparentnetworkipresolution",
    "typesystemversion",
    "userinstance",
    "workstationid",
    "wsid",
    "xopenstates",
];

const BY_PASSWORD: &str =
    "write user and password of a SQL login, or authentication=ActiveDirectoryDefault for a Microsoft Entra token";

const REFUSED: &[(&str, &str)] = &[
    ("attachdbfilename", "name a database that the server has, with database="),
    ("clientcertificate", "remove it: Plimsoll logs in by password or token"),
    ("clientkey", "remove it: Plimsoll logs in by password or token"),
    ("dsn", "write server, port and database of the data source into the URL"),
    ("failoverpartner", "name an availability group's listener as the server"),
    ("filedsn", "write server, port and database of the data source into the URL"),
    ("keystoreauthentication", "remove it: columns that the client encrypts are not read"),
    ("servercertificate", "write certificate=/path/of/the/CA.pem, with hostNameInCertificate where the names differ"),
    ("serverspn", BY_PASSWORD),
    ("truststore", "write certificate=/path/of/the/CA.pem: a PEM file"),
    ("truststorepassword", "write certificate=/path/of/the/CA.pem: a PEM file"),
];

/// What we can't do, but for values that ask for nothing.
const REFUSED_UNLESS: &[(&str, &[&str], &str)] = &[
    ("columnencryption", &["disabled", "false", "no"], "remove it: columns that the client encrypts are not read"),
    ("columnencryptionsetting", &["disabled", "false"], "remove it: columns that the client encrypts are not read"),
    ("integratedsecurity", &["false", "no"], BY_PASSWORD),
    ("networklibrary", &["dbmssocn", "tcp"], "remove it: Plimsoll speaks TCP"),
    ("trustedconnection", &["false", "no"], BY_PASSWORD),
];

/// As the tables above have it.
fn plain(key: &str) -> String {
    key.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// What is to be done with a keyword.
pub(super) fn treatment(key: &str, value: &str) -> Treatment {
    let plain = plain(key);
    if let Some((_, keyword)) = KEPT.iter().find(|(name, _)| *name == plain) {
        return Treatment::Kept(*keyword);
    }
    let lower = value.to_lowercase();
    let unless = REFUSED_UNLESS.iter().find(|(name, ..)| *name == plain);
    let asks_for_nothing = unless.is_some_and(|(_, harmless, _)| harmless.contains(&lower.as_str()));
    if LEFT_OUT.contains(&plain.as_str()) || asks_for_nothing {
        return Treatment::LeftOut;
    }
    let remedy = unless.map(|(.., remedy)| *remedy);
    match remedy.or_else(|| REFUSED.iter().find(|(name, _)| *name == plain).map(|(_, remedy)| *remedy)) {
        Some(_) if value.is_empty() => Treatment::LeftOut,
        Some(remedy) => Treatment::Refused(remedy),
        None => Treatment::Unknown,
    }
}

/// The name that was almost written.
pub(super) fn near(key: &str) -> Option<&'static str> {
    let plain = plain(key);
    let near = KEPT.iter().map(|(name, _)| *name).min_by_key(|known| strsim::levenshtein(known, &plain))?;
    (plain.len() > 3 && strsim::levenshtein(near, &plain) <= 2).then_some(near)
}
