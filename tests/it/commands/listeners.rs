//! What a process listens on.

use std::{collections::BTreeSet, fs, net::SocketAddr};

use rustix::process::Pid;

use crate::support::process::{Service, dev_settings, run, serve_settings};

/// `st` of `/proc/net/tcp` (proc(5)).
const LISTENS: &str = "0A";

/// The ports that a process listens on, of TCP, and all of UDP, as the kernel has them.
fn ports(id: Pid) -> BTreeSet<u16> {
    let proc = format!("/proc/{}", id.as_raw_nonzero());
    let files = fs::read_dir(format!("{proc}/fd")).unwrap();
    let links = files.filter_map(|file| fs::read_link(file.unwrap().path()).ok());
    let sockets: Vec<String> = links.map(|link| link.to_string_lossy().into_owned()).collect();
    let mut found = BTreeSet::new();
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        for line in fs::read_to_string(format!("{proc}/net/{table}")).unwrap_or_default().lines().skip(1) {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let is_open = columns[3] == LISTENS || table.starts_with("udp");
            if is_open && sockets.contains(&format!("socket:[{}]", columns[9])) {
                let (_, port) = columns[1].rsplit_once(':').unwrap();
                found.insert(u16::from_str_radix(port, 16).unwrap());
            }
        }
    }
    found
}

/// R71.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_listens_where_it_says_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let settings = serve_settings(folder.path());
    run(folder.path(), &["migrate"], &settings).await;
    for (command, settings) in [("serve", settings), ("dev", dev_settings())] {
        let service = Service::start(folder.path(), &[command], &settings).await;
        let said = ["listen", "ops"].map(|name| service.ready[name].as_str().unwrap().parse::<SocketAddr>().unwrap());
        assert_eq!(ports(service.id()), said.map(|address| address.port()).into(), "{command}");
        service.kill().await;
    }
}
