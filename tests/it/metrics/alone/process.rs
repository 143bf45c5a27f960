//! What the process is and uses, on the real binary.

use sekisho::clock::{Clock, SystemClock};

use crate::support::{
    process::{Service, dev_settings},
    scrape::Scrape,
};

async fn scrape(service: &Service) -> Scrape {
    Scrape::parse(&service.ops("/metrics").await.text().await.unwrap())
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn the_process_is_told_of_under_the_names_that_all_use() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &["dev"], &dev_settings()).await;
    let first = scrape(&service).await;
    let version = format!("sekisho_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(first.get(&version), Some(1.0));
    let of = |scrape: &Scrape, name: &str| scrape.get(name).unwrap_or_else(|| panic!("{name}"));

    let now = SystemClock.now().seconds() as f64;
    let start = of(&first, "process_start_time_seconds");
    assert!((now - 120.0..=now + 2.0).contains(&start), "{start}, at {now}");
    let memory = of(&first, "process_resident_memory_bytes");
    assert!((4e6..2e9).contains(&memory), "{memory}");
    let (open, most) = (of(&first, "process_open_fds"), of(&first, "process_max_fds"));
    assert!(open > 5.0 && open < most, "{open} of {most}");

    let mut connections = Vec::new();
    for _ in 0..20 {
        connections.push(tokio::net::TcpStream::connect(service.ready["listen"].as_str().unwrap()).await.unwrap());
    }
    for number in 0..20 {
        service.sign_up(&format!("person-{number}@example.com"), "laptop").await;
    }
    let second = scrape(&service).await;
    assert!(of(&second, "process_open_fds") >= open + 20.0);
    let cpu = "process_cpu_seconds_total";
    assert!(of(&second, cpu) > of(&first, cpu) && of(&second, cpu) < 600.0);
    assert_eq!(of(&second, "process_start_time_seconds"), start);
}
