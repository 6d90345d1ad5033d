//! TLS in all the ways there are.

use std::process::Command;

use sqlserver_standin::typed::ColumnType;
use sqlserver_standin::{Encryption, ResultColumn, ResultSet, Settings, Standin, Tls};
use tiberius::EncryptionLevel;

use crate::clients::{Connected, config, connect, server};

fn certificate() -> Tls {
    let folder =
        std::env::temp_dir().join(format!("standin-tls-{}-{:?}", std::process::id(), std::thread::current().id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let tls = Tls::from_pem(&std::fs::read(certificate).unwrap(), &std::fs::read(key).unwrap()).unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    tls
}

async fn with(encryption: Encryption) -> Standin {
    let server = server(Settings { encryption, payload: 100, ..Settings::default() }).await;
    server.scripts().on("many", |_, _| {
        let rows = (0..500).map(|n| vec![n.into()]).collect();
        Ok(Some(ResultSet::of(vec![ResultColumn::new("n", ColumnType::Int)], rows)))
    });
    server
}

async fn at(server: &Standin, level: EncryptionLevel) -> tiberius::Result<Connected> {
    let mut config = config(server);
    config.encryption(level);
    config.trust_cert();
    connect(config).await
}

async fn reads(client: tiberius::Result<Connected>) {
    let rows = client.unwrap().simple_query("/* plimsoll:many */").await.unwrap().into_first_result().await.unwrap();
    assert_eq!(rows.len(), 500);
}

#[tokio::test]
async fn for_all() {
    let server = with(Encryption::All(certificate())).await;
    reads(at(&server, EncryptionLevel::Required).await).await;
    reads(at(&server, EncryptionLevel::Off).await).await;
    assert!(at(&server, EncryptionLevel::NotSupported).await.is_err());
}

#[tokio::test]
async fn for_the_login_alone() {
    let server = with(Encryption::LoginOnly(certificate())).await;
    reads(at(&server, EncryptionLevel::Off).await).await;
    reads(at(&server, EncryptionLevel::Required).await).await;
}

#[tokio::test]
async fn strict() {
    let server = with(Encryption::Strict(certificate())).await;
    reads(at(&server, EncryptionLevel::Strict).await).await;
    assert!(at(&server, EncryptionLevel::Required).await.is_err());
}

#[tokio::test]
async fn none() {
    let server = with(Encryption::None).await;
    reads(at(&server, EncryptionLevel::NotSupported).await).await;
    assert!(at(&server, EncryptionLevel::Required).await.is_err());
    assert!(at(&server, EncryptionLevel::Strict).await.is_err());
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_refused() {
    let server = with(Encryption::All(certificate())).await;
    let mut config = config(&server);
    config.encryption(EncryptionLevel::Required);
    assert!(connect(config).await.is_err());
}
