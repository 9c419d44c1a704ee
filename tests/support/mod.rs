pub mod authority;
pub mod inbox;
pub mod lab;
pub mod mail;
pub mod services;
pub mod state;
pub mod tls;
pub mod world;
