//! robots.txt (RFC 9309). Pure.

use texting_robots::Robot;
use url::Url;

/// Whether `robots` lets `user_agent` read `url`; a file that cannot be read allows everything.
#[must_use]
pub fn allowed(robots: &str, user_agent: &str, url: &Url) -> bool {
    let product = user_agent.split(['/', ' ']).next().unwrap_or(user_agent);
    Robot::new(product, robots.as_bytes()).map_or(true, |robot| robot.allowed(url.as_str()))
}
