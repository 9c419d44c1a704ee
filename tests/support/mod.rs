pub mod authority;
#[cfg(unix)]
pub mod event_log;
pub mod inbox;
pub mod lab;
#[cfg(unix)]
pub mod load;
pub mod mail;
pub mod mount;
pub mod random;
pub mod redact;
#[cfg(unix)]
pub mod served;
pub mod services;
pub mod state;
pub mod tls;
pub mod twin;
pub mod venues;
pub mod world;
pub mod x;
pub mod year;
