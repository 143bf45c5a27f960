//! `sekisho`: see `sekisho --help`.

/// What is allocated on one thread is freed on another in almost every call, for
/// which the system's allocator takes a lock that all threads share.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    sekisho::cli::main()
}
