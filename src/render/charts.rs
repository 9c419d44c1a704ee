//! Charts as SVG. The only file that uses plotters.
//!
//! Colours are placeholders that the style sheet of the page replaces, for light, dark and print.

use std::ops::Range;

use jiff::Timestamp;
use plotters::{
    chart::ChartBuilder,
    drawing::IntoDrawingArea,
    element::{Circle, Rectangle},
    prelude::SVGBackend,
    series::LineSeries,
    style::{Color, IntoFont, RGBColor, ShapeStyle},
};

/// Text and axes.
const INK: RGBColor = RGBColor(1, 1, 1);
/// Lines of the grid.
const GRID: RGBColor = RGBColor(2, 2, 2);
/// Colours of the series in their order; the legend has marks as well.
const SERIES: [RGBColor; 3] = [RGBColor(3, 3, 3), RGBColor(4, 4, 4), RGBColor(5, 5, 5)];
/// Width and height of every chart; the page scales it.
const SIZE: (u32, u32) = (760, 260);
/// The axis is long enough for so many bars.
const BARS: i64 = 7;

#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    pub title: String,
    /// Of the vertical axis.
    pub unit: &'static str,
    /// Names of the series with their points: seconds since 1970, and the figure.
    pub series: Vec<(&'static str, Vec<(i64, f64)>)>,
    /// Bars instead of lines, each so many seconds wide.
    pub bars: Option<i64>,
}

impl Chart {
    pub fn points(&self) -> usize {
        self.series.iter().map(|(_, points)| points.len()).sum()
    }

    /// The drawing; `None` without points.
    pub fn svg(&self) -> Option<String> {
        let all = || self.series.iter().flat_map(|(_, points)| points.iter());
        let (first, last) = (all().map(|point| point.0).min()?, all().map(|point| point.0).max()?);
        let high = all().map(|point| point.1).fold(0.0, f64::max);
        let up = 0.0..if high > 0.0 { high * 1.1 } else { 1.0 };
        let axis = Axis::new(first, last, self.bars);
        let mut drawing = String::new();
        // Drawing to memory fails only for impossible sizes.
        self.draw(&mut drawing, axis, up).ok()?;
        let label = htmlize::escape_attribute(self.description());
        let opening = format!("<svg role=\"img\" aria-label=\"{label}\" data-points=\"{}\" ", self.points());
        Some(drawing.replacen("<svg ", &opening, 1))
    }

    /// The chart in words, for screen readers.
    pub fn description(&self) -> String {
        let mut text = format!("{}.", self.title);
        for (name, points) in &self.series {
            let values = || points.iter().map(|point| point.1);
            if let (Some(last), false) = (points.last(), points.is_empty()) {
                let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
                text.push_str(&format!(
                    " {name}: {} points from {low:.2} to {high:.2} {unit}, last {:.2} {unit}.",
                    points.len(),
                    last.1,
                    unit = self.unit
                ));
            }
        }
        text
    }

    fn draw(&self, to: &mut String, axis: Axis, up: Range<f64>) -> Result<(), Box<dyn std::error::Error>> {
        let root = SVGBackend::with_string(to, SIZE).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin(8)
            .x_label_area_size(28)
            .y_label_area_size(64)
            .build_cartesian_2d(axis.range(), up)?;
        let font = ("sans-serif", 13).into_font().color(&INK);
        chart
            .configure_mesh()
            .axis_style(INK)
            .bold_line_style(GRID)
            .light_line_style(GRID.mix(0.0))
            .x_labels(7)
            .y_labels(5)
            .label_style(font)
            .x_label_formatter(&|at| axis.label(*at))
            .y_label_formatter(&|value| format!("{} {}", brief(*value), self.unit))
            .draw()?;
        for ((_, points), color) in self.series.iter().zip(SERIES) {
            let points = || points.iter().map(|(at, value)| (axis.place(*at), *value));
            if self.bars.is_some() {
                let bar = |(at, value)| {
                    Rectangle::new([(at - 0.4, 0.0), (at + 0.4, value)], ShapeStyle::from(&color).filled())
                };
                chart.draw_series(points().map(bar))?;
            } else {
                chart.draw_series(LineSeries::new(points(), ShapeStyle::from(&color).stroke_width(2)))?;
                chart
                    .draw_series(points().map(|at| Circle::new(at, 2, ShapeStyle::from(&color).filled())))?;
            }
        }
        root.present()?;
        Ok(())
    }
}

/// The horizontal axis: seconds for lines, whole periods for bars.
#[derive(Debug, Clone, Copy)]
struct Axis {
    first: i64,
    last: i64,
    /// Seconds of a bar, else 1.
    step: i64,
}

impl Axis {
    fn new(first: i64, last: i64, bars: Option<i64>) -> Self {
        match bars {
            // Few bars are not drawn wider than many.
            Some(step) => Self { first: first.min(last - (BARS - 1) * step), last, step },
            // A single point gets a margin on both sides.
            None if first == last => Self { first: first - 1800, last: last + 1800, step: 1 },
            None => Self { first, last, step: 1 },
        }
    }

    fn place(self, at: i64) -> f64 {
        (at - self.first) as f64 / self.step as f64
    }

    fn range(self) -> Range<f64> {
        let margin = if self.step > 1 { 0.6 } else { 0.0 };
        -margin..self.place(self.last) + margin
    }

    /// Empty between two bars.
    #[expect(clippy::cast_possible_truncation, reason = "seconds of this century")]
    fn label(self, at: f64) -> String {
        if self.step > 1 && (at - at.round()).abs() > 0.01 {
            return String::new();
        }
        let seconds = self.first + (at * self.step as f64).round() as i64;
        let at = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
        let of_day = self.step == 1 && self.last - self.first < 2 * 86_400;
        at.strftime(if of_day { "%H:%M" } else { "%-d %b" }).to_string()
    }
}

fn brief(value: f64) -> String {
    let text = match value {
        value if value >= 100.0 => return format!("{value:.0}"),
        value if value >= 1.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: Vec<(i64, f64)>, bars: Option<i64>) -> Chart {
        Chart { title: "Cycle <time>".to_owned(), unit: "s", series: vec![("last", points)], bars }
    }

    #[test]
    fn every_point_is_drawn_and_described() {
        let svg = chart((0..300).map(|at| (at * 600, 1.0)).collect(), None).svg().unwrap();
        assert_eq!(svg.matches("<circle").count(), 300);
        assert!(svg.contains(
            "aria-label=\"Cycle &lt;time&gt;. last: 300 points from 1.00 to 1.00 s, last 1.00 s.\""
        ));
        assert!(svg.contains("data-points=\"300\"") && svg.contains("#030303"));
        let bars = chart(vec![(0, 2.0), (86_400, 3.0)], Some(86_400)).svg().unwrap();
        assert!(bars.matches("<rect").count() >= 2);
        let one = chart(vec![(1_795_219_200, 2.0)], Some(86_400)).svg().unwrap();
        assert!(one.contains("21 Nov") && one.contains("17 Nov") && !one.contains(":00"), "{one}");
    }

    #[test]
    fn figures_of_the_axis_have_no_idle_zeros() {
        assert_eq!([0.0, 0.05, 2.5, 20.0, 120.0].map(brief), ["0", "0.05", "2.5", "20", "120"]);
    }

    #[test]
    fn a_chart_may_have_no_point_or_one() {
        assert_eq!(chart(Vec::new(), None).svg(), None);
        assert!(chart(vec![(1_795_000_000, 0.0)], None).svg().unwrap().contains("<circle"));
    }
}
