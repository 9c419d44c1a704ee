//! `tge-scrape classify`: texts in, verdicts out, one line each, in the order of the input.

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    thread,
};

use jiff::{Timestamp, civil, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Globals, compare::Pair, output::Output};
use crate::{
    clock::{Clock, SystemClock},
    detect::{Item, Origin, Rules},
    error::Error,
    exit::Exit,
    model::{Caution, Coin, Kind, Reason},
    text::inert,
    wiring,
};

/// Longest accepted line, bytes: bounds the memory.
const LINE_LIMIT: usize = 32 << 20;
/// Bytes read from stdin at once; a pipe returns what it holds, so nothing waits for the rest.
const READ: usize = 1 << 20;
/// Lines in one read from which all cores are used.
const MANY: usize = 32;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print only the texts that two settings files judge differently
    #[arg(long, num_args = 2, value_names = ["OLD.toml", "NEW.toml"])]
    compare: Vec<PathBuf>,
}

/// A line of the input; unknown fields are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Line<'a> {
    id: Value,
    kind: Option<Kind>,
    #[serde(borrow)]
    title: Option<Cow<'a, str>>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    author: Option<Cow<'a, str>>,
    #[serde(borrow)]
    source: Option<Cow<'a, str>>,
    #[serde(borrow)]
    url: Option<Cow<'a, str>>,
    #[serde(borrow)]
    date: Option<Cow<'a, str>>,
    #[serde(borrow)]
    published: Option<Cow<'a, str>>,
}

impl Line<'_> {
    pub(super) fn item(&self) -> Item<'_> {
        let kind = self.kind.unwrap_or(Kind::News);
        // The input is trusted: the account of a post, the page of news. The author of news is a byline.
        let origin = match kind {
            Kind::Post => Origin::Account(self.author.as_deref().unwrap_or_default()),
            Kind::News => Origin::Address(self.url.as_deref().unwrap_or_default()),
        };
        Item {
            kind,
            origin,
            title: self.title.as_deref().unwrap_or_default(),
            text: self.text.as_deref().unwrap_or_default(),
            author: self.author.as_deref().unwrap_or_default(),
            source: self.source.as_deref().unwrap_or_default(),
            url: self.url.as_deref().unwrap_or_default(),
            published: self.published.as_deref().or(self.date.as_deref()).and_then(moment),
        }
    }
}

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the fields of docs/reference/outputs.md#classify")]
struct Answer<'a> {
    id: &'a Value,
    tge: bool,
    rumour: bool,
    score: u8,
    event: Option<&'static str>,
    stage: Option<&'static str>,
    project: Option<&'a str>,
    token: Option<&'a str>,
    watched: bool,
    event_date: Option<&'a str>,
    paid: bool,
    official: bool,
    venue: Option<&'a str>,
    chain: Option<&'a str>,
    lang: Option<&'static str>,
    cautions: &'a [Caution],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    also: &'a [Coin],
    reasons: &'a [Reason],
}

/// Returns the line of output for a text, if it has one.
type Answerer<'a> = &'a (dyn Fn(&Line) -> Option<String> + Sync);

#[derive(Serialize)]
struct Complaint<'a> {
    id: Option<&'a str>,
    line: u64,
    error: &'a str,
}

/// Judges every line of stdin; exit code 4 if one cannot be read.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let input = std::io::stdin().lock();
    let mut print = |text: &str| output.print(text);
    let bad = if args.compare.is_empty() {
        let rules = wiring::rules(&super::settings(globals)?);
        let now = SystemClock.now();
        stream(&|line| Some(verdict(&rules, line, now)), input, &mut print)?
    } else {
        let pair = Pair::load(&args.compare, globals)?;
        stream(&|line| pair.answer(&line.id, &line.item()), input, &mut print)?
    };
    Ok(if bad { Exit::Degraded } else { Exit::Success })
}

