//! Handles and ids to accounts, a hundred a call.

use jiff::Timestamp;

use super::{
    Round, Work, XVisit,
    call::{Ask, Sent},
};
use crate::{
    clock::Clock,
    http::Fetch,
    model::{Commit, XAccount, XPage},
    store::StoreError,
    visit::Context,
    x::{
        api::{self, Page},
        lookup::{self, Learned},
    },
};

impl Round {
    pub(super) async fn look_up<F: Fetch, C: Clock>(
        &mut self,
        context: &Context<F, C>,
        handles: Vec<String>,
    ) -> Result<Option<XVisit>, StoreError> {
        self.figures.users += handles.len() as u64;
        let ask = Ask::Handles(handles.clone());
        self.looked_up(context, &ask, |page, known, now| lookup::by_handle(&handles, known, page, now)).await
    }

    pub(super) async fn look_up_ids<F: Fetch, C: Clock>(
        &mut self,
        context: &Context<F, C>,
        ids: Vec<u64>,
    ) -> Result<Option<XVisit>, StoreError> {
        self.figures.users += ids.len() as u64;
        let ask = Ask::Ids(ids.clone());
        let learned = self
            .looked_up(context, &ask, |page, known, now| Learned {
                missing: Vec::new(),
                ..lookup::by_id(&ids, known, page, now)
            })
            .await?;
        Ok(learned)
    }

    async fn looked_up<F: Fetch, C: Clock>(
        &mut self,
        context: &Context<F, C>,
        ask: &Ask,
        learn: impl FnOnce(&Page, &[XAccount], Timestamp) -> Learned,
    ) -> Result<Option<XVisit>, StoreError> {
        let answer = match self.send(context, ask).await? {
            Sent::Answered(answer) => answer,
            Sent::Deferred | Sent::Refused => return Ok(None),
        };
        let Ok(page) = api::people(&answer.body) else {
            self.unreadable(context, answer.call).await?;
            return Ok(None);
        };
        let learned = learn(&page, &self.memory.accounts, context.now());
        self.notices.extend(learned.notices);
        for account in &learned.accounts {
            self.memory.accounts.retain(|known| known.handle != account.handle);
            self.memory.accounts.push(account.clone());
        }
        for ids in learned.missing.chunks(api::LOOKUP) {
            self.work.push_front(Work::Ids(ids.to_vec()));
        }
        let page = XPage {
            call: answer.call,
            answered_at: answer.at,
            status: answer.status,
            users_billed: page.users.iter().map(|user| user.id).collect(),
            user_price: self.settings.user_price,
            accounts: learned.accounts,
            ..XPage::default()
        };
        let commit = Commit { x: vec![page], ..Commit::default() };
        Ok(Some(XVisit { commit, fetch: answer.elapsed, ..XVisit::default() }))
    }
}
