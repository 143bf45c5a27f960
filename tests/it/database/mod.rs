//! The SQL tier when its server, its disk or its operator fails.

mod disk;
mod faults;
mod files;
mod migrations;
mod readiness;
mod roles;
mod settings;
mod tls;
