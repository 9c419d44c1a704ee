//! Items whose text or guid changes: which alerts are sent, and how often.

use crate::support::{
    inbox::{Answer, Inbox},
    lab::Lab,
    world::AT_ONCE,
};

/// A lab with one feed that serves one document after the other. Its address contains a secret.
fn feed_of(documents: Vec<String>) -> (Lab, Inbox) {
    let inbox = Inbox::start(move |_, before| {
        let document = &documents[before.min(documents.len() - 1)];
        let body = format!(
            "<rss version=\"2.0\"><channel><title>Quill</title><link>http://quill.example/</link>{document}</channel></rss>"
        );
        Some(Answer::new(200, &body).with("content-type", "application/rss+xml"))
    });
    let lab = Lab::new();
    lab.settings(&format!(
        "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[cache]\nfeed_ttl = \"0s\"\nfeed_ttl_max = \"0s\"\n\
         [[feeds]]\nurl = \"{}\"\nname = \"Quill\"\n[[channels]]\nkind = \"file\"\npath = \"alerts.ndjson\"\n{AT_ONCE}",
        inbox.url("/feed.xml?auth=hush")
    ));
    (lab, inbox)
}

/// Titles of the alerts, and the number of updates.
fn alerted(lab: &Lab) -> (Vec<String>, usize) {
    let (mut titles, mut updates) = (Vec::new(), 0);
    for line in std::fs::read_to_string(lab.path().join("alerts.ndjson")).unwrap_or_default().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        titles.extend(line["detections"].as_array().into_iter().flatten().map(|found| {
            assert!(!found.to_string().contains("hush"), "{found}");
            assert_eq!(found["url"], "http://quill.example/", "{found}");
            found["title"].as_str().unwrap().to_owned()
        }));
        updates += line["updates"].as_array().map_or(0, Vec::len);
    }
    (titles, updates)
}

fn item(guid: &str, title: &str, text: &str) -> String {
    format!(
        "<item><title>{title}</title><guid isPermaLink=\"false\">{guid}</guid><description>{text}</description></item>"
    )
}

#[test]
fn reworded_item_is_alerted_once_per_launch() {
    let claim = "Airdrop claim for Quillon (QLN) is live";
    let sale = "Token sale of Quillon (QLN) opens next week";
    let text = "Eligible wallets can claim QLN tokens now on the claim page.";
    let sold = "The public token sale of QLN opens next week for everybody who registered.";
    let mut documents = vec![
        item("n", "Notes of the week", "Nothing to report."),
        item("n", claim, text),
        item("n", &format!("UPDATE: {}!", claim.to_uppercase()), text),
        item("n", sale, sold),
        item("n", claim, text),
    ];
    // More rewordings than are accepted in a day.
    let names = ["Apeiron", "Brindle", "Cassel", "Dorado"];
    documents.extend(names.map(|name| item("n", &format!("Airdrop claim for {name} is live"), text)));
    let cycles = documents.len();
    let (lab, _inbox) = feed_of(documents);
    let new: Vec<u64> = (0..cycles).map(|_| lab.cycle().entries.new).collect();
    assert_eq!(new, [&[1], vec![0; cycles - 1].as_slice()].concat());
    assert_eq!(alerted(&lab).0, [claim, sale]);
    let before = lab.run(&["events", "--format", "json"]).stdout;
    assert_eq!(lab.run(&["rescan", "--since", "1d"]).code, 0);
    assert_eq!(lab.run(&["events", "--format", "json"]).stdout, before, "an unchanged text was judged again");
}

#[test]
fn source_with_changing_guids_is_one_outlet_and_alerts_once() {
    let (title, text) =
        ("Kalori opens airdrop claim for its KALO token", "The claim page is open to all wallets.");
    let mut documents = vec![item("0", "Notes of the week", "Nothing to report.")];
    documents.extend((1..6).map(|number| item(&number.to_string(), title, text)));
    // Other words about the same launch, under other guids.
    documents.extend(
        (6..9).map(|number| item(&number.to_string(), &format!("{title}, part {number}"), "It goes on.")),
    );
    let cycles = documents.len();
    let (lab, _inbox) = feed_of(documents);
    let new: u64 = (0..cycles).map(|_| lab.cycle().entries.new).sum();
    assert_eq!(new, 2 + 3);
    assert_eq!(alerted(&lab), (vec![title.to_owned()], 0));
    let found = lab.events();
    assert_eq!((found.len(), found[0].independent_outlets), (1, 1), "{found:?}");
}
