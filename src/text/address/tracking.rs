//! Query parameters that do not change the page: campaign labels, click ids, referrers, AMP switches.
//!
//! Owns the list. Each family names who sets it; the names are those of the vendors' own documentation.

/// Families known by how they begin, in lower case.
const PREFIXES: &[&str] = &[
    "utm_",    // Google Analytics: campaign URL builder
    "mtm_",    // Matomo: campaign tracking
    "pk_",     // Matomo under its old name, Piwik
    "hsa_",    // HubSpot Ads
    "_hs",     // HubSpot e-mail: _hsenc, _hsmi
    "elq",     // Oracle Eloqua
    "guce_",   // Yahoo consent page
    "amp_js_", // AMP caches
    "vero_",   // Vero e-mail
    "oly_",    // Omeda Olytics
    "at_",     // Piano Analytics (AT Internet)
];

/// Single names, in lower case.
const NAMES: &[&str] = &[
    // Click ids of advertisers: Google, Meta, Microsoft, X, TikTok, Yandex, LinkedIn, Pinterest, Reddit,
    // Snap, Mailchimp, Marketo, Adobe, Webtrends, Instagram, Impact.
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "gad_source",
    "gad_campaignid",
    "srsltid",
    "_ga",
    "_gl",
    "fbclid",
    "fb_ref",
    "fb_source",
    "msclkid",
    "twclid",
    "ttclid",
    "yclid",
    "ysclid",
    "li_fat_id",
    "epik",
    "rdt_cid",
    "sccid",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "s_cid",
    "wt.mc_id",
    "igshid",
    "igsh",
    "irclickid",
    "hsctatracking",
    "__twitter_impression",
    "guccounter",
    "wprov",
    "_openstat",
    // Labels that newsrooms put on links they hand out: campaign, syndication partner, social button, feed.
    "cmpid",
    "ocid",
    "ncid",
    "icid",
    "soc_src",
    "soc_trk",
    "smid",
    "smtyp",
    "sref",
    "feed_item_type",
    "ref_src",
    "ref_url",
    "referrer",
    "referer",
    // AMP caches and switches (amp.dev: "AMP cache URL format").
    "usqp",
    "amp_gsa",
];

/// Names that usually say where the reader came from, but that a site might number its articles with:
/// dropped unless the value is a number.
const NAMES_UNLESS_NUMBERED: &[&str] =
    &["ref", "source", "via", "cmp", "partner", "share", "mibextid", "rss"];

/// Whether the parameter `name` (percent-decoded, any case) with `value` does not change the page.
pub(super) fn is_noise(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is = |names: &[&str]| names.contains(&name.as_str());
    let numbered = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || is(NAMES)
        || (is(NAMES_UNLESS_NUMBERED) && !numbered)
        || (is(&["outputtype", "output", "view"]) && value.eq_ignore_ascii_case("amp"))
        || (is(&["amp", "_amp"]) && matches!(value, "" | "1" | "true"))
}
