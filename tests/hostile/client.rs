//! The HTTP client alone, on real sockets: the failure, requests and bytes of each injected failure.

use std::{future::ready, sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, join_all};
use jiff::Timestamp;
use tge_scrape::{
    clock::Clock,
    fixture_web::{Bulk, FixtureWeb, InjectedFailure, Options},
    http::{self, Answer, Client, Failure, Outcome, Purpose, Request, Settings},
    model::Validators,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
};
use url::Url;

use super::{asked_for, ending, host};

const LIMIT: u64 = 5 << 20;
/// Time limit where some responses never come: long enough for the others on a busy machine.
const FAULTY: Duration = Duration::from_secs(12);
/// Time limit where all responses come.
const WELL: Duration = Duration::from_mins(2);

/// The time of the machine, with waits that end at once.
#[derive(Clone)]
struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        crate::support::lab::now()
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }
}

/// A client that may connect to `private_hosts` and waits for a response up to `limit`.
fn client(limit: Duration, private_hosts: Vec<String>) -> Client {
    Client::new(settings(limit, private_hosts), Arc::new(Standing)).unwrap()
}

fn settings(limit: Duration, private_hosts: Vec<String>) -> Settings {
    Settings {
        user_agent: http::USER_AGENT.to_owned(),
        concurrency: 128,
        per_host_concurrency: 1,
        per_host_interval: Duration::ZERO,
        connect_timeout: Duration::from_secs(3),
        idle_timeout: limit / 3,
        total_timeout: limit,
        feed_body_limit: LIMIT,
        page_body_limit: LIMIT,
        max_redirects: 5,
        retries: 1,
        allow_private_addresses: false,
        private_hosts,
        proxy: String::new(),
    }
}

async fn get(client: &Client, url: &str) -> Answer {
    get_for(client, url, Purpose::Feed).await
}

async fn get_for(client: &Client, url: &str, purpose: Purpose) -> Answer {
    let request = Request {
        url: Url::parse(url).unwrap(),
        purpose,
        validators: Validators::default(),
        validators_url: url.to_owned(),
        headers: Vec::new(),
        body: None,
        source: String::new(),
    };
    client.fetch(request, Standing.now()).await
}

async fn web(faults: Vec<(String, InjectedFailure)>) -> FixtureWeb {
    let bulk = Some(Bulk { feeds: InjectedFailure::ALL.len(), entries: 30, relevant: 5 });
    let now = Standing.now().as_second();
    FixtureWeb::start(Options { now, bulk, failures: faults, ..Options::default() }).await.unwrap()
}

