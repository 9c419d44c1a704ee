//! Switches feeds and projects on and off, the built-in ones too.

use toml_edit::{Item, Table, TableLike, Value, value};

use super::{Document, List, NotAList};
use crate::config::{BuiltInList, ListedTable, built_in};

/// What a removal did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// The file's table is gone.
    Table,
    /// The file has a table that switches the built-in one off.
    Disabled,
}

impl Document {
    /// Makes the built-in `list` apply beside the tables of the file, unless the file decides.
    pub fn switch_built_in_on(&mut self, list: BuiltInList) {
        let (section, key) = list.switch().split_once('.').unwrap_or_default();
        let table = self.0.entry(section).or_insert_with(|| Item::Table(Table::new()));
        if let Some(table) = table.as_table_like_mut().filter(|table| !table.contains_key(key)) {
            table.insert(key, value(true));
        }
    }

    /// Switches `entry` off. A built-in one gets a table of its own for that.
    pub fn disable(&mut self, list: BuiltInList, entry: &ListedTable) -> Result<(), NotAList> {
        if let Some(table) = self.list(list.name())?.find(list, &entry.identity) {
            table.insert("enabled", value(false));
            return Ok(());
        }
        let mut table = Table::new();
        table[list.key()] = value(&entry.key);
        if list.key() != "name" && !entry.name.is_empty() {
            table["name"] = value(&entry.name);
        }
        table["enabled"] = value(false);
        self.list(list.name())?.push(table);
        Ok(())
    }

    /// Switches `entry` on. A table that only switched a built-in one off is removed.
    pub fn enable(&mut self, list: BuiltInList, entry: &ListedTable) -> Result<(), NotAList> {
        let is_built_in = built_in::identities(list).contains(&entry.identity);
        let mut is_needless = false;
        if let Some(table) = self.list(list.name())?.find(list, &entry.identity) {
            table.remove("enabled");
            is_needless = is_built_in && table.iter().all(|(key, _)| key == list.key() || key == "name");
        }
        if is_needless {
            self.remove_table(list, &entry.identity)?;
        }
        Ok(())
    }

    /// Removes `entry`. A built-in one is switched off, because it would apply again without a table.
    pub fn remove(&mut self, list: BuiltInList, entry: &ListedTable) -> Result<Removed, NotAList> {
        if built_in::identities(list).contains(&entry.identity) {
            self.disable(list, entry)?;
            Ok(Removed::Disabled)
        } else {
            self.remove_table(list, &entry.identity)?;
            Ok(Removed::Table)
        }
    }

    fn remove_table(&mut self, list: BuiltInList, identity: &str) -> Result<(), NotAList> {
        let is = |text: &str| list.identity(text).as_deref() == Some(identity);
        let mut tables = self.list(list.name())?;
        match &mut tables {
            List::Tables(tables) => {
                tables.retain(|table| !table.get(list.key()).and_then(Item::as_str).is_some_and(is));
            }
            List::Empty(..) => {}
            List::Inline(array) => array.retain(|value| !super::text_of(value, list.key()).is_some_and(is)),
        }
        if matches!(&tables, List::Tables(tables) if tables.is_empty()) {
            self.0.as_table_mut().remove(list.name());
        }
        Ok(())
    }
}

impl<'a> List<'a> {
    /// The table with that identity.
    fn find(self, list: BuiltInList, identity: &str) -> Option<&'a mut dyn TableLike> {
        let is = |text: &str| list.identity(text).as_deref() == Some(identity);
        match self {
            Self::Empty(..) => None,
            Self::Tables(tables) => tables
                .iter_mut()
                .find(|table| table.get(list.key()).and_then(Item::as_str).is_some_and(is))
                .map(|table| -> &mut dyn TableLike { table }),
            Self::Inline(array) => array
                .iter_mut()
                .find(|value| super::text_of(value, list.key()).is_some_and(is))
                .and_then(Value::as_inline_table_mut)
                .map(|table| -> &mut dyn TableLike { table }),
        }
    }
}
