//! The simulation, asked by a plain client over loopback.

mod bounds;
mod dialects;
mod generated;
mod injected_failures;
mod money;
mod queries;
mod routes;

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::Value;

use super::{Options, Population, Simulator, TOKEN};
use crate::fixture_web::{FixtureWeb, Options as WebOptions};

/// The present of all tests: 2026-11-18T10:40:00Z.
const NOW: i64 = 1_794_998_400_000;
const SEARCH: &str = "/2/tweets/search/recent";

/// A running simulation and a client.
struct Lab {
    web: FixtureWeb,
    client: reqwest::Client,
}

/// An answer.
struct Got {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Value,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Ids in `data`.
    fn ids(&self) -> Vec<u64> {
        let data = self.body["data"].as_array().map(Vec::as_slice).unwrap_or_default();
        data.iter().map(|post| post["id"].as_str().unwrap().parse().unwrap()).collect()
    }

    /// Everything said of what is wrong.
    fn complaint(&self) -> String {
        self.body.to_string()
    }
}

/// Few people and nothing by chance.
fn few() -> Population {
    Population {
        accounts: 4,
        topics: 2,
        days_before: 2,
        days_after: 1,
        on_topics: 40.0,
        late: 0.0,
        deleted: 0.0,
        edited: 0.0,
        ..Population::default()
    }
}

/// A population that posts nothing by itself.
fn silent() -> Population {
    Population { originals: 0.0, replies: 0.0, reposts: 0.0, on_topics: 0.0, ..few() }
}

fn with(population: Population) -> Options {
    Options { content: super::Content::Generated(population), hold_ms: 1, ..Options::at(NOW) }
}

impl Lab {
    async fn new(options: Options) -> Self {
        let options = WebOptions { x: Some(options), ..WebOptions::default() };
        let web = FixtureWeb::start(options).await.unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, web.port()));
        let client = reqwest::Client::builder().no_proxy().resolve("x.localhost", address).build().unwrap();
        Self { web, client }
    }

    async fn few() -> Self {
        Self::new(with(few())).await
    }

    async fn silent() -> Self {
        Self::new(with(silent())).await
    }

    fn x(&self) -> &Simulator {
        self.web.x().unwrap()
    }

    async fn try_with(&self, token: &str, path: &str, query: &[(&str, &str)]) -> reqwest::Result<Got> {
        let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let url = format!("{}{path}?{query}", self.web.x_url());
        let answer = self.client.get(url).header("authorization", format!("Bearer {token}")).send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = serde_json::from_slice(&answer.bytes().await?).unwrap_or(Value::Null);
        Ok(Got { status, headers, body })
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Got {
        self.try_with(TOKEN, path, query).await.unwrap()
    }

    async fn search(&self, text: &str, more: &[(&str, &str)]) -> Got {
        self.get(SEARCH, &[&[("query", text), ("max_results", "100")], more].concat()).await
    }

    /// A control request.
    async fn control(&self, what: &str, body: Value) -> Value {
        let url = format!("{}/_control/{what}", self.web.x_url());
        let request =
            if body.is_null() { self.client.get(url) } else { self.client.post(url).body(body.to_string()) };
        serde_json::from_slice(&request.send().await.unwrap().bytes().await.unwrap()).unwrap()
    }

    /// The kinds of what was wrong with the last request.
    fn violations(&self) -> Vec<String> {
        let calls = self.x().calls(0);
        calls
            .last()
            .unwrap()
            .violations
            .iter()
            .map(|violation| format!("{} {}", violation.kind, violation.parameter))
            .collect()
    }
}