#[tokio::test]
async fn a_broken_connection_is_tried_as_often_as_the_settings_say() {
    let web = web(vec![(host(1), InjectedFailure::Reset)]).await;
    for retries in [0, 1, 4] {
        let settings = Settings { retries, ..settings(WELL, vec![format!("{}.localhost", host(1))]) };
        let client = Client::new(settings, Arc::new(Standing)).unwrap();
        let Answer { outcome, stats } = get(&client, &web.feed_urls()[0]).await;
        assert!(matches!(outcome, Outcome::Failed(Failure::Reset)), "{outcome:?}");
        assert_eq!((stats.requests, stats.retries), (retries + 1, retries));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn injected_failures_have_names_and_few_requests_and_bytes() {
    let hosts = || (1..=InjectedFailure::ALL.len()).map(host);
    let web = web(hosts().zip(InjectedFailure::ALL.iter().copied()).collect()).await;
    let client = client(FAULTY, hosts().map(|host| format!("{host}.localhost")).collect());
    let urls = web.feed_urls();
    let answers = join_all(urls.iter().map(|url| get(&client, url))).await;
    let mut wrong = Vec::new();
    for (fault, Answer { outcome, stats }) in InjectedFailure::ALL.iter().zip(answers) {
        let name = fault.name();
        let failure = match &outcome {
            Outcome::Failed(failure) => Some(failure),
            Outcome::Fetched { .. } | Outcome::NotModified { .. } => None,
        };
        // The client does not check whether a body is a feed.
        let expected = ending(*fault).filter(|_| *fault != InjectedFailure::Html);
        let broken_off = matches!(&outcome, Outcome::Fetched { headers, .. } if headers.broken_off);
        assert_eq!(
            broken_off,
            matches!(fault, InjectedFailure::NoLastChunk | InjectedFailure::LengthTooLong),
            "{name}"
        );
        if failure.map(|failure| failure.kind().to_string()).as_deref() != expected {
            wrong.push(format!("{name}: {failure:?}"));
        }
        let requests = match fault {
            InjectedFailure::RedirectChain => 6,
            InjectedFailure::RedirectLoop => 3,
            // `RedirectInward`: the name is resolved after the request has started.
            InjectedFailure::HangUp
            | InjectedFailure::Reset
            | InjectedFailure::RedirectInward
            | InjectedFailure::NotAcceptable
            | InjectedFailure::RedirectCookie
            | InjectedFailure::RedirectUtf8 => 2,
            _ => 1,
        };
        assert!(stats.requests <= requests, "{name}: {} requests", stats.requests);
        assert!(stats.bytes <= LIMIT + (1 << 20), "{name}: {} bytes", stats.bytes);
        let wait = match failure {
            Some(Failure::RateLimited { retry_after } | Failure::Unavailable { retry_after }) => *retry_after,
            _ => None,
        };
        // The program chooses these waits: the server asked for none.
        let ours = |_: &i64| {
            failure == Some(&Failure::Challenge)
                || matches!(fault, InjectedFailure::LimitNonsense | InjectedFailure::LimitSilent)
        };
        let said = asked_for(*fault).filter(|wait| !ours(wait));
        assert_eq!(wait.map(|wait| i64::try_from(wait.as_secs()).unwrap()), said, "{name}");
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(web.request_log().inward, 0, "a private address was requested");
}

#[tokio::test]
async fn private_addresses_are_reachable_only_for_listed_hosts() {
    let web = web(Vec::new()).await;
    let (port, inward) = (web.port(), web.inward_port());
    let client = client(WELL, vec!["feed-00001.localhost".to_owned()]);
    for url in [
        format!("http://127.0.0.1:{inward}/"),
        format!("http://127.1:{inward}/"),
        format!("http://2130706433:{inward}/"),
        format!("http://0x7f.0.0.1:{inward}/"),
        format!("http://0.0.0.0:{inward}/"),
        format!("http://[::1]:{inward}/"),
        format!("http://[::ffff:127.0.0.1]:{inward}/"),
        format!("http://[::7f00:1]:{inward}/"),
        format!("http://localhost:{inward}/"),
        format!("http://inward.localhost:{inward}/"),
        format!("http://INWARD.localhost.:{inward}/"),
        format!("http://feed-00002.localhost:{port}/feed.xml"),
    ] {
        let answer = get(&client, &url).await;
        let Outcome::Failed(failure) = &answer.outcome else { panic!("{url}: {:?}", answer.outcome) };
        // The system may not resolve a name with a final dot.
        assert!(["private_address", "dns"].contains(&failure.kind().as_ref()), "{url}: {failure:?}");
    }
    assert_eq!((web.request_log().inward, web.request_log().connections), (0, 0));
    let answer = get(&client, &format!("http://feed-00001.localhost:{port}/feed.xml")).await;
    assert!(matches!(answer.outcome, Outcome::Fetched { .. }), "{:?}", answer.outcome);
}

#[tokio::test]
async fn cookies_end_with_their_request() {
    let web = web(vec![(host(1), InjectedFailure::RedirectCookie)]).await;
    let client = client(WELL, vec!["feed-00001.localhost".to_owned()]);
    let url = &web.feed_urls()[0];
    for _ in 0..2 {
        let answer = get(&client, url).await;
        assert!(matches!(answer.outcome, Outcome::Fetched { .. }), "{:?}", answer.outcome);
        assert_eq!((answer.stats.requests, answer.stats.permanent_url), (2, None));
    }
}

#[tokio::test]
async fn rate_limited_page_pauses_pages_of_its_host_but_not_its_feed() {
    let web = web(vec![(format!("{}/item-", host(1)), InjectedFailure::LimitSilent)]).await;
    let client = client(WELL, vec!["feed-00001.localhost".to_owned()]);
    let feed = web.feed_urls()[0].clone();
    let page = feed.replace("feed.xml", "item-1");
    let name = async |url: &str, purpose| match get_for(&client, url, purpose).await.outcome {
        Outcome::Failed(failure) => failure.kind().to_string(),
        _ => "read".to_owned(),
    };
    assert_eq!(name(&page, Purpose::Article).await, "rate_limited");
    assert_eq!(name(&page, Purpose::Article).await, "host_paused");
    assert_eq!(name(&feed, Purpose::Feed).await, "read");
    web.set_failures(&[(host(1), InjectedFailure::LimitSilent)]);
    assert_eq!(name(&feed, Purpose::Feed).await, "rate_limited");
    assert_eq!(name(&feed, Purpose::Feed).await, "host_paused");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_are_all_received() {
    let hosts = || (1..=12).map(host);
    let web = web(hosts().map(|host| (host, InjectedFailure::ManyEntries)).collect()).await;
    let client = client(WELL, hosts().map(|host| format!("{host}.localhost")).collect());
    let urls = web.feed_urls();
    let lengths = join_all(urls[..12].iter().map(async |url| match get(&client, url).await.outcome {
        Outcome::Fetched { body, .. } => body.len(),
        other => panic!("{url}: {other:?}"),
    }));
    assert!(lengths.await.into_iter().all(|length| length > 3 << 20));
}

/// Answers on each connection until it is closed. Sends the number of the connection for each request, and `None` at its
/// end.
fn served(listener: TcpListener) -> mpsc::UnboundedReceiver<Option<usize>> {
    let (alerted, seen) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut connections = 0;
        while let Ok((mut socket, _)) = listener.accept().await {
            connections += 1;
            let alerted = alerted.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                while socket.read(&mut request).await.is_ok_and(|bytes| bytes > 0) {
                    let _ = alerted.send(Some(connections));
                    let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
                }
                let _ = alerted.send(None);
            });
        }
    });
    seen
}

#[tokio::test]
async fn connection_of_a_host_stays_open_until_close_idle() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut seen = served(listener);
    let hosts = ["one.localhost".to_owned(), "two.localhost".to_owned()];
    let client = client(WELL, hosts.to_vec());
    for (host, connection) in [(0, 1), (0, 1), (1, 2)] {
        get(&client, &format!("http://{}:{port}/", hosts[host])).await;
        assert_eq!(seen.recv().await, Some(Some(connection)));
    }
    client.close_idle("one.localhost");
    assert_eq!(seen.recv().await, Some(None), "the connection of the host is closed");
    get(&client, &format!("http://two.localhost:{port}/")).await;
    assert_eq!(seen.recv().await, Some(Some(2)), "the connection of another host stays open");
    get(&client, &format!("http://one.localhost:{port}/")).await;
    assert_eq!(seen.recv().await, Some(Some(3)));
    assert_eq!(client.counts().connections_opened, 3);
}
