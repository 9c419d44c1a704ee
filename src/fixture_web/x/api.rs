//! The parameter tables of both dialects and the check of a request against them.

use std::{collections::HashMap, io};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How posts are named in requests and answers (docs/reference/x-api.md#two-dialects).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// `tweet.fields`: description 2.166.
    #[default]
    Tweet,
    /// `post.fields`: description 2.167.
    Post,
}

/// Why a request is not one X knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// `dialect` for what the other dialect would accept; else `path`, `missing`, `unknown`, `repeated`, `value`,
    /// `bounds`, `query` or `token`.
    pub kind: String,
    /// Name of the parameter.
    pub parameter: String,
    /// Its value.
    pub value: String,
    /// A sentence.
    pub reason: String,
}

impl Violation {
    /// One violation.
    pub fn new(kind: &str, parameter: &str, value: &str, reason: impl Into<String>) -> Self {
        Self {
            kind: kind.to_owned(),
            parameter: parameter.to_owned(),
            value: value.to_owned(),
            reason: reason.into(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[expect(dead_code, reason = "names the source of the file for its reader")]
    version: String,
    enums: HashMap<String, String>,
    routes: Vec<Route>,
}

/// One method and path.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// HTTP method.
    pub method: String,
    /// Path with `{}` around its parameter.
    pub path: String,
    /// Whether an app's token is accepted.
    pub bearer: bool,
    /// Whether a user's token is accepted.
    pub user: bool,
    /// Parameters of path and query.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
}

/// One parameter.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameter {
    name: String,
    r#in: String,
    required: bool,
    list: bool,
    most: Option<usize>,
    kind: String,
    values: String,
    one_of: Vec<String>,
    min: Option<i64>,
    max: Option<i64>,
    default: Option<serde_json::Value>,
}

/// What a valid request asks, by parameter.
#[derive(Debug, Clone, Default)]
pub struct Asked(HashMap<String, Vec<String>>);

impl Asked {
    /// First value of a parameter.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|values| values.first()).map(String::as_str)
    }

    /// All values of a parameter.
    pub fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// A parameter as a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.one(name)?.parse().ok()
    }

    /// A parameter as Unix milliseconds.
    pub fn moment(&self, name: &str) -> Option<i64> {
        self.one(name)?.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
    }
}

/// Both tables.
#[derive(Debug)]
pub struct Api {
    tables: HashMap<Dialect, Vec<Route>>,
}

impl Api {
    /// Reads the tables compiled in.
    ///
    /// # Errors
    /// When one is broken.
    pub fn load() -> io::Result<Self> {
        let read = |name: &str, text: &str| -> io::Result<Vec<Route>> {
            let broken = |what: String| io::Error::other(format!("fixtures/x/{name}: {what}"));
            let table: Table = toml_edit::de::from_str(text).map_err(|error| broken(error.to_string()))?;
            let mut routes = table.routes;
            for parameter in routes.iter_mut().flat_map(|route| &mut route.parameters) {
                if let Some(name) = parameter.values.strip_prefix('@') {
                    let values =
                        table.enums.get(name).ok_or_else(|| broken(format!("no values named {name}")))?;
                    parameter.one_of = values.split_whitespace().map(str::to_owned).collect();
                }
            }
            Ok(routes)
        };
        let tweet = read("tweet.toml", include_str!("../../../fixtures/x/tweet.toml"))?;
        let post = read("post.toml", include_str!("../../../fixtures/x/post.toml"))?;
        Ok(Self { tables: HashMap::from([(Dialect::Tweet, tweet), (Dialect::Post, post)]) })
    }

    fn routes(&self, dialect: Dialect) -> &[Route] {
        self.tables.get(&dialect).map_or(&[], Vec::as_slice)
    }

    /// The route of a request and the parameter in its path.
    pub fn route(&self, dialect: Dialect, method: &str, path: &str) -> Option<(&Route, Option<String>)> {
        let fits = |route: &&Route| route.method == method && fits(&route.path, path);
        // A fixed path wins over one with a parameter: /2/users/by is no user.
        let route = self.routes(dialect).iter().filter(fits).min_by_key(|route| route.path.contains('{'))?;
        let place = route.path.split('/').position(|part| part.starts_with('{'));
        Some((route, place.and_then(|place| path.split('/').nth(place)).map(str::to_owned)))
    }

