//! One scrape cycle: plan → visits side by side → commit → count.
