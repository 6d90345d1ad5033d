use super::*;

fn mode(url: &str) -> SslMode {
    Address::parse(url, StandIns::default()).unwrap().ssl_mode
}

fn with_password(password: &str) -> StandIns {
    StandIns { password: Some(password.to_owned()), root: None }
}

fn error(url: &str) -> (String, String) {
    let e = Address::parse(url, StandIns::default()).err().unwrap_or_else(|| panic!("{url} is taken"));
    assert_eq!(e.blame(), crate::model::Blame::Config, "{url}");
    (e.to_string(), e.hint())
}

#[test]
fn sslmode_means_what_libpq_means() {
    assert_eq!(mode("postgres://u@h/d"), SslMode::Prefer);
    assert_eq!(mode("postgres://u@h/d?sslmode=disable"), SslMode::Disable);
    assert_eq!(mode("postgres://u@h/d?connect_timeout=3&sslmode=allow"), SslMode::Allow);
    assert_eq!(mode("host=h user=u sslmode=require"), SslMode::Require);
    assert_eq!(mode("host = h user = u sslmode = 'require'"), SslMode::Require);
    assert_eq!(mode("postgres://u@h/d?sslmode=require&sslrootcert=%2Fca.pem"), SslMode::VerifyCa);
    assert_eq!(mode("postgres://u@h/d?sslmode=verify-full&sslrootcert=system"), SslMode::VerifyFull);
    assert_eq!(mode("postgres://u@h/d?sslrootcert=system"), SslMode::VerifyFull);
    for ssl in ["true", "1", "require", "no-verify"] {
        assert_eq!(mode(&format!("postgres://u@h/d?ssl={ssl}")), SslMode::Require);
    }
    assert_eq!(mode("postgres://u@h/d?ssl=true&sslmode=verify-full"), SslMode::VerifyFull);
}

#[test]
fn an_authority_from_the_environment() {
    let read = |url: &str| {
        let stand_ins = StandIns { password: None, root: Some("/env.pem".to_owned()) };
        let address = Address::parse(url, stand_ins).unwrap();
        (address.ssl_mode, address.tls.root.map(|r| r.display().to_string()))
    };
    let named = |file: &str| Some(file.to_owned());
    assert_eq!(read("postgres://u@h/d?sslmode=verify-full"), (SslMode::VerifyFull, named("/env.pem")));
    assert_eq!(read("postgres://u@h/d?sslmode=verify-full&sslrootcert="), (SslMode::VerifyFull, named("/env.pem")));
    // As libpq: a root certificate that is named is used, wherever it is named.
    assert_eq!(read("postgres://u@h/d?sslmode=require"), (SslMode::VerifyCa, named("/env.pem")));
    assert_eq!(
        read("postgres://u@h/d?sslmode=verify-full&sslrootcert=%2Furl.pem"),
        (SslMode::VerifyFull, named("/url.pem"))
    );
    assert_eq!(read("postgres://u@h/d?sslmode=verify-full&sslrootcert=system"), (SslMode::VerifyFull, None));
}

#[test]
fn a_bad_url_is_named_without_its_password() {
    for url in [
        "postgres://u:hunter2@h:port/d",
        "postgres://u:hunter2?@h/d",
        "postgres://u:hun?ter2=hunter2@h/d",
        "hunter2",
        "password='hunter2",
        "password='x'hunter2=y",
        "host=h password=x hunter2 user=y",
        "postgres://u:hunter2@h/d?sslmode=maybe",
        "postgres://u@h/d?sslmode=hunter2",
        "postgres://u@h/d?connect_timeout=hunter2",
        "postgres://u@h/d?ssl_min_protocol_version=hunter2",
        "postgres://u@h/d?%68unter2%20x=1",
        "mysql://u:hunter2@h/d?x=hunter2",
        "jdbc:postgresql://h/d?password=hunter2",
        "postgres:///d",
    ] {
        let (text, hint) = error(url);
        assert!(!text.contains("hunter2") && !hint.contains("hunter2"), "{url}: {text}; {hint}");
    }
}

#[test]
fn unix_sockets_and_a_password_from_the_environment() {
    let address = Address::parse("postgres:///app?host=/cloudsql/p:r:i&user=u", with_password("pw")).unwrap();
    assert_eq!(address.label(), "/cloudsql/p:r:i:5432/app");
    assert_eq!(address.hosts[0].get_password(), Some(&b"pw"[..]));
    let address = Address::parse("postgres://u@%2Frun%2Fpg:5433/app", StandIns::default()).unwrap();
    assert_eq!(address.label(), "/run/pg:5433/app");
}

