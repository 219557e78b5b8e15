//! The pages of runs in a browser, as people meet them.

#![cfg(unix)]

mod support;

use support::browser::Browser;

/// What follows relies on the browser telling: here is a page that does all that pages must not.
#[test]
fn a_page_that_misbehaves_is_caught() {
    let dir = tempfile::tempdir().unwrap();
    let page = dir.path().join("page.html");
    let body = "<!doctype html><title>t</title><meta http-equiv=Content-Security-Policy \
                content=\"script-src 'unsafe-inline'; img-src 'none'; style-src 'none'\">\
                <p style='color:red'>text</p><img src='http://elsewhere.example/a.png'>\
                <script>window.pwned = 1; fetch('http://elsewhere.example/b'); undefined.x</script>";
    std::fs::write(&page, body).unwrap();
    let browser = Browser::start();
    browser.open(&page, "");
    assert_eq!(browser.value("window.pwned"), 1);
    let requests = browser.requests();
    let elsewhere = ["http://elsewhere.example/a.png", "http://elsewhere.example/b"];
    assert_eq!(requests[1..], elsewhere, "{requests:?}");
    let complaints = browser.complaints().join("\n");
    for told in ["inline style violates", "the image", "Cannot read properties", "Failed to fetch"]
    {
        assert!(complaints.contains(told), "{told}: {complaints}");
    }
    browser.scripts(false);
    browser.open(&page, "");
    assert_eq!(browser.value("window.pwned"), serde_json::Value::Null);
    assert_eq!(browser.text("document.querySelector('p').textContent"), "text");
}
