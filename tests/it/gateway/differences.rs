//! What is different through the gateway, and why.

use std::fmt::Write;

/// A difference that stays. It is in the README.md of the gateway as it is here.
pub struct Difference {
    pub what: &'static str,
    pub direct: &'static str,
    pub gateway: &'static str,
    pub why: &'static str,
    /// The statuses of both answers, in the cases that there are of it.
    pub statuses: &'static [(u16, u16)],
}

pub static COOKIES: Difference = Difference {
    what: "Browser mode (`x-sekisho-cookie`)",
    direct: "the refresh token is in a cookie",
    gateway: "the refresh token is in the JSON; no cookie is read or set",
    why: "It is of Sekisho's own REST surface: a cookie belongs to the host that set it.",
    statuses: &[(200, 200), (400, 200), (401, 200), (200, 400)],
};
pub static GRPC: Difference = Difference {
    what: "A content type of gRPC or gRPC-Web",
    direct: "is answered as gRPC",
    gateway: "415",
    why: "The gateway speaks REST only; for gRPC, go to Sekisho.",
    statuses: &[(200, 415)],
};
pub static HEADERS: Difference = Difference {
    what: "Headers of more than 14 KiB over HTTP/1.1",
    direct: "up to 64 KiB are taken",
    gateway: "431, as text",
    why: "They go on over HTTP/2, where Sekisho takes 16 KiB.",
    statuses: &[(401, 431), (431, 431)],
};
pub static OPENAPI: Difference = Difference {
    what: "`/openapi.json`",
    direct: "the OpenAPI document",
    gateway: "404",
    why: "It is no RPC. The document is the same for both: `docs/openapi.json`.",
    statuses: &[(200, 404), (405, 404)],
};
pub static APP: Difference = Difference {
    what: "`/`, `/app.js`, `/index.css`, `/icon.svg`",
    direct: "the app that `sekisho dev` shows; `serve` has none",
    gateway: "404",
    why: "It is no RPC.",
    statuses: &[(200, 404)],
};
pub static NOT_HTTP: Difference = Difference {
    what: "What is not HTTP: a path with a broken percent code or without a leading slash, a space in it, no `host`",
    direct: "400 without a body, 404 where the path means nothing, or the answer to the path as it stands",
    gateway: "400, as text",
    why: "It is refused by the HTTP server of each, before there is a request.",
    statuses: &[(400, 400), (401, 400), (404, 400), (405, 400), (200, 400)],
};
pub static BYTES: Difference = Difference {
    what: "Bytes beyond ASCII in a request line",
    direct: "400 without a body",
    gateway: "as if they were percent-encoded",
    why: "Go's HTTP server reads them; what they say is refused where it has to be ASCII.",
    statuses: &[(400, 400), (400, 401), (400, 405)],
};
pub static FRAGMENT: Difference = Difference {
    what: "A fragment (`#…`) in a request line",
    direct: "is left out",
    gateway: "is part of the path: 404",
    why: "No client may send one; each HTTP server has its own way with it.",
    statuses: &[(401, 404), (405, 404)],
};
pub static TOKEN: Difference = Difference {
    what: "A bearer token with bytes beyond ASCII",
    direct: "`access_token_invalid`",
    gateway: "`unauthorized`",
    why: "Metadata of gRPC is ASCII, and what is not is not sent.",
    statuses: &[(401, 401)],
};

const ALL: [&Difference; 9] = [&COOKIES, &GRPC, &HEADERS, &OPENAPI, &APP, &NOT_HTTP, &BYTES, &FRAGMENT, &TOKEN];

/// The table of README.md.
pub fn table() -> String {
    let mut table = "| what | direct | through the gateway | why |\n|---|---|---|---|\n".to_owned();
    for Difference { what, direct, gateway, why, .. } in ALL {
        writeln!(table, "| {what} | {direct} | {gateway} | {why} |").unwrap();
    }
    table
}