#[test]
fn both_forms_say_the_same() {
    let url = "postgres://us%40er:p%27w%5C%20x@h:5433/d%20b?options=-c%20a%3Db&application_name=it's";
    let pairs =
        r"host=h port=5433 user=us@er password = 'p\'w\\ x'  dbname='d b' options='-c a=b' application_name=it\'s";
    for text in [url, pairs] {
        let config = Address::parse(text, with_password("other")).unwrap().hosts.remove(0);
        assert_eq!((config.get_user(), config.get_dbname()), (Some("us@er"), Some("d b")), "{text}");
        assert_eq!(config.get_password(), Some(&br"p'w\ x"[..]), "{text}");
        assert_eq!((config.get_options(), config.get_application_name()), (Some("-c a=b"), Some("it's")), "{text}");
        assert_eq!(config.get_ports(), [5433]);
    }
}

/// Not as libpq wants it, but nothing else can be meant.
#[test]
fn a_password_with_characters_that_should_be_encoded() {
    for (password, url) in [("p@ss", "postgres://u:p@ss@h/d"), ("pa/ss", "postgres://u:pa/ss@h/d")] {
        let address = Address::parse(url, StandIns::default()).unwrap();
        assert_eq!(address.hosts[0].get_password(), Some(password.as_bytes()), "{url}");
        assert_eq!(address.label(), "h:5432/d", "{url}");
    }
    let address = Address::parse("postgres://h/d@ta?user=a@b&options=x@y", StandIns::default()).unwrap();
    assert_eq!((address.label().as_str(), address.hosts[0].get_user()), ("h:5432/d@ta", Some("a@b")));
}

#[test]
fn several_hosts() {
    let labels = |text: &str| -> Vec<String> {
        Address::parse(text, StandIns::default()).unwrap().hosts.iter().map(super::label).collect()
    };
    assert_eq!(labels("postgres://u@a:1,b,[::1]:3/d"), ["a:1/d", "b:5432/d", "::1:3/d"]);
    assert_eq!(labels("postgres://u@a,b/d?port=7"), ["a:7/d", "b:7/d"]);
    assert_eq!(labels("host=a,b port=1,2 user=u dbname=d"), ["a:1/d", "b:2/d"]);
    assert_eq!(labels("postgres://u@a/d?host=b&host=c"), ["c:5432/d"]);
    assert_eq!(labels("user=u hostaddr=127.0.0.1 dbname=d"), ["127.0.0.1:5432/d"]);
    assert!(error("host=a,b hostaddr=127.0.0.1 user=u").0.contains("hostaddr"));
    assert!(error("host=a,b port=1,2,3 user=u").0.contains("port"));
    assert!(error("host=a port=66000 user=u").0.contains("port"));
}

#[test]
fn what_other_clients_need_is_left_out_and_told() {
    let url =
        "postgresql://u@h/d?pgbouncer=true&schema=public&connection_limit=5&gssencmode=prefer&serverVersion=16&sslcrl=";
    let notes = Address::parse(url, StandIns::default()).unwrap().notes;
    let names = "pgbouncer, schema, connection_limit, gssencmode, serverVersion, sslcrl";
    assert_eq!(notes.len(), 1);
    assert!(notes[0].contains(names), "{notes:?}");
    let notes = Address::parse("host=h user=u pgbouncer='true'", StandIns::default()).unwrap().notes;
    assert!(notes[0].contains("parameter pgbouncer has"), "{notes:?}");
    assert!(Address::parse("postgres://u@h/d?sslmode=require", StandIns::default()).unwrap().notes.is_empty());
}

#[test]
fn what_nobody_knows_is_named() {
    for (url, key, remedy) in [
        ("postgres://u@h/d?sslmod=require", "sslmod", "did you mean sslmode?"),
        ("host=h user=u colour='red'", "colour", "docs/CONFIG.md"),
        ("postgres://u@h/d?SSLMODE=require", "SSLMODE", "did you mean sslmode?"),
    ] {
        let (text, hint) = error(url);
        assert!(text.contains(&format!("the parameter {key} of the source URL is not known")), "{text}");
        assert!(hint.contains(remedy), "{hint}");
    }
}

