//! From the first byte to the end of the login.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::error::{Ended, ServerError};
use crate::faults::{Action, Fault, Moment, Place};
use crate::server::Shared;
use crate::settings::{Encryption, Tls};
use crate::wire::login::{self, Login};
use crate::wire::packet::{HEADER, Kind, PacketWriter, Tripwire, read_message};
use crate::wire::prelogin::{self, Offer};
use crate::wire::tls::Wrapped;
use crate::wire::token::{self, Change, Done};

const ALPN: &[u8] = b"tds/8.0";
/// The first byte of a TLS handshake record.
const TLS_HANDSHAKE: u8 = 0x16;

/// A stream of any kind.
pub(crate) trait Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send {}
impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send> Stream for S {}

/// A client that is in.
pub(crate) struct Entered {
    pub(crate) stream: Box<dyn Stream>,
    pub(crate) login: Login,
    pub(crate) counters: (crate::wire::packet::Sent, Vec<Tripwire>),
    pub(crate) payload: usize,
}

/// Takes a client in, or refuses it.
pub(crate) async fn enter(socket: TcpStream, shared: &Shared) -> Result<Entered, Ended> {
    let mut first = [0];
    if socket.peek(&mut first).await? == 0 {
        return Err(Ended::Protocol("the client left"));
    }
    let tripwires: Vec<Tripwire> = shared.faults.take(&Moment::Connection).map(of_connection).into_iter().collect();
    if let Encryption::Strict(tls) = &shared.settings.encryption {
        if first[0] != TLS_HANDSHAKE {
            return Err(Ended::Protocol("this server speaks TDS 8 alone"));
        }
        strike(shared, &Moment::Tls).await?;
        let stream = acceptor(tls, Protocols::Strict)?.accept(socket).await?;
        if stream.get_ref().1.alpn_protocol() != Some(ALPN) {
            return Err(Ended::Protocol("TDS 8 without its ALPN name"));
        }
        let mut stream: Box<dyn Stream> = Box::new(stream);
        let (sent, tripwires) = prelogin(&mut stream, shared, (Default::default(), tripwires)).await?.counters;
        return log_in(stream, shared, (sent, tripwires)).await;
    }
    let mut socket = socket;
    let agreed = prelogin(&mut socket, shared, (Default::default(), tripwires)).await?;
    let counters = agreed.counters;
    let tls = match (&shared.settings.encryption, agreed.offer) {
        (Encryption::None | Encryption::Strict(_), _) => return log_in(Box::new(socket), shared, counters).await,
        (Encryption::LoginOnly(tls) | Encryption::All(tls), _) => tls,
    };
    strike(shared, &Moment::Tls).await?;
    // Before TDS 8 the server has TLS 1.2 alone: in TLS 1.3 records go on after the handshake.
    let mut stream = acceptor(tls, Protocols::Wrapped)?.accept(Wrapped::new(socket)).await?;
    stream.get_mut().0.handshake_done();
    if agreed.offer == Some(Offer::Off) {
        let (login, stream) = read_login(stream).await?;
        let plain = stream.into_inner().0.into_inner();
        return answer_login(Box::new(plain), login, shared, counters).await;
    }
    log_in(Box::new(stream), shared, counters).await
}

fn of_connection(fault: Fault) -> Tripwire {
    Tripwire { at: fault.at, then: fault.then, since: Default::default() }
}

/// A fault of a moment that has no answer of its own.
async fn strike(shared: &Shared, moment: &Moment) -> Result<(), Ended> {
    match shared.faults.take(moment) {
        Some(fault) => Err(Ended::Fault(fault.then)),
        None => Ok(()),
    }
}

struct Agreed {
    offer: Option<Offer>,
    counters: (crate::wire::packet::Sent, Vec<Tripwire>),
}

async fn prelogin<S: Stream>(
    stream: &mut S,
    shared: &Shared,
    (sent, tripwires): (crate::wire::packet::Sent, Vec<Tripwire>),
) -> Result<Agreed, Ended> {
    let Some((Kind::Prelogin, message)) = read_message(stream).await? else {
        return Err(Ended::Protocol("no PRELOGIN"));
    };
    let said = prelogin::parse(&message)?;
    let wanted = said.encryption.unwrap_or(Offer::NotSupported);
    let offer = match (&shared.settings.encryption, wanted) {
        (Encryption::Strict(_), _) => None,
        (Encryption::None, _) => Some(Offer::NotSupported),
        (Encryption::LoginOnly(_), Offer::Off) => Some(Offer::Off),
        (Encryption::LoginOnly(_), _) => Some(Offer::On),
        (Encryption::All(_), Offer::On | Offer::Required) => Some(Offer::On),
        (Encryption::All(_), _) => Some(Offer::Required),
    };
    let mut writer = PacketWriter::new(&mut *stream, shared.settings.payload);
    writer.resume(sent, tripwires);
    arm(&mut writer, shared.faults.take(&Moment::Prelogin))?;
    prelogin::answer(&mut writer.message, offer, said.fed_auth && shared.settings.token.is_some());
    writer.finish().await?;
    writer.disarm_answers();
    let (_, sent, tripwires) = writer.into_parts();
    let refuses_tls = matches!(wanted, Offer::On | Offer::Required) && offer == Some(Offer::NotSupported);
    let lacks_tls = wanted == Offer::NotSupported && matches!(offer, Some(Offer::On | Offer::Required));
    if refuses_tls || lacks_tls {
        return Err(Ended::Protocol("no encryption that both sides can"));
    }
    Ok(Agreed { offer, counters: (sent, tripwires) })
}

