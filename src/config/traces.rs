//! Settings of traces: those of the OpenTelemetry specification ("Environment Variable
//! Specification", "OTLP Exporter Configuration"), and whose word is taken.

use std::{fs, time::Duration};

use http::{HeaderName, HeaderValue, Uri};
use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use rustls::pki_types::{CertificateDer, pem::PemObject};

use super::{
    SETTINGS,
    reader::Reader,
    values::{flag, milliseconds, number, one_of},
    web::{list, network},
};

/// `OTEL_EXPORTER_OTLP_*` with the part that says that it is for traces, and without.
macro_rules! otlp {
    ($name:literal) => {
        (concat!("OTEL_EXPORTER_OTLP_TRACES_", $name), concat!("OTEL_EXPORTER_OTLP_", $name))
    };
}

const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";

/// Where traces go, and which there are.
#[derive(Clone, Debug)]
pub struct Traces {
    /// Scheme, host and port of the collector.
    pub endpoint: Uri,
    /// What it is sent with each batch; the values are marked as sensitive.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// How long it may take for a batch.
    pub timeout: Duration,
    /// Authorities in PEM; `None`: those of the system.
    pub authorities: Option<Vec<u8>>,
    /// What is true of the whole process, by name.
    pub resource: Vec<(String, String)>,
    /// Which traces there are.
    pub sampling: Sampling,
    /// Who is believed in the trace that it says a call belongs to.
    pub trust: Vec<IpNet>,
    /// Spans that wait.
    pub queue: usize,
    /// Spans in a batch.
    pub batch: usize,
    /// Between batches.
    pub delay: Duration,
}

/// Which traces there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// The part of all that begin here, 0 to 1.
    pub ratio: f64,
    /// Whether those of a caller that is believed are as that says.
    pub follows_parent: bool,
}

/// `Some(None)`: there are to be none.
pub(super) fn traces(reader: &mut Reader<'_>) -> Option<Option<Traces>> {
    let trust = reader.optional("SEKISHO_TRACE_TRUST", trust);
    let endpoint = of_traces(reader, otlp!("ENDPOINT"), endpoint);
    let is_disabled = reader.required("OTEL_SDK_DISABLED", flag);
    let goes_out = reader.required("OTEL_TRACES_EXPORTER", |text| one_of(text, &[("otlp", true), ("none", false)]));
    let (trust, endpoint) = (trust?.unwrap_or_default(), endpoint?);
    match endpoint.filter(|_| is_disabled == Some(false) && goes_out == Some(true)) {
        Some(endpoint) => to(endpoint, trust, reader).map(Some),
        None => Some(None),
    }
}

fn to(endpoint: Uri, trust: Vec<IpNet>, reader: &mut Reader<'_>) -> Option<Traces> {
    let only = |word: &'static str| move |text: &str| one_of(text, &[(word, ())]);
    let protocol = of_traces(reader, otlp!("PROTOCOL"), only("grpc"));
    let compression = of_traces(reader, otlp!("COMPRESSION"), only("none"));
    let headers = of_traces(reader, otlp!("HEADERS"), headers);
    let timeout = of_traces(reader, otlp!("TIMEOUT"), |text| milliseconds(text, 1..=600_000));
    let authorities = of_traces(reader, otlp!("CERTIFICATE"), authorities);
    let resource = resource(reader);
    let sampling = sampling(reader);
    let queue = reader.required("OTEL_BSP_MAX_QUEUE_SIZE", |text| number(text, 1..=1_000_000));
    let batch = reader.required("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", |text| number(text, 1..=10_000));
    if batch > queue && queue.is_some() {
        reader.fault("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "must not be more than OTEL_BSP_MAX_QUEUE_SIZE");
    }
    let delay = reader.required("OTEL_BSP_SCHEDULE_DELAY", |text| milliseconds(text, 1..=600_000));
    protocol.and(compression)?;
    Some(Traces {
        endpoint,
        headers: headers?.unwrap_or_default(),
        timeout: timeout??,
        authorities: authorities?,
        resource: resource?,
        sampling: sampling?,
        trust,
        queue: queue?,
        batch: batch?,
        delay: delay?,
    })
}

/// The value of the first of two settings, or of the second.
fn of_traces<T>(
    reader: &mut Reader<'_>,
    (specific, general): (&'static str, &'static str),
    parse: impl Fn(&str) -> Result<T, String>,
) -> Option<Option<T>> {
    match reader.optional(specific, &parse) {
        Some(None) => reader.optional(general, &parse),
        found => found,
    }
}

/// Networks, or everybody.
fn trust(text: &str) -> Result<Vec<IpNet>, String> {
    if text == "all" {
        return Ok(vec![IpNet::V4(ipnet::Ipv4Net::default()), IpNet::V6(ipnet::Ipv6Net::default())]);
    }
    list(text, network).map_err(|_| "must be addresses or networks, such as 10.0.0.0/8, or `all`".to_owned())
}

/// Nothing but an origin: gRPC has its own paths, and what is secret belongs into a header.
fn endpoint(text: &str) -> Result<Uri, String> {
    let is_origin = |uri: &Uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && matches!(uri.path_and_query().map(|path| path.as_str()), None | Some("/"))
            && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
    };
    let uri = text.parse::<Uri>().ok().filter(is_origin);
    uri.ok_or_else(|| "must be http:// or https://, a host and a port, such as http://127.0.0.1:4317".to_owned())
}

