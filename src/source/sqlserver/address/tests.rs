use super::*;

fn parse(text: &str) -> Result<Address, SqlServerError> {
    Address::parse(text, StandIns::default())
}

/// What a string says, in one line.
fn said(text: &str) -> String {
    match parse(text) {
        Ok(a) => {
            let (user, password) = match &a.login {
                Login::Password { user, password } => (user.as_str(), password.expose()),
                Login::Token => ("(token)", ""),
            };
            format!("{user}:{password}@{} {:?} {:?} {:?}", a.label(), a.encrypt, a.trust, a.intent)
        }
        Err(e) => format!("{e} | {}", e.hint()),
    }
}

#[test]
fn every_form_says_the_same() {
    let wanted = "u:p;w@h.example:1444/db All System ReadWrite";
    for text in [
        "sqlserver://u:p%3Bw@h.example:1444?database=db",
        "sqlserver://u:p%3bw@h.example:1444?database=db&encrypt=true&TrustServerCertificate=false",
        "mssql://u:p;w@h.example:1444/db",
        "mssql+pyodbc://u:p%3Bw@h.example:1444/db?driver=ODBC+Driver+18+for+SQL+Server",
        "mssql+pyodbc:///?odbc_connect=Driver%3D%7BODBC%20Driver%2018%7D%3BServer%3Dh.example%2C1444%3BDatabase%3Ddb%3BUID%3Du%3BPWD%3D%7Bp%3Bw%7D",
        "sqlserver://h.example:1444;database=db;user=u;password={p;w};encrypt=true",
        "jdbc:sqlserver://h.example:1444;databaseName=db;user=u;password={p;w};",
        "jdbc:sqlserver://;serverName=h.example;portNumber=1444;databaseName=db;user=u;password={p;w}",
        "Server=tcp:h.example,1444;Initial Catalog=db;User ID=u;Password=\"p;w\";Encrypt=True;MultipleActiveResultSets=False;Connection Timeout=30;",
        "Driver={ODBC Driver 18 for SQL Server};Server=tcp:h.example,1444;Database=db;Uid=u;Pwd={p;w};Encrypt=yes",
        "data source = h.example , 1444 ; initial catalog='db';user id=u;password='p;w'",
    ] {
        assert_eq!(said(text), wanted, "{text}");
    }
}

#[test]
fn what_is_meant_by_encryption_and_trust() {
    let with = |more: &str, host: &str| {
        parse(&format!("sqlserver://u:p@{host}?database=d&{more}"))
            .map(|a| (a.encrypt, a.trust))
            .map_err(|e| e.to_string())
    };
    for (more, encrypt) in [
        ("", Encrypt::All),
        ("encrypt=mandatory", Encrypt::All),
        ("encrypt=strict", Encrypt::Strict),
        ("encrypt=false", Encrypt::LoginOnly),
        ("encrypt=Optional", Encrypt::LoginOnly),
        ("encrypt=DANGER_PLAINTEXT", Encrypt::Nothing),
    ] {
        assert_eq!(with(more, "h"), Ok((encrypt, Trust::System)), "{more}");
    }
    assert_eq!(with("encrypt=disable", "127.0.0.1").unwrap().0, Encrypt::Nothing);
    assert_eq!(with("encrypt=disable", "[::1]:1433").unwrap().0, Encrypt::Nothing);
    assert!(with("encrypt=disable", "h").unwrap_err().contains("in the clear"));
    assert_eq!(with("trustServerCertificate=true", "h").unwrap().1, Trust::Anybody);
    assert_eq!(with("certificate=/ca.pem&hostNameInCertificate=x", "h").unwrap().1, Trust::Ca("/ca.pem".into()));
    for more in [
        "trustServerCertificate=true&certificate=/ca.pem",
        "trustServerCertificate=true&hostNameInCertificate=x",
        "encrypt=maybe",
    ] {
        assert!(with(more, "h").is_err(), "{more}");
    }
    let notes =
        parse("sqlserver://u:p@h?database=d&encrypt=false&trustServerCertificate=true&pooling=true").unwrap().notes;
    assert_eq!(notes.len(), 3, "{notes:?}");
}

