//! The form that turns a token into a cookie, because a browser cannot send a token with a stream.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    routing::get,
};

use tokio::time::timeout;

use super::{
    answer::problem,
    app::{App, Route},
    guard::{COOKIE, SECURE_COOKIE},
};

const FORM: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
<title>Log in to Token launches</title></head><body><h1>Token launches</h1><form method=\"post\" action=\"/login\">\
<p><label>Token <input name=\"token\" type=\"password\" autocomplete=\"current-password\" autofocus required></label> <button>Log in</button></p>MESSAGE</form></body></html>\n";
const POLICY: &str = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Time and bytes of a form.
const BODY: Duration = Duration::from_secs(15);
const BODY_BYTES: usize = 4 << 10;
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

async fn login(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Response<Body> {
    let body = match timeout(BODY, to_bytes(body, BODY_BYTES)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return problem(StatusCode::PAYLOAD_TOO_LARGE, "a token is shorter"),
        Err(_) => return problem(StatusCode::REQUEST_TIMEOUT, "the form did not come"),
    };
    let token = url::form_urlencoded::parse(&body).find(|(name, _)| name == "token").map(|(_, token)| token);
    let session = token.and_then(|token| app.guard.login(token.trim()));
    let Some(session) = session else {
        return form(StatusCode::UNAUTHORIZED, "<p role=\"alert\">This token is not valid.</p>");
    };
    let proxy_is_secure = headers.get("x-forwarded-proto").is_some_and(|proto| proto.as_bytes() == b"https");
    let (name, secure) =
        if app.tls.is_some() || proxy_is_secure { (SECURE_COOKIE, "; Secure") } else { (COOKIE, "") };
    let cookie = format!("{name}={session}; Path=/; HttpOnly; SameSite=Strict; Max-Age={LASTS_S}{secure}");
    let mut response = found("/");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
