//! Compiles `proto/` with nothing to install, and refuses an RPC that does not
//! say who may call it.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

#[path = "src/grpc/access_check.rs"]
mod access_check;

const INCLUDES: [&str; 2] = ["proto", "interceptor/proto"];
const SERVICES: [&str; 7] = [
    "sekisho/v1/admin.proto",
    "sekisho/v1/audit.proto",
    "sekisho/v1/auth.proto",
    "sekisho/v1/error_reason.proto",
    "sekisho/v1/session.proto",
    "sekisho/v1/token.proto",
    "sekisho/v1/user.proto",
];
/// What is left of `vendor/envoy` without annotations, and what it stands on.
const ENVOY_PACKAGES: [&str; 6] =
    ["envoy.config.core.v3", "envoy.service.auth.v3", "envoy.type.v3", "google.protobuf", "google.rpc", "xds.core.v3"];

fn main() -> Result<(), Box<dyn Error>> {
    for include in INCLUDES {
        println!("cargo:rerun-if-changed={include}");
    }
    let mut compiler = protox::Compiler::new(INCLUDES)?;
    compiler
        .include_imports(true)
        .include_source_info(true)
        .open_files(SERVICES)?
        // Reachable by name only: refusals carry these as `Any`.
        .open_file("google/rpc/error_details.proto")?
        .open_file("google/rpc/status.proto")?;

    // The typed set has lost the extension options; these bytes keep them.
    let encoded = compiler.encode_file_descriptor_set();
    let undeclared = access_check::undeclared(&encoded, "sekisho.v1")?;
    if !undeclared.is_empty() {
        return Err(format!("no (sekisho.v1.access) option on: {}", undeclared.join(", ")).into());
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    fs::write(out.join("sekisho.binpb"), encoded)?;

    tonic_prost_build::configure()
        .extern_path(".google.rpc.Status", "::tonic_types::pb::Status")
        .extern_path(".google.rpc", "::tonic_types::pb")
        .include_file("proto.rs")
        .compile_fds(compiler.file_descriptor_set())?;
    ext_authz()?;
    greeter(&out.join("greeter"))
}

/// Envoy's external authorisation. Its annotations are for readers.
fn ext_authz() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=vendor/envoy");
    let mut compiler = protox::Compiler::new(["vendor/envoy", "interceptor/proto"])?;
    compiler.include_imports(true).open_file("envoy/service/auth/v3/external_auth.proto")?;
    let mut files = compiler.file_descriptor_set();
    files.file.retain(|file| ENVOY_PACKAGES.contains(&file.package()));
    tonic_prost_build::configure()
        .extern_path(".google.rpc.Status", "::tonic_types::pb::Status")
        .extern_path(".google.rpc", "::tonic_types::pb")
        .include_file("ext_authz.rs")
        .compile_fds(files)?;
    Ok(())
}

/// The service of `examples/greeter`, as a sibling would compile its own.
fn greeter(out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=examples/greeter/greeter.proto");
    let mut compiler = protox::Compiler::new(["examples/greeter", "interceptor/proto"])?;
    compiler.include_imports(true).open_file("greeter.proto")?;
    let encoded = compiler.encode_file_descriptor_set();
    let undeclared = access_check::undeclared(&encoded, "greeter.v1")?;
    if !undeclared.is_empty() {
        return Err(format!("no (sekisho.v1.access) option on: {}", undeclared.join(", ")).into());
    }
    fs::create_dir_all(out)?;
    fs::write(out.join("greeter.binpb"), encoded)?;
    tonic_prost_build::configure().out_dir(out).compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
