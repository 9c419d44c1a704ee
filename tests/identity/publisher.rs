//! A publisher that changes its feed from document to document.

/// An item of the publisher.
#[derive(Debug, Clone)]
pub struct Item {
    guid: Option<String>,
    link: Option<String>,
    pub title: String,
    summary: String,
    /// The spelling of this document: case and punctuation of the title, parameters of the link.
    writing: u8,
    /// Another item has the same title.
    is_twin: bool,
    pub is_seen: bool,
    /// Guid and link in the last document that contained the item.
    shown_as: [Option<String>; 2],
    /// The part that changed since the last document. An item with more than one changed part cannot be identified.
    pub changed: Option<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Guid,
    Link,
    Words,
    GuidAndLink,
}

/// A word of letters for each number.
fn word(number: usize) -> String {
    let letter = |place: u32| char::from(b'a' + u8::try_from(number / 26_usize.pow(place) % 26).unwrap());
    format!("qu{}{}{}", letter(2), letter(1), letter(0))
}

/// The publisher's items, and those in the document.
#[derive(Debug, Default)]
pub struct Publisher {
    pub items: Vec<Item>,
    shown: Vec<usize>,
    /// Number of names so far.
    made: usize,
}

impl Publisher {
    fn fresh(&mut self) -> String {
        self.made += 1;
        word(self.made)
    }

    fn title(&mut self, number: u8) -> String {
        let name = self.fresh();
        // Some are launches, so that their texts are stored and compared.
        if number.is_multiple_of(3) {
            format!("{name} airdrop claim is live for holders of {name}")
        } else {
            format!("Council of {name} paints its boats")
        }
    }

    fn add(&mut self, number: u8, guid: bool, link: bool) -> usize {
        let (title, name) = (self.title(number), self.fresh());
        self.items.push(Item {
            guid: guid.then(|| format!("guid-{name}")),
            link: link.then(|| format!("news.example/on-{name}")),
            title,
            summary: format!("All of {name} was told so by letter. Boats sail at noon."),
            writing: 0,
            is_twin: false,
            is_seen: false,
            shown_as: [None, None],
            changed: None,
        });
        self.shown.insert(usize::from(number) % (self.shown.len() + 1), self.items.len() - 1);
        self.items.len() - 1
    }

    /// A shown item, if one can be chosen by `number`.
    fn pick(&self, number: u8) -> Option<usize> {
        (!self.shown.is_empty()).then(|| self.shown[usize::from(number) % self.shown.len()])
    }

    /// A shown item that may be changed in one part.
    fn pick_unchanged(&self, number: u8) -> Option<usize> {
        self.pick(number).filter(|at| self.items[*at].is_seen && self.items[*at].changed.is_none())
    }

    pub fn change(&mut self, (kind, a, b): (u8, u8, u8)) {
        match kind {
            0..=2 => drop(self.add(a, true, true)),
            3 => drop(self.add(a, b.is_multiple_of(2), !b.is_multiple_of(2))),
            4 => drop(self.add(a, false, false)),
            5 => self.add_alike(a, b),
            6 => {
                let gone = self.pick(a);
                self.shown.retain(|at| Some(*at) != gone);
            }
            7 => {
                let places = usize::from(a) % self.shown.len().max(1);
                self.shown.rotate_left(places);
            }
            8 => self.shown.truncate(usize::from(a % 4)),
            9 => self.shown.clear(),
            10 => self.shown = (0..self.items.len()).collect(),
            11 => self.shown.extend(self.pick(a)),
            12 => self.give_names_anew(),
            _ => self.edit(kind, a, b),
        }
    }

    /// An item that shares guid, link or title with a shown one.
    fn add_alike(&mut self, a: u8, b: u8) {
        let Some(other) = self.pick(a) else { return };
        let Item { guid, link, title, is_twin, .. } = self.items[other].clone();
        match b % 3 {
            0 if !is_twin && guid.is_some() => {
                let at = self.add(b, false, true);
                self.items[at].guid = guid;
            }
            1 if !is_twin && link.is_some() => {
                let at = self.add(b, b.is_multiple_of(2), false);
                self.items[at].link = link;
            }
            2 if self.is_alone(other) => {
                let at = self.add(b, true, true);
                self.items[at].title = title;
                (self.items[at].is_twin, self.items[other].is_twin) = (true, true);
            }
            _ => {}
        }
    }

    /// Whether an item has a guid and a link that no other has.
    fn is_alone(&self, at: usize) -> bool {
        let Item { guid, link, .. } = &self.items[at];
        let others = self.items.iter().enumerate().filter(|(other, _)| *other != at);
        guid.is_some()
            && link.is_some()
            && others.into_iter().all(|(_, other)| other.guid != *guid && other.link != *link)
    }