/// Judges the lines of `input` as they come and prints the answers; returns whether a line was bad.
fn stream(
    answerer: Answerer,
    input: impl Read,
    print: &mut dyn FnMut(&str) -> Result<(), Error>,
) -> Result<bool, Error> {
    let mut input = BufReader::with_capacity(READ, input);
    let mut pending = Vec::new();
    let (mut number, mut bad, mut overlong) = (1_u64, false, false);
    loop {
        let bytes = input
            .fill_buf()
            .map_err(|error| Error::new(Exit::Failure, format!("stdin cannot be read: {error}"), ""))?;
        let (length, done) = (bytes.len(), bytes.is_empty());
        // Only new bytes are searched: a long line is not read repeatedly.
        let fresh = pending.len();
        pending.extend_from_slice(bytes);
        input.consume(length);
        let line_end =
            pending[fresh..].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| fresh + at + 1);
        let end = if done { pending.len() } else { line_end };
        if end > 0 {
            if overlong {
                // The bytes before the first line end belong to the line that was too long.
                let tail = pending.iter().position(|&byte| byte == b'\n').map_or(end, |at| at + 1);
                pending.drain(..tail);
                overlong = false;
                number += 1;
                continue_at(&mut pending, end - tail, answerer, &mut number, &mut bad, print)?;
            } else {
                continue_at(&mut pending, end, answerer, &mut number, &mut bad, print)?;
            }
        }
        if pending.len() > LINE_LIMIT {
            if !overlong {
                print(&complaint(number, "the line is longer than 32 MiB"))?;
                bad = true;
            }
            overlong = true;
            pending.clear();
        }
        if done {
            return Ok(bad);
        }
    }
}

/// Answers the first `end` bytes of `pending`, which are whole lines, and removes them.
fn continue_at(
    pending: &mut Vec<u8>,
    end: usize,
    answerer: Answerer,
    number: &mut u64,
    bad: &mut bool,
    print: &mut dyn FnMut(&str) -> Result<(), Error>,
) -> Result<(), Error> {
    let whole = pending[..end].strip_suffix(b"\n").unwrap_or(&pending[..end]);
    let lines: Vec<(u64, &[u8])> = (*number..).zip(whole.split(|&byte| byte == b'\n')).collect();
    let answers = if lines.len() < MANY {
        vec![answer(answerer, &lines)]
    } else {
        answer_on_all_cores(answerer, &lines)
    };
    *number += lines.len() as u64;
    for (text, any_bad) in answers {
        *bad |= any_bad;
        print(&text)?;
    }
    pending.drain(..end);
    Ok(())
}

fn answer_on_all_cores(answerer: Answerer, lines: &[(u64, &[u8])]) -> Vec<(String, bool)> {
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = lines.len().div_ceil(cores);
    thread::scope(|scope| {
        // A share for which the system gives no thread is judged here.
        let start = |part| {
            let worker = thread::Builder::new().spawn_scoped(scope, move || answer(answerer, part));
            worker.map_err(|_| part)
        };
        let workers: Vec<_> = lines.chunks(share).map(start).collect();
        workers
            .into_iter()
            .map(|worker| match worker {
                Ok(worker) => worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                Err(part) => answer(answerer, part),
            })
            .collect()
    })
}

fn answer(answerer: Answerer, lines: &[(u64, &[u8])]) -> (String, bool) {
    let mut out = String::with_capacity(lines.len() * 256);
    let mut bad = false;
    for (number, line) in lines {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice::<Line>(line) {
            Ok(line) if line.title.is_none() && line.text.is_none() => {
                bad = true;
                out.push_str(&complaint(*number, "neither title nor text"));
            }
            Ok(line) => out.push_str(&answerer(&line).unwrap_or_default()),
            Err(error) => {
                bad = true;
                out.push_str(&complaint(*number, &error.to_string()));
            }
        }
    }
    (out, bad)
}

