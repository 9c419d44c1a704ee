//! For which channels a summary is due. Pure.

use jiff::{Timestamp, ToSpan};

use crate::{
    alert::{ChannelPolicy, decide::identity, week},
    model::{Alert, Body, Class, Summary, SummaryState, Topic},
};

/// A summary that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub channel: String,
    /// Start of its week.
    pub from: Timestamp,
    /// End of its week, when it was due.
    pub to: Timestamp,
    /// Size of the database at the summary before.
    pub database_bytes_before: Option<u64>,
}

/// Summaries to send, and changes of the stored states.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SummaryPlan {
    pub due: Vec<Due>,
    /// Channels that have the topic for the first time. Their first summary is the next one.
    pub new: Vec<SummaryState>,
    /// Channels that no longer have it.
    pub forgotten: Vec<String>,
}

/// Compares the channels that get summaries with the stored states `known`. Of several missed summaries only the latest
/// is sent.
pub fn plan_summaries(channels: &[&ChannelPolicy], known: &[SummaryState], now: Timestamp) -> SummaryPlan {
    let mut plan = SummaryPlan::default();
    let wanting: Vec<_> = channels.iter().filter(|channel| channel.summary).collect();
    for channel in &wanting {
        let Some(state) = known.iter().find(|state| state.channel == channel.name) else {
            let channel = channel.name.clone();
            plan.new.push(SummaryState { channel, handled_at: now, database_bytes: None });
            continue;
        };
        let latest = week::latest(&[channel.summary_at], &channel.zone, now);
        let Some(to) = latest.filter(|latest| *latest > state.handled_at) else { continue };
        // Seven days of the calendar, so that weeks join where daylight saving begins or ends.
        let here = to.to_zoned_datetime(channel.zone.clone());
        let from = here.checked_sub(7.days()).map_or(to, |from| from.timestamp());
        plan.due.push(Due {
            channel: channel.name.clone(),
            from,
            to,
            database_bytes_before: state.database_bytes,
        });
    }
    let is_gone = |state: &&SummaryState| wanting.iter().all(|channel| channel.name != state.channel);
    plan.forgotten = known.iter().filter(is_gone).map(|state| state.channel.clone()).collect();
    plan
}

impl Due {
    /// The row of the outbox that sends `summary`. Its id is that of the channel and the week.
    pub fn alert(&self, channel: &ChannelPolicy, summary: Summary, now: Timestamp) -> Alert {
        Alert {
            id: identity(&["summary", &self.channel, &self.to.to_string()]),
            channel: self.channel.clone(),
            topic: Topic::Summary,
            story: None,
            class: Class::Medium,
            instant: true,
            due_at: channel.quiet_until(now).unwrap_or(now),
            created_at: now,
            body: Body::Summary(Box::new(summary)),
            replaces: false,
            outlets: 0,
        }
    }

    /// The state after this summary was queued.
    pub fn handled(&self, database_bytes: u64) -> SummaryState {
        let channel = self.channel.clone();
        SummaryState { channel, handled_at: self.to, database_bytes: Some(database_bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn channel(name: &str) -> ChannelPolicy {
        ChannelPolicy { summary: true, ..ChannelPolicy::new(name) }
    }

    /// The due times of the summaries that cycles at `times` send.
    fn sent(channel: &ChannelPolicy, times: &[&str]) -> Vec<String> {
        let (mut known, mut sent): (Vec<SummaryState>, Vec<String>) = (Vec::new(), Vec::new());
        for time in times {
            let plan = plan_summaries(&[channel], &known, at(time));
            known.extend(plan.new);
            for due in plan.due {
                sent.push(due.to.to_string());
                known = vec![due.handled(1)];
            }
        }
        sent
    }

    #[test]
    fn each_week_has_one_summary_from_the_first_cycle_after_its_hour() {
        let times = [
            "2026-11-25T12:00:00Z",
            "2026-11-30T08:59:59Z",
            "2026-11-30T09:00:00Z",
            "2026-11-30T09:10:00Z",
            "2026-12-07T15:00:00Z",
            // Three weeks asleep: the latest only.
            "2026-12-31T00:00:00Z",
            "2026-12-31T00:10:00Z",
        ];
        let weeks = ["2026-11-30T09:00:00Z", "2026-12-07T09:00:00Z", "2026-12-28T09:00:00Z"];
        assert_eq!(sent(&channel("a"), &times), weeks);
    }

    #[test]
    fn a_new_channel_gets_no_summary_of_the_time_before() {
        let plan = plan_summaries(&[&channel("a")], &[], at("2026-11-30T09:10:00Z"));
        assert_eq!((plan.due.len(), plan.new.len()), (0, 1));
        let plain = ChannelPolicy::new("a");
        let plan = plan_summaries(&[&plain], &plan.new, at("2026-12-07T09:10:00Z"));
        assert_eq!((plan.due.len(), plan.forgotten), (0, vec!["a".to_owned()]));
    }

    #[test]
    fn a_week_with_a_change_of_the_clocks_is_seven_days_of_the_calendar() {
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        let berlin = ChannelPolicy { zone, ..channel("a") };
        let known = [SummaryState {
            channel: "a".to_owned(),
            handled_at: at("2026-10-19T07:00:00Z"),
            database_bytes: None,
        }];
        let due = plan_summaries(&[&berlin], &known, at("2026-10-26T12:00:00Z")).due.remove(0);
        assert_eq!((due.from, due.to), (at("2026-10-19T07:00:00Z"), at("2026-10-26T08:00:00Z")));
    }
}
