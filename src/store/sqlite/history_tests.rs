//! Reading figures costs the same whatever has been kept, and who was first is counted rightly.

use rusqlite::{Connection, StatementStatus, params_from_iter, types::Value};

use super::{open, statements};

const SOURCES: usize = 20;

/// A database with so many cycles, ten times as many entries, and a story with two mentions for each ten cycles.
fn history_of(cycles: usize) -> Connection {
    let connection = open::open_memory().unwrap();
    let fill = [
        "INSERT INTO sources (id, url) SELECT n, 'https://a.example/' || n FROM numbers WHERE n <= ?2",
        "INSERT INTO cycles SELECT n, n * 600, 900, 'ok', 0, '{}' FROM numbers WHERE n <= ?1",
        "INSERT INTO cycle_stages SELECT n, stage, x'00' FROM numbers, (SELECT 'plan' AS stage UNION SELECT 'judge') \
         WHERE n <= ?1",
        "INSERT INTO cycle_sources SELECT n, 1 + n % ?2, 'fetched', NULL, 200, 30, 1, 60 FROM numbers WHERE n <= ?1",
        "INSERT INTO entries (source, key, state, rules, seen, score, reason) SELECT 1 + n % ?2, randomblob(16), 'd', 1, n, NULL, NULL FROM numbers WHERE n <= ?1 * 10",
        "INSERT INTO stories (id, event, stage, opened_at, updated_at) SELECT 's' || n, 'listing', 'live', n, n \
         FROM numbers WHERE n <= ?1 / 10",
        "INSERT INTO detections SELECT 'd' || n, 's' || (1 + n / 2), 1 + n % ?2, randomblob(16), 'listing', 'live', 80, 0, \
         NULL, n, n, 0, x'00', '{}', NULL FROM numbers WHERE n < ?1 / 10 * 2",
        "INSERT INTO sums SELECT date(n * 86400, 'unixepoch'), '{}' FROM numbers WHERE n <= ?1 / 144",
        "INSERT INTO sums VALUES ('all', '{}')",
    ];
    for sql in fill {
        let numbers =
            "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1 * 10)";
        let sql = format!("{numbers} {sql}");
        let all = [Value::Integer(cycles.try_into().unwrap()), Value::Integer(SOURCES.try_into().unwrap())];
        let mut statement = connection.prepare(&sql).unwrap();
        let wanted = statement.parameter_count();
        statement.execute(params_from_iter(all.into_iter().take(wanted))).unwrap();
    }
    connection
}

/// Steps of SQLite's machine that the statement takes, and rows it gives.
fn cost(connection: &Connection, sql: &str, values: &[Value]) -> (i32, usize) {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map(params_from_iter(values), |_| Ok(())).unwrap().count();
    (statement.get_status(StatementStatus::VmStep), rows)
}

#[test]
fn the_queries_of_stats_cost_the_same_after_ten_times_as_many_cycles() {
    let (text, number) = (|text: &str| Value::Text(text.to_owned()), Value::Integer);
    let (few, many) = (history_of(600), history_of(6000));
    let read: [(&str, Vec<Value>); 8] = [
        (statements::CYCLES_LAST, vec![number(0), number(50)]),
        (statements::SOURCES, vec![]),
        (statements::SOURCE_YIELDS, vec![]),
        (statements::SUMS, vec![text("all"), text("all")]),
        (statements::SUM_STAGES, vec![text("1970-01-02")]),
        (statements::LABELS, vec![]),
        (statements::CYCLE_SUCCESS, vec![]),
        (statements::ENTRY_COUNT, vec![]),
    ];
    for (sql, values) in read {
        let (few, many) = (cost(&few, sql, &values), cost(&many, sql, &values));
        assert_eq!(few, many, "{sql}");
    }
    let newest = |connection: &Connection, last: i64| {
        cost(connection, statements::CYCLE_STAGES, &[number(last - 49), number(last)])
    };
    assert_eq!(newest(&few, 600), newest(&many, 6000));
    assert_eq!(newest(&many, 6000).1, 100);
}

#[test]
fn the_first_source_of_a_story_is_counted_through_all_changes() {
    let connection = open::open_memory().unwrap();
    let run = |sql: &str| connection.execute_batch(sql).unwrap();
    let firsts = || -> Vec<i64> {
        let mut statement = connection.prepare("SELECT first_total FROM sources ORDER BY id").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let mention = |id: &str, story: &str, source: &str, at: i64| {
        run(&format!(
            "INSERT INTO detections VALUES ('{id}', '{story}', {source}, x'01', 'listing', 'live', 80, 0, NULL, {at}, {at}, \
             0, x'00', '{{}}', NULL) ON CONFLICT (id) DO NOTHING"
        ));
    };
    run("INSERT INTO sources (id, url) VALUES (1, 'a'), (2, 'b'), (3, 'c');
        INSERT INTO stories (id, event, stage, opened_at, updated_at) VALUES ('s', 'sale', 'live', 0, 0), ('t', 'sale', 'live', 0, 0)");
    mention("d1", "s", "1", 50);
    mention("d1", "s", "2", 10);
    assert_eq!(firsts(), [1, 0, 0], "a known detection changes nothing");
    mention("d2", "s", "2", 20);
    assert_eq!(firsts(), [0, 1, 0], "found later, published earlier");
    mention("d3", "t", "3", 5);
    mention("d4", "t", "NULL", 60);
    assert_eq!(firsts(), [0, 1, 1], "a post has no source among the feeds");
    run("UPDATE detections SET story = 's' WHERE story = 't'; DELETE FROM stories WHERE id = 't'");
    assert_eq!(firsts(), [0, 0, 1], "two stories that were one");
    run("DELETE FROM detections WHERE id = 'd3'");
    assert_eq!(firsts(), [0, 1, 0]);
    run("DELETE FROM detections; DELETE FROM stories");
    assert_eq!(firsts(), [0, 0, 0]);
}
