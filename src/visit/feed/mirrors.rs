//! Visits a source with mirrors: its addresses in their order, until one answers.

use url::Url;

use super::visit_address;
use crate::{
    model::{Commit, FailureKind, Source, SourceState},
    text::quantity::plural,
    visit::{
        Context, FeedVisit, Figures, SourceOutcome,
        schedule::{PollBounds, addresses, none_answered, one_answered},
    },
};

/// Visits `source`. Returns `state`, its stored state, unchanged.
pub(super) async fn visit(
    context: &Context,
    source: &Source,
    state: SourceState,
) -> (FeedVisit, SourceState) {
    let now = context.now();
    let mut addresses = addresses(source, &state);
    let mut failed: Vec<(FeedVisit, String)> = Vec::new();
    for at in 0..addresses.len() {
        let address = &addresses[at];
        let Ok(url) = Url::parse(&address.url) else { continue };
        if address.is_gone() || address.wait(now).is_some() {
            continue;
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        let (mut visit, _) = visit_address(context, source, url, address.view(&state)).await;
        let after = visit.commit.source.take().unwrap_or_else(|| state.clone());
        if may_pass(&visit.outcome) {
            if !is_unasked(&visit.outcome) {
                addresses[at].failed(&after);
            }
            visit.commit.source = Some(after);
            failed.push((visit, host));
            continue;
        }
        // The database could not be read: no address is at fault.
        if !matches!(visit.outcome, SourceOutcome::Failed { .. }) {
            addresses[at].answered(&after);
        }
        visit.commit.source = Some(one_answered(&state, after, at == 0, addresses));
        let earlier = failed.into_iter().map(|(visit, _)| visit).collect();
        return (with_earlier(visit, earlier), state);
    }
    let visit = all_failed(failed, |after, is_asked| {
        if is_asked {
            none_answered(&state, after, addresses, PollBounds::of(source, &context.settings), now)
        } else {
            state.clone()
        }
    });
    (visit, state)
}

/// Whether the next address may answer although this one failed so.
fn may_pass(outcome: &SourceOutcome) -> bool {
    matches!(outcome, SourceOutcome::Failed { kind, .. } if *kind != FailureKind::Store)
}

/// Whether no request was sent, because the host asked for a pause before.
fn is_unasked(outcome: &SourceOutcome) -> bool {
    matches!(outcome, SourceOutcome::Failed { kind: FailureKind::HostPaused, .. })
}

/// The visit of a source none of whose addresses answered. `settle` makes its state from that after the first failure, and
/// from whether any request was sent.
fn all_failed(
    failed: Vec<(FeedVisit, String)>,
    settle: impl FnOnce(&SourceState, bool) -> SourceState,
) -> FeedVisit {
    let sentence = |visit: &FeedVisit| match &visit.outcome {
        SourceOutcome::Failed { sentence, .. } => sentence.clone(),
        _ => String::new(),
    };
    let first = failed.iter().position(|(visit, _)| !is_unasked(&visit.outcome));
    let others: Vec<String> = failed
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != first.unwrap_or(0))
        .map(|(_, (visit, host))| format!("{host}: {}", sentence(visit)))
        .collect();
    let mut visits: Vec<FeedVisit> = failed.into_iter().map(|(visit, _)| visit).collect();
    if visits.is_empty() {
        // The plan requests no source whose addresses all wait.
        let outcome = SourceOutcome::Failed {
            kind: FailureKind::HostPaused,
            sentence: "all addresses of the source wait".to_owned(),
        };
        let (commit, figures) = (Commit::default(), Figures::default());
        return FeedVisit { outcome, status: None, commit, found: Vec::new(), figures };
    }
    let mut visit = visits.remove(first.unwrap_or(0));
    let after = visit.commit.source.take().unwrap_or_default();
    visit.commit.source = Some(settle(&after, first.is_some()));
    if let SourceOutcome::Failed { sentence, .. } = &mut visit.outcome
        && !others.is_empty()
    {
        let number = plural(others.len(), "other address", "other addresses");
        sentence.push_str(&format!("; {number} failed too: {}", others.join("; ")));
    }
    with_earlier(visit, visits)
}

/// `visit` with the figures and pauses of further visits of the same source.
fn with_earlier(mut visit: FeedVisit, earlier: Vec<FeedVisit>) -> FeedVisit {
    for other in earlier.into_iter().rev() {
        visit.figures.bytes += other.figures.bytes;
        visit.figures.stages.splice(0..0, other.figures.stages);
        visit.figures.trace.splice(0..0, other.figures.trace);
        visit.commit.host_waits.extend(other.commit.host_waits);
    }
    visit
}