    /// Checks a request's parameters.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn check(
        &self,
        dialect: Dialect,
        route: &Route,
        in_path: Option<&str>,
        query: &[(String, String)],
    ) -> Result<Asked, Vec<Violation>> {
        let mut violations = Vec::new();
        let mut asked = Asked::default();
        for parameter in &route.parameters {
            if parameter.r#in == "path" {
                let value = in_path.unwrap_or_default();
                violations.extend(parameter.refuse(value));
                asked.0.insert(parameter.name.clone(), vec![value.to_owned()]);
            } else if let Some(default) = &parameter.default {
                let text = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
                asked.0.insert(parameter.name.clone(), vec![text]);
            }
            if parameter.required && !query.iter().any(|(name, _)| *name == parameter.name) {
                let reason = format!("The `{}` query parameter can not be empty", parameter.name);
                violations.push(Violation::new("missing", &parameter.name, "", reason));
            }
        }
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in query {
            let of_query = |known: &&Parameter| known.name == *name && known.r#in != "path";
            let Some(parameter) = route.parameters.iter().find(of_query) else {
                let known: Vec<&str> = route
                    .parameters
                    .iter()
                    .filter(|known| known.r#in != "path")
                    .map(|known| known.name.as_str())
                    .collect();
                let reason = format!("The query parameter [{name}] is not one of [{}]", known.join(","));
                let kind = if self.elsewhere(dialect, route, name, None) { "dialect" } else { "unknown" };
                violations.push(Violation::new(kind, name, value, reason));
                continue;
            };
            if seen.contains(&name.as_str()) {
                let reason = format!("The query parameter [{name}] is given more than once");
                violations.push(Violation::new("repeated", name, value, reason));
                continue;
            }
            seen.push(name);
            for mut violation in parameter.refuse(value) {
                if violation.kind == "value" && self.elsewhere(dialect, route, name, Some(&violation.value)) {
                    "dialect".clone_into(&mut violation.kind);
                }
                violations.push(violation);
            }
            asked.0.insert(name.clone(), parameter.split(value));
        }
        if violations.is_empty() { Ok(asked) } else { Err(violations) }
    }

    /// Whether the other dialect knows this parameter, or this value of it.
    fn elsewhere(&self, dialect: Dialect, route: &Route, name: &str, value: Option<&str>) -> bool {
        let other = if dialect == Dialect::Tweet { Dialect::Post } else { Dialect::Tweet };
        let twin = |known: &&Route| known.path == route.path && known.method == route.method;
        let parameter = self
            .routes(other)
            .iter()
            .find(twin)
            .and_then(|route| route.parameters.iter().find(|known| known.name == name));
        match (parameter, value) {
            (Some(parameter), Some(value)) => parameter.one_of.iter().any(|known| known == value),
            (found, None) => found.is_some(),
            (None, Some(_)) => false,
        }
    }
}

/// Whether `path` is one of `template`.
fn fits(template: &str, path: &str) -> bool {
    template.split('/').count() == path.split('/').count()
        && template
            .split('/')
            .zip(path.split('/'))
            .all(|(wanted, given)| wanted.starts_with('{') || wanted == given)
}

impl Parameter {
    fn split(&self, value: &str) -> Vec<String> {
        if self.list { value.split(',').map(str::to_owned).collect() } else { vec![value.to_owned()] }
    }

    fn refuse(&self, value: &str) -> Vec<Violation> {
        let name = &self.name;
        let items = self.split(value);
        let mut violations = Vec::new();
        if let Some(most) = self.most
            && items.len() > most
        {
            let reason = format!(
                "size must be between 1 and {most}: the `{name}` query parameter has {} values",
                items.len()
            );
            violations.push(Violation::new("bounds", name, value, reason));
        }
        for (at, item) in items.iter().enumerate() {
            if let Some((kind, reason)) = self.refuse_item(item) {
                violations.push(Violation::new(kind, name, item, reason));
            } else if !self.one_of.is_empty() && items[..at].contains(item) {
                let reason = format!("The `{name}` query parameter names [{item}] twice");
                violations.push(Violation::new("repeated", name, item, reason));
            }
        }
        violations
    }

    fn refuse_item(&self, item: &str) -> Option<(&'static str, String)> {
        let name = &self.name;
        if !self.one_of.is_empty() {
            let known = self.one_of.iter().any(|known| known == item);
            let list = self.one_of.join(",");
            return (!known).then(|| {
                ("value", format!("The `{name}` query parameter value [{item}] is not one of [{list}]"))
            });
        }
        let digits =
            |most: usize| (1..=most).contains(&item.len()) && item.chars().all(|c| c.is_ascii_digit());
        let amount = match self.kind.as_str() {
            "id" => return (!digits(19)).then(|| not_valid(name, item, "^[0-9]{1,19}$")),
            "username" => {
                let fine = (1..=15).contains(&item.len())
                    && item.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                return (!fine).then(|| not_valid(name, item, "^[A-Za-z0-9_]{1,15}$"));
            }
            "boolean" => {
                return (!["true", "false"].contains(&item)).then(|| not_valid(name, item, "true|false"));
            }
            "time" => {
                let fine = item.ends_with('Z')
                    && item.parse::<Timestamp>().is_ok_and(|at| at.as_second() >= FIRST_TIME);
                return (!fine).then(|| not_valid(name, item, "YYYY-MM-DDTHH:mm:ssZ on or after 2010-11-06"));
            }
            "integer" => match item.parse::<i64>() {
                Ok(number) => number,
                Err(_) => return Some(not_valid(name, item, "an integer")),
            },
            _ => i64::try_from(item.chars().count()).unwrap_or(i64::MAX),
        };
        let (least, most) = (self.min.unwrap_or(i64::MIN), self.max.unwrap_or(i64::MAX));
        (amount < least || amount > most).then(|| {
            (
                "bounds",
                format!("The `{name}` query parameter value [{item}] is not between {least} and {most}"),
            )
        })
    }
}

/// Unix time of 2010-11-06T00:00:00Z, before which no post has a chronological id.
const FIRST_TIME: i64 = 1_289_001_600;

fn not_valid(name: &str, item: &str, wanted: &str) -> (&'static str, String) {
    ("value", format!("The `{name}` query parameter value [{item}] does not match {wanted}"))
}
