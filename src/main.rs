//! The `plimsoll` program. Everything it does is in the library; see `lib.rs` for the map.

use std::process::ExitCode;

use clap::Parser;

/// The futures of a run are large, and a build without optimization copies them along the stack. Only pages that are touched count.
const STACK: usize = 16 << 20;

fn main() -> ExitCode {
    // One provider for every TLS connection of the process. A second install could only come from here.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let cli = plimsoll::cli::Cli::parse();
    match tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build() {
        Ok(runtime) => {
            let code = runtime.block_on(plimsoll::cli::main(cli));
            // A thread that still waits for the network is not worth waiting for.
            runtime.shutdown_background();
            code
        }
        Err(e) => {
            eprintln!("error: the runtime did not start: {e}");
            ExitCode::FAILURE
        }
    }
}
