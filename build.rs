//! Compiles `proto/` with nothing to install, and refuses an RPC that does not
//! say who may call it.

use std::{env, error::Error, fs, path::PathBuf};

use prost_reflect::{DescriptorPool, MethodDescriptor};

const INCLUDES: [&str; 2] = ["proto", "interceptor/proto"];
const SERVICES: [&str; 5] = [
    "sekisho/v1/auth.proto",
    "sekisho/v1/error_reason.proto",
    "sekisho/v1/session.proto",
    "sekisho/v1/token.proto",
    "sekisho/v1/user.proto",
];

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
    require_access_options(&encoded)?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    fs::write(out.join("sekisho.binpb"), encoded)?;

    tonic_prost_build::configure()
        .extern_path(".google.rpc.Status", "::tonic_types::pb::Status")
        .extern_path(".google.rpc", "::tonic_types::pb")
        .include_file("proto.rs")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}

fn require_access_options(encoded: &[u8]) -> Result<(), Box<dyn Error>> {
    let pool = DescriptorPool::decode(encoded)?;
    let access = pool.get_extension_by_name("sekisho.v1.access").ok_or("sekisho.v1.access is not declared")?;
    let unguarded: Vec<String> = pool
        .services()
        .filter(|service| service.package_name() == "sekisho.v1")
        .flat_map(|service| service.methods().collect::<Vec<MethodDescriptor>>())
        .filter(|method| !method.options().has_extension(&access))
        .map(|method| method.full_name().to_owned())
        .collect();
    if unguarded.is_empty() {
        return Ok(());
    }
    Err(format!("no (sekisho.v1.access) option on: {}", unguarded.join(", ")).into())
}