    /// All guids and links change, as by a generator that makes new ones for each document.
    fn give_names_anew(&mut self) {
        let all = self.shown.clone();
        let is_idle = |item: &Item| item.is_seen && item.changed.is_none() && !item.is_twin;
        // An item that is in the document twice would become two.
        let single = |at: &usize| all.iter().filter(|other| *other == at).count() == 1;
        if !all.iter().all(|at| is_idle(&self.items[*at]) && single(at)) {
            return;
        }
        for at in all {
            let name = self.fresh();
            let item = &mut self.items[at];
            item.guid = item.guid.is_some().then(|| format!("guid-{name}"));
            item.link = item.link.is_some().then(|| format!("news.example/on-{name}"));
            item.changed = Some(Part::GuidAndLink);
        }
    }

    /// One part of one shown item changes.
    fn edit(&mut self, kind: u8, a: u8, b: u8) {
        if kind == 13 {
            if let Some(at) = self.pick(a) {
                self.items[at].writing = b;
            }
            return;
        }
        let (Some(at), other) = (self.pick_unchanged(a), self.pick(b)) else { return };
        let name = self.fresh();
        let other = other
            .filter(|other| *other != at && !self.items[*other].is_twin)
            .map(|other| self.items[other].clone());
        let title = self.title(b);
        let item = &mut self.items[at];
        let bare = item.guid.is_none() && item.link.is_none();
        item.changed = match (kind, other) {
            (14, _) if !bare && !item.is_twin => {
                item.title = title;
                Some(Part::Words)
            }
            (15, _) if !bare => {
                item.summary = format!("It was denied in {name}. Nobody sails.");
                Some(Part::Words)
            }
            (16, _) if item.guid.is_some() => {
                item.guid = Some(format!("guid-{name}"));
                Some(Part::Guid)
            }
            (17, _) if !item.is_twin => {
                item.guid = None;
                Some(Part::Guid)
            }
            (18, Some(other)) if other.guid.is_some() && !item.is_twin => {
                item.guid = other.guid;
                Some(Part::Guid)
            }
            (19, _) if item.link.is_some() => {
                item.link = Some(format!("news.example/on-{name}"));
                Some(Part::Link)
            }
            (20, Some(other)) if other.link.is_some() && !item.is_twin => {
                item.link = other.link;
                Some(Part::Link)
            }
            _ => None,
        };
    }

    /// The items of the document. A new item waits if it has the guid or link of a known item that is not in the document,
    /// because it would be taken for that one.
    pub fn document(&self) -> Vec<usize> {
        let missing = || {
            let others = self.items.iter().enumerate();
            others.filter(|(at, item)| item.is_seen && !self.shown.contains(at)).map(|(_, item)| item)
        };
        let waits = |item: &Item| {
            let is_of = |other: &Item| {
                let [guid, link] = &other.shown_as;
                (item.guid.is_some() && [guid, &other.guid].contains(&&item.guid))
                    || (item.link.is_some() && [link, &other.link].contains(&&item.link))
            };
            !item.is_seen && missing().any(is_of)
        };
        self.shown.iter().copied().filter(|at| !waits(&self.items[*at])).collect()
    }

    /// The document with these items was read.
    pub fn set_read(&mut self, document: &[usize]) {
        for at in document {
            let item = &mut self.items[*at];
            (item.is_seen, item.changed) = (true, None);
            item.shown_as = [item.guid.clone(), item.link.clone()];
        }
    }
}

impl Item {
    pub fn xml(&self) -> String {
        let title = match self.writing % 4 {
            0 => self.title.clone(),
            1 => self.title.to_uppercase(),
            2 => format!("UPDATE: {}!", self.title),
            _ => format!("{} (updated)", self.title.replace(' ', "  ")),
        };
        let link = self.link.as_ref().map(|link| match self.writing % 5 {
            0 => format!("https://{link}"),
            1 => format!("http://www.{link}/"),
            2 => format!("https://{link}?utm_source=feed&amp;utm_medium=rss"),
            3 => format!("https://{link}#comments"),
            _ => format!("http://{link}/amp?fbclid=x"),
        });
        let element = |name: &str, text: Option<&str>| {
            text.map(|text| format!("<{name}>{text}</{name}>")).unwrap_or_default()
        };
        format!(
            "<item>{}{}{}{}</item>",
            element("title", Some(&title)),
            element("link", link.as_deref()),
            self.guid
                .as_ref()
                .map(|guid| format!("<guid isPermaLink=\"false\">{guid}</guid>"))
                .unwrap_or_default(),
            element("description", Some(&self.summary)),
        )
    }
}