fn arm<W: tokio::io::AsyncWrite + Unpin>(writer: &mut PacketWriter<W>, fault: Option<Fault>) -> Result<(), Ended> {
    match fault {
        Some(Fault { at: Place::Start | Place::Row(_) | Place::End, then, .. }) => Err(Ended::Fault(then)),
        Some(Fault { at, then, .. }) => {
            let since = writer.sent();
            writer.arm(Tripwire { at, then, since });
            Ok(())
        }
        None => Ok(()),
    }
}

enum Protocols {
    Strict,
    Wrapped,
}

fn acceptor(tls: &Tls, protocols: Protocols) -> Result<TlsAcceptor, Ended> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions: &[&rustls::SupportedProtocolVersion] = match protocols {
        Protocols::Strict => rustls::ALL_VERSIONS,
        Protocols::Wrapped => &[&rustls::version::TLS12],
    };
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(std::io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(tls.certificates.clone(), tls.key.clone_key())
        .map_err(std::io::Error::other)?;
    if matches!(protocols, Protocols::Strict) {
        config.alpn_protocols = vec![ALPN.to_vec()];
    }
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn read_login(
    mut stream: TlsStream<Wrapped<TcpStream>>,
) -> Result<(Login, TlsStream<Wrapped<TcpStream>>), Ended> {
    let Some((Kind::Login, message)) = read_message(&mut stream).await? else {
        return Err(Ended::Protocol("no LOGIN7"));
    };
    Ok((login::parse(&message)?, stream))
}

async fn log_in(
    mut stream: Box<dyn Stream>,
    shared: &Shared,
    counters: (crate::wire::packet::Sent, Vec<Tripwire>),
) -> Result<Entered, Ended> {
    let Some((Kind::Login, message)) = read_message(&mut stream).await? else {
        return Err(Ended::Protocol("no LOGIN7"));
    };
    answer_login(stream, login::parse(&message)?, shared, counters).await
}

async fn answer_login(
    mut stream: Box<dyn Stream>,
    login: Login,
    shared: &Shared,
    (sent, tripwires): (crate::wire::packet::Sent, Vec<Tripwire>),
) -> Result<Entered, Ended> {
    shared.log.entered(&login);
    let packet_size = if login.packet_size == 0 { 4096 } else { login.packet_size.clamp(512, 32_767) };
    let payload = shared.settings.payload.min(packet_size as usize - HEADER);
    let mut writer = PacketWriter::new(&mut stream, payload);
    writer.resume(sent, tripwires);
    let mut refusal = refusal(&login, shared);
    let mut route = None;
    match shared.faults.take(&Moment::Login) {
        Some(Fault { then: Action::Error(error), .. }) => refusal = Some(error),
        Some(Fault { then: Action::Route { host, port }, .. }) => route = Some((host, port)),
        fault => arm(&mut writer, fault)?,
    }
    let out = &mut writer.message;
    if let Some(error) = refusal {
        token::error(out, &error);
        token::done(out, Done::Batch, token::FAILED, 0);
        writer.finish().await?;
        return Err(error.into());
    }
    let database = shared.model.database_name();
    token::change(out, &Change::Database(&database));
    token::info(out, &ServerError::new(5701, format!("Changed database context to '{database}'.")).of_class(0));
    token::change(out, &Change::Collation(shared.model.collation().wire));
    token::login_ack(out);
    if login.token.is_some() {
        token::fed_auth_ack(out);
    }
    token::change(out, &Change::PacketSize { new: packet_size, old: 4096 });
    if let Some((host, port)) = &route {
        token::change(out, &Change::Routing { host, port: *port });
    }
    token::done(out, Done::Batch, 0, 0);
    writer.finish().await?;
    writer.disarm_answers();
    let (_, sent, tripwires) = writer.into_parts();
    if route.is_some() {
        return Err(Ended::Protocol("routed elsewhere"));
    }
    Ok(Entered { stream, login, counters: (sent, tripwires), payload })
}

fn refusal(login: &Login, shared: &Shared) -> Option<ServerError> {
    let known = match &login.token {
        Some(token) => shared.settings.token.as_ref() == Some(token),
        None => login.user == shared.settings.account.user && login.password == shared.settings.account.password,
    };
    if !known {
        return Some(ServerError::login_failed(&login.user));
    }
    let database = shared.model.database_name();
    if !login.database.is_empty() && !login.database.eq_ignore_ascii_case(&database) {
        return Some(ServerError::no_database(&login.database));
    }
    None
}
