//! The cost of history: the same cycle with an empty database and with one of millions of entries.

use rusqlite::{Connection, params};

use super::{meter::median, show, site::Site};

/// Stored entries.
const ENTRIES: i64 = 10_000_000;
/// Feeds of the cycle. The stored entries belong to them and to as many removed feeds.
const FEEDS: usize = 200;
/// Days over which they were last seen: less than they are kept for here.
const AGES: i64 = 380;
/// Odd, so that its multiples differ in 64 bits, as hashes do.
const SCATTER: i64 = 0x9e37_79b9_7f4a_7c15_u64.cast_signed();

/// Compares ten million stored entries with none.
pub fn run(runs: usize) {
    let keep = "[keep]\ndropped = \"400d\"\n[http]";
    let (empty, full) = (Site::new(FEEDS, 5, ""), Site::new(FEEDS, 5, ""));
    for site in [&empty, &full] {
        site.change_settings("[http]", keep);
    }
    for site in [&empty, &full] {
        site.web.publish_every(4);
        site.cycle();
    }
    let bytes = remember(&full, ENTRIES);
    println!("{ENTRIES} remembered entries: {:.1} bytes of database each", bytes as f64 / ENTRIES as f64);
    for changed in [false, true] {
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            for (site, costs) in [(&empty, &mut without), (&full, &mut with)] {
                if changed {
                    site.web.advance();
                }
                costs.push(site.cycle());
            }
        }
        let (without, with) = (median(&without), median(&with));
        let what = if changed { "a quarter changed" } else { "nothing changed" };
        show(&format!("{FEEDS} feeds, {what}, empty history"), without);
        show(&format!("{FEEDS} feeds, {what}, {ENTRIES} entries"), with);
        println!(
            "{FEEDS} feeds, {what}: wall × {:.2}, CPU × {:.2}",
            with.wall.as_secs_f64() / without.wall.as_secs_f64(),
            with.cpu.as_secs_f64() / without.cpu.as_secs_f64()
        );
    }
    for arguments in [&["stats"][..], &["stats", "--feeds"], &["events", "--since", "1d"]] {
        let once = || full.command(arguments);
        let cost = median(&std::iter::repeat_with(once).take(runs * 4).collect::<Vec<_>>());
        show(&format!("{} on {ENTRIES} entries", arguments.join(" ")), cost);
    }
    empty.end();
    full.end();
}

/// Adds `entries` as years of cycles would have left them, in the order of their hashes' making: most dropped, of the
/// newest one in five judged and with its text; gives by how many bytes the database grew.
fn remember(site: &Site, entries: i64) -> u64 {
    let mut connection = Connection::open(site.path("state").join("tge-scrape.db")).unwrap();
    let size = |connection: &Connection| {
        let pragma =
            |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        (pragma("page_count") * pragma("page_size")).cast_unsigned()
    };
    let before = size(&connection);
    let sources: Vec<i64> = {
        let mut statement = connection.prepare("SELECT id FROM sources").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let newest = "SELECT max(rules), max(seen) FROM entries";
    let (rules, today): (i64, i64) =
        connection.query_row(newest, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let each = entries / i64::try_from(sources.len()).unwrap();
    for source in sources {
        let transaction = connection.transaction().unwrap();
        for number in 0..each {
            remember_one(&transaction, (source, number), rules, today - number * AGES / each, today);
        }
        transaction.commit().unwrap();
    }
    connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").unwrap();
    size(&connection) - before
}

fn remember_one(connection: &Connection, (source, number): (i64, i64), rules: i64, seen: i64, today: i64) {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&(number * 1000 + source).wrapping_mul(SCATTER).to_be_bytes());
    key[8..].copy_from_slice(&number.to_be_bytes());
    // Judged ones are kept for 90 days, so all of them are new.
    let judged = number % 5 == 0 && today - seen < 85;
    let (state, score, reason) =
        if judged { ("j", Some(20), None) } else { ("d", None, Some("no_vocabulary")) };
    // Hashes of link, title and opening are as scattered as keys are.
    let mark = |of: i64| {
        ((number * 1000 + source + of * 500).wrapping_mul(SCATTER).cast_unsigned() >> 16).cast_signed()
    };
    let entry =
        "INSERT INTO entries (source, key, state, rules, seen, score, reason, id_mark, link_mark, title_mark,
        text_mark) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9, ?10)";
    let values = params![source, key, state, rules, seen, score, reason, mark(1), mark(2), mark(3)];
    connection.prepare_cached(entry).unwrap().execute(values).unwrap();
    if judged {
        let text =
            "INSERT INTO texts (source, key, title, link, summary, author, published, first_seen, silent)
            VALUES (?1, ?2, ?3, ?4, ?5, 'A. Writer', ?6, ?6, 0)";
        let title = format!("Report {number} of district {source}: what the council said of its new plan");
        let link = format!("https://news-{source}.example/2026/11/report-{number}-what-the-council-said");
        let summary =
            "Two or three sentences of a summary, as feeds carry them with each of their entries. ".repeat(3);
        let values = params![source, key, title, link, summary, seen * 86_400];
        connection.prepare_cached(text).unwrap().execute(values).unwrap();
    }
}
