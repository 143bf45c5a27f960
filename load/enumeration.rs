//! Whether answers tell which addresses have an account: by their bytes, or by their time.

use std::{collections::BTreeSet, time::Duration};

use sekisho::entropy::{Entropy, SystemEntropy};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    Outcome,
    accounts::{self, PASSWORD},
    figures::percentile,
    servers::Service,
    stack::Stack,
};

/// Of each class, before the first that counts.
const WARM_UP: u32 = 50;
const WRONG: &str = "wrong horse battery staple";

/// What is asked about an address.
struct Act {
    name: &'static str,
    path: &'static str,
    /// What is sent beside the address.
    more: Value,
    /// Anything else is no answer to compare.
    status: u16,
    /// What has to be asked before, by its place in the list.
    after: Option<usize>,
}

fn acts() -> [Act; 6] {
    let act = |name, path, more, status, after| Act { name, path, more, status, after };
    [
        act("sign-up", "signup/send-code", json!({"password": PASSWORD}), 200, None),
        act("sign-up, wrong code", "signup/verify-code", json!({"code": "000000"}), 400, Some(0)),
        act("resend", "signup/resend-code", json!({}), 200, Some(0)),
        act("login", "login", json!({"password": WRONG}), 401, None),
        act("reset", "password-reset/send-code", json!({}), 200, None),
        act("reset, wrong code", "password-reset/verify-code", json!({"code": "000000"}), 400, Some(4)),
    ]
}

/// An address; a fresh one for each sample, for its budgets.
#[derive(Clone, Copy)]
struct Address {
    is_known: bool,
    number: u32,
}

impl Address {
    fn text(self) -> String {
        format!("{}{:06}@example.com", if self.is_known { "k" } else { "u" }, self.number)
    }
}

/// Measures, and prints.
///
/// # Errors
///
/// Where the bytes of two answers differ.
pub(crate) async fn measure(samples: u32, cost: u32) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let stack = Stack::in_folder(folder.path()).unlimited().with("SEKISHO_BCRYPT_COST", &cost.to_string());
    let number = samples + WARM_UP;
    let known = (0..number).map(|number| Address { is_known: true, number }.text());
    accounts::create(&stack.open().await?, known, cost).await?;
    let caller = Caller::of(stack.without("SEKISHO_SMTP_URL").dev(folder.path())?)?;

    println!("{samples} samples of known and of unknown addresses each, bcrypt of cost {cost}.\n");
    println!("{:<20} {:>10} {:>10} {:>8} {:>7}", "median, ms", "known", "unknown", "ratio", "AUC");
    let (acts, mut told) = (acts(), Vec::new());
    for act in &acts {
        if let Some(before) = act.after.and_then(|at| acts.get(at)) {
            for address in shuffled(number) {
                caller.ask(before, address).await?;
            }
        }
        let mut answers = BTreeSet::new();
        let [mut known, mut unknown] = [Vec::new(), Vec::new()];
        for (at, address) in shuffled(number).into_iter().enumerate() {
            let (time, answer) = caller.ask(act, address).await?;
            answers.insert(answer);
            if at >= usize::try_from(2 * WARM_UP)? {
                if address.is_known { known.push(time) } else { unknown.push(time) }
            }
        }
        print(act.name, known, unknown);
        if answers.len() > 1 {
            told.push(format!("{}: {answers:#?}", act.name));
        }
    }
    if told.is_empty() { Ok(()) } else { Err(told.join("\n").into()) }
}

/// Of both classes, all in one random order: what a call leaves behind falls on either.
fn shuffled(number: u32) -> Vec<Address> {
    let both = [true, false].into_iter();
    let mut all: Vec<_> =
        both.flat_map(|is_known| (0..number).map(move |number| Address { is_known, number })).collect();
    let entropy: &dyn Entropy = &SystemEntropy;
    all.sort_by_cached_key(|_| entropy.bytes::<16>());
    all
}

/// One who asks, on one connection, a call after the other.
struct Caller {
    client: reqwest::Client,
    service: Service,
}

impl Caller {
    fn of(service: Service) -> Outcome<Self> {
        Ok(Self { client: reqwest::Client::builder().http1_only().build()?, service })
    }

    /// How long it took, and the answer but for its date and the address, where it says
    /// that again. The id of the call is always the same.
    async fn ask(&self, act: &Act, address: Address) -> Outcome<(Duration, String)> {
        let mut body = act.more.clone();
        body["email"] = json!(address.text());
        body["client_id"] = json!("laptop");
        let url = format!("{}/api/v1/auth/{}", self.service.url, act.path);
        let request = self.client.post(url).header("x-request-id", "enumeration").json(&body).build()?;
        let start = Instant::now();
        let answer = self.client.execute(request).await?;
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        let text = answer.text().await?;
        let time = start.elapsed();
        headers.remove("date");
        if status != act.status {
            return Err(format!("{}: {status} {text}", act.name).into());
        }
        Ok((time, format!("{headers:?} {}", text.replace(&address.text(), "EMAIL"))))
    }
}

fn print(name: &str, mut known: Vec<Duration>, mut unknown: Vec<Duration>) {
    known.sort_unstable();
    unknown.sort_unstable();
    let [of_known, of_unknown] = [&known, &unknown].map(|times| percentile(times, 0.5).as_secs_f64() * 1_000.0);
    let (ratio, auc) = (of_known / of_unknown, area_under_curve(&known, &unknown));
    println!("{name:<20} {of_known:>10.3} {of_unknown:>10.3} {ratio:>8.4} {auc:>7.3}");
}

/// How likely it is that one of `these` exceeds one of `those`: U / (n1 n2) of Mann and
/// Whitney. Both are sorted; 0.5 says nothing.
#[expect(clippy::cast_precision_loss, reason = "counts of samples")]
fn area_under_curve(these: &[Duration], those: &[Duration]) -> f64 {
    let exceeded = these.iter().map(|this| {
        let (below, not_above) =
            (those.partition_point(|that| that < this), those.partition_point(|that| that <= this));
        (below + not_above) as f64 / 2.0
    });
    exceeded.sum::<f64>() / (these.len() as f64 * those.len() as f64)
}
