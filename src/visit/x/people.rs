//! Looks up accounts by handle or id, up to a hundred a call.

use std::time::Duration;

use super::{Session, Work, XVisit, call::ApiCall};
use crate::{
    model::{Commit, XPage},
    store::StoreError,
    visit::Context,
    x::{
        api::{self, Page},
        lookup::{self, Learned},
    },
};

/// The response to a lookup.
pub(super) struct Lookup {
    pub charge: XPage,
    pub page: Page,
    elapsed: Duration,
}

impl Session {
    pub(super) async fn look_up_handles(
        &mut self,
        context: &Context,
        handles: &[String],
    ) -> Result<Option<XVisit>, StoreError> {
        self.figures.users += handles.len() as u64;
        let lookup = self.look_up(context, ApiCall::Handles(handles)).await?;
        Ok(lookup.map(|lookup| {
            let learned = lookup::by_handle(handles, &self.memory.accounts, &lookup.page, context.now());
            self.learn_accounts(learned, lookup)
        }))
    }

    pub(super) async fn look_up_ids(
        &mut self,
        context: &Context,
        ids: &[u64],
    ) -> Result<Option<XVisit>, StoreError> {
        self.figures.users += ids.len() as u64;
        let lookup = self.look_up(context, ApiCall::Ids(ids)).await?;
        Ok(lookup.map(|lookup| {
            let learned = lookup::by_id(ids, &self.memory.accounts, &lookup.page, context.now());
            self.learn_accounts(learned, lookup)
        }))
    }

    pub(super) async fn look_up(
        &mut self,
        context: &Context,
        call: ApiCall<'_>,
    ) -> Result<Option<Lookup>, StoreError> {
        let result = self.caller.call(context, call).await?;
        let Ok(response) = self.response(result) else { return Ok(None) };
        let Ok(mut page) = api::people(&response.body) else {
            self.failures.push(self.caller.settle_unreadable(context, response.call).await?);
            return Ok(None);
        };
        self.refuse(&mut page, context.now());
        let charge = response.charge(&page, &self.settings);
        Ok(Some(Lookup { charge, page, elapsed: response.elapsed }))
    }

    fn learn_accounts(&mut self, learned: Learned, lookup: Lookup) -> XVisit {
        self.notices.extend(learned.notices);
        for account in &learned.accounts {
            self.memory.accounts.retain(|known| known.handle != account.handle);
            self.memory.accounts.push(account.clone());
        }
        for ids in learned.missing.chunks(api::LOOKUP) {
            self.work.push_front(Work::Ids(ids.to_vec()));
        }
        let page = XPage { accounts: learned.accounts, ..lookup.charge };
        let commit = Commit { x: vec![page], ..Commit::default() };
        XVisit { commit, fetch: lookup.elapsed, ..XVisit::default() }
    }
}
