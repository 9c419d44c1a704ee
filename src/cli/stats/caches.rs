//! `stats --cache`: what the caches hold and save.

use crate::{
    alert::{Held, held_by},
    cli::Format,
    config::Settings,
    error::Error,
    figures::{CycleReport, sums::Sums},
    render::{self, Style, caches::Caches},
    store::Store,
};

/// The view over `reports`, newest first.
pub async fn caches(
    store: &Store,
    settings: &Settings,
    reports: &[CycleReport],
    format: Option<Format>,
    style: Style,
) -> Result<String, Error> {
    let mut sums = Sums::default();
    reports.iter().rev().for_each(|report| sums.add(&Sums::of(report)));
    let policies = settings.alerts.policies();
    let held: Vec<Held> = store
        .held_alerts()
        .await?
        .iter()
        .filter_map(|alert| {
            let policy = policies.iter().find(|policy| policy.name == alert.channel)?;
            held_by(policy, alert)
        })
        .collect();
    let number = |why| held.iter().filter(|held| **held == why).count();
    let caches = Caches {
        sizes: store.cache_sizes().await?,
        sums,
        cooled: number(Held::CoolDown),
        aged: number(Held::Age),
    };
    Ok(match format {
        Some(Format::Json) => render::json(&caches.document()),
        Some(Format::Ndjson) => caches.lines(),
        Some(Format::Csv) => caches.csv(),
        _ => caches.table(style),
    })
}
