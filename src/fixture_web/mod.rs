//! The simulated internet: hosts, scripts of change, a ledger. Imports no room of ours.
