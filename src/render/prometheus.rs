//! Figures in Prometheus' text format (docs/reference/metrics.md): no timestamps, HELP and TYPE for each, a
//! newline at the end.

#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Without the common prefix.
    pub name: &'static str,
    pub help: &'static str,
    /// Whether it only grows.
    pub counter: bool,
    /// Names of the labels of each series.
    pub labels: &'static [&'static str],
    /// Values of the labels, and the value.
    pub series: Vec<(Vec<String>, f64)>,
}

impl Metric {
    pub fn one(name: &'static str, counter: bool, help: &'static str, value: f64) -> Self {
        Self { name, help, counter, labels: &[], series: vec![(Vec::new(), value)] }
    }

    /// With one series for each value of its only label.
    pub fn many<'a>(
        (name, labels): (&'static str, &'static [&'static str]),
        counter: bool,
        help: &'static str,
        series: impl IntoIterator<Item = (&'a str, f64)>,
    ) -> Self {
        let series = series.into_iter().map(|(value, figure)| (vec![value.to_owned()], figure)).collect();
        Self { name, help, counter, labels, series }
    }
}

pub fn text(metrics: &[Metric]) -> String {
    let mut text = String::new();
    for metric in metrics {
        let name = format!("tge_scrape_{}", metric.name);
        let kind = if metric.counter { "counter" } else { "gauge" };
        text.push_str(&format!("# HELP {name} {}\n# TYPE {name} {kind}\n", metric.help));
        for (values, figure) in &metric.series {
            let escaped =
                |value: &String| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let pairs = metric.labels.iter().zip(values);
            let pairs: Vec<String> =
                pairs.map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
            let pairs = if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) };
            text.push_str(&format!("{name}{pairs} {figure}\n"));
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
            Metric::many(("y", &["z"]), false, "By z.", [("a\"b", 0.5), ("c", 1_795_000_000.0)]),
        ];
        let two = Metric {
            labels: &["a", "b"],
            series: vec![(vec!["1".into(), "2".into()], 5.0)],
            ..metrics[0].clone()
        };
        assert!(text(&[two]).ends_with("tge_scrape_x_total{a=\"1\",b=\"2\"} 5\n"));
        let wanted = "# HELP tge_scrape_x_total All x.\n# TYPE tge_scrape_x_total counter\ntge_scrape_x_total 3\n\
            # HELP tge_scrape_y By z.\n# TYPE tge_scrape_y gauge\ntge_scrape_y{z=\"a\\\"b\"} 0.5\ntge_scrape_y{z=\"c\"} 1795000000\n";
        assert_eq!(text(&metrics), wanted);
    }
}
