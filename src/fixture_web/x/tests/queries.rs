//! The query language.

use super::{super::query, *};

#[tokio::test]
async fn operators_find_what_they_name() {
    let lab = Lab::silent().await;
    let handles = lab.x().handles();
    let (one, two) = (handles[0].as_str(), handles[1].as_str());
    let say = |who: &str, text: &str| {
        lab.x().advance_clock(1_000);
        lab.x().publish(who, text).unwrap()
    };
    let plain = say(one, "Harbour lights are on, $ERA and #news for @somebody");
    let link = say(one, "A report: https://Harbour.example/report.");
    let other = say(two, "Lights over the harbour");
    lab.x().advance_clock(60_000);
    let from_one = format!("from:{one}");
    let both = format!("(from:{one} OR from:{two})");
    for (text, found) in [
        (from_one.clone(), vec![link, plain]),
        (from_one.to_uppercase().replace("FROM", "from"), vec![link, plain]),
        (both.clone(), vec![other, link, plain]),
        (format!("{both} lights"), vec![other, plain]),
        (format!("{both} -lights"), vec![link]),
        ("\"harbour lights\"".to_owned(), vec![plain]),
        ("harbour lights".to_owned(), vec![other, plain]),
        ("$ERA OR report".to_owned(), vec![link, plain]),
        ("#NEWS".to_owned(), vec![plain]),
        ("@somebody".to_owned(), vec![plain]),
        (format!("{both} has:links"), vec![link]),
        (format!("{both} -has:links lang:en"), vec![other, plain]),
        (format!("{both} lang:de"), vec![]),
        ("url:\"harbour.example\"".to_owned(), vec![link]),
        (format!("lights {both} OR report"), vec![other, link, plain]),
    ] {
        let got = lab.search(&text, &[]).await;
        assert_eq!((got.status, got.ids()), (200, found), "{text}");
    }
}

#[tokio::test]
async fn reposts_replies_and_quotes_are_distinguished() {
    let lab = Lab::new(with(Population { accounts: 8, ..few() })).await;
    let all =
        lab.x().handles().iter().map(|handle| format!("from:{handle}")).collect::<Vec<_>>().join(" OR ");
    let kinds = ["is:retweet", "is:reply", "is:quote", "-is:retweet -is:reply -is:quote"];
    let mut counts = Vec::new();
    for kind in kinds {
        counts.push(lab.x().matching(&format!("({all}) {kind}"), 0).unwrap().len());
    }
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    assert_eq!(counts.iter().sum::<usize>(), lab.x().matching(&all, 0).unwrap().len());
    // Words do not find what is only repeated.
    assert_eq!(lab.x().matching("explorer is:retweet", 0).unwrap(), [0_u64; 0]);
}

#[tokio::test]
async fn five_hundred_and_twelve_characters_and_no_more() {
    let lab = Lab::silent().await;
    let longest = format!("harbour {}", "x".repeat(504));
    assert_eq!(lab.search(&longest, &[]).await.status, 200);
    assert_eq!(lab.search(&format!("{longest}x"), &[]).await.status, 400);
    assert_eq!(lab.violations(), ["query query"]);
}

#[test]
fn what_x_refuses_is_refused() {
    for text in [
        "is:retweet",
        "-harbour",
        "lang:en has:links",
        "min_faves:10 harbour",
        "harbour -(lights OR news)",
        "(harbour OR lights",
        "harbour)",
        "harbour OR",
        "harbour and lights",
        "\"harbour",
        "from:a_name_that_is_too_long",
        "harbour OR is:reply",
        "",
    ] {
        assert!(query::parse(text, 512).is_err(), "{text}");
    }
}
