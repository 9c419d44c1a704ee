//! X's part of the report. Pure.

use crate::{
    figures::report::{Usd, XFigures, XPlanned, XUsageFigures},
    model::XUsage,
    visit,
    x::usage,
};

/// X's session at the end of the cycle.
pub struct XEnd {
    pub figures: visit::x::XFigures,
    pub bill: Option<visit::x::Bill>,
    pub problem: Option<String>,
}

pub fn x_figures(x: XEnd) -> XFigures {
    let usd = |micros| Usd { micros };
    let bill = x.bill.as_ref();
    XFigures {
        calls: x.figures.calls,
        users_looked_up: x.figures.users,
        posts_read: x.figures.posts,
        posts_new: x.figures.posts_new,
        calls_deferred: x.figures.deferred,
        posts_refused: x.figures.refused,
        cost_usd: usd(bill.map_or(0, |bill| bill.cycle)),
        month_cost_usd: bill.map(|bill| usd(bill.month)),
        rate_limit_violations: Some(x.figures.violations),
        month_forecast_usd: bill.map(|bill| usd(bill.forecast.month)),
        budget_days_left: bill.and_then(|bill| bill.forecast.days_left),
        usage: bill.and_then(|bill| bill.usage.as_ref()).map(x_usage),
        planned: None,
        problem: x.problem,
    }
}

pub fn x_usage(usage: &XUsage) -> XUsageFigures {
    XUsageFigures {
        asked_at: usage.asked_at,
        posts: usage.posts,
        cap: usage.cap,
        says: usage::sentence(usage),
        warnings: usage::warnings(usage),
    }
}

pub fn x_planned(preview: &visit::x::Preview) -> XPlanned {
    let usd = |micros| Usd { micros };
    XPlanned {
        calls: preview.calls.len() as u64,
        max_cost_usd: usd(preview.most),
        budget_left_usd: usd(preview.left),
        month_cost_usd: usd(preview.spent),
        left_out: preview.left_out.iter().map(|(what, why)| format!("{what}: {why}")).collect(),
    }
}
