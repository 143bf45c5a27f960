//! With the feature `revocation`: compiles the client of `TokenService`, with
//! nothing to install. Without it there is nothing to do.

#[cfg(feature = "revocation")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).open_file("sekisho/v1/token.proto")?;
    let mut files = compiler.file_descriptor_set();
    // Its own imports hold options only, which nobody here reads.
    files.file.retain(|file| matches!(file.package(), "sekisho.v1" | "google.protobuf"));
    tonic_prost_build::configure()
        .build_server(std::env::var_os("CARGO_FEATURE_TESTING").is_some())
        .include_file("proto.rs")
        .compile_fds(files)?;
    Ok(())
}

#[cfg(not(feature = "revocation"))]
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
}
