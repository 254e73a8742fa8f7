//! The median and spread of timings.

use std::time::Duration;

/// A summary of several timings, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Summary {
    pub median: f64,
    pub min: f64,
    /// The interquartile range, as a share of the median.
    pub spread: f64,
}

impl Summary {
    /// None without timings.
    pub fn of(timings: &[Duration]) -> Option<Summary> {
        let mut seconds: Vec<f64> = timings.iter().map(Duration::as_secs_f64).collect();
        seconds.sort_by(f64::total_cmp);
        let median = quantile(&seconds, 0.5)?;
        let spread = (quantile(&seconds, 0.75)? - quantile(&seconds, 0.25)?) / median;
        Some(Summary { median, min: seconds[0], spread })
    }
}

/// The value below which `share` of the sorted `values` lie, interpolated between two of them if necessary.
fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let place = share * values.len().checked_sub(1)? as f64;
    let (below, above) = (values[place.floor() as usize], values[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}
