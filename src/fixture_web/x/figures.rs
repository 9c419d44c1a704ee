//! Counts of posts and of what was charged.

use serde_json::{Value, json};

use super::{
    answers::{Given, Responder},
    api::{Asked, Dialect},
    billing::{self, Resource},
    paging::{self, Bounds},
    render::{self, Look},
};

impl Responder<'_> {
    pub(super) fn counts(&self, look: &Look, bounds: &Bounds) -> Given {
        let step = match look.asked.one("granularity") {
            Some("minute") => 60_000,
            Some("day") => 86_400_000,
            _ => 3_600_000,
        };
        let ids: Vec<i64> = paging::matching(self, bounds).iter().map(|post| post.created_ms).collect();
        let (first, last) = bounds.times(self.now);
        let count_name = look.word("tweet_count", "post_count");
        let (mut data, mut start) = (Vec::new(), first);
        while start < last {
            let end = ((start.div_euclid(step) + 1) * step).min(last);
            let count = ids.iter().filter(|at| (start..end).contains(*at)).count();
            data.push(json!({"start": render::time(start), "end": render::time(end), count_name: count}));
            start = end;
        }
        let total = look.word("total_tweet_count", "total_post_count");
        let meta = json!({total: ids.len()});
        Given {
            body: json!({"data": data, "meta": meta}),
            data: vec![Resource::Counts],
            includes: Vec::new(),
        }
    }

    pub(super) fn usage(&self, asked: &Asked) -> Given {
        // One dialect writes numbers, the other text (docs/reference/x-api.md#usage).
        let number = |count: u64| match self.dialect {
            Dialect::Tweet => json!(count),
            Dialect::Post => json!(count.to_string()),
        };
        let today = billing::day_of(self.now);
        let days = i64::try_from(asked.number("days").unwrap_or(7)).unwrap_or(7);
        let wanted = |name: &str| asked.all("usage.fields").iter().any(|field| field == name);
        let total: u64 = self.billing.days().values().map(|day| day.posts).sum();
        let mut data = json!({
            "project_id": "20000001", "project_usage": number(total), "project_cap": number(self.post_cap),
            "cap_reset_day": 14,
        });
        if wanted("daily_project_usage") {
            let recent = self.billing.days().range(today - days + 1..=today);
            let row = |(day, bill): (&i64, &billing::Day)| json!({"date": render::time(day * 86_400_000), "usage": number(bill.posts)});
            let usage: Vec<Value> = recent.map(row).collect();
            data["daily_project_usage"] = json!({"project_id": number(20_000_001), "usage": usage});
        }
        Given { body: json!({"data": data}), ..Given::default() }
    }
}
