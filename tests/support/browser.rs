//! Headless Chromium by its WebDriver. Debian has both (`chromium`, `chromium-driver`); where they are missing, the tests say so.

use std::process::Stdio;
use std::time::Duration;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tokio::process::{Child, Command};

/// A browser with an empty profile; ended with everything it has started when dropped.
pub struct Browser {
    pub page: Client,
    profile: tempfile::TempDir,
    _driver: Child,
}

/// Where a program of this name is.
fn find(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|p| p.is_file())
}

impl Browser {
    /// `None` where there is none; says so. CI has one, so there it is an error.
    pub async fn open(test: &str) -> Option<Self> {
        let (Some(chromium), Some(driver)) = (find("chromium"), find("chromedriver")) else {
            assert!(std::env::var_os("CI").is_none(), "CI installs chromium and chromium-driver");
            println!(
                "LEFT OUT {test}: chromium and chromedriver are missing (apt-get install chromium chromium-driver)"
            );
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = Command::new(driver)
            .arg(format!("--port={port}"))
            .env("HOME", profile.path())
            // What it leaves behind when it is killed goes with the profile.
            .env("TMPDIR", profile.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let data = format!("--user-data-dir={}", profile.path().display());
        let arguments = [
            "--headless",
            // Its sandbox does not run as root, and a container's root is what CI is.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            &data,
        ];
        let options = json!({ "binary": chromium, "args": arguments });
        let capabilities = json!({ "browserName": "chrome", "goog:chromeOptions": options });
        let capabilities = capabilities.as_object().unwrap().clone();
        let mut browser = None;
        for _ in 0..100 {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            match builder.capabilities(capabilities.clone()).connect(&format!("http://127.0.0.1:{port}")).await {
                Ok(page) => {
                    browser = Some(page);
                    break;
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
        Some(Self { page: browser.expect("the browser starts"), profile, _driver: driver })
    }

    /// Its folder: the profile, and everything else that it writes.
    pub fn folder(&self) -> &std::path::Path {
        self.profile.path()
    }

    /// What a script returns.
    pub async fn ask(&self, script: &str) -> serde_json::Value {
        self.page.execute(script, Vec::new()).await.unwrap()
    }

    /// Waits until a script's answer is true.
    pub async fn until(&self, script: &str) {
        for _ in 0..600 {
            // A page that is being left has no answer.
            if self.page.execute(script, Vec::new()).await.is_ok_and(|answer| answer == true) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("not so: {script}");
    }

    /// A command of Chromium's own protocol.
    pub async fn command(&self, name: &str, parameters: serde_json::Value) -> serde_json::Value {
        let command = ChromiumCommand(json!({ "cmd": name, "params": parameters }).to_string());
        self.page.issue_cmd(command).await.unwrap()
    }

    /// Shows pages on a screen of this size, light or dark.
    pub async fn screen(&self, scheme: &str, width: u32, height: u32) {
        let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.command("Emulation.setEmulatedMedia", feature).await;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.command("Emulation.setDeviceMetricsOverride", metrics).await;
    }
}

#[derive(Debug)]
struct ChromiumCommand(String);

impl fantoccini::wd::WebDriverCompatibleCommand for ChromiumCommand {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.0.clone()))
    }
}

impl Drop for Browser {
    /// A test that failed has not closed its browser, which outlives its driver: found by its profile, ended by its id.
    fn drop(&mut self) {
        let profile = self.profile.path().display().to_string();
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        for process in processes {
            let Some(pid) = process.file_name().to_str().and_then(|n| n.parse::<u32>().ok()) else { continue };
            let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            if String::from_utf8_lossy(&line).contains(&profile) {
                let _ = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status();
            }
        }
    }
}
