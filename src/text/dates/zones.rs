//! Time zones by name and by number.

use jiff::tz::{Offset, TimeZone};

/// Minutes from UTC and the names for them: RFC 822 (section 5.1), the abbreviations of the IANA time zone database,
/// and those that newsrooms use. Where two zones share a name, the one of RFC 822, else the more usual one.
const NAMES: &[(i16, &str)] = &[
    (0, "z ut utc gmt wet"),
    // North and South America
    (-120, "brst"),
    (-150, "ndt"),
    (-180, "brt art adt clst uyt"),
    (-210, "nst"),
    (-240, "edt ast clt vet bot"),
    (-300, "est cdt cot pet"),
    (-360, "cst mdt"),
    (-420, "mst pdt"),
    (-480, "pst akdt"),
    (-540, "akst hdt"),
    (-600, "hst"),
    // Europe, Africa, Russia
    (60, "bst west cet met mez wat"),
    (120, "cest mest mesz eet cat sast"),
    (180, "eest msk мск trt eat idt"),
    (240, "msd samt gst"),
    (300, "yekt pkt uzt"),
    (360, "omst"),
    (420, "novt krat ict wib"),
    (480, "irkt wita sgt myt hkt pht awst 北京时间 北京時間"),
    (540, "yakt wit jst kst 日本时间 日本時間 한국시간"),
    (600, "vlat aest"),
    // Asia and Oceania
    (210, "irst"),
    (330, "ist"),
    (345, "npt"),
    (570, "acst"),
    (630, "acdt"),
    (660, "aedt"),
    (720, "nzst"),
    (780, "nzdt"),
];
/// Names that stand for summer and winter time alike.
const BY_SEASON: [(&str, &str); 4] = [
    ("et", "America/New_York"),
    ("ct", "America/Chicago"),
    ("mt", "America/Denver"),
    ("pt", "America/Los_Angeles"),
];
/// Names that may also stand before the time: they are no word of any other kind.
const LEADING: [&str; 10] =
    ["utc", "gmt", "msk", "мск", "kst", "jst", "北京时间", "北京時間", "日本時間", "한국시간"];
/// Offsets in use reach from UTC-12 to UTC+14, minutes.
const OFFSETS: std::ops::RangeInclusive<i16> = -720..=840;

/// The zone that `name` (lower case) stands for.
pub(crate) fn named(name: &str) -> Option<TimeZone> {
    let is = |names: &str| names.split(' ').any(|known| known == name);
    if let Some((minutes, _)) = NAMES.iter().find(|(_, names)| is(names)) {
        return fixed(*minutes);
    }
    BY_SEASON.iter().find(|(known, _)| *known == name).and_then(|(_, place)| TimeZone::get(place).ok())
}

/// Whether `name` is a zone's wherever it stands.
pub(super) fn may_lead(name: &str) -> bool {
    LEADING.contains(&name)
}

/// The zone of `Area/City`.
pub(super) fn of_place(place: &str) -> Option<TimeZone> {
    TimeZone::get(place).ok()
}

/// The zone `minutes` from UTC, if there is one.
pub(super) fn fixed(minutes: i16) -> Option<TimeZone> {
    let offset = Offset::from_seconds(i32::from(minutes) * 60).ok();
    offset.filter(|_| OFFSETS.contains(&minutes)).map(Offset::to_time_zone)
}
