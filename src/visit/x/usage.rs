//! What X counts of its own, asked once a day after everything else. Whatever comes of it, nothing else is changed.

use super::{
    Session,
    call::{ApiCall, Denied},
};
use crate::{
    model::XUsage,
    store::{StoreError, XEnding},
    visit::Context,
    x::{
        limits::{Refusal, Seen},
        usage::{compare, compared, outcome},
    },
};

impl Session {
    /// Asks X for its count and remembers it, with ours of the same day.
    pub(super) async fn usage(&mut self, context: &Context) -> Result<(), StoreError> {
        let (ask, now) = (ApiCall::Usage, context.now());
        let reserved = match self.reserve(context, &ask, now).await? {
            Ok(reserved) => reserved,
            // It is asked by a later cycle.
            Err(Denied::Limit(_) | Denied::Budget) => return Ok(()),
        };
        self.figures.usage += 1;
        let response = self.exchange(context, &ask, reserved).await;
        let (status, body, note) = match response {
            Ok(response) => {
                let refused = (response.status == 429).then_some(Refusal::Window);
                self.learn(context, &ask, Seen::read(&response.headers), now, refused).await?;
                (Some(response.status), response.body, "usage".to_owned())
            }
            Err(failure) => (None, bytes::Bytes::new(), failure.kind().to_string()),
        };
        context.store.x_end(reserved.call, XEnding::Free { status, note }).await?;
        let (state, response) = outcome(status, &body);
        let mut usage =
            XUsage { credential: self.credential.clone(), asked_at: now, state, ..XUsage::default() };
        if let Some(response) = response {
            let (date, begin) = compared(self.server_now(now));
            // Days before the ledger began, or of which it has been cleaned, cannot be compared.
            if self.memory.first_call_at.is_some_and(|first| first <= begin) {
                usage.day = compare(&response, &date, context.store.x_posts_billed(begin).await?);
            }
            (usage.posts, usage.cap, usage.reset_day) =
                (Some(response.posts), response.cap, response.reset_day);
        }
        context.store.x_set_usage(usage).await
    }
}
