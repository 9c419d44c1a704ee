//! Handles and ids to accounts, a hundred a call.

use std::time::Duration;

use super::{
    Session, Work, XVisit,
    call::{ApiCall, Sent},
};
use crate::{
    model::{Commit, XPage},
    store::StoreError,
    visit::Context,
    x::{
        api::{self, Page},
        lookup::{self, Learned},
    },
};

impl Session {
    pub(super) async fn look_up(
        &mut self,
        context: &Context,
        handles: Vec<String>,
    ) -> Result<Option<XVisit>, StoreError> {
        let Some((billed, page, fetch)) = self.people(context, ApiCall::Handles(handles.clone())).await?
        else {
            return Ok(None);
        };
        let learned = lookup::by_handle(&handles, &self.memory.accounts, &page, context.now());
        Ok(Some(self.learned(learned, billed, fetch)))
    }

    pub(super) async fn look_up_ids(
        &mut self,
        context: &Context,
        ids: Vec<u64>,
    ) -> Result<Option<XVisit>, StoreError> {
        let Some((billed, page, fetch)) = self.people(context, ApiCall::Ids(ids.clone())).await? else {
            return Ok(None);
        };
        let learned = lookup::by_id(&ids, &self.memory.accounts, &page, context.now());
        Ok(Some(self.learned(learned, billed, fetch)))
    }

    /// Asks for accounts: what the answer costs, what it says and how long it took; nothing where none came that
    /// can be read.
    pub(super) async fn people(
        &mut self,
        context: &Context,
        ask: ApiCall,
    ) -> Result<Option<(XPage, Page, Duration)>, StoreError> {
        self.figures.users += match &ask {
            ApiCall::Handles(handles) => handles.len() as u64,
            ApiCall::Ids(ids) => ids.len() as u64,
            ApiCall::Posts { .. } | ApiCall::Usage => 0,
        };
        let Sent::Answered(answer) = self.send(context, &ask).await? else { return Ok(None) };
        let Ok(mut page) = api::people(&answer.body) else {
            self.unreadable(context, answer.call).await?;
            return Ok(None);
        };
        self.refuse(&mut page, context.now());
        let billed = XPage {
            call: answer.call,
            answered_at: answer.at,
            status: answer.status,
            users_billed: page.users.iter().map(|user| user.id).collect(),
            user_price: self.settings.user_price,
            ..XPage::default()
        };
        Ok(Some((billed, page, answer.elapsed)))
    }

    /// Takes in what a lookup taught of the accounts that are followed.
    fn learned(&mut self, learned: Learned, billed: XPage, fetch: Duration) -> XVisit {
        self.notices.extend(learned.notices);
        for account in &learned.accounts {
            self.memory.accounts.retain(|known| known.handle != account.handle);
            self.memory.accounts.push(account.clone());
        }
        for ids in learned.missing.chunks(api::LOOKUP) {
            self.work.push_front(Work::Ids(ids.to_vec()));
        }
        let page = XPage { accounts: learned.accounts, ..billed };
        let commit = Commit { x: vec![page], ..Commit::default() };
        XVisit { commit, fetch, ..XVisit::default() }
    }
}
