//! PgBouncer in transaction mode, before a test's own PostgreSQL.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::World;

/// Ended when dropped.
pub struct Pooler {
    pub port: u16,
    child: Child,
    _dir: tempfile::TempDir,
}

impl Pooler {
    /// One server connection serves every client in turn. `None` where PgBouncer is missing; says so.
    pub async fn start(w: &World) -> Option<Self> {
        let program =
            ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].into_iter().find(|p| std::path::Path::new(p).exists());
        let Some(program) = program else {
            assert!(std::env::var_os("CI").is_none(), "CI installs pgbouncer");
            println!("LEFT OUT: PgBouncer is missing (apt-get install pgbouncer)");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = dir.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\npostgres = host={} port={} dbname=postgres user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 1\n",
            w.own.pg.socket_dir, w.own.pg.port
        );
        std::fs::write(&config, text).unwrap();
        // It refuses to run as root, and then reads its config as the other user.
        let mut command = Command::new(program);
        if is_root() {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
            command.args(["-u", "nobody"]);
        }
        let log = std::fs::File::create(w.dir.path().join("pgbouncer.log")).unwrap();
        let child = command.arg(&config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let pooler = Self { port, child, _dir: dir };
        for _ in 0..400 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Some(pooler);
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{}", std::fs::read_to_string(w.dir.path().join("pgbouncer.log")).unwrap());
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0)
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
