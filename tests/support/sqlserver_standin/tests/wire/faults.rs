//! What goes wrong.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlserver_standin::typed::ColumnType;
use sqlserver_standin::{Action, Fault, Moment, Place, ResultColumn, ResultSet, ServerError, Settings, Standin};
use tiberius::error::Error;

use crate::clients::{Connected, client, code, config, connect, plain, server};

const ROWS: usize = 10;

fn answer_rows(server: &Standin) {
    server.scripts().on("rows", |_, _| {
        let rows = (0..ROWS as i64).map(|n| vec![n.into()]).collect();
        Ok(Some(ResultSet::of(vec![ResultColumn::new("n", ColumnType::BigInt)], rows)))
    });
}

/// The rows that came, and how it ended.
async fn read(client: &mut Connected) -> (usize, tiberius::Result<()>) {
    let mut came = 0;
    let ended = async {
        let mut rows = client.simple_query("/* plimsoll:rows */").await?.into_row_stream();
        while rows.try_next().await?.is_some() {
            came += 1;
        }
        Ok(())
    };
    let ended = ended.await;
    (came, ended)
}

fn rows(at: Place, then: Action) -> Fault {
    Fault::once(Moment::Plan("rows".to_owned()), at, then)
}

#[tokio::test]
async fn a_cut_at_each_packet_and_each_byte_is_never_an_end() {
    let server = server(Settings { payload: 20, ..Settings::default() }).await;
    answer_rows(&server);
    assert!(read(&mut client(&server).await).await.1.is_ok());
    let whole = server.log().of_plan("rows")[0].sent;
    assert!(whole.packets > 5, "{whole:?}");
    for action in [Action::Cut, Action::Reset] {
        for packet in 0..whole.packets {
            server.faults().add(rows(Place::Packet(packet), action.clone()));
            let (_, ended) = read(&mut client(&server).await).await;
            assert!(matches!(ended, Err(Error::Io { .. } | Error::Protocol(_))), "{packet}: {ended:?}");
            assert_eq!(server.faults().armed(), 0);
        }
    }
    for byte in 0..whole.bytes {
        server.faults().add(rows(Place::Byte(byte), Action::Cut));
        let (_, ended) = read(&mut client(&server).await).await;
        assert!(ended.is_err(), "{byte}");
        assert_eq!(server.log().of_plan("rows").last().unwrap().sent.packets, byte / 28 + 1);
    }
}

#[tokio::test]
async fn a_cut_may_be_counted_from_the_beginning_of_the_connection() {
    let server = plain().await;
    answer_rows(&server);
    for byte in 0..300 {
        server.faults().add(Fault::once(Moment::Connection, Place::Byte(byte), Action::Cut));
        if let Ok(mut client) = connect(config(&server)).await {
            assert!(read(&mut client).await.1.is_err(), "{byte}");
        }
        assert_eq!(server.faults().armed(), 0);
    }
}

#[tokio::test]
async fn errors_come_before_in_and_after_rows() {
    let server = plain().await;
    answer_rows(&server);
    for at in [Place::Start, Place::Row(0), Place::Row(4), Place::End, Place::Row(99)] {
        for error in [
            ServerError::deadlock(),
            ServerError::altered_since_snapshot("t"),
            ServerError::new(3960, "conflict"),
            ServerError::data_movement(),
        ] {
            let number = error.number;
            server.faults().add(rows(at, Action::Error(error)));
            let mut client = client(&server).await;
            let (_, ended) = read(&mut client).await;
            assert_eq!(code(&ended.unwrap_err()), number);
            // The connection lives on.
            assert!(matches!(read(&mut client).await, (ROWS, Ok(()))));
        }
    }
}

#[tokio::test]
async fn a_kill_ends_the_connection_after_its_error() {
    let server = plain().await;
    answer_rows(&server);
    server.faults().add(rows(Place::Row(3), Action::Kill(ServerError::killed())));
    let mut client = client(&server).await;
    let (came, ended) = read(&mut client).await;
    assert!(came <= 3 && ended.is_err(), "{came} {ended:?}");
    assert!(read(&mut client).await.1.is_err());
}

#[tokio::test]
async fn garbage_is_a_protocol_error() {
    let server = plain().await;
    answer_rows(&server);
    server.faults().add(rows(Place::Row(3), Action::Garbage));
    let (came, ended) = read(&mut client(&server).await).await;
    assert!(came <= 3 && matches!(ended, Err(Error::Protocol(_))), "{ended:?}");
}

#[tokio::test]
async fn a_wrong_count_is_told_and_nothing_else() {
    let server = plain().await;
    answer_rows(&server);
    server.faults().add(rows(Place::End, Action::WrongCount(5)));
    let mut client = client(&server).await;
    assert!(matches!(read(&mut client).await, (ROWS, Ok(()))));
    assert_eq!(server.faults().armed(), 0);
}

#[tokio::test]
async fn a_stall_holds_until_it_is_released() {
    let server = plain().await;
    answer_rows(&server);
    for (number, at) in (1..).zip([Place::Start, Place::Byte(30), Place::Row(5), Place::End]) {
        server.faults().add(rows(at, Action::Stall));
        let mut client = client(&server).await;
        let mut reading = std::pin::pin!(read(&mut client));
        tokio::select! {
            read = &mut reading => panic!("{read:?}"),
            () = server.faults().stalled(number) => {}
        }
        server.faults().release();
        // The connection ends: a stall never turns into an answer.
        assert!(reading.await.1.is_err());
    }
}

#[tokio::test]
async fn a_slow_statement_goes_on_or_is_cancelled() {
    let server = plain().await;
    answer_rows(&server);
    server.faults().add(rows(Place::Row(5), Action::Busy));
    let mut slow = client(&server).await;
    {
        let mut reading = std::pin::pin!(read(&mut slow));
        tokio::select! {
            read = &mut reading => panic!("{read:?}"),
            () = server.faults().stalled(1) => {}
        }
        server.faults().release();
        assert!(matches!(reading.await, (ROWS, Ok(()))));
    }
    server.faults().add(rows(Place::Row(0), Action::Busy));
    tokio::select! {
        read = read(&mut slow) => panic!("{read:?}"),
        () = server.faults().stalled(2) => {}
    }
    slow.cancel_query().await.unwrap();
    assert!(matches!(read(&mut slow).await, (ROWS, Ok(()))));
}

#[tokio::test]
async fn handshakes_stall_and_fail() {
    let server = plain().await;
    answer_rows(&server);
    for moment in [Moment::Prelogin, Moment::Login] {
        server.faults().add(Fault::once(moment, Place::Start, Action::Stall));
        let mut config = config(&server);
        config.handshake_timeout(Some(Duration::from_millis(200)));
        assert!(matches!(connect(config).await, Err(Error::Io { .. })));
        server.faults().release();
    }
    let busy = ServerError::database_unavailable("shop");
    server.faults().add(Fault::once(Moment::Login, Place::Start, Action::Error(busy)).after(1));
    drop(client(&server).await);
    assert_eq!(code(&connect(config(&server)).await.unwrap_err()), 40_613);
    drop(client(&server).await);
}

#[tokio::test]
async fn a_client_is_sent_elsewhere() {
    let server = plain().await;
    let then = Action::Route { host: "other.example".to_owned(), port: 11_003 };
    server.faults().add(Fault::always(Moment::Login, Place::Start, then));
    for _ in 0..2 {
        match connect(config(&server)).await {
            Err(Error::Routing { host, port }) => assert_eq!((host.as_str(), port), ("other.example", 11_003)),
            other => panic!("{:?}", other.map(drop)),
        }
    }
}
