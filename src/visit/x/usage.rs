//! X's own count of posts, read once a day after everything else. A failure changes nothing else.

use jiff::Timestamp;

use super::{call::ApiCall, caller::ApiCaller};
use crate::{
    model::XUsage,
    store::{StoreError, XEnding},
    visit::Context,
    x::{
        limits::{Refusal, Seen},
        usage::{compare, compared, outcome},
    },
};

impl ApiCaller {
    /// Reads X's count and stores it, with our count of the same day. Our record begins at `first_call`.
    pub async fn ask_usage(
        &mut self,
        context: &Context,
        first_call: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let (call, now) = (ApiCall::Usage, context.now());
        // Where it may not be sent, a later cycle sends it.
        let Ok(reserved) = self.reserve(context, call, now).await? else { return Ok(()) };
        let (status, body, note) = match self.send(context, call, reserved).await {
            Ok(response) => {
                let refused = (response.status == 429).then_some(Refusal::Window);
                self.learn(context, call, Seen::read(&response.headers), now, refused).await?;
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
            // Days before the record began, or of which it has been cleaned, cannot be compared.
            if first_call.is_some_and(|first| first <= begin) {
                usage.day = compare(&response, &date, context.store.x_posts_billed(begin).await?);
            }
            (usage.posts, usage.cap, usage.reset_day) =
                (Some(response.posts), response.cap, response.reset_day);
        }
        context.store.x_set_usage(usage).await
    }
}
