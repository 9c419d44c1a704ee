//! `tge-scrape classify --compare OLD.toml NEW.toml`: the verdicts that differ between two settings files.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::Globals;
use crate::{
    config::{self, Environment, Flags},
    detect::{Item, Rules},
    error::Error,
    model::Verdict,
};

/// The rules of two settings files, side by side.
pub struct Pair {
    old: Rules,
    new: Rules,
}

impl Pair {
    /// The rules of `files`, which are two.
    pub fn load(files: &[PathBuf], globals: &Globals) -> Result<Self, Error> {
        let rules = |file: &Path| -> Result<Rules, Error> {
            let flags = Flags { config: Some(file.to_owned()), state_dir: globals.state_dir.clone() };
            Ok(Rules::compile(&config::load(&flags, &Environment::of_process())?.detect))
        };
        Ok(Self { old: rules(&files[0])?, new: rules(&files[1])? })
    }

    /// One line of JSON where the two judge `item` differently, by more than its score alone.
    pub fn answer(&self, id: &serde_json::Value, item: &Item) -> Option<String> {
        let (old, new) = (self.old.judge(item), self.new.judge(item));
        (essence(&old) != essence(&new)).then(|| {
            let line = json!({"id": id, "title": item.title, "old": shown(&old), "new": shown(&new)});
            format!("{line}\n")
        })
    }
}

/// What a reader acts on.
fn essence(verdict: &Verdict) -> impl PartialEq + '_ {
    (
        verdict.tge,
        verdict.rumour,
        verdict.watched,
        verdict.official,
        // Event and project count only where they are reported.
        (verdict.tge || verdict.rumour).then_some((
            verdict.event,
            verdict.stage,
            &verdict.project,
            &verdict.token,
        )),
    )
}

fn shown(verdict: &Verdict) -> serde_json::Value {
    json!({
        "tge": verdict.tge, "rumour": verdict.rumour, "score": verdict.score, "event": verdict.event,
        "stage": verdict.stage, "project": verdict.project, "token": verdict.token, "watched": verdict.watched,
        "official": verdict.official,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{Phrase, Settings};

    #[test]
    fn only_verdicts_that_differ_are_printed() {
        let phrase = Phrase { text: "liquid debutante".to_owned(), weight: 90 };
        let pair = Pair {
            old: Rules::compile(&Settings::default()),
            new: Rules::compile(&Settings { phrases: vec![phrase], ..Settings::default() }),
        };
        let judge = |title: &str| {
            let item = Item {
                kind: crate::model::Kind::News,
                title,
                text: "",
                author: "",
                source: "",
                url: "",
                published: None,
                origin: crate::detect::Origin::Unproven,
            };
            pair.answer(&json!("a"), &item)
        };
        assert_eq!(judge("Bitcoin climbs"), None);
        let changed: serde_json::Value =
            serde_json::from_str(&judge("Quillon liquid debutante").unwrap()).unwrap();
        assert_eq!(
            (changed["old"]["tge"].as_bool(), changed["new"]["tge"].as_bool()),
            (Some(false), Some(true))
        );
    }
}
