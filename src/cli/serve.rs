//! `plimsoll serve`: answer triggers over HTTP.

use std::sync::Arc;

use super::arguments::ServeArgs;
use super::error::CliError;
use super::exit::Exit;
use crate::run::Context;
use crate::server::{self, Listen};

pub(super) async fn serve(context: Context, args: &ServeArgs) -> Result<Exit, CliError> {
    let listen = Listen { host: args.host, port: args.port };
    server::serve(Arc::new(context), listen).await?;
    Ok(Exit::Done)
}
