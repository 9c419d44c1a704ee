//! Users and lists of them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    answers::{Given, Responder, body},
    api::{Asked, Violation},
    billing::Resource,
    paging,
    render::Look,
    world::{Account, List, Standing},
};

impl Responder<'_> {
    pub(super) fn users(&self, look: &Look, parameter: &str, wanted: &[String]) -> Given {
        let (mut data, mut errors, mut given) = (Vec::new(), Vec::new(), Given::default());
        let mut seen = BTreeSet::new();
        for value in wanted {
            let account = if parameter.starts_with("id") {
                value.parse().ok().and_then(|id: u64| self.world.accounts.get(&id))
            } else {
                self.world.account(value)
            };
            match account {
                Some(account) if account.standing == Standing::Open => {
                    if seen.insert(account.id) {
                        data.push(look.user(account));
                        given.data.push(Resource::User(account.id));
                    }
                }
                other => errors.push(self.unreadable(other, parameter, value)),
            }
        }
        given.body = body(Value::Array(data), errors, None);
        given
    }

    /// Why an account cannot be read.
    pub(super) fn unreadable(&self, account: Option<&Account>, parameter: &str, value: &str) -> Value {
        let from = (parameter, value);
        match account.map(|account| account.standing) {
            Some(Standing::Suspended) => {
                let detail = format!("User has been suspended: [{value}].");
                self.partial("resource-not-found", "Forbidden", detail, "user", from)
            }
            Some(Standing::Protected) => {
                let detail =
                    format!("Sorry, you are not authorized to see the user with {parameter}: [{value}].");
                self.partial("not-authorized-for-resource", "Authorization Error", detail, "user", from)
            }
            _ => {
                let detail = format!("Could not find user with {parameter}: [{value}].");
                self.partial("resource-not-found", "Not Found Error", detail, "user", from)
            }
        }
    }

    pub(super) fn list_of(&self, asked: &Asked) -> Option<&List> {
        self.world.lists.iter().find(|list| Some(list.id) == asked.number("id"))
    }

    pub(super) fn missing_list(&self, asked: &Asked) -> Given {
        let id = asked.one("id").unwrap_or_default();
        let detail = format!("Could not find list with id: [{id}].");
        let error = self.partial("resource-not-found", "Not Found Error", detail, "list", ("id", id));
        Given { body: json!({"errors": [error]}), ..Given::default() }
    }

    pub(super) fn list(&self, look: &Look) -> Given {
        let Some(list) = self.list_of(look.asked) else { return self.missing_list(look.asked) };
        let mut data = json!({"id": list.id.to_string(), "name": list.name});
        for field in look.asked.all("list.fields") {
            match field.as_str() {
                "member_count" => data[field] = json!(list.members.len()),
                "private" => data[field] = json!(false),
                _ => {}
            }
        }
        Given { body: json!({"data": data}), data: vec![Resource::List(list.id)], includes: Vec::new() }
    }

    pub(super) fn members(&self, look: &Look, asked: &Asked) -> Result<Given, Violation> {
        let Some(list) = self.list_of(asked) else { return Ok(self.missing_list(asked)) };
        let (from, to, next) = paging::members(list.members.len(), asked)?;
        let wanted: Vec<String> = list.members[from..to].iter().map(u64::to_string).collect();
        let mut given = self.users(look, "ids", &wanted);
        let mut meta = json!({"result_count": given.data.len()});
        if let Some(token) = next {
            meta["next_token"] = json!(token);
        }
        given.body["meta"] = meta;
        Ok(given)
    }
}
