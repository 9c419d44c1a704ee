//! The form that turns a token into a cookie, because a browser cannot send a token with a stream.

use std::sync::Arc;

use axum::body::Body;
use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    routing::get,
};

use super::{
    app::{App, Route},
    guard::COOKIE,
};

const FORM: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
<title>Log in to Token launches</title></head><body><h1>Token launches</h1><form method=\"post\" action=\"/login\">\
<p><label>Token <input name=\"token\" type=\"password\" autocomplete=\"current-password\" autofocus required></label> <button>Log in</button></p>MESSAGE</form></body></html>\n";
const POLICY: &str = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Seconds for which a browser stays logged in.
const LASTS_S: u32 = 30 * 86_400;

pub fn route() -> Route {
    get(async || form(StatusCode::OK, "")).post(login)
}

pub fn redirect() -> Response<Body> {
    found("/login")
}

fn found(place: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(place));
    response
}

fn form(status: StatusCode, message: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(FORM.replace("MESSAGE", message)));
    *response.status_mut() = status;
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn login(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let token = url::form_urlencoded::parse(&body).find(|(name, _)| name == "token").map(|(_, token)| token);
    let session = token.and_then(|token| app.guard.login(token.trim()));
    let Some(session) = session else {
        return form(StatusCode::UNAUTHORIZED, "<p role=\"alert\">This token is not valid.</p>");
    };
    // Only a proxy speaks TLS for us.
    let secure = headers.get("x-forwarded-proto").is_some_and(|proto| proto.as_bytes() == b"https");
    let secure = if secure { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={session}; Path=/; HttpOnly; SameSite=Strict; Max-Age={LASTS_S}{secure}");
    let mut response = found("/");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