fn verdict(rules: &Rules, line: &Line, now: Timestamp) -> String {
    let verdict = rules.judge_at(&line.item(), now);
    let answer = Answer {
        id: &line.id,
        tge: verdict.tge,
        rumour: verdict.rumour,
        score: verdict.score,
        event: verdict.event.map(crate::model::Event::as_str),
        stage: verdict.stage.map(crate::model::Stage::as_str),
        project: verdict.project.as_deref(),
        token: verdict.token.as_deref(),
        watched: verdict.watched,
        event_date: verdict.event_date.as_deref(),
        paid: verdict.paid,
        official: verdict.official,
        venue: verdict.venue.as_deref(),
        chain: verdict.chain.as_deref(),
        lang: verdict.lang.map(crate::model::Language::as_str),
        cautions: &verdict.cautions,
        also: &verdict.also,
        reasons: &verdict.reasons,
    };
    let mut text = inert(serde_json::to_string(&answer).unwrap_or_default());
    text.push('\n');
    text
}

fn complaint(line: u64, error: &str) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}",
        inert(serde_json::to_string(&Complaint { id: None, line, error }).unwrap_or_default())
    );
    text
}

/// A time as data sets write it: RFC 3339, without zone (UTC), or a day.
fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let civil = || {
        text.parse::<civil::DateTime>()
            .ok()
            .or_else(|| text.parse::<civil::Date>().ok().map(civil::DateTime::from))
    };
    text.parse()
        .ok()
        .or_else(|| civil()?.to_zoned_datetime(TimeZone::UTC).ok().map(|zoned| zoned.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Settings;

    fn answers(input: &[u8]) -> (Vec<Value>, bool) {
        let rules = Rules::compile(&Settings::default());
        let mut out = String::new();
        let now = Timestamp::constant(1_795_255_200, 0);
        let bad = stream(&|line| Some(verdict(&rules, line, now)), input, &mut |text| {
            out.push_str(text);
            Ok(())
        })
        .unwrap();
        (out.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), bad)
    }

    #[test]
    fn answers_come_in_the_order_of_the_lines_and_a_bad_line_stops_nothing() {
        let mut input = String::new();
        for number in 0..500 {
            if number == 250 {
                input.push_str("{not json\n");
            } else {
                let _ = writeln!(
                    input,
                    r#"{{"id":{number},"title":"Quillon sets QLN airdrop for May","unknown":[1]}}"#
                );
            }
        }
        let (answers, bad) = answers(input.as_bytes());
        assert!(bad);
        assert_eq!(answers.len(), 500);
        for (number, answer) in answers.iter().enumerate() {
            if number == 250 {
                assert_eq!((&answer["id"], &answer["line"]), (&Value::Null, &Value::from(251)));
                assert!(answer["error"].is_string());
            } else {
                assert_eq!(answer["id"], number);
                assert!(answer["score"].is_u64() && answer["reasons"].is_array());
            }
        }
    }

    #[test]
    fn null_fields_blank_lines_and_a_missing_last_line_end_are_fine() {
        let (answers, bad) =
            answers(b"{\"id\":\"a\",\"title\":null,\"text\":\"x\",\"kind\":\"post\"}\n\n{\"id\":\"b\",\"title\":\"\"}");
        assert!(!bad);
        assert_eq!(
            answers.iter().map(|answer| answer["id"].as_str().unwrap()).collect::<Vec<_>>(),
            ["a", "b"]
        );
    }

    #[test]
    fn a_line_with_neither_title_nor_text_is_an_error() {
        let (answers, bad) = answers(b"{\"headline\":\"x\"}\n{\"title\":\"y\"}\n");
        assert!(bad && answers[0]["line"] == 1 && answers[0]["error"] == "neither title nor text");
        assert_eq!(answers[1]["score"], 0);
    }

    #[test]
    fn dates_are_read_as_data_sets_write_them() {
        for (text, instant) in [
            ("2026-06-04T12:00", "2026-06-04T12:00:00Z"),
            ("2026-06-04", "2026-06-04T00:00:00Z"),
            ("2026-06-04T12:00:00+02:00", "2026-06-04T10:00:00Z"),
        ] {
            assert_eq!(moment(text).unwrap().to_string(), instant);
        }
        assert_eq!(moment("soon"), None);
    }
}
