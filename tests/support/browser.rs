//! Pages as people meet them: a headless Chromium of its own for each test, which is asked what the
//! page shows, has keys pressed, and tells of every request and complaint.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::webdriver::Session;

/// What a page can be shown with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Light,
    Dark,
}

/// A browser with one page.
pub struct Browser {
    session: Session,
    /// Its profile; removed after the browser has ended.
    _profile: TempDir,
}

impl Browser {
    /// Takes a second or two. No name but those of this machine can be resolved in it.
    pub fn start() -> Browser {
        let profile = tempfile::tempdir().unwrap();
        let mut arguments = vec![format!("--user-data-dir={}", profile.path().display())];
        arguments.extend(
            [
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                "--force-prefers-reduced-motion",
                "--host-resolver-rules=MAP * ~NOTFOUND",
            ]
            .map(str::to_owned),
        );
        let browser = Browser { session: Session::start(&arguments), _profile: profile };
        // The page that it starts with is not ours, and makes requests.
        browser.session.post("url", &json!({"url": "about:blank"}));
        browser.requests();
        browser.complaints();
        browser
    }

    /// Opens a file, with a part of it named behind `#` if there is one.
    pub fn open(&self, file: &Path, part: &str) {
        let file = file.canonicalize().unwrap();
        let url = url::Url::from_file_path(file).unwrap();
        // The same file with another part would only be scrolled.
        self.session.post("url", &json!({"url": "about:blank"}));
        self.session.post("url", &json!({"url": format!("{url}{part}")}));
    }

    /// The value of a function's body in the page.
    pub fn run(&self, body: &str) -> Value {
        self.session.post("execute/sync", &json!({"script": body, "args": []}))
    }

    /// The same with arguments.
    pub fn run_with(&self, body: &str, arguments: &Value) -> Value {
        self.session.post("execute/sync", &json!({"script": body, "args": arguments}))
    }

    /// The value of an expression in the page.
    pub fn value(&self, expression: &str) -> Value {
        self.run(&format!("return ({expression})"))
    }

    /// The value of an expression that is a text.
    pub fn text(&self, expression: &str) -> String {
        let value = self.value(expression);
        value.as_str().unwrap_or_else(|| panic!("{expression} is {value}")).to_owned()
    }

    /// The value of an expression that is a count.
    pub fn count(&self, expression: &str) -> u64 {
        let value = self.value(expression);
        value.as_u64().unwrap_or_else(|| panic!("{expression} is {value}"))
    }

    /// Presses and releases keys, one after the other.
    pub fn press(&self, keys: &str) {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|what| json!({"type": what, "value": key})))
            .collect();
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": actions});
        self.session.post("actions", &json!({"actions": [keyboard]}));
    }

    /// Chooses a colour scheme, as the system would.
    pub fn prefer(&self, scheme: Scheme) {
        let scheme = if scheme == Scheme::Dark { "dark" } else { "light" };
        let feature = json!({"name": "prefers-color-scheme", "value": scheme});
        self.devtools("Emulation.setEmulatedMedia", &json!({"media": "", "features": [feature]}));
    }

    /// Shows the page as it would be printed.
    pub fn print(&self) {
        self.devtools("Emulation.setEmulatedMedia", &json!({"media": "print"}));
    }

    /// Columns and rows of the window, in CSS pixels.
    pub fn size(&self, width: u32, height: u32) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// Whether pages that are opened from here on may run scripts. What tests run is not stopped.
    pub fn scripts(&self, allowed: bool) {
        let value = json!({"value": !allowed});
        self.devtools("Emulation.setScriptExecutionDisabled", &value);
    }

    /// A command of Chromium's developer tools.
    pub fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.session.devtools(command, parameters)
    }

    /// The URLs that were asked for since the last time, the page's own among them, and dialogs that
    /// were opened.
    pub fn requests(&self) -> Vec<String> {
        let log = self.session.post("se/log", &json!({"type": "performance"}));
        let entries = log.as_array().unwrap().iter().filter_map(|entry| {
            let entry: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &entry["message"];
            let parameters = &message["params"];
            let url = match message["method"].as_str()? {
                "Network.requestWillBeSent" => &parameters["request"]["url"],
                "Network.webSocketCreated" | "Network.webTransportCreated" => &parameters["url"],
                "Page.javascriptDialogOpening" => {
                    return Some(format!("dialog: {}", parameters["message"]));
                }
                _ => return None,
            };
            url.as_str().map(str::to_owned)
        });
        // The icon that says that there is no icon, and what was shown before.
        entries.filter(|url| url != "data:," && url != "about:blank").collect()
    }

    /// What the console was told since the last time: errors, violations of the policy, all else.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.session.post("se/log", &json!({"type": "browser"}));
        let entries = log.as_array().unwrap().iter();
        entries.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }
}
