//! Counters, histograms, targets. Pure.
