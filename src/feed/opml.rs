//! OPML 2.0: lists of feeds, in and out.

mod read;

use std::collections::HashMap;

use crate::text::suits_xml;

pub use read::{NotTaken, OpmlError, OpmlList, Outline, Skipped, read_opml};

/// Writes a list that [`read_opml`] reads back as it is, but for the order of feeds: those with the same first
/// tag stand in one folder, as feed readers show them.
#[must_use]
pub fn write_opml(title: &str, outlines: &[Outline]) -> String {
    let mut out =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n  <head><title>");
    out.push_str(&escape(title));
    out.push_str("</title></head>\n  <body>\n");
    let mut folders: Vec<(&[String], Vec<&Outline>)> = Vec::new();
    // Looked up once for each feed: going through all folders each time would be quadratic.
    let mut known: HashMap<&[String], usize> = HashMap::new();
    for outline in outlines {
        // Commas part categories: where a tag holds one, only folders can carry it, one within the other.
        let folder = if listable(&outline.tags) {
            &outline.tags[..outline.tags.len().min(1)]
        } else {
            &outline.tags[..]
        };
        let at = *known.entry(folder).or_insert_with(|| {
            folders.push((folder, Vec::new()));
            folders.len() - 1
        });
        folders[at].1.push(outline);
    }
    for (folder, inside) in folders {
        for (depth, name) in folder.iter().enumerate() {
            let name = escape(name);
            out.push_str(&format!("{:1$}<outline text=\"{name}\" title=\"{name}\">\n", "", 4 + 2 * depth));
        }
        for outline in inside {
            feed(&mut out, outline, 4 + 2 * folder.len());
        }
        for depth in (0..folder.len()).rev() {
            out.push_str(&format!("{:1$}</outline>\n", "", 4 + 2 * depth));
        }
    }
    out.push_str("  </body>\n</opml>\n");
    out
}

/// Whether `tags` can be written as categories and come back as they are.
fn listable(tags: &[String]) -> bool {
    tags.iter().all(|tag| !tag.contains([',', '/']) && tag.trim() == tag)
}

fn feed(out: &mut String, outline: &Outline, indent: usize) {
    out.push_str(&format!("{:indent$}<outline type=\"rss\"", ""));
    let tags = if listable(&outline.tags) { outline.tags.join(",") } else { String::new() };
    let attributes = [
        ("text", outline.title.as_str()),
        ("title", outline.title.as_str()),
        ("xmlUrl", outline.url.as_str()),
        ("htmlUrl", outline.html_url.as_str()),
        ("category", tags.as_str()),
    ];
    for (name, value) in attributes {
        if !value.is_empty() || name == "text" {
            out.push_str(&format!(" {name}=\"{}\"", escape(value)));
        }
    }
    out.push_str("/>\n");
}

fn escape(text: &str) -> String {
    let text: String = text.chars().filter(|c| *c == '\t' || suits_xml(*c)).collect();
    htmlize::escape_attribute(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Outline> {
        read_opml(text.as_bytes()).unwrap().feeds.into_iter().map(|(_, outline)| outline).collect()
    }

    #[test]
    fn folders_become_tags_and_a_list_comes_back_as_it_went() {
        let text = r#"<?xml version="1.0"?><opml version="2.0"><body>
            <outline text="Chains"><outline text="L2"><outline type="rss" text="A &amp; B" XMLURL="https://a.example/feed" htmlUrl="https://a.example"/></outline></outline>
            <outline text="C" xmlUrl="https://c.example/rss" category="news,defi"/><outline text="again" xmlUrl="https://c.example/rss"/>
            </body></opml>"#;
        let list = read(text);
        assert_eq!(list.len(), 2);
        assert_eq!(
            (list[0].title.as_str(), list[0].tags.as_slice()),
            ("A & B", ["Chains".to_owned(), "L2".to_owned()].as_slice())
        );
        assert_eq!(list[1].tags, ["news", "defi"]);
        assert_eq!(read(&write_opml("mine", &list)), list);
    }

    #[test]
    fn no_tag_is_lost_on_the_way_out_and_in() {
        let outline = |url: &str, tags: &[&str]| Outline {
            url: url.to_owned(),
            title: "A <b> & \"c\"".to_owned(),
            html_url: "https://a.example/?x=1&y=2".to_owned(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        };
        let mut list = vec![
            outline("https://a.example/1", &["L2", "news"]),
            outline("https://a.example/2", &[]),
            outline("https://a.example/3", &["Asia, Pacific", "DeFi/NFT"]),
            outline("https://a.example/4", &["L2"]),
            outline("https://a.example/5", &["news", "L2", "日本"]),
        ];
        let mut back = read(&write_opml("mine", &list));
        list.sort_by(|a, b| a.url.cmp(&b.url));
        back.sort_by(|a, b| a.url.cmp(&b.url));
        assert_eq!(back, list);
    }

    #[test]
    fn the_lists_of_common_readers_are_read() {
        // The shapes that FreshRSS, Miniflux, newsboat and Feedly write, in our own words.
        let shapes = [
            r#"<opml xmlns:frss="https://freshrss.org/opml" version="2.0"><body><outline text="Chains"><outline text="A" type="rss" xmlUrl="https://a.example/feed" htmlUrl="https://a.example/" description="" frss:priority="main"/></outline></body></opml>"#,
            r#"<opml version="2.0"><head/><body><outline text="Chains"><outline title="A" text="A" xmlUrl="https://a.example/feed" htmlUrl="https://a.example/" description="" type="rss"></outline></outline></body></opml>"#,
            r#"<opml version="1.0"><body><outline type="rss" xmlUrl="https://a.example/feed" title="A" htmlUrl="https://a.example/" category="Chains"/></body></opml>"#,
            r#"<opml version="1.0"><body><outline text="Chains" title="Chains"><outline type="rss" text="A" title="A" xmlUrl="https://a.example/feed" htmlUrl="https://a.example/"/></outline></body></opml>"#,
        ];
        for shape in shapes {
            let list = read(shape);
            assert_eq!(
                (list[0].title.as_str(), list[0].tags.as_slice()),
                ("A", ["Chains".to_owned()].as_slice()),
                "{shape}"
            );
            assert_eq!((list.len(), list[0].html_url.as_str()), (1, "https://a.example/"));
        }
    }
}
