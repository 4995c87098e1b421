//! Medians, spreads and quantiles: the little arithmetic that figures rest on. Pure.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// The longest latency told apart, in nanoseconds: two minutes. Longer ones count as this.
const LONGEST: u64 = 120_000_000_000;

/// A median with the smallest and the largest of what it was taken from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    /// The middle one; of an even number the mean of the two in the middle.
    pub(crate) median: f64,
    /// The smallest.
    pub(crate) min: f64,
    /// The largest.
    pub(crate) max: f64,
}

impl Spread {
    /// Of these values; those that are no number are left out. `None` when none is left.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let upper = *values.get(values.len() / 2)?;
        let lower = *values.get((values.len() - 1) / 2)?;
        Some(Self { median: f64::midpoint(lower, upper), min, max })
    }

    /// Of the ratios of values taken in the same round.
    pub(crate) fn of_ratios(subject: &[f64], reference: &[f64]) -> Option<Self> {
        Self::of(subject.iter().zip(reference).map(|(s, r)| s / r))
    }

    /// As JSON.
    pub(crate) fn json(self) -> Value {
        json!({ "median": self.median, "min": self.min, "max": self.max })
    }
}

/// Latencies in nanoseconds, three significant digits.
#[derive(Clone, Debug)]
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    /// None yet.
    #[expect(
        clippy::expect_used,
        reason = "the bounds are constants that hdrhistogram takes: 1 ≤ low, 2 low ≤ high, digits ≤ 5"
    )]
    pub(crate) fn new() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST, 3).expect("constant bounds"))
    }

    /// One more.
    pub(crate) fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(LONGEST).clamp(1, LONGEST));
    }

    /// All of another.
    pub(crate) fn add(&mut self, other: &Self) {
        // Both have the same bounds, so that nothing can fall out of range.
        let _ = self.0.add(&other.0);
    }

    /// How many.
    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// The quantile in milliseconds; of none, 0.
    pub(crate) fn millis(&self, quantile: f64) -> f64 {
        if self.0.is_empty() { 0.0 } else { self.0.value_at_quantile(quantile) as f64 / 1e6 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_of_an_odd_number_is_the_middle_one_whatever_the_order() {
        let spread = Spread::of([3.0, 1.0, 2.0]).unwrap();
        assert_eq!(spread, Spread { median: 2.0, min: 1.0, max: 3.0 });
    }

    #[test]
    fn a_spread_of_an_even_number_is_the_mean_of_the_two_in_the_middle() {
        let spread = Spread::of([4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!(spread, Spread { median: 2.5, min: 1.0, max: 4.0 });
    }

    #[test]
    fn what_is_no_number_is_left_out_and_of_nothing_there_is_no_spread() {
        assert_eq!(Spread::of([f64::NAN, 7.0, f64::INFINITY]), Spread::of([7.0]));
        assert_eq!(Spread::of([]), None);
        assert_eq!(Spread::of_ratios(&[1.0], &[0.0]), None);
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        let spread = Spread::of_ratios(&[10.0, 30.0, 20.0], &[10.0, 10.0, 10.0]).unwrap();
        assert_eq!(spread, Spread { median: 2.0, min: 1.0, max: 3.0 });
        // A drift of the machine that hits both in a round does not show.
        let drift = Spread::of_ratios(&[10.0, 100.0], &[5.0, 50.0]).unwrap();
        assert_eq!(drift, Spread { median: 2.0, min: 2.0, max: 2.0 });
    }

    #[test]
    fn quantiles_come_back_within_the_digits_kept() {
        let mut latencies = Latencies::new();
        for millis in 1..=1000 {
            latencies.record(Duration::from_millis(millis));
        }
        assert!((latencies.millis(0.5) - 500.0).abs() < 1.0);
        assert!((latencies.millis(0.99) - 990.0).abs() < 1.0);
        assert_eq!(latencies.count(), 1000);
    }

    #[test]
    fn a_latency_past_the_longest_counts_as_the_longest() {
        let mut latencies = Latencies::new();
        latencies.record(Duration::from_hours(1));
        latencies.record(Duration::ZERO);
        assert!(latencies.millis(1.0) >= 119_000.0);
        assert_eq!(latencies.count(), 2);
    }

    #[test]
    fn adding_takes_everything_over() {
        let (mut a, mut b) = (Latencies::new(), Latencies::new());
        a.record(Duration::from_millis(1));
        b.record(Duration::from_millis(9));
        a.add(&b);
        assert_eq!(a.count(), 2);
        assert!((a.millis(1.0) - 9.0).abs() < 0.1);
    }
}