fn headers(text: &str) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    let header = |(name, value): (String, String)| {
        let name = name.parse::<HeaderName>().ok()?;
        let mut value = HeaderValue::from_str(&value).ok()?;
        value.set_sensitive(true);
        Some((name, value))
    };
    let headers = pairs(text).map(|pairs| pairs.into_iter().map(header).collect::<Option<Vec<_>>>());
    headers.flatten().ok_or_else(|| "must be name=value, separated by commas, values percent-encoded".to_owned())
}

fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let decoded = |part: &str| percent_decode_str(part.trim()).decode_utf8().ok().map(String::from);
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((decoded(name).filter(|name| !name.is_empty())?, decoded(value)?))
    };
    text.split(',').filter(|item| !item.trim().is_empty()).map(pair).collect()
}

fn authorities(path: &str) -> Result<Vec<u8>, String> {
    let pem = fs::read(path).map_err(|error| format!("cannot be read: {}", error.kind()))?;
    let certificates = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    match certificates {
        Ok(found) if !found.is_empty() => Ok(pem),
        _ => Err("must be a file of PEM with certificates".to_owned()),
    }
}

/// The name that is set comes before one among the attributes, and that before the default.
fn resource(reader: &mut Reader<'_>) -> Option<Vec<(String, String)>> {
    let problem = || "must be name=value, separated by commas, percent-encoded".to_owned();
    let attributes = reader.optional("OTEL_RESOURCE_ATTRIBUTES", |text| pairs(text).ok_or_else(problem));
    let name = reader.required(SERVICE_NAME, |text| Ok(text.to_owned()));
    let (mut attributes, name) = (attributes?.unwrap_or_default(), name?);
    let is_default = SETTINGS.iter().any(|it| it.name == SERVICE_NAME && it.default == Some(&name));
    if !is_default || attributes.iter().all(|(key, _)| key != "service.name") {
        attributes.retain(|(key, _)| key != "service.name");
        attributes.push(("service.name".to_owned(), name));
    }
    if attributes.iter().all(|(key, _)| key != "service.version") {
        attributes.push(("service.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()));
    }
    Some(attributes)
}

fn sampling(reader: &mut Reader<'_>) -> Option<Sampling> {
    let of = |ratio, follows_parent| (ratio, follows_parent);
    let samplers = [
        ("always_on", of(Some(1.0), false)),
        ("always_off", of(Some(0.0), false)),
        ("traceidratio", of(None, false)),
        ("parentbased_always_on", of(Some(1.0), true)),
        ("parentbased_always_off", of(Some(0.0), true)),
        ("parentbased_traceidratio", of(None, true)),
    ];
    let sampler = reader.required("OTEL_TRACES_SAMPLER", |text| one_of(text, &samplers));
    let argument = reader.required("OTEL_TRACES_SAMPLER_ARG", |text| {
        let ratio = text.parse::<f64>().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
        ratio.ok_or_else(|| "must be a number from 0 to 1".to_owned())
    });
    let ((ratio, follows_parent), argument) = (sampler?, argument?);
    Some(Sampling { ratio: ratio.unwrap_or(argument), follows_parent })
}