#[test]
fn what_is_refused_says_what_to_write() {
    for (text, wanted) in [
        ("sqlserver://u:p@h/x", "x may be a database or an instance"),
        ("sqlserver://u:p@h/x", "sqlserver://USER@h?database=x"),
        ("Server=h\\inst;Database=d;UID=u;PWD=p", "give the instance a fixed TCP port"),
        ("sqlserver://u:p@h/inst?database=d", "names the instance inst and no port"),
        ("sqlserver://u@h?database=d", "it has no password"),
        ("sqlserver://h?database=d", "it names no user"),
        ("Server=h;Database=d;Integrated Security=SSPI", "ActiveDirectoryDefault"),
        ("Server=np:\\\\h\\pipe;Database=d;UID=u;PWD=p", "tcp:host,1433"),
        ("sqlserver://u:p@h:0?database=d", "the parameter port"),
        ("sqlserver://u:p@h?database=d&encryt=true", "did you mean encrypt?"),
        ("sqlserver://u:p@h?database=d&columnEncryption=true", "columns that the client encrypts"),
        ("postgres://u:p@h/d", "its scheme is none of SQL Server"),
        ("mssql://u:p@h/a?database=b", "name one database"),
        ("", "it names no host"),
    ] {
        let text_of = said(text);
        assert!(text_of.contains(wanted), "{text}: {text_of}");
    }
}

#[test]
fn an_instance_with_a_port_is_reached_by_the_port() {
    assert_eq!(said("Server=h\\inst,1450;Database=d;UID=u;PWD=p"), "u:p@h:1450/d All System ReadWrite");
    assert_eq!(said("sqlserver://u:p@h:1450/inst?database=d"), "u:p@h:1450/d All System ReadWrite");
    assert_eq!(
        said("Server=(local);Database=d;UID=u;PWD=p;ApplicationIntent=ReadOnly"),
        "u:p@localhost:1433/d All System ReadOnly"
    );
    assert_eq!(
        said("sqlserver://h?database=d&fedauth=ActiveDirectoryDefault"),
        "(token):@h:1433/d All System ReadWrite"
    );
}

#[test]
fn passwords_are_taken_as_they_are_and_never_shown() {
    for (text, password) in [
        ("sqlserver://u:p%C3%A4%20ss@h?database=d", "pä ss"),
        ("mssql://u:a@b:c@h/d", "a@b:c"),
        ("Server=h;UID=u;PWD={a}}b;c'd};Database=d", "a}b;c'd"),
        ("Server=h;UID=u;PWD=\"a\"\"b\";Database=d", "a\"b"),
        ("Server=h;UID=u;PWD=kÖ€🦀;Database=d", "kÖ€🦀"),
        ("Server=h;UID=u;PWD=a=b=;Database=d", "a=b="),
    ] {
        let address = parse(text).unwrap();
        assert!(matches!(&address.login, Login::Password { password: p, .. } if p.expose() == password), "{text}");
        assert!(has_password(text) && !format!("{address:?} {}", address.label()).contains(password));
    }
    // What may be the rest of a password is not in an error either.
    for text in [
        "Server=h;UID=u;PWD=se;cret=1;Database=d",
        "sqlserver://u:se?cret@h/d",
        "Server=h;UID=u;PWD=se{;secret",
        "sqlserver://u:x/secret?y@h",
        "u:secret@h://x",
    ] {
        let shown = said(text);
        assert!(!shown.contains("cret"), "{text}: {shown}");
    }
    assert!(!has_password("sqlserver://h?database=d&fedauth=ActiveDirectoryDefault"));
}

#[test]
fn what_is_not_known_is_named_unless_it_may_be_a_secret() {
    let said = |text: &str| said(text);
    for text in [
        "sqlserver://u:p@h?database=d&flavour=mild",
        "Server=h;flavour=mild;UID=u;PWD=p",
        "Server=h;UID=u;PWD={p};flavour=mild",
        "jdbc:sqlserver://h;flavour=mild",
    ] {
        assert!(said(text).contains("not known: flavour"), "{text}: {}", said(text));
    }
    // Behind a password it may be a part of that.
    for text in [
        "Server=h;UID=u;PWD=p;flavour=mild",
        "sqlserver://h?password=p&flavour=mild",
        "sqlserver://u:p?flavour=x@h/d",
        "sqlserver://u:p?flavour=x",
    ] {
        assert!(!said(text).contains("flavour"), "{text}: {}", said(text));
    }
}

#[test]
fn the_environment_stands_in_for_a_password() {
    let stand_ins = StandIns { password: Some("env".to_owned()) };
    let address = Address::parse("sqlserver://u@h?database=d", stand_ins).unwrap();
    assert!(matches!(address.login, Login::Password { password, .. } if password.expose() == "env"));
}

#[test]
fn no_text_makes_it_panic() {
    const PARTS: [&str; 24] = [
        "sqlserver://",
        "mssql://",
        "jdbc:",
        "Server=",
        "h",
        ":",
        "/",
        "\\",
        "?",
        "&",
        ";",
        "=",
        "@",
        "{",
        "}",
        "\"",
        "'",
        "%",
        "%C3",
        "ü",
        "[",
        "]",
        "database=",
        ",",
    ];
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..20_000 {
        let text: String = (0..random.usize(..12)).map(|_| PARTS[random.usize(..PARTS.len())]).collect();
        let _ = said(&text);
        let _ = has_password(&text);
    }
}
