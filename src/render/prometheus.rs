//! Figures in Prometheus' text format (conventions, section 9): no timestamps, HELP and TYPE for each, a
//! newline at the end.

/// One figure with all its series.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Name without the common prefix.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// Whether it only ever grows.
    pub counter: bool,
    /// Name of the label, if its series have one.
    pub label: &'static str,
    /// Value of the label, and the figure.
    pub series: Vec<(String, f64)>,
}

impl Metric {
    /// A figure without a label.
    #[must_use]
    pub fn one(name: &'static str, counter: bool, help: &'static str, value: f64) -> Self {
        Self { name, help, counter, label: "", series: vec![(String::new(), value)] }
    }

    /// A figure with a series for each value of `label`.
    #[must_use]
    pub fn many<'a>(
        (name, label): (&'static str, &'static str),
        counter: bool,
        help: &'static str,
        series: impl IntoIterator<Item = (&'a str, f64)>,
    ) -> Self {
        let series = series.into_iter().map(|(value, figure)| (value.to_owned(), figure)).collect();
        Self { name, help, counter, label, series }
    }
}

/// All of `metrics` as one text.
#[must_use]
pub fn text(metrics: &[Metric]) -> String {
    let mut text = String::new();
    for metric in metrics {
        let name = format!("tge_scrape_{}", metric.name);
        let kind = if metric.counter { "counter" } else { "gauge" };
        text.push_str(&format!("# HELP {name} {}\n# TYPE {name} {kind}\n", metric.help));
        for (value, figure) in &metric.series {
            if metric.label.is_empty() {
                text.push_str(&format!("{name} {figure}\n"));
            } else {
                let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
                text.push_str(&format!("{name}{{{}=\"{value}\"}} {figure}\n", metric.label));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_the_collector_reads_them() {
        let metrics = [
            Metric::one("x_total", true, "All x.", 3.0),
            Metric::many(("y", "z"), false, "By z.", [("a\"b", 0.5), ("c", 1_795_000_000.0)]),
        ];
        let wanted = "# HELP tge_scrape_x_total All x.\n# TYPE tge_scrape_x_total counter\ntge_scrape_x_total 3\n\
            # HELP tge_scrape_y By z.\n# TYPE tge_scrape_y gauge\ntge_scrape_y{z=\"a\\\"b\"} 0.5\ntge_scrape_y{z=\"c\"} 1795000000\n";
        assert_eq!(text(&metrics), wanted);
    }
}
