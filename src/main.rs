//! The exit code, and nothing else.

/// A trial is two hundred small allocations on several threads; the system's allocator takes a fifth
/// more time for all of it (see `docs/performance.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    overclaim::cli::main()
}
