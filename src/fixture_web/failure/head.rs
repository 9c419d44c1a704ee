//! Failures of status lines, headers and lengths.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    InjectedFailure, bombs,
    content::Scene,
    play::{Body, Played},
};

/// A head in HTTP/1.1 (RFC 9112), after which the connection is closed.
pub fn written(status: u16, headers: &[(&str, String)], more: &[(&str, String)]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Injected\r\nconnection: close\r\n");
    for (name, value) in headers.iter().chain(more) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// What `failure` sends, if it is one of these.
pub fn played(failure: InjectedFailure, scene: &Scene<'_>) -> Option<Played> {
    refusal(failure, scene)
        .or_else(|| picky(failure, scene))
        .or_else(|| redirect(failure, scene))
        .or_else(|| transfer(failure, scene))
}

fn refusal(failure: InjectedFailure, scene: &Scene<'_>) -> Option<Played> {
    let after = |value: String| vec![("retry-after", value)];
    let now = scene.world.options.now;
    let (status, headers) = match failure {
        InjectedFailure::ServerError => (500, Vec::new()),
        InjectedFailure::Overloaded => (503, after("600".to_owned())),
        InjectedFailure::LimitSeconds => (429, after("7200".to_owned())),
        InjectedFailure::LimitDate => (429, vec![("date", date(now)), ("retry-after", date(now + 3 * 3600))]),
        InjectedFailure::LimitEndless => (429, after("9".repeat(30))),
        InjectedFailure::LimitNonsense => (429, after("soon".to_owned())),
        InjectedFailure::LimitSilent => (429, Vec::new()),
        InjectedFailure::LimitReset => (429, vec![("x-ratelimit-reset", "5400".to_owned())]),
        InjectedFailure::LimitFar => (429, after("Fri, 31 Dec 9999 23:59:59 GMT".to_owned())),
        InjectedFailure::Gone => (410, Vec::new()),
        InjectedFailure::Missing => (404, Vec::new()),
        InjectedFailure::Challenge => (403, vec![("cf-mitigated", "challenge".to_owned())]),
        InjectedFailure::Stuck304 => {
            let etag = vec![("etag", "\"stuck\"".to_owned())];
            return Some(Played::unmeasured(304, &etag, Body::Whole(Vec::new())));
        }
        _ => return None,
    };
    Some(Played::new(status, &headers, format!("{status}\n").into_bytes()))
}

/// A challenge as a page: recognised by its title and the address of its script.
const CHALLENGE: &str = "<!doctype html><html><head><title>Just a moment...</title></head><body><noscript>Enable cookies</noscript>\
    <script src=\"/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1\"></script></body></html>";

/// Failures that depend on the headers of a request; a request with the right ones is answered as usual.
fn picky(failure: InjectedFailure, scene: &Scene<'_>) -> Option<Played> {
    let html = [("content-type", "text/html".to_owned())];
    let asks = |line: &str| scene.asked.to_ascii_lowercase().contains(line);
    let refused = match failure {
        InjectedFailure::ChallengePage => Played::new(200, &html, CHALLENGE.into()),
        InjectedFailure::ChallengeUnavailable => Played::new(503, &html, CHALLENGE.into()),
        InjectedFailure::NotAcceptable if !asks("\r\naccept: text/html") => Played::new(406, &[], Vec::new()),
        InjectedFailure::RedirectCookie if !asks("\r\ncookie: seen=1") => {
            let headers = [("location", scene.path.to_owned()), ("set-cookie", "seen=1; Path=/".to_owned())];
            Played::new(302, &headers, Vec::new())
        }
        InjectedFailure::RedirectUtf8 if !scene.path.contains("%D0%B2") => {
            let join = if scene.path.contains('?') { '&' } else { '?' };
            Played::new(302, &[("location", format!("{}{join}в=1", scene.path))], Vec::new())
        }
        InjectedFailure::NotAcceptable | InjectedFailure::RedirectCookie | InjectedFailure::RedirectUtf8 => {
            Played::new(scene.reply.status, &scene.reply.headers, scene.reply.body.clone())
        }
        _ => return None,
    };
    Some(refused)
}

fn redirect(failure: InjectedFailure, scene: &Scene<'_>) -> Option<Played> {
    let inward = scene.world.inward;
    let location = match failure {
        InjectedFailure::RedirectChain => Some(hop(scene.path, |number| number + 1)),
        InjectedFailure::RedirectLoop => Some(hop(scene.path, |number| 1 - number.min(1))),
        InjectedFailure::RedirectPrivate => Some(format!("http://127.0.0.1:{inward}/feed.xml")),
        InjectedFailure::RedirectMapped => Some(format!("http://[::ffff:127.0.0.1]:{inward}/feed.xml")),
        InjectedFailure::RedirectLinkLocal => Some("http://169.254.169.254/latest/meta-data/".to_owned()),
        InjectedFailure::RedirectInward => Some(format!("http://inward.localhost:{inward}/feed.xml")),
        InjectedFailure::RedirectScheme => Some("file:///etc/passwd".to_owned()),
        InjectedFailure::RedirectLong => Some(format!("/{}/feed.xml", "a/".repeat(30_000))),
        InjectedFailure::RedirectNowhere => None,
        _ => return None,
    };
    let headers: Vec<_> = location.into_iter().map(|to| ("location", to)).collect();
    Some(Played::new(302, &headers, Vec::new()))
}

/// `path` with the number of its hop changed; it stays below the address the failure is switched on for.
fn hop(path: &str, change: impl Fn(u32) -> u32) -> String {
    let (base, number) = path.split_once("&hop=").unwrap_or((path, "0"));
    let base = if base.contains('?') { base.to_owned() } else { format!("{base}?") };
    format!("{base}&hop={}", change(number.parse().unwrap_or(0)))
}

fn transfer(failure: InjectedFailure, scene: &Scene<'_>) -> Option<Played> {
    let reply = &scene.reply;
    let (headers, body) = (&reply.headers, &reply.body);
    let half = || body[..body.len() / 2].to_vec();
    let mismeasured = |length: usize| Played {
        status: 200,
        head: written(200, headers, &[("content-length", length.to_string())]),
        body: Body::Whole(body.clone()),
    };
    let packed = |coding: &str, body| {
        let headers = [("content-type", "text/xml".to_owned()), ("content-encoding", coding.to_owned())];
        Played::unmeasured(200, &headers, body)
    };
    let wordless = |body| Played { status: 0, head: Vec::new(), body };
    let numbered = |count: usize| -> Vec<(&'static str, String)> {
        (0..count).map(|number| ("x-number", number.to_string())).collect()
    };
    let chunked = |length: String| Played {
        status: 200,
        head: written(200, headers, &[("transfer-encoding", "chunked".to_owned())]),
        body: Body::Whole([length.as_bytes(), b"\r\n", body, b"\r\n"].concat()),
    };
    let broken = |body| Played { body, ..mismeasured(reply.body.len()) };
    Some(match failure {
        InjectedFailure::SlowDrip => {
            Played::unmeasured(200, headers, Body::Drip(b"<rss version=\"2.0\"> ".to_vec()))
        }
        InjectedFailure::Stall => broken(Body::Stall(half())),
        InjectedFailure::Reset => broken(Body::Reset(half())),
        InjectedFailure::Silence => wordless(Body::Stall(Vec::new())),
        InjectedFailure::HangUp => wordless(Body::Whole(Vec::new())),
        InjectedFailure::NoHttp => wordless(Body::Whole(b"SSH-2.0-gateway\r\n".to_vec())),
        InjectedFailure::EndlessBody => {
            Played::unmeasured(200, headers, Body::Made(Box::new(bombs::endless_feed())))
        }
        InjectedFailure::GzipBomb => packed("gzip", Body::Made(Box::new(bombs::gzip(1024)))),
        InjectedFailure::ZstdBomb => packed("zstd", Body::Made(Box::new(bombs::zstd(1024)))),
        InjectedFailure::DamagedGzip => packed("gzip", Body::Whole(bombs::damaged(body))),
        InjectedFailure::CodingCharset => packed("utf-8", Body::Whole(body.clone())),
        InjectedFailure::CodingFalse => packed("br", Body::Whole(body.clone())),
        InjectedFailure::NoLastChunk => chunked(format!("{:x}", body.len())),
        InjectedFailure::BadChunk => chunked("long".to_owned()),
        InjectedFailure::LengthTooLong => mismeasured(body.len() + 1000),
        InjectedFailure::LengthTooShort => mismeasured(body.len() / 2),
        InjectedFailure::ManyHeaders => Played::new(200, &numbered(10_000), body.clone()),
        InjectedFailure::HugeHeader => Played::new(200, &[("x-huge", "a".repeat(1 << 20))], body.clone()),
        InjectedFailure::Empty => Played::new(200, headers, Vec::new()),
        _ => return None,
    })
}

/// An HTTP date (RFC 9110, section 5.6.7).
fn date(at: i64) -> String {
    let at = Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned_datetime(TimeZone::UTC);
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
