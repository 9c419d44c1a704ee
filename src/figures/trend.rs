//! Summaries of a series of measurements. Pure.

/// The middle of `values`; the mean of the middle two where there is no single one.
#[must_use]
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        count if count % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

/// `values`, oldest first, reduced to at most `width` means; `None` where nothing was measured.
#[must_use]
pub fn columns(values: &[Option<f64>], width: usize) -> Vec<Option<f64>> {
    let width = width.min(values.len());
    let column = |at: usize| {
        let share = &values[at * values.len() / width..(at + 1) * values.len() / width];
        let measured: Vec<f64> = share.iter().flatten().copied().collect();
        (!measured.is_empty()).then(|| measured.iter().sum::<f64>() / measured.len() as f64)
    };
    (0..width).map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median([f64::NAN]), None);
    }

    #[test]
    fn many_values_fold_into_few_columns_and_gaps_stay() {
        let values = [Some(1.0), Some(3.0), None, None, Some(5.0), None];
        assert_eq!(columns(&values, 3), [Some(2.0), None, Some(5.0)]);
        assert_eq!(columns(&values[..1], 9), [Some(1.0)]);
        assert_eq!(columns(&[], 9), []);
    }
}