/// What somebody wrote for the sake of safety, or to reach the right server.
#[test]
fn what_cannot_be_kept_is_refused_by_name() {
    for pair in [
        "gssencmode=require",
        "sslcrl=/x",
        "sslcrldir=/x",
        "require_auth=scram-sha-256",
        "requirepeer=postgres",
        "passfile=/x",
        "service=x",
        "sslpassword=x",
        "sslcertmode=require",
        "sslaccept=strict",
        "sslmode=",
        "sslmode=no-verify",
        "ssl=maybe",
        "sslmode=require&sslrootcert=system",
        "sslnegotiation=direct",
        "sslmode=require&sslnegotiation=later",
        "ssl_min_protocol_version=TLSv1.4",
        "ssl_max_protocol_version=TLSv1.1",
        "target_session_attrs=standby",
        "targetServerType=primary",
        "channel_binding=maybe",
        "channel_binding=",
        "replication=database",
        "requiressl=1",
        "min_protocol_version=3.2",
        "keepalives_idle=x",
        "load_balance_hosts=x",
    ] {
        let (text, hint) = error(&format!("postgres://u@h/d?{pair}"));
        let key = pair.rsplit('&').next().and_then(|p| p.split('=').next()).unwrap();
        assert!(text.contains(&format!("the parameter {key} ")), "{pair}: {text}");
        assert!(!hint.is_empty());
    }
}

#[test]
fn what_is_kept_reaches_the_driver() {
    let url = "postgres://u@h/d?keepalives=0&keepalives_count=4&keepalives_idle=7&tcp_user_timeout=9&channel_binding=require\
               &target_session_attrs=read-only&sslmode=require&sslnegotiation=direct&ssl_min_protocol_version=TLSv1.3&sslsni=0\
               &connect_timeout=3&fallback_application_name=mine&load_balance_hosts=random";
    let address = Address::parse(url, StandIns::default()).unwrap();
    let config = &address.hosts[0];
    assert_eq!((config.get_keepalives(), config.get_keepalives_retries()), (false, Some(4)));
    assert_eq!(config.get_keepalives_idle(), Duration::from_secs(7));
    assert_eq!(config.get_tcp_user_timeout(), Some(&Duration::from_secs(9)));
    assert_eq!(config.get_channel_binding(), tokio_postgres::config::ChannelBinding::Require);
    assert_eq!(config.get_target_session_attrs(), tokio_postgres::config::TargetSessionAttrs::ReadOnly);
    assert_eq!(config.get_ssl_negotiation(), tokio_postgres::config::SslNegotiation::Direct);
    assert_eq!((address.tls.versions, address.tls.sni), (TlsVersions::Only13, ServerNameIndication::Hidden));
    assert_eq!((address.limit, address.order), (Duration::from_secs(3), HostOrder::Random));
    assert_eq!(config.get_application_name(), Some("mine"));
}

/// No limit would keep a run, and its lease, for ever.
#[test]
fn connecting_always_has_a_limit() {
    for (text, seconds, notes) in [("1", 1, 0), ("", 10, 0), ("0", 10, 1), ("-1", 10, 1)] {
        let address = Address::parse(&format!("postgres://u@h/d?connect_timeout={text}"), StandIns::default()).unwrap();
        assert_eq!((address.limit.as_secs(), address.notes.len()), (seconds, notes), "{text}");
        assert_eq!(address.hosts[0].get_connect_timeout(), Some(&address.limit));
    }
    assert_eq!(Address::parse("postgres://u@h/d", StandIns::default()).unwrap().limit.as_secs(), 10);
}

/// Whatever is written there, it is read or refused.
#[test]
fn no_text_is_too_odd() {
    const PARTS: [&str; 24] = [
        "a",
        "hunter2",
        ":",
        "@",
        "/",
        "?",
        "&",
        "=",
        "'",
        "\\",
        " ",
        ",",
        "[",
        "]",
        "%",
        "%zz",
        "%ff",
        "ü",
        "5432",
        "host",
        "sslmode",
        "port=",
        "postgres://",
        "connect_timeout=99999999999999999999",
    ];
    let mut state: u64 = 7;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..(state >> 33) % 12 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(PARTS[usize::try_from((state >> 40) % 24).unwrap()]);
        }
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        if let Ok(address) = Address::parse(&text, StandIns::default()) {
            assert!(!address.hosts.is_empty(), "{text}");
        }
    }
}
