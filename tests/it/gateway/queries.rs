//! Parameters, of a route that takes some and of one that takes none.

use super::{case::Case, differences::BYTES};

const QUERIES: [&str; 56] = [
    "",
    "&&&",
    "a=b",
    "%ff",
    "%ff=1",
    "=",
    "=&=",
    "a[]=1",
    "__proto__[x]=1",
    "page_size=2",
    "pageSize=2",
    "page_size=2&page_size=2",
    "page_size=2&pageSize=3",
    "page_size=0",
    "page_size=101",
    "page_size=x",
    "page_size=",
    "page_size",
    "page_size=+2",
    "page_size=%2B2",
    "page_size=-1",
    "page_size=2.0",
    "page_size=0x2",
    "page_size=2_0",
    "page_size=007",
    "page_size=4294967295",
    "page_size=4294967296",
    "page_size=2;kind=x",
    "page_token=%00",
    "page_token=AAAAAAAAAAA",
    "kind=",
    "kind=logged_out",
    "kind=a;b",
    "kind=%zz",
    "kind=a%",
    "kind=%ff",
    "user_id=",
    "user_id=<user_id>",
    "user_id=00000000-0000-4000-8000-000000000000",
    "from.seconds=1",
    "to.nanos=1",
    "page_size.x=1",
    "a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1",
    "page_size=x&kind=%ff&nope=1&from=now",
    "client_id=x",
    "email=nobody@example.com",
    "access_token=<access>",
    "alt=json",
    "pretty=true",
    "$alt=json",
    "key=%F0%9F%98%80",
    "from=2026-01-02T03:04:05Z&to=2026-01-02T03:04:05Z",
    "from=2026-01-02T03:04:05Z&from=2026-01-02T03:04:05Z",
    "from=2999-01-02T03:04:05Z",
    "to=2000-01-02T03:04:05Z",
    "page%5Fsize=2",
];

const TIMES: [&str; 31] = [
    "",
    "now",
    "0",
    "2026",
    "2026-01-02",
    "2026-01-02T03:04:05",
    "2026-01-02T03:04:05Z",
    "2026-01-02t03:04:05z",
    "2026-01-02%2003:04:05Z",
    "2026-01-02T03:04:05.Z",
    "2026-01-02T03:04:05.1Z",
    "2026-01-02T03:04:05,1Z",
    "2026-01-02T03:04:05.123456789Z",
    "2026-01-02T03:04:05.1234567891Z",
    "2026-01-02T03:04:05%2B09:00",
    "2026-01-02T03:04:05+09:00",
    "2026-01-02T03:04:05-00:00",
    "2026-01-02T03:04:05%2B23:59",
    "2026-01-02T03:04:05%2B24:00",
    "2026-01-02T03:04:05%2B0900",
    "2026-01-02T03:04:60Z",
    "2026-12-31T23:59:60Z",
    "2026-01-02T24:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-1-2T03:04:05Z",
    "0001-01-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "9999-12-31T23:59:59-01:00",
    "10000-01-01T00:00:00Z",
    "%222026-01-02T03:04:05Z%22",
];

pub fn cases() -> Vec<Case> {
    let times = TIMES.iter().flat_map(|time| [format!("from={time}"), format!("to={time}")]);
    let queries = QUERIES.iter().map(|query| (*query).to_owned()).chain(times);
    let mut cases: Vec<Case> = queries.flat_map(|query| everywhere(&query)).collect();
    let beyond = b"/api/v1/audit/events?kind=\xe9";
    cases.push(Case::new("GET", beyond).differs(&BYTES));
    cases
}

fn everywhere(query: &str) -> [Case; 4] {
    [
        Case::new("GET", format!("/api/v1/audit/events?{query}")).bearer("<access>"),
        Case::new("HEAD", format!("/api/v1/audit/events?{query}")).bearer("<access>"),
        Case::new("DELETE", format!("/api/v1/auth/sessions/x?{query}")).bearer("<access>"),
        Case::json("POST", format!("/api/v1/auth/login?{query}"), "{}"),
    ]
}
